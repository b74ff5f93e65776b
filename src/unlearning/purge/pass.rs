//! The two passes of a step, each a sum over parts of its batch.

use burn::tensor::Tensor;

use super::anchor::retain_side;
use super::erasure::forget_side;
use super::{Objective, PurgeConfig, StepBatch};
use crate::data::ClassRoles;
use crate::kernels::tap_means;
use crate::model::{Network, Views};
#[cfg(feature = "cpu")]
use crate::work::count;
use crate::work::{Hands, Input, Outcome, Task, Work, exactly, samples_at_once};

/// g_r `[P]`, the numbers of the retain batch as [`retain_side`] has them, and the means of the three taps, one after the other.
pub(super) struct RetainPass {
    pub gradient: Tensor<1>,
    pub numbers: Tensor<1>,
    pub tap_means: Tensor<1>,
}

/// g_f `[P]`, and the numbers of the forget batch as [`forget_side`] has them.
pub(super) struct ForgetPass {
    pub gradient: Tensor<1>,
    pub numbers: Tensor<1>,
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
        let [gradient, numbers, tap_means] = exactly(work.sum(hands, network, leaves, at_once).await);
        Self { gradient, numbers, tap_means }
    }
}

impl ForgetPass {
    pub(super) async fn of(
        hands: &dyn Hands,
        network: &Network,
        leaves: &Views,
        config: &PurgeConfig,
        batch: &StepBatch<'_>,
        (roles, retain_confusion, tap_means): (&ClassRoles, &Tensor<2>, &Tensor<1>),
    ) -> Self {
        let PurgeConfig { objective, representation_weight, .. } = *config;
        let task = &Erase { objective, representation_weight, roles: roles.clone() };
        let images = batch.forget_images.clone();
        let at_once = samples_at_once(network, &images, config.samples_at_once);
        let common = vec![retain_confusion.clone(), tap_means.clone().unsqueeze()];
        let work = Work { task, images, rows: vec![batch.forget_labels.clone()], common };
        let [gradient, numbers] = exactly(work.sum(hands, network, leaves, at_once).await);
        Self { gradient, numbers }
    }
}

/// What [`RetainPass`] is summed from, of labels and teacher logits `[B, K]`.
#[derive(Debug)]
pub(crate) struct Retain {
    pub(super) kd_weight: f64,
    pub(super) temperature: f64,
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
        let (loss, numbers) = retain_side(self, &output.logits, labels, teacher, share);
        vec![weights.gradient(loss), numbers, tap_means(output.taps, share)]
    }

    fn wants_gradient(&self) -> bool {
        true
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        crate::work::Told { code: 3, settings: vec![self.kd_weight, self.temperature] }
    }
}

/// What [`ForgetPass`] is summed from, of labels `[B, K]`; p_r and the means of the retain batch's taps are common.
#[derive(Debug)]
pub(crate) struct Erase {
    pub(super) objective: Objective,
    pub(super) representation_weight: f64,
    pub(super) roles: ClassRoles,
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
        let ([labels], [retain_confusion, means], share) = (input.rows(), input.common(), input.share);
        let output = network.forward_with(weights, input.images);
        let answers = (&output.logits, &output.taps);
        let (loss, numbers) = forget_side(self, answers, labels, retain_confusion, means.flatten(0, 1), share);
        vec![weights.gradient(loss), numbers]
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
