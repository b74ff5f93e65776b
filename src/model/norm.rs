use burn::tensor::Tensor;
use burn::tensor::module::{batch_norm, batch_norm_train};
use serde::{Deserialize, Serialize};

use super::Reader;

/// PyTorch's epsilon for both kinds.
const EPSILON: f64 = 1e-5;

/// Which normalisation a network has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// Group normalisation with 8 groups: no state, so nothing of the training data can hide in it.
    Group,
    /// Batch normalisation with running statistics.
    Batch,
}

/// How many groups group normalisation has.
pub(crate) const GROUPS: usize = 8;

/// Where batch normalisation takes mean and variance from.
pub(super) enum Statistics<'a> {
    /// These, which it leaves alone: mean and variance of each norm in turn.
    Running(&'a [Tensor<1>]),
    /// The batch; they are put here in the same order.
    Batch(&'a mut Vec<Tensor<1>>),
}

/// The normalisations of a network, applied one after the other.
pub(super) struct Norms<'a> {
    norm: Norm,
    statistics: Statistics<'a>,
    next: usize,
}

impl<'a> Norms<'a> {
    pub(super) fn new(norm: Norm, statistics: Statistics<'a>) -> Self {
        Self { norm, statistics, next: 0 }
    }

    /// Normalises `x` `[B, C, H, W]`; the weight and bias `[C]` come from `parameters`.
    pub(super) fn apply(&mut self, x: Tensor<4>, parameters: &mut Reader<'_>) -> Tensor<4> {
        let (weight, bias) = (parameters.next::<1>(), parameters.next::<1>());
        let at = self.next;
        self.next += 2;
        match (self.norm, &mut self.statistics) {
            (Norm::Group, _) => group_norm(x, weight, bias),
            (Norm::Batch, Statistics::Running(running)) => {
                frozen_batch_norm(x, weight, bias, running[at].clone(), running[at + 1].clone())
            }
            (Norm::Batch, Statistics::Batch(seen)) => {
                let (x, mean, variance) = training_batch_norm(x, weight, bias);
                seen.extend([mean, variance]);
                x
            }
        }
    }
}

/// Group normalisation of `x` `[B, C, H, W]` with weight and bias `[C]`.
fn group_norm(x: Tensor<4>, weight: Tensor<1>, bias: Tensor<1>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let device = x.device().without_autodiff();
    // Every group of every sample as one channel: the backends have batch normalisation, with its gradient, as one operation.
    let rows = batch * GROUPS;
    let grouped = x.reshape([1, rows, channels / GROUPS * height, width]);
    let normal = batch_norm_train(grouped, Tensor::ones([rows], &device), Tensor::zeros([rows], &device), EPSILON);
    normal.output.reshape([batch, channels, height, width]) * weight.reshape([1, channels, 1, 1])
        + bias.reshape([1, channels, 1, 1])
}

/// Batch normalisation with running statistics `[C]`, which it leaves alone.
fn frozen_batch_norm(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    mean: Tensor<1>,
    variance: Tensor<1>,
) -> Tensor<4> {
    batch_norm(x, weight, bias, mean, variance, EPSILON)
}

/// Batch normalisation with the batch's own statistics, which come back as mean and unbiased variance, as PyTorch
/// feeds them to the running ones.
fn training_batch_norm(x: Tensor<4>, weight: Tensor<1>, bias: Tensor<1>) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    let [batch, _, height, width] = x.dims();
    let count = (batch * height * width) as f32;
    let out = batch_norm_train(x, weight, bias, EPSILON);
    let unbiased = out.variance.without_autodiff() * (count / (count - 1.0).max(1.0));
    (out.output, out.mean.without_autodiff(), unbiased)
}
