//! SVHN's cropped digits: a MATLAB file (level 5, compressed or not) for each split, with the images `X` [32, 32, 3, N]
//! and the labels `y` [N, 1], both column by column. Label 10 is the digit 0.

use super::stl10::columns_to_rows;
use super::{NamedBytes, mat};
use crate::data::{Dataset, ImageShape, Split, known};
use crate::{Error, Result};

const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };

/// Reads the whole set.
///
/// # Errors
/// [`Error::BadDataset`] for a file that is cut short, of another version or of another set.
pub fn read(train: NamedBytes, test: NamedBytes) -> Result<Dataset> {
    let file = test.name;
    let (train, test) = (read_file(train)?, read_file(test)?);
    known::SVHN.dataset(train, test).checked(file)
}

/// Reads one file.
///
/// # Errors
/// [`Error::BadDataset`], see [`read`].
pub fn read_file(file: NamedBytes) -> Result<Split> {
    let mut arrays = mat::read(file, &["X", "y"])?;
    let (images, labels) = (arrays.take("X")?, arrays.take("y")?);
    let bad = |array: &mat::Array, expected: &str| {
        let sides: Vec<String> = array.dimensions.iter().map(usize::to_string).collect();
        Error::dataset_at(file.name, array.offset, expected, sides.join(" × "))
    };
    let count = match images.dimensions[..] {
        [32, 32, 3, count] => count,
        // MATLAB leaves out a last side of 1.
        [32, 32, 3] => 1,
        _ => return Err(bad(&images, "X as 32 × 32 × 3 × N")),
    };
    if labels.dimensions != [count, 1] {
        return Err(bad(&labels, &format!("y as {count} × 1")));
    }
    let digit = |(place, &label): (usize, &u8)| match label {
        1..=9 => Ok(u16::from(label)),
        10 => Ok(0),
        _ => {
            let expected = format!("labels from 1 to 10 (sample {place})");
            Err(Error::dataset_at(file.name, labels.offset, expected, label.to_string()))
        }
    };
    let labels = labels.values.iter().enumerate().map(digit).collect::<Result<Vec<_>>>()?;
    let mut pixels = images.values;
    columns_to_rows(&mut pixels, SHAPE);
    Split::new(file.name, SHAPE, pixels, labels)
}
