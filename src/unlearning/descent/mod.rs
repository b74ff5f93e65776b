//! What the loops share: the gradient of a loss of one batch, and a step along a gradient.

mod config;
mod slope;
#[cfg(test)]
mod tests;

pub(crate) use config::{BatchNorm, DescentConfig, Rule};
pub(crate) use slope::Slope;

use burn::tensor::Tensor;

use super::method::{Scalar, Scalars};
use super::purge::clip;
use super::run::Batch;
use crate::kernels;
use crate::model::{Network, Norm, Views};
use crate::training::Optimizer;
use crate::work::{Hands, Work, exactly, samples_at_once};

/// A batch, and which way it pushes.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub batch: &'a Batch,
    pub slope: Slope,
    /// What its answers are compared with, logits `[B, K]`.
    pub teacher: Option<Tensor<2>>,
}

impl<'a> Side<'a> {
    /// Up (−1) or down (1) the cross-entropy of a batch.
    pub(super) fn of_labels(batch: &'a Batch, sign: f64) -> Self {
        Self { batch, slope: Slope::of_labels(sign), teacher: None }
    }
}

/// Follows one gradient after the other.
#[derive(Debug, Clone)]
pub(crate) struct Descent {
    config: DescentConfig,
    momentum: Option<Tensor<1>>,
    adam: Option<Optimizer>,
    mask: Option<Tensor<1>>,
}

impl Descent {
    pub(crate) fn new(config: DescentConfig) -> Self {
        let adam = (config.optimizer == Rule::Adam).then(Optimizer::adam);
        Self { config, momentum: None, adam, mask: None }
    }

    /// The same, where only weights with a 1 in `mask` `[P]` ever move. The others have no momentum and no decay either.
    pub(super) fn masked(self, mask: Tensor<1>) -> Self {
        Self { mask: Some(mask), ..self }
    }

    /// The gradient of a side `[P]`, and its numbers as [`Slope`] has them, both of `network` as it is. The weights stay as they
    /// are; the running statistics of batch normalisation may be updated.
    pub(super) async fn gradient(
        &self,
        network: &mut Network,
        leaves: &Views,
        side: Side<'_>,
        hands: &dyn Hands,
    ) -> [Tensor<1>; 2] {
        let Side { batch, slope, teacher } = side;
        let images = batch.images();
        let mut rows = vec![batch.labels.clone()];
        rows.extend(teacher);
        if self.config.batch_norm == BatchNorm::Train && network.architecture().norm() == Norm::Batch {
            let images = images.on(&network.parameters().flat().device());
            let output = network.forward_training(leaves, images);
            return exactly(slope.of_answers(leaves, output, &rows, 1.0));
        }
        let at_once = samples_at_once(network, &images, self.config.samples_at_once);
        let work = Work { task: &slope, images, rows, common: Vec::new() };
        exactly(work.sum(hands, network, leaves, at_once).await)
    }

    /// One step along a gradient g `[P]`: with SGD d = g + w·θ, v ← μ·v + d (the first v is d), θ ← θ − η·v. Gives ‖g‖ before
    /// clipping, `[1]`.
    pub(crate) fn follow(&mut self, network: &mut Network, gradient: &Tensor<1>) -> Tensor<1> {
        self.follow_with_pull(network, gradient, 0.0)
    }

    /// The same with the weights drawn to zero by a step of `pull` times their sign, the subgradient of `pull · ‖θ‖₁`; d gets it as it
    /// gets the decay.
    pub(super) fn follow_with_pull(&mut self, network: &mut Network, gradient: &Tensor<1>, pull: f64) -> Tensor<1> {
        let theta = network.parameters().flat();
        let plain = self.adam.is_none() && self.mask.is_none() && pull == 0.0;
        let mut step = kernels::Descent {
            theta: &theta,
            gradient,
            momentum: self.momentum.take(),
            next: None,
            max_norm: self.config.max_grad_norm,
            weight_decay: self.config.weight_decay,
            inertia: self.config.momentum,
            rate: self.config.learning_rate,
        };
        if plain {
            let norm = descend(&mut step);
            self.momentum = step.momentum;
            step.next.into_iter().for_each(|next| network.parameters_mut().set_flat(next));
            return norm;
        }
        // A first step without a past is along d, as nothing has been carried on to it.
        let past = step.momentum.take();
        let norm = descend(&mut step);
        let mut direction = step.momentum.unwrap_or_else(|| gradient.clone());
        if pull > 0.0 {
            direction = direction + theta.clone().sign() * pull;
        }
        if let Some(mask) = &self.mask {
            direction = direction * mask.clone();
        }
        let rate = self.config.learning_rate;
        let next = match &mut self.adam {
            Some(adam) => adam.step(rate, theta, direction),
            None => {
                let carried = past.map(|past| past * self.config.momentum);
                let direction = carried.map_or(direction.clone(), |past| past + direction);
                self.momentum = Some(direction.clone());
                theta - direction * rate
            }
        };
        network.parameters_mut().set_flat(next);
        norm
    }

    /// One step along the gradient of one side. Gives the side's numbers and ‖g‖ before clipping.
    pub(super) async fn step(&mut self, network: &mut Network, side: Side<'_>, hands: &dyn Hands) -> Tensor<1> {
        let leaves = network.parameters().leaves();
        let [gradient, numbers] = self.gradient(network, &leaves, side, hands).await;
        let norm = self.follow(network, &gradient);
        kernels::join(vec![numbers, norm])
    }

    /// How many numbers a step along a side of labels gives.
    pub(super) const PACKED_LEN: usize = 3;

    /// The numbers of such a step by name. `names` are those of the loss, of ‖g‖ and of the percent recognised, in this order.
    pub(super) fn report(packed: &[f32], [loss, norm, correct]: [&'static str; 3]) -> Scalars {
        named(packed, [(loss, 1.0), (correct, 100.0), (norm, 1.0)])
    }
}

/// Packed numbers by name, each times a scale.
pub(super) fn named<const N: usize>(packed: &[f32], names: [(&'static str, f64); N]) -> Scalars {
    let values = packed.first_chunk().unwrap_or(&[f32::NAN; N]);
    let scaled = names.into_iter().zip(values);
    scaled.map(|((name, scale), &value)| (name, Scalar::Number(f64::from(value) * scale))).collect()
}

/// The step of SGD, on any device: ‖g‖ before clipping.
fn descend(step: &mut kernels::Descent<'_>) -> Tensor<1> {
    kernels::descend(step).unwrap_or_else(|| {
        let (gradient, norm) = clip(step.gradient.clone(), step.max_norm);
        let mut direction = gradient + step.theta.clone() * step.weight_decay;
        if let Some(momentum) = step.momentum.take() {
            direction = momentum * step.inertia + direction;
        }
        step.next = Some(step.theta.clone() - direction.clone() * step.rate);
        step.momentum = Some(direction);
        norm
    })
}
