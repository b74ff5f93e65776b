//! The networks: what they compute, where their weights lie, how they are stored.

mod card;
mod checkpoint;
mod network;
mod norm;
mod parameters;
mod resnet;
mod small_cnn;

pub use card::{Card, UnlearnRecord};
pub use checkpoint::{Checkpoint, Precision};
pub(crate) use network::FeatureNorms;
pub use network::{Architecture, Network};
pub use norm::Norm;
pub(crate) use parameters::Reader;
pub use parameters::{Layout, Parameters, Views};
pub use resnet::{ResNetConfig, Stem};
pub use small_cnn::SmallCnnConfig;

use burn::tensor::Tensor;

/// What one forward pass gives.
#[derive(Debug, Clone)]
pub struct Output {
    /// Class scores before softmax, `[B, K]`.
    pub logits: Tensor<2>,
    /// Spatially averaged activations, each `[B, C]`: the last two stages and the penultimate features.
    pub taps: [Tensor<2>; 3],
}
