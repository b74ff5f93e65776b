//! The two passes of a step, each a sum over parts of its batch.

use burn::tensor::Tensor;

use super::{Objective, PurgeConfig, StepBatch, forget_objective, representation_loss, retain_loss};
use crate::data::ClassRoles;
use crate::model::{Network, Views};
use crate::unlearning::loss::{cross_entropy, entropy, share_correct};
#[cfg(feature = "cpu")]
use crate::work::count;
use crate::work::{Hands, Input, Outcome, Task, Work, exactly, samples_at_once};

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
    pub(super) async fn of(
        hands: &dyn Hands,
        network: &Network,
        leaves: &Views,
        config: &PurgeConfig,
        batch: &StepBatch<'_>,
    ) -> Self {
        let task = &Retain { kd_weight: config.kd_weight, temperature: config.temperature };
        let rows = vec![batch.retain_labels.clone(), batch.teacher_logits.clone()];
        let images = batch.retain_images.clone();
        let at_once = samples_at_once(network, &images, config.samples_at_once);
        let work = Work { task, images, rows, common: Vec::new() };
        let [gradient, cross_entropy, distillation, accuracy, a, b, c] =
            exactly(work.sum(hands, network, leaves, at_once).await);
        Self { gradient, cross_entropy, distillation, accuracy, tap_means: [a, b, c].map(|mean| mean.unsqueeze()) }
    }
}

impl ForgetPass {
    pub(super) async fn of(
        hands: &dyn Hands,
        network: &Network,
        leaves: &Views,
        config: &PurgeConfig,
        batch: &StepBatch<'_>,
        (roles, retain_confusion, tap_means): (&ClassRoles, &Tensor<2>, &[Tensor<2>; 3]),
    ) -> Self {
        let PurgeConfig { objective, representation_weight, .. } = *config;
        let task = &Erase { objective, representation_weight, roles: roles.clone() };
        let [a, b, c] = tap_means.clone();
        let images = batch.forget_images.clone();
        let at_once = samples_at_once(network, &images, config.samples_at_once);
        let common = vec![retain_confusion.clone(), a, b, c];
        let work = Work { task, images, rows: vec![batch.forget_labels.clone()], common };
        let [gradient, cross_entropy, entropy, objective, representation, accuracy] =
            exactly(work.sum(hands, network, leaves, at_once).await);
        Self { gradient, cross_entropy, entropy, objective, representation, accuracy }
    }
}

/// What [`RetainPass`] is summed from, of labels and teacher logits `[B, K]`.
#[derive(Debug)]
pub(crate) struct Retain {
    kd_weight: f64,
    temperature: f64,
}

#[cfg(feature = "cpu")]
impl Retain {
    pub(crate) fn of_settings(settings: &[f64]) -> Option<Self> {
        let &[kd_weight, temperature] = settings else { return None };
        Some(Self { kd_weight, temperature })
    }
}

impl Task for Retain {
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome {
        let ([labels, teacher], share) = (input.rows(), input.share);
        let output = network.forward_with(weights, input.images);
        let logits = output.logits.clone().without_autodiff();
        let (ce, kd) = retain_loss(output.logits, labels.clone(), teacher, self.temperature);
        let mut outcome = vec![
            weights.gradient((ce.clone() + kd.clone() * self.kd_weight) * share),
            ce.without_autodiff() * share,
            kd.without_autodiff() * share,
            share_correct(logits, labels) * share,
        ];
        outcome.extend(output.taps.map(|tap| (tap.without_autodiff().mean_dim(0) * share).flatten(0, 1)));
        outcome
    }

    fn wants_gradient(&self) -> bool {
        true
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        crate::work::Told { code: 3, settings: vec![self.kd_weight, self.temperature] }
    }
}

/// What [`ForgetPass`] is summed from, of labels `[B, K]`; p_r and the retain batch's three tap means are common.
#[derive(Debug)]
pub(crate) struct Erase {
    objective: Objective,
    representation_weight: f64,
    roles: ClassRoles,
}

/// As a told task counts them.
#[cfg(feature = "cpu")]
const OBJECTIVES: [Objective; 4] =
    [Objective::RetainConfusion, Objective::Uniform, Objective::GradientAscent, Objective::Conditional];

#[cfg(feature = "cpu")]
impl Erase {
    pub(crate) fn of_settings(settings: &[f64]) -> Option<Self> {
        let (&[objective, representation_weight, forget], classes) = settings.split_first_chunk()?;
        let classes: Vec<usize> = classes.iter().map(|&class| count(class)).collect::<Option<_>>()?;
        let (forget, forgotten) = classes.split_at_checked(count(forget)?)?;
        let roles = ClassRoles { forget: forget.to_vec(), forgotten: forgotten.to_vec() };
        Some(Self { objective: *OBJECTIVES.get(count(objective)?)?, representation_weight, roles })
    }
}

impl Task for Erase {
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome {
        let ([labels], [target, a, b, c], share) = (input.rows(), input.common(), input.share);
        let output = network.forward_with(weights, input.images);
        let logits = output.logits.clone().without_autodiff();
        let objective = forget_objective(self.objective, output.logits, labels.clone(), target, &self.roles);
        let representation = representation_loss(&output.taps, &[a, b, c]);
        vec![
            weights.gradient((objective.clone() + representation.clone() * self.representation_weight) * share),
            cross_entropy(logits.clone(), labels.clone()) * share,
            entropy(logits.clone()) * share,
            objective.without_autodiff() * share,
            representation.without_autodiff() * share,
            share_correct(logits, labels) * share,
        ]
    }

    fn wants_gradient(&self) -> bool {
        true
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        let objective = OBJECTIVES.iter().position(|&known| known == self.objective).unwrap_or_default();
        let ClassRoles { forget, forgotten } = &self.roles;
        let mut settings = vec![objective as f64, self.representation_weight, forget.len() as f64];
        settings.extend(forget.iter().chain(forgotten).map(|&class| class as f64));
        crate::work::Told { code: 4, settings }
    }
}
