//! The networks: what they compute, where their weights lie, how they are stored.

mod checkpoint;
mod norm;
mod parameters;
mod small_cnn;

pub use checkpoint::{Card, Checkpoint, Precision};
pub use norm::Norm;
pub use parameters::{Layout, Parameters, Views};
pub use small_cnn::{SmallCnn, SmallCnnConfig};

use burn::tensor::Tensor;

/// What one forward pass gives.
#[derive(Debug, Clone)]
pub struct Output {
    /// Class scores before softmax, `[B, K]`.
    pub logits: Tensor<2>,
    /// Spatially averaged activations, each `[B, C]`: the last two stages and the penultimate features.
    pub taps: [Tensor<2>; 3],
}
