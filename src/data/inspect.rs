use serde::Serialize;
use sha2::{Digest, Sha256};

use super::format::Kind;
use super::{Dataset, Format, NamedBytes, Split, SplitName, idx, medmnist, packed};
use crate::{Error, Result};

/// What one split of a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitReport {
    /// The file, or the file of images.
    pub file: String,
    /// Its format.
    pub format: Format,
    /// Which split; absent for IDX files, which do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitName>,
    /// [N, C, H, W]
    pub shape: [usize; 4],
    /// Samples a class; absent for images whose labels were not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Vec<usize>>,
    /// SHA-256 of the uint8 pixels in N,C,H,W order, in hexadecimal.
    pub sha256: String,
}

impl std::fmt::Display for SplitReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [n, c, h, w] = self.shape;
        let split = self.split.map(|split| format!(", {}", split.as_str())).unwrap_or_default();
        writeln!(f, "{}{split}", self.file)?;
        writeln!(f, "  shape   {n} × {c} × {h} × {w}")?;
        if let Some(counts) = &self.counts {
            let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
            writeln!(f, "  counts  {}", counts.join(" "))?;
        }
        write!(f, "  sha256  {}", self.sha256)
    }
}

/// Says what is in each file, guessing formats by content. The first file of IDX images goes with the first of IDX
/// labels and so on; images may also come without any labels.
///
/// # Errors
/// [`Error::BadDataset`] for a file that is bad or of no known format, or where IDX images and labels do not pair up.
pub fn inspect(files: &[NamedBytes]) -> Result<Vec<SplitReport>> {
    let kinds = files.iter().map(|&file| Kind::guess(file)).collect::<Result<Vec<_>>>()?;
    let of_kind = |wanted| files.iter().zip(&kinds).filter(move |(_, kind)| **kind == wanted).map(|(file, _)| *file);
    let (images, labels) = (of_kind(Kind::IdxImages).count(), of_kind(Kind::IdxLabels).count());
    if let Some(first) = of_kind(Kind::IdxLabels).next().filter(|_| labels != images) {
        let expected = format!("as many files of IDX images as of labels, {labels}");
        return Err(Error::dataset(first.name, expected, format!("{images}")));
    }

    let mut labels = of_kind(Kind::IdxLabels);
    let mut reports = Vec::new();
    for (&file, kind) in files.iter().zip(&kinds) {
        match kind {
            Kind::Packed => {
                reports.extend(inspect_dataset(file.name, Format::Packed, &packed::read(file.name, file.bytes)?));
            }
            Kind::Medmnist => {
                reports.extend(inspect_dataset(file.name, Format::Medmnist, &medmnist::read(file.name, file.bytes)?));
            }
            Kind::IdxImages => reports.push(inspect_idx(file, labels.next())?),
            Kind::IdxLabels => {}
        }
    }
    Ok(reports)
}

/// Says what is in each split of a dataset that was read from `file`.
pub fn inspect_dataset(file: &str, format: Format, dataset: &Dataset) -> Vec<SplitReport> {
    let report = |(name, split): (SplitName, &Split)| SplitReport {
        file: file.into(),
        format,
        split: Some(name),
        shape: shape_of(split),
        counts: Some(split.counts(dataset.classes())),
        sha256: sha256(split.pixels()),
    };
    dataset.splits().map(report).collect()
}

fn inspect_idx(images: NamedBytes, labels: Option<NamedBytes>) -> Result<SplitReport> {
    let report = |shape: [usize; 4], counts, pixels: &[u8]| SplitReport {
        file: images.name.into(),
        format: Format::Idx,
        split: None,
        shape,
        counts,
        sha256: sha256(pixels),
    };
    let Some(labels) = labels else {
        let (shape, pixels) = idx::read_images(images)?;
        let count = pixels.len() / shape.image_len();
        return Ok(report([count, shape.channels, shape.height, shape.width], None, &pixels));
    };
    let split = idx::read_split(images, labels)?;
    let classes = split.labels().iter().max().map_or(0, |&label| label as usize + 1);
    Ok(report(shape_of(&split), Some(split.counts(classes)), split.pixels()))
}

fn shape_of(split: &Split) -> [usize; 4] {
    let shape = split.shape();
    [split.len(), shape.channels, shape.height, shape.width]
}

fn sha256(pixels: &[u8]) -> String {
    Sha256::digest(pixels).iter().map(|byte| format!("{byte:02x}")).collect()
}
