//! The format that the page serves: one file of uint8 pixels, which gzip halves, read with one copy.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `PURGEDS` and a zero byte |
//! | 4 | version, little-endian: 1 |
//! | 4 | length of the header, little-endian |
//! | … | header: JSON, UTF-8 |
//! | … | for each split the header lists: its labels, then its pixels in N,C,H,W order |
//!
//! Labels are one byte each, or two (little-endian) where there are more than 256 classes. The whole may be gzip.

use serde::{Deserialize, Serialize};

use super::bytes::ByteSource;
use crate::data::{Dataset, ImageShape, Normalisation, Split, SplitName};
use crate::{Error, Result};

/// What every packed file (or its unpacked gzip) begins with.
pub const MAGIC: [u8; 8] = *b"PURGEDS\0";
/// The version written, and the only one read.
pub const VERSION: u32 = 1;

const MAX_HEADER: u32 = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    title: String,
    class_names: Vec<String>,
    channels: u64,
    height: u64,
    width: u64,
    normalisation: Normalisation,
    members: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    splits: Vec<SplitHeader>,
}

#[derive(Serialize, Deserialize)]
struct SplitHeader {
    name: SplitName,
    count: u64,
}

/// Reads a packed file, gzip or not.
pub fn read(file: &str, bytes: &[u8]) -> Result<Dataset> {
    let mut source = ByteSource::plain_or_gzip(file, bytes);
    let magic: [u8; 8] = source.array("a packed dataset's magic")?;
    if magic != MAGIC {
        return Err(Error::dataset_at(file, 0, "a packed dataset", format!("{:?}", magic.escape_ascii().to_string())));
    }
    let version = u32::from_le_bytes(source.array("version")?);
    if version != VERSION {
        return Err(Error::dataset_at(file, 8, format!("version {VERSION}"), format!("version {version}")));
    }
    let header_len = u32::from_le_bytes(source.array("header length")?);
    if header_len > MAX_HEADER {
        let expected = format!("a header of at most {MAX_HEADER} bytes");
        return Err(Error::dataset_at(file, 12, expected, format!("{header_len}")));
    }
    let json = source.take(header_len.into(), "header")?;
    let header: Header = serde_json::from_slice(&json).map_err(|e| {
        // The header is one line, so that its column is its byte.
        let at = 16 + e.column().saturating_sub(1) as u64;
        Error::dataset_at(file, at, "a packed dataset's JSON header", e.to_string())
    })?;
    let Some(shape) = ImageShape::new(header.channels, header.height, header.width) else {
        let found = format!("{}×{}×{}", header.channels, header.height, header.width);
        return Err(Error::dataset_at(file, 16, "1 to 4 channels of 1 to 4096 by 1 to 4096 pixels", found));
    };
    let names: Vec<SplitName> = header.splits.iter().map(|s| s.name).collect();
    use SplitName::{Test, Train, Val};
    if names != [Train, Test] && names != [Train, Val, Test] {
        return Err(Error::dataset_at(file, 16, "the splits train, val (or not) and test", format!("{names:?}")));
    }
    let wide = header.class_names.len() > 256;
    let mut splits = Vec::new();
    for split in &header.splits {
        splits.push(read_split(file, &mut source, split, shape, wide)?);
    }
    source.end()?;
    let (Some(test), val, Some(train)) =
        (splits.pop(), if splits.len() == 2 { splits.pop() } else { None }, splits.pop())
    else {
        return Err(Error::dataset(file, "a training and a test split", "neither"));
    };
    let Header { name, title, class_names, normalisation, members, source, licence, .. } = header;
    Dataset { name, title, class_names, shape, normalisation, train, val, test, members, source, licence }.checked(file)
}

fn read_split(
    file: &str,
    source: &mut ByteSource,
    split: &SplitHeader,
    shape: ImageShape,
    wide: bool,
) -> Result<Split> {
    let name = split.name.as_str();
    let too_many = || source.bad(format!("a possible number of {name} samples"), format!("{}", split.count));
    let label_len = split.count.checked_mul(if wide { 2 } else { 1 }).ok_or_else(too_many)?;
    let pixel_len = split.count.checked_mul(shape.image_len() as u64).ok_or_else(too_many)?;
    let raw = source.take(label_len, &format!("{name} labels"))?;
    let labels = if wide {
        raw.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect()
    } else {
        raw.iter().map(|&b| b.into()).collect()
    };
    let pixels = source.take(pixel_len, &format!("{name} pixels"))?;
    Split::new(file, shape, pixels, labels)
}

/// Writes a packed file.
///
/// # Errors
/// [`Error::Io`] for names that are too long for its header.
pub fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::io(&dataset.name, e);
    let header = Header {
        name: dataset.name.clone(),
        title: dataset.title.clone(),
        class_names: dataset.class_names.clone(),
        channels: dataset.shape.channels as u64,
        height: dataset.shape.height as u64,
        width: dataset.shape.width as u64,
        normalisation: dataset.normalisation.clone(),
        members: dataset.members.clone(),
        source: dataset.source.clone(),
        licence: dataset.licence.clone(),
        splits: dataset.splits().map(|(name, split)| SplitHeader { name, count: split.len() as u64 }).collect(),
    };
    let json = serde_json::to_vec(&header).map_err(|e| failed(&e))?;
    let header_len = u32::try_from(json.len()).ok().filter(|&len| len <= MAX_HEADER);
    let header_len = header_len.ok_or_else(|| failed(&"its names are too long for a packed file's header"))?;
    let label_len = if dataset.classes() > 256 { 2 } else { 1 };
    let mut out = Vec::new();
    out.extend(MAGIC);
    out.extend(VERSION.to_le_bytes());
    out.extend(header_len.to_le_bytes());
    out.extend(json);
    for (_, split) in dataset.splits() {
        out.extend(split.labels().iter().flat_map(|label| label.to_le_bytes().into_iter().take(label_len)));
        out.extend_from_slice(split.pixels());
    }
    Ok(out)
}

/// Writes a packed file as gzip. A browser has gzip of its own, so that its modules need not carry one.
///
/// # Errors
/// Those of [`write()`].
#[cfg(not(target_arch = "wasm32"))]
pub fn write_gzip(dataset: &Dataset) -> Result<Vec<u8>> {
    use std::io::Write;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let packed = encoder.write_all(&write(dataset)?).and_then(|()| encoder.finish());
    packed.map_err(|e| Error::io(&dataset.name, e))
}
