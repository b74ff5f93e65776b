//! PURGE: make a trained image classifier forget one class, natively or in a browser.
#![warn(missing_docs)]

pub mod data;
pub mod device;
pub mod error;
pub mod evaluation;
pub mod inference;
pub mod model;
pub mod training;
pub mod unlearning;

pub use error::{Error, Result};
