//! STL-10 as binary files, images and labels apart, plain or gzip. An image is 27,648 bytes, by channel, then by column;
//! labels count from 1.

use super::bytes::ByteSource;
use super::{FourFiles, NamedBytes};
use crate::data::{Dataset, ImageShape, Split, known};
use crate::{Error, Result};

const SHAPE: ImageShape = ImageShape { channels: 3, height: 96, width: 96 };
const CLASSES: u8 = 10;

/// Reads the whole set.
///
/// # Errors
/// [`Error::BadDataset`] for a file that is cut short, or of another set.
pub fn read(files: FourFiles) -> Result<Dataset> {
    let train = read_split(files.train_images, files.train_labels)?;
    let test = read_split(files.test_images, files.test_labels)?;
    known::STL10.dataset(train, test).checked(files.test_images.name)
}

/// Reads images and their labels.
///
/// # Errors
/// [`Error::BadDataset`], see [`read`].
pub fn read_split(images: NamedBytes, labels: NamedBytes) -> Result<Split> {
    let (_, pixels) = read_images(images)?;
    let count = pixels.len() / SHAPE.image_len();
    let read = ByteSource::plain_or_gzip(labels.name, labels.bytes).rest()?;
    if read.len() != count {
        let expected = format!("{count} labels, one for each image of {}", images.name);
        return Err(Error::dataset_at(labels.name, 0, expected, format!("{}", read.len())));
    }
    if let Some((at, label)) = (0..).zip(&read).find(|(_, label)| !(1..=CLASSES).contains(*label)) {
        return Err(Error::dataset_at(labels.name, at, format!("a label from 1 to {CLASSES}"), label.to_string()));
    }
    Split::new(images.name, SHAPE, pixels, read.into_iter().map(|label| u16::from(label) - 1).collect())
}

/// Reads a file of images alone: their shape, and the pixels in N,C,H,W order.
///
/// # Errors
/// [`Error::BadDataset`], see [`read`].
pub fn read_images(file: NamedBytes) -> Result<(ImageShape, Vec<u8>)> {
    let mut pixels = ByteSource::plain_or_gzip(file.name, file.bytes).rest()?;
    let over = pixels.len() % SHAPE.image_len();
    if over != 0 || pixels.is_empty() {
        let expected = format!("images of {} bytes, as {} has them", SHAPE.image_len(), known::STL10.title);
        let found = format!("{over} bytes at the end");
        return Err(Error::dataset_at(file.name, (pixels.len() - over) as u64, expected, found));
    }
    columns_to_rows(&mut pixels, SHAPE);
    Ok((SHAPE, pixels))
}

/// Whether unpacked bytes may be images.
pub(super) fn are_images(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len().is_multiple_of(SHAPE.image_len())
}

/// Whether unpacked bytes may be labels.
pub(super) fn are_labels(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|label| (1..=CLASSES).contains(label))
}

/// Turns planes that lie column by column into planes that lie row by row.
pub(super) fn columns_to_rows(pixels: &mut [u8], shape: ImageShape) {
    let mut columns = vec![0; shape.height * shape.width];
    for plane in pixels.chunks_exact_mut(columns.len()) {
        columns.copy_from_slice(plane);
        for (row, line) in plane.chunks_exact_mut(shape.width).enumerate() {
            for (column, pixel) in line.iter_mut().enumerate() {
                *pixel = columns[column * shape.height + row];
            }
        }
    }
}
