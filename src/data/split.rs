use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Channels, height and width of every image in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageShape {
    /// 1 (grey) to 4.
    pub channels: usize,
    /// Rows, 1 to 4,096.
    pub height: usize,
    /// Columns, 1 to 4,096.
    pub width: usize,
}

impl ImageShape {
    /// The shape, or `None` where a side is 0 or beyond the limits of the fields.
    pub fn new(channels: u64, height: u64, width: u64) -> Option<Self> {
        let fits = (1..=4).contains(&channels) && (1..=4096).contains(&height) && (1..=4096).contains(&width);
        fits.then_some(Self { channels: channels as usize, height: height as usize, width: width as usize })
    }

    /// Bytes of one image, which is channels × height × width.
    pub fn image_len(&self) -> usize {
        self.channels * self.height * self.width
    }
}

/// Names of the parts of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitName {
    /// What the network learns from.
    Train,
    /// Unseen, from the same source as the training images.
    Val,
    /// Unseen.
    Test,
}

impl SplitName {
    /// The name in lower case, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            SplitName::Train => "train",
            SplitName::Val => "val",
            SplitName::Test => "test",
        }
    }
}

impl std::str::FromStr for SplitName {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        match s {
            "train" => Ok(SplitName::Train),
            "val" => Ok(SplitName::Val),
            "test" => Ok(SplitName::Test),
            other => Err(Error::config("split", "train, val or test", other)),
        }
    }
}

/// Images of one shape with a label each.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    shape: ImageShape,
    /// Shared by copies of the split: a large set is held once.
    pixels: Arc<Vec<u8>>,
    labels: Vec<u16>,
}

impl Split {
    /// Puts pixels (uint8, in N,C,H,W order) and labels together. `file` is for the error where their counts disagree.
    pub fn new(file: &str, shape: ImageShape, pixels: Vec<u8>, labels: Vec<u16>) -> Result<Self> {
        if labels.len().checked_mul(shape.image_len()) != Some(pixels.len()) {
            let expected = format!("{} pixels for each of {} labels", shape.image_len(), labels.len());
            return Err(Error::dataset(file, expected, format!("{} pixels", pixels.len())));
        }
        Ok(Self { shape, pixels: Arc::new(pixels), labels })
    }

    /// Samples in the split.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The shape of every image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// All pixels, uint8, in N,C,H,W order.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The class of every sample.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The pixels of sample `i`, in C,H,W order. Panics where `i` is not below [`Split::len`].
    pub fn image(&self, i: usize) -> &[u8] {
        let n = self.shape.image_len();
        &self.pixels[i * n..(i + 1) * n]
    }

    /// Places of all samples of a class, ascending.
    pub fn indices_of(&self, class: usize) -> Vec<usize> {
        self.indices_where(|label| label == class)
    }

    /// Places of all samples of the classes that are wanted, ascending.
    pub fn indices_where(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.len()).filter(|&i| wanted(self.labels[i] as usize)).collect()
    }

    /// Samples of each of `classes` classes.
    pub fn counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        for &label in &self.labels {
            if let Some(count) = counts.get_mut(label as usize) {
                *count += 1;
            }
        }
        counts
    }

    /// The samples at `indices`, in that order. Panics where an index is not below [`Split::len`].
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut pixels = Vec::with_capacity(indices.len() * self.shape.image_len());
        indices.iter().for_each(|&i| pixels.extend_from_slice(self.image(i)));
        Self { shape: self.shape, pixels: Arc::new(pixels), labels: indices.iter().map(|&i| self.labels[i]).collect() }
    }

    /// The first `n` samples of each class, or all there are, in the split's own order.
    pub fn first_per_class(&self, n: usize) -> Self {
        let classes = self.labels.iter().max().map_or(0, |&m| m as usize + 1);
        let mut seen = vec![0; classes];
        let indices: Vec<usize> = (0..self.len())
            .filter(|&i| {
                let count = &mut seen[self.labels[i] as usize];
                *count += 1;
                *count <= n
            })
            .collect();
        self.select(&indices)
    }
}
