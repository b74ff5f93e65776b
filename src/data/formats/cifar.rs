//! CIFAR-10 and CIFAR-100 as binary records, several files of training images and one of test images, plain or gzip. A
//! record is the label (CIFAR-100: the coarse one, then the fine one) and 3,072 bytes of pixels, by channel, then by row.

use super::NamedBytes;
use super::bytes::ByteSource;
use crate::data::known::{self, Known};
use crate::data::{Dataset, ImageShape, Split};
use crate::{Error, Result};

const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };
const PIXELS: usize = 3 * 32 * 32;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cifar {
    /// Ten classes.
    Ten,
    /// A hundred classes, in twenty coarse ones that are left aside.
    Hundred,
}

impl Cifar {
    fn known(self) -> &'static Known {
        match self {
            Cifar::Ten => &known::CIFAR10,
            Cifar::Hundred => &known::CIFAR100,
        }
    }

    /// How many values each label of a record may have.
    fn labels(self) -> &'static [u8] {
        match self {
            Cifar::Ten => &[10],
            Cifar::Hundred => &[20, 100],
        }
    }

    fn record_len(self) -> usize {
        self.labels().len() + PIXELS
    }

    /// Whether unpacked bytes are whole records with labels in range.
    pub(super) fn is(self, bytes: &[u8]) -> bool {
        !bytes.is_empty()
            && bytes.len().is_multiple_of(self.record_len())
            && bytes.chunks_exact(self.record_len()).all(|r| r.iter().zip(self.labels()).all(|(l, n)| l < n))
    }
}

/// Reads a whole set.
///
/// # Errors
/// [`Error::BadDataset`] for a file that is not of this set, or cut short.
pub fn read(set: Cifar, train: &[NamedBytes], test: NamedBytes) -> Result<Dataset> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for &file in train {
        read_into(set, file, &mut pixels, &mut labels)?;
    }
    let images = Split::new("training images", SHAPE, pixels, labels)?;
    let mut dataset = set.known().dataset(images, read_file(set, test)?);
    if let Some(missing) = missing_batches(train) {
        dataset.members = format!("{}; {missing} not there", dataset.members);
    }
    dataset.checked(test.name)
}

/// Which of CIFAR-10's five training files, `data_batch_1.bin` to `data_batch_5.bin`, are missing, in words. `None` where
/// none is, or where the files have other names.
fn missing_batches(train: &[NamedBytes]) -> Option<String> {
    let name = |batch: usize| format!("data_batch_{batch}.bin");
    let there = |batch: &usize| train.iter().any(|file| file.name.contains(&name(*batch)));
    let missing: Vec<String> = (1..=5).filter(|batch| !there(batch)).map(name).collect();
    match missing.as_slice() {
        [] => None,
        [one] => Some(format!("{one} is")),
        some if some.len() < 5 => Some(format!("{} are", some.join(", "))),
        _ => None,
    }
}

/// Reads one file.
///
/// # Errors
/// [`Error::BadDataset`], see [`read`].
pub fn read_file(set: Cifar, file: NamedBytes) -> Result<Split> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    read_into(set, file, &mut pixels, &mut labels)?;
    Split::new(file.name, SHAPE, pixels, labels)
}

fn read_into(set: Cifar, file: NamedBytes, pixels: &mut Vec<u8>, labels: &mut Vec<u16>) -> Result<()> {
    let bytes = ByteSource::plain_or_gzip(file.name, file.bytes).rest()?;
    let len = set.record_len();
    for (record, at) in bytes.chunks(len).zip((0u64..).step_by(len)) {
        if record.len() < len {
            let expected = format!("records of {len} bytes, as {} has them", set.known().title);
            return Err(Error::dataset_at(file.name, at, expected, format!("{} bytes at the end", record.len())));
        }
        for (place, (&label, &classes)) in (at..).zip(record.iter().zip(set.labels())) {
            if label >= classes {
                let expected = format!("a label below {classes}, as {} has them", set.known().title);
                return Err(Error::dataset_at(file.name, place, expected, label.to_string()));
            }
        }
        let (head, image) = record.split_at(set.labels().len());
        labels.extend(head.last().map(|&label| u16::from(label)));
        pixels.extend_from_slice(image);
    }
    match bytes.is_empty() {
        true => Err(Error::dataset_at(file.name, 0, format!("records of {len} bytes"), "an empty file")),
        false => Ok(()),
    }
}
