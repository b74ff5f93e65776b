use serde::Serialize;
use sha2::{Digest, Sha256};

use super::cifar::{self, Cifar};
use super::{FileKind, Format, NamedBytes, idx, medmnist, packed, stl10, svhn};
use crate::data::{Dataset, ImageShape, Split, SplitName};
use crate::{Error, Result};

/// What one split of a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitReport {
    /// The file, or the file of images.
    pub file: String,
    /// Its format.
    pub format: Format,
    /// Which split; absent where files do not say.
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

/// Says what is in each file, guessing formats by content. The first file of images of IDX or STL-10 goes with the first
/// of labels and so on; images may also come without any labels.
///
/// # Errors
/// [`Error::BadDataset`] for a file that is bad or of no known format, or where images and labels do not pair up.
pub fn inspect(files: &[NamedBytes]) -> Result<Vec<SplitReport>> {
    let kinds = files.iter().map(|&file| FileKind::guess(file)).collect::<Result<Vec<_>>>()?;
    let of_kind = |wanted| files.iter().zip(&kinds).filter(move |(_, kind)| **kind == wanted).map(|(file, _)| *file);
    let paired = |images, labels, what: &str| {
        let found = of_kind(images).count();
        let wanted = of_kind(labels).count();
        match of_kind(labels).next().filter(|_| wanted != found) {
            Some(first) => {
                let expected = format!("as many files of {what} images as of labels, {wanted}");
                Err(Error::dataset(first.name, expected, format!("{found}")))
            }
            None => Ok(of_kind(labels)),
        }
    };
    let mut idx_labels = paired(FileKind::IdxImages, FileKind::IdxLabels, "IDX")?;
    let mut stl10_labels = paired(FileKind::Stl10Images, FileKind::Stl10Labels, "STL-10")?;
    let mut reports = Vec::new();
    for (&file, kind) in files.iter().zip(&kinds) {
        match kind {
            FileKind::Packed => {
                reports.extend(inspect_dataset(file.name, Format::Packed, &packed::read(file.name, file.bytes)?));
            }
            FileKind::Medmnist => {
                reports.extend(inspect_dataset(file.name, Format::Medmnist, &medmnist::read(file.name, file.bytes)?));
            }
            FileKind::IdxImages => reports.push(match idx_labels.next() {
                Some(labels) => inspect_split(file, Format::Idx, &idx::read_split(file, labels)?),
                None => inspect_images(file, Format::Idx, idx::read_images(file)?),
            }),
            FileKind::Stl10Images => reports.push(match stl10_labels.next() {
                Some(labels) => inspect_split(file, Format::Stl10, &stl10::read_split(file, labels)?),
                None => inspect_images(file, Format::Stl10, stl10::read_images(file)?),
            }),
            FileKind::Cifar(set) => {
                let format = match set {
                    Cifar::Ten => Format::Cifar10,
                    Cifar::Hundred => Format::Cifar100,
                };
                reports.push(inspect_split(file, format, &cifar::read_file(*set, file)?));
            }
            FileKind::Svhn => reports.push(inspect_split(file, Format::Svhn, &svhn::read_file(file)?)),
            FileKind::IdxLabels | FileKind::Stl10Labels => {}
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

fn inspect_images(file: NamedBytes, format: Format, (shape, pixels): (ImageShape, Vec<u8>)) -> SplitReport {
    SplitReport {
        file: file.name.into(),
        format,
        split: None,
        shape: [pixels.len() / shape.image_len(), shape.channels, shape.height, shape.width],
        counts: None,
        sha256: sha256(&pixels),
    }
}

fn inspect_split(file: NamedBytes, format: Format, split: &Split) -> SplitReport {
    let classes = split.labels().iter().max().map_or(0, |&label| label as usize + 1);
    SplitReport {
        file: file.name.into(),
        format,
        split: None,
        shape: shape_of(split),
        counts: Some(split.counts(classes)),
        sha256: sha256(split.pixels()),
    }
}

fn shape_of(split: &Split) -> [usize; 4] {
    let shape = split.shape();
    [split.len(), shape.channels, shape.height, shape.width]
}

fn sha256(pixels: &[u8]) -> String {
    Sha256::digest(pixels).iter().map(|byte| format!("{byte:02x}")).collect()
}
