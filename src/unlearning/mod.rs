//! Unlearning: the methods, and the loop that runs them.

mod loss;
pub mod purge;
mod run;

pub use loss::{cross_entropy, entropy, kl_divergence};
pub use purge::StepScalars;
pub use run::{Progress, Run, Summary};
