//! What the simple methods share: the gradient of one loss, clipped, and a step of SGD along it.

use std::ops::Range;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::loss::{cross_entropy, share_correct};
use super::method::{Scalar, Scalars};
use super::purge::clip;
use super::run::Batch;
use crate::model::Network;

/// SGD as PyTorch does it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DescentConfig {
    /// η
    pub learning_rate: f64,
    /// μ
    pub momentum: f64,
    /// w
    pub weight_decay: f64,
    /// c, the global norm that gradients are clipped to; 0 for no clipping.
    pub max_grad_norm: f64,
    /// Samples in a pass; 0 for as many as the network's memory allows.
    pub samples_at_once: usize,
}

impl DescentConfig {
    /// What the programs of Unlearn-Sparse share: momentum 0.9, decay 5e-4, no clipping.
    pub(super) fn unlearn_sparse(learning_rate: f64) -> Self {
        Self { learning_rate, momentum: 0.9, weight_decay: 5e-4, max_grad_norm: 0.0, samples_at_once: 0 }
    }
}

/// Follows the cross-entropy of one batch after the other, up or down, with momentum.
#[derive(Debug, Clone)]
pub(super) struct Descent {
    config: DescentConfig,
    momentum: Option<Tensor<1>>,
}

impl Descent {
    pub(super) const PACKED_LEN: usize = 3;

    pub(super) fn new(config: DescentConfig) -> Self {
        Self { config, momentum: None }
    }

    /// One step along `sign · ∇CE(z, y)` of a batch: d = g + w·θ, v ← μ·v + d (the first v is d), θ ← θ − η·v. Gives
    /// CE(z, y), ‖g‖ before clipping and the share of the batch that is recognised, each before the step.
    pub(super) fn step(&mut self, network: &mut Network, batch: &Batch, sign: f64) -> Tensor<1> {
        let theta = network.parameters().flat();
        let leaves = network.parameters().leaves();
        let of_part = |part: Range<usize>, share: f64| {
            let output = network.forward_with(&leaves, batch.images.clone().slice([part.clone()]));
            let labels = batch.labels.clone().slice([part]);
            let logits = output.logits.clone().without_autodiff();
            let loss = cross_entropy(output.logits, labels.clone());
            [
                loss.clone().without_autodiff() * share,
                share_correct(logits, labels) * share,
                leaves.gradient(loss * (sign * share)),
            ]
        };
        let sum = |[a, b, c]: [Tensor<1>; 3], [x, y, z]: [Tensor<1>; 3]| [a + x, b + y, c + z];
        let [loss, correct, gradient] =
            in_parts(batch.images.dims(), network, self.config.samples_at_once, of_part, sum);
        let (gradient, norm) = clip(gradient, self.config.max_grad_norm);
        let mut direction = gradient + theta.clone() * self.config.weight_decay;
        if let Some(momentum) = self.momentum.take() {
            direction = momentum * self.config.momentum + direction;
        }
        network.parameters_mut().set_flat(theta - direction.clone() * self.config.learning_rate);
        self.momentum = Some(direction);
        Tensor::cat(vec![loss, norm, correct], 0)
    }

    /// The numbers of a step by name. `names` are those of the loss, of ‖g‖ and of the percent recognised, in this order.
    pub(super) fn report(packed: &[f32], names: [&'static str; Self::PACKED_LEN]) -> Scalars {
        let scales = [1.0, 1.0, 100.0];
        let values = packed.iter().zip(scales).map(|(&value, scale)| Scalar::Number(f64::from(value) * scale));
        names.into_iter().zip(values).collect()
    }
}

/// Sends a batch of images `[B, C, H, W]` through in parts, and adds up what they give. `of_part` gets a part's rows and its
/// share of the batch; means and gradients times that share add up to those of the whole batch. `samples_at_once` is the size
/// of a part, 0 for as many as the network's memory allows.
pub(super) fn in_parts<T>(
    [batch, _, height, width]: [usize; 4],
    network: &Network,
    samples_at_once: usize,
    of_part: impl Fn(Range<usize>, f64) -> T,
    plus: impl Fn(T, T) -> T,
) -> T {
    let at_once = match samples_at_once {
        0 => network.architecture().samples_at_once(height, width),
        samples => samples,
    };
    let part = |start: usize| {
        let end = (start + at_once).min(batch);
        of_part(start..end, (end - start) as f64 / batch as f64)
    };
    (at_once..batch).step_by(at_once).map(part).fold(part(0), plus)
}
