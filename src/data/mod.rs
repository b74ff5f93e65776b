//! Labelled images: what a dataset is, and the readers for its formats.
//!
//! Every reader takes bytes and a name for error messages, so that the page (which has no files) and the shell read
//! alike; [`files`] is the only part that touches a file system. Files come from strangers: no reader trusts a header,
//! and a bad file gets [`Error::BadDataset`](crate::Error::BadDataset) instead of a panic or a runaway allocation.

mod batch;
mod bytes;
mod dataset;
pub mod packed;

pub use batch::{Shuffled, fill_batch};
pub use dataset::{Counts, Dataset, DatasetInfo, ImageShape, Normalisation, Split, SplitName};
