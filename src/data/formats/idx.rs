//! IDX, MNIST's own format: a file of images and one of labels for each split, plain or gzip.

use flate2::Crc;

use super::bytes::ByteSource;
use super::{FourFiles, NamedBytes};
use crate::data::dataset::ALL_MEMBERS;
use crate::data::known::{self, Known, numbered_classes};
use crate::data::{Dataset, ImageShape, Normalisation, Split};
use crate::{Error, Result};

const UBYTE_IMAGES: u32 = 0x0803;
const UBYTE_LABELS: u32 = 0x0801;

/// CRC-32 of the official training labels: IDX carries no name, and Fashion-MNIST has the same shape.
const MNIST_TRAIN_LABELS: u32 = 0xba07e8ef;

/// Reads a whole set. MNIST is recognised by its labels; any other is called "idx" and its classes are numbered.
pub fn read(files: FourFiles) -> Result<Dataset> {
    let train = read_split(files.train_images, files.train_labels)?;
    let test = read_split(files.test_images, files.test_labels)?;
    let known = is_mnist(&train).then_some(&known::MNIST);
    Dataset {
        name: known.map_or("idx", |k| k.name).into(),
        title: known.map_or("IDX files", |k| k.title).into(),
        class_names: known.map_or_else(|| numbered_classes([&train, &test]), Known::class_names),
        shape: train.shape(),
        normalisation: Normalisation::of(&train),
        train,
        val: None,
        test,
        members: ALL_MEMBERS.into(),
        source: known.map(|k| k.source.into()),
        licence: known.map(|k| k.licence.into()),
    }
    .checked(files.test_images.name)
}

/// Reads images and their labels.
pub fn read_split(images: NamedBytes, labels: NamedBytes) -> Result<Split> {
    let (shape, pixels) = read_images(images)?;
    let labels_read = read_labels(labels)?;
    let count = pixels.len() / shape.image_len();
    if labels_read.len() != count {
        let expected = format!("{count} labels, one for each image of {}", images.name);
        return Err(Error::dataset_at(labels.name, 4, expected, format!("{}", labels_read.len())));
    }
    Split::new(images.name, shape, pixels, labels_read)
}

/// Reads a file of grey images: their shape, and the pixels in N,C,H,W order.
pub fn read_images(file: NamedBytes) -> Result<(ImageShape, Vec<u8>)> {
    let mut source = ByteSource::plain_or_gzip(file.name, file.bytes);
    expect_magic(file.name, &mut source, UBYTE_IMAGES)?;
    let mut dimension = |what| source.array(what).map(|b| u64::from(u32::from_be_bytes(b)));
    let (count, height, width) = (dimension("image count")?, dimension("rows")?, dimension("columns")?);
    let Some(shape) = ImageShape::new(1, height, width) else {
        let found = format!("{height}×{width}");
        return Err(Error::dataset_at(file.name, 8, "images of 1 to 4096 by 1 to 4096 pixels", found));
    };
    // At most 2^32 images of 2^24 pixels.
    let pixels = source.take(count * shape.image_len() as u64, "pixels")?;
    source.end()?;
    Ok((shape, pixels))
}

/// Reads a file of labels.
pub fn read_labels(file: NamedBytes) -> Result<Vec<u16>> {
    let mut source = ByteSource::plain_or_gzip(file.name, file.bytes);
    expect_magic(file.name, &mut source, UBYTE_LABELS)?;
    let count = u32::from_be_bytes(source.array("label count")?);
    let labels = source.take(count.into(), "labels")?;
    source.end()?;
    Ok(labels.into_iter().map(u16::from).collect())
}

/// Whether an unpacked file begins as IDX images do.
pub(super) fn are_images(head: &[u8]) -> bool {
    head.starts_with(&UBYTE_IMAGES.to_be_bytes())
}

/// Whether an unpacked file begins as IDX labels do.
pub(super) fn are_labels(head: &[u8]) -> bool {
    head.starts_with(&UBYTE_LABELS.to_be_bytes())
}

fn expect_magic(file: &str, source: &mut ByteSource, expected: u32) -> Result<()> {
    let found = u32::from_be_bytes(source.array("IDX magic")?);
    if found == expected {
        return Ok(());
    }
    let describe = |magic| match magic {
        UBYTE_IMAGES => "IDX images (magic 0x00000803)".to_string(),
        UBYTE_LABELS => "IDX labels (magic 0x00000801)".to_string(),
        other => format!("magic {other:#010x}"),
    };
    Err(Error::dataset_at(file, 0, describe(expected), describe(found)))
}

fn is_mnist(train: &Split) -> bool {
    let mut crc = Crc::new();
    train.labels().iter().for_each(|&label| crc.update(&[label as u8]));
    train.len() == 60_000 && crc.sum() == MNIST_TRAIN_LABELS
}
