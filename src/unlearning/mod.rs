//! Unlearning: the methods, and the loop that runs them.

mod loss;
pub mod purge;

pub use loss::{cross_entropy, entropy, kl_divergence};
