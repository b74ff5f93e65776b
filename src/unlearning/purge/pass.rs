//! The two passes of a step. A batch that is too large for one pass goes through in parts, each with its share of the
//! batch: means and gradients then add up to those of the whole.

use std::ops::Range;

use burn::tensor::Tensor;

use super::{PurgeConfig, StepBatch, forget_objective, representation_loss, retain_loss};
use crate::data::ClassRoles;
use crate::model::{Network, Views};
use crate::unlearning::descent::in_parts;
use crate::unlearning::loss::{cross_entropy, entropy, share_correct};

/// Means over the retain batch, each `[1]`, g_r `[P]`, and the means of the taps, `[1, C]`.
pub(super) struct RetainPass {
    pub gradient: Tensor<1>,
    pub cross_entropy: Tensor<1>,
    pub distillation: Tensor<1>,
    pub accuracy: Tensor<1>,
    pub tap_means: [Tensor<2>; 3],
}

/// Means over the forget batch, each `[1]`, and g_f `[P]`.
pub(super) struct ForgetPass {
    pub gradient: Tensor<1>,
    pub cross_entropy: Tensor<1>,
    pub entropy: Tensor<1>,
    pub objective: Tensor<1>,
    pub representation: Tensor<1>,
    pub accuracy: Tensor<1>,
}

impl RetainPass {
    pub(super) fn of(network: &Network, leaves: &Views, config: &PurgeConfig, batch: &StepBatch) -> Self {
        let one = |part: Range<usize>, share: f64| {
            let output = network.forward_with(leaves, batch.retain_images.clone().slice([part.clone()]));
            let labels = batch.retain_labels.clone().slice([part.clone()]);
            let teacher = batch.teacher_logits.clone().slice([part]);
            let logits = output.logits.clone().without_autodiff();
            let (ce, kd) = retain_loss(output.logits, labels.clone(), teacher, config.temperature);
            Self {
                cross_entropy: ce.clone().without_autodiff() * share,
                distillation: kd.clone().without_autodiff() * share,
                gradient: leaves.gradient((ce + kd * config.kd_weight) * share),
                accuracy: share_correct(logits, labels) * share,
                tap_means: output.taps.map(|tap| tap.without_autodiff().mean_dim(0) * share),
            }
        };
        in_parts(batch.retain_images.dims(), network, config.samples_at_once, one, |a, b| {
            let [x, y, z] = b.tap_means;
            let [u, v, w] = a.tap_means;
            Self {
                gradient: a.gradient + b.gradient,
                cross_entropy: a.cross_entropy + b.cross_entropy,
                distillation: a.distillation + b.distillation,
                accuracy: a.accuracy + b.accuracy,
                tap_means: [u + x, v + y, w + z],
            }
        })
    }
}

impl ForgetPass {
    pub(super) fn of(
        network: &Network,
        leaves: &Views,
        config: &PurgeConfig,
        batch: &StepBatch,
        (roles, retain_confusion): (&ClassRoles, &Tensor<2>),
        tap_means: &[Tensor<2>; 3],
    ) -> Self {
        let one = |part: Range<usize>, share: f64| {
            let output = network.forward_with(leaves, batch.forget_images.clone().slice([part.clone()]));
            let labels = batch.forget_labels.clone().slice([part]);
            let logits = output.logits.clone().without_autodiff();
            let target = retain_confusion.clone();
            let objective = forget_objective(config.objective, output.logits, labels.clone(), target, roles);
            let representation = representation_loss(&output.taps, tap_means);
            Self {
                cross_entropy: cross_entropy(logits.clone(), labels.clone()) * share,
                entropy: entropy(logits.clone()) * share,
                objective: objective.clone().without_autodiff() * share,
                representation: representation.clone().without_autodiff() * share,
                gradient: leaves.gradient((objective + representation * config.representation_weight) * share),
                accuracy: share_correct(logits, labels) * share,
            }
        };
        in_parts(batch.forget_images.dims(), network, config.samples_at_once, one, |a, b| Self {
            gradient: a.gradient + b.gradient,
            cross_entropy: a.cross_entropy + b.cross_entropy,
            entropy: a.entropy + b.entropy,
            objective: a.objective + b.objective,
            representation: a.representation + b.representation,
            accuracy: a.accuracy + b.accuracy,
        })
    }
}
