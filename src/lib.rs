//! PURGE: make a trained image classifier forget one class, natively or in a browser.
#![warn(missing_docs)]
pub mod error;
pub use error::{Error, Result};
