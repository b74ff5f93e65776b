//! Unlearning: the methods, and the loop that runs them.
//!
//! [`method`](mod@method) is the seam: what a method is. [`settings`] has the one table of all settings, [`run`] the loop. Then a
//! file or a folder for each method, and a line in [`METHODS`].

pub mod bad_teacher;
pub mod boundary_shrink;
pub mod deep;
mod descent;
pub mod fine_tune;
mod forget_batches;
pub mod gradient_ascent;
pub mod kl_uniform;
pub mod l1_sparse;
mod lesson;
mod loss;
pub mod method;
pub mod neg_grad_plus;
pub mod purge;
pub mod random_labels;
#[cfg(test)]
mod recorded;
mod relabelling;
pub mod retrain;
pub mod run;
pub mod salun;
pub mod scrub;
pub mod settings;
pub mod ssd;
pub mod unsir;

use burn::tensor::Tensor;

use crate::model::Network;

#[cfg(feature = "cpu")]
pub(crate) use deep::{Mend, Settle};
pub(crate) use descent::{BatchNorm, Descent, DescentConfig, Slope};
pub use loss::{cross_entropy, entropy, kl_divergence};
pub use method::{METHODS, Method, MethodInfo, Preset, Subject};
#[cfg(feature = "cpu")]
pub(crate) use purge::{Erase, Retain};
#[cfg(feature = "cpu")]
pub(crate) use run::Sums;
pub use run::{Progress, Run, RunConfig, Step, StopReason, Summary};

/// A number that the host knows, beside those that a step leaves on the device, `[1]`.
fn constant(network: &Network, number: f64) -> Tensor<1> {
    Tensor::from_floats([number as f32], &network.parameters().flat().device())
}
