//! Unlearning: the methods, and the loop that runs them.
//!
//! [`method`](mod@method) is the seam: what a method is. [`settings`] has the one table of all settings, [`run`] the loop. Then a
//! file or a folder for each method, and a line in [`METHODS`].

pub mod boundary_shrink;
pub mod deep;
mod descent;
pub mod fine_tune;
pub mod gradient_ascent;
mod lesson;
mod loss;
pub mod method;
pub mod purge;
#[cfg(test)]
mod recorded;
pub mod retrain;
pub mod run;
pub mod settings;
pub mod ssd;
pub mod unsir;

#[cfg(feature = "cpu")]
pub(crate) use deep::{Mend, Settle};
#[cfg(feature = "cpu")]
pub(crate) use descent::Slope;
pub use loss::{cross_entropy, entropy, kl_divergence};
pub use method::{METHODS, Method, MethodInfo, Preset, Subject};
#[cfg(feature = "cpu")]
pub(crate) use purge::{Erase, Retain};
#[cfg(feature = "cpu")]
pub(crate) use run::Sums;
pub use run::{Progress, Run, RunConfig, Step, StopReason, Summary};
