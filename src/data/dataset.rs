use serde::{Deserialize, Serialize};

use super::{ImageShape, Split, SplitName};
use crate::{Error, Result};

/// What a network's inputs are shifted and scaled by, per channel, for pixels on a scale of 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// One mean a channel.
    pub mean: Vec<f64>,
    /// One standard deviation a channel, above 0.
    pub std: Vec<f64>,
}

impl Normalisation {
    /// Mean and (population) standard deviation of every channel of a split, to twelve decimals. A channel without
    /// spread gets a standard deviation of 1, so that it can be divided by.
    pub fn of(split: &Split) -> Self {
        let shape = split.shape();
        let plane = shape.height * shape.width;
        let (mut mean, mut std) = (Vec::new(), Vec::new());
        for channel in 0..shape.channels {
            let mut histogram = [0u64; 256];
            for image in split.pixels().chunks_exact(shape.image_len()) {
                for &pixel in &image[channel * plane..(channel + 1) * plane] {
                    histogram[pixel as usize] += 1;
                }
            }
            let total = (split.len() * plane).max(1) as f64;
            let average = |f: &dyn Fn(f64) -> f64| {
                histogram.iter().enumerate().map(|(v, &n)| f(v as f64 / 255.0) * n as f64).sum::<f64>() / total
            };
            let m = average(&|x| x);
            let s = average(&|x| (x - m) * (x - m)).sqrt();
            mean.push(twelve_decimals(m));
            std.push(if s > 0.0 { twelve_decimals(s) } else { 1.0 });
        }
        Self { mean, std }
    }

    /// Whether there is a finite mean and a positive standard deviation for each of `channels`.
    pub fn fits(&self, channels: usize) -> bool {
        self.mean.len() == channels
            && self.std.len() == channels
            && self.mean.iter().all(|m| m.is_finite())
            && self.std.iter().all(|s| s.is_finite() && *s > 0.0)
    }
}

/// JSON readers give numbers of so many digits back exactly, longer ones only nearly.
fn twelve_decimals(x: f64) -> f64 {
    (x * 1e12).round() / 1e12
}

/// A whole dataset. The training split holds the members: every sample in it is one a network may have learnt from.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// "mnist", "pathmnist" or the file's name.
    pub name: String,
    /// The name as a person writes it.
    pub title: String,
    /// One name a class; its length is K.
    pub class_names: Vec<String>,
    /// The shape of every image.
    pub shape: ImageShape,
    /// Of the training images of the set this one comes from; cutting a set smaller keeps it, because a network stays
    /// tied to the figures it was trained with.
    pub normalisation: Normalisation,
    /// The members.
    pub train: Split,
    /// Unseen samples from the same source as the members, where there are any.
    pub val: Option<Split>,
    /// Unseen samples.
    pub test: Split,
    /// Which samples are members, in words.
    pub members: String,
    /// Where the images come from.
    pub source: Option<String>,
    /// Their licence.
    pub licence: Option<String>,
}

impl Dataset {
    /// Checks what the readers promise: the parts have one shape, every label is a class, the normalisation fits and
    /// there is something to train on. `file` is for the error.
    pub fn checked(self, file: &str) -> Result<Self> {
        let classes = self.class_names.len();
        if classes < 2 {
            return Err(Error::dataset(file, "at least 2 classes", format!("{classes}")));
        }
        if self.train.is_empty() {
            return Err(Error::dataset(file, "training images", "none"));
        }
        for (name, split) in self.splits() {
            if split.shape() != self.shape {
                let (expected, found) = (describe(self.shape), describe(split.shape()));
                return Err(Error::dataset(file, format!("{expected} images in {}", name.as_str()), found));
            }
            if let Some(label) = split.labels().iter().find(|&&l| l as usize >= classes) {
                let expected = format!("labels below {classes} in {}", name.as_str());
                return Err(Error::dataset(file, expected, format!("{label}")));
            }
        }
        if !self.normalisation.fits(self.shape.channels) {
            let expected = format!("a finite mean and a positive std for {} channels", self.shape.channels);
            return Err(Error::dataset(file, expected, format!("{:?}", self.normalisation)));
        }
        Ok(self)
    }

    /// K, the number of classes.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// The parts that are there, in the order train, val, test.
    pub fn splits(&self) -> impl Iterator<Item = (SplitName, &Split)> {
        let val = self.val.as_ref().map(|split| (SplitName::Val, split));
        [(SplitName::Train, &self.train)].into_iter().chain(val).chain([(SplitName::Test, &self.test)])
    }

    /// The names of the parts that are there, for messages.
    pub(crate) fn split_names(&self) -> String {
        self.splits().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// A part by its name.
    pub fn split(&self, name: SplitName) -> Option<&Split> {
        self.splits().find(|(n, _)| *n == name).map(|(_, split)| split)
    }

    /// A part that no network has learnt from, by its name.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for the training samples, and for what is not there.
    pub fn non_members(&self, name: SplitName) -> Result<&Split> {
        match self.split(name).filter(|_| name != SplitName::Train) {
            Some(split) => Ok(split),
            None => {
                let unseen: Vec<&str> = self.card().non_member_splits.iter().map(|split| split.as_str()).collect();
                Err(Error::config("non_members", unseen.join(" or "), name.as_str()))
            }
        }
    }

    /// Keeps the first `n` training samples of each class: those alone are members then.
    pub fn with_members_per_class(mut self, n: usize) -> Self {
        self.train = self.train.first_per_class(n);
        self.members = first_members(n);
        self
    }

    /// Images that are larger than this, down-sampled to it by area; others as they are.
    ///
    /// # Errors
    /// None for a dataset that was read.
    pub fn at_most(mut self, height: usize, width: usize) -> Result<Self> {
        if height == 0 || width == 0 || self.shape.height < height || self.shape.width < width {
            return Ok(self);
        }
        if (self.shape.height, self.shape.width) == (height, width) {
            return Ok(self);
        }
        let shrink = |split: &Split| super::resize::shrink(&self.name, split, height, width);
        let (train, test) = (shrink(&self.train)?, shrink(&self.test)?);
        let val = self.val.as_ref().map(shrink).transpose()?;
        self.shape = train.shape();
        Ok(Self { train, val, test, ..self })
    }

    /// The set that a page serves so that any laptop evaluates it in seconds: of each class the first 300 members, 100
    /// validation and 100 test images.
    pub fn light(mut self) -> Self {
        self.val = self.val.map(|val| val.first_per_class(100));
        self.test = self.test.first_per_class(100);
        self.with_members_per_class(300)
    }

    /// Writes the normalised pixels of the samples at `indices` of a split, see [`fill_batch`](super::fill_batch).
    pub fn fill_batch(&self, split: &Split, indices: &[usize], out: &mut Vec<f32>) {
        super::fill_batch(split, &self.normalisation, indices, out);
    }

    /// The dataset card.
    pub fn card(&self) -> DatasetInfo {
        let classes = self.classes();
        let unseen = self.splits().filter(|(name, split)| *name != SplitName::Train && !split.is_empty());
        let mut non_member_splits: Vec<SplitName> = unseen.map(|(name, _)| name).collect();
        non_member_splits.reverse();
        DatasetInfo {
            name: self.name.clone(),
            title: self.title.clone(),
            class_names: self.class_names.clone(),
            channels: self.shape.channels,
            height: self.shape.height,
            width: self.shape.width,
            counts: Counts {
                train: self.train.counts(classes),
                val: self.val.as_ref().map(|val| val.counts(classes)),
                test: self.test.counts(classes),
            },
            normalisation: self.normalisation.clone(),
            members: self.members.clone(),
            non_member_splits,
            source: self.source.clone(),
            licence: self.licence.clone(),
            bytes: self.splits().map(|(_, split)| split.pixels().len()).sum(),
        }
    }
}

pub(super) const ALL_MEMBERS: &str = "every training image";

fn first_members(n: usize) -> String {
    format!("the first {n} training images of each class")
}

fn describe(shape: ImageShape) -> String {
    format!("{}×{}×{}", shape.channels, shape.height, shape.width)
}

/// What a dataset says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatasetInfo {
    /// "mnist", "pathmnist" or the file's name.
    pub name: String,
    /// The name as a person writes it.
    pub title: String,
    /// One name a class.
    pub class_names: Vec<String>,
    /// Channels of an image.
    pub channels: usize,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Samples a class.
    pub counts: Counts,
    /// Per channel, on a scale of 0 to 1.
    pub normalisation: Normalisation,
    /// Which samples are members, in words.
    pub members: String,
    /// The splits that can serve as non-members, the paper's (test) first.
    pub non_member_splits: Vec<SplitName>,
    /// Where the images come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Their licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Pixels held in memory.
    pub bytes: usize,
}

/// Samples a class in each split that is there, in class order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Members.
    pub train: Vec<usize>,
    /// Validation images, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val: Option<Vec<usize>>,
    /// Test images.
    pub test: Vec<usize>,
}
