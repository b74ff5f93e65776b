//! What the simple methods share: the gradient of one loss, clipped, and a step of SGD along it.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::loss::{cross_entropy, share_correct};
use super::method::{Scalar, Scalars};
use super::purge::clip;
use super::run::Batch;
use crate::kernels::{self, Number, RowLosses, Target, row_losses};
use crate::model::{Network, Views};
use crate::work::{Hands, Input, Outcome, Task, Work, exactly, samples_at_once};

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
    /// CE(z, y), the share of the batch that is recognised, and ‖g‖ before clipping, each before the step.
    pub(super) async fn step(
        &mut self,
        network: &mut Network,
        batch: &Batch,
        sign: f64,
        hands: &dyn Hands,
    ) -> Tensor<1> {
        let theta = network.parameters().flat();
        let leaves = network.parameters().leaves();
        let at_once = samples_at_once(network, &batch.images(), self.config.samples_at_once);
        let task = &Slope { sign };
        let work = Work { task, images: batch.images(), rows: vec![batch.labels.clone()], common: Vec::new() };
        let [gradient, numbers] = exactly(work.sum(hands, network, &leaves, at_once).await);
        let mut step = kernels::Descent {
            theta: &theta,
            gradient: &gradient,
            momentum: self.momentum.take(),
            next: None,
            max_norm: self.config.max_grad_norm,
            weight_decay: self.config.weight_decay,
            inertia: self.config.momentum,
            rate: self.config.learning_rate,
        };
        let norm = kernels::descend(&mut step).unwrap_or_else(|| follow(&mut step));
        if let Some(next) = step.next {
            network.parameters_mut().set_flat(next);
        }
        self.momentum = step.momentum;
        kernels::join(vec![numbers, norm])
    }

    /// The numbers of a step by name. `names` are those of the loss, of ‖g‖ and of the percent recognised, in this order.
    pub(super) fn report(packed: &[f32], names: [&'static str; Self::PACKED_LEN]) -> Scalars {
        let [loss, correct, norm] = packed.first_chunk().unwrap_or(&[f32::NAN; Self::PACKED_LEN]);
        let packed = [loss, norm, correct];
        let scales = [1.0, 1.0, 100.0];
        let values = packed.into_iter().zip(scales).map(|(&value, scale)| Scalar::Number(f64::from(value) * scale));
        names.into_iter().zip(values).collect()
    }
}

/// The step with burn's operations: ‖g‖ before clipping.
fn follow(step: &mut kernels::Descent<'_>) -> Tensor<1> {
    let (gradient, norm) = clip(step.gradient.clone(), step.max_norm);
    let mut direction = gradient + step.theta.clone() * step.weight_decay;
    if let Some(momentum) = step.momentum.take() {
        direction = momentum * step.inertia + direction;
    }
    step.next = Some(step.theta.clone() - direction.clone() * step.rate);
    step.momentum = Some(direction);
    norm
}

/// `sign · ∇CE(z, y)`, CE(z, y) and the share that is recognised, of labels `[B, K]`.
#[derive(Debug)]
pub(crate) struct Slope {
    pub(super) sign: f64,
}

#[cfg(feature = "cpu")]
impl Slope {
    pub(crate) fn of_settings(settings: &[f64]) -> Option<Self> {
        let &[sign] = settings else { return None };
        Some(Self { sign })
    }
}

impl Task for Slope {
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome {
        let ([labels], share) = (input.rows(), input.share);
        let output = network.forward_with(weights, input.images);
        let losses = RowLosses {
            logits: &output.logits,
            labels: &labels,
            target: Target::None,
            cross_entropy: self.sign,
            divergence: 0.0,
            share,
            numbers: &[Number::CrossEntropy, Number::Correct],
        };
        let (loss, numbers) = row_losses(&losses, None).unwrap_or_else(|| {
            let loss = cross_entropy(output.logits.clone(), labels.clone());
            let correct = share_correct(output.logits.clone().without_autodiff(), labels.clone());
            let numbers = [loss.clone().without_autodiff(), correct].map(|number| number * share);
            (loss * (self.sign * share), kernels::join(numbers.to_vec()))
        });
        vec![weights.gradient(loss), numbers]
    }

    fn wants_gradient(&self) -> bool {
        true
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        crate::work::Told { code: 2, settings: vec![self.sign] }
    }
}
