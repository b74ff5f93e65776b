//! SCRUB (Kurmanji et al., NeurIPS 2023, arXiv 2302.09880): away from the network from before on D_f, back to it on D_r. With
//! d = T² · KL(σ(z₀/T) ‖ σ(z/T)), the first `max_epochs` epochs begin with a max pass over D_f, `−d`; each has a min pass over D_r,
//! `γ · CE(z_r, y_r) + α · d`.
//!
//! The student's batch normalisation is in training mode, the teacher's frozen, as in the authors' program. Otherwise student and
//! teacher agree at the start: d and its gradient are 0, and a max pass would do nothing but decay the weights. So with group
//! normalisation, and with `batch_norm` frozen, the first epoch is a min pass alone, and the max passes begin with the second.

use serde::{Deserialize, Serialize};

use super::constant;
use super::descent::{BatchNorm, Descent, DescentConfig, Side, Slope, named};
use super::forget_batches::{ForgetBatchConfig, ForgetBatches};
use super::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, ScalarInfo, Scalars, Stepping, Steps, Subject,
};
use super::run::{Epochs, LoopConfig, ONLY_AT_ENDS, Samples};
use super::settings::{Settings, words};
use crate::Result;
use crate::kernels::join;
use crate::model::{Network, Norm};
use crate::work::Hands;

/// See the [module](self).
#[derive(Debug)]
pub struct Scrub;

static INFO: MethodInfo = MethodInfo {
    name: "scrub",
    title: words("SCRUB"),
    sentence: words("Disobeys the network from before on the class for a pass or two, and obeys it on the rest."),
    year: 2023,
    paper: words("https://arxiv.org/abs/2302.09880"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with a rate that suits this network and an end when it has forgotten. Batch norm learns.",
        ),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "The authors’ values for a whole class of CIFAR-10: three epochs, two of which push. Batch norm learns.",
        ),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("divergence", "d = T² · KL(σ(z₀/T) ‖ σ(z/T)) of the batch"),
        ScalarInfo::number("batch_ce", "CE(z, y) of the batch"),
        ScalarInfo::number("batch_accuracy", "Percent of the batch, before the step"),
        ScalarInfo::number("forget_share", "100 in a max pass over D_f, 0 in a min pass over D_r"),
        ScalarInfo::number("update_norm", "‖g‖ before clipping"),
    ],
    pass: Pass::Both,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OwnConfig {
    /// msteps
    max_epochs: usize,
    /// γ
    ce_weight: f64,
    /// α
    kd_weight: f64,
    /// T
    temperature: f64,
}

impl Method for Scrub {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        // The notebook large_scale_unlearning.ipynb. Its learning rate falls after epoch 3, which is the last.
        let own = OwnConfig { max_epochs: 2, ce_weight: 0.99, kd_weight: 0.001, temperature: 4.0 };
        let limits = LoopConfig::new(3, 256, subject.network.classes());
        match preset {
            Preset::Authors => Settings::of(&[
                &own,
                &DescentConfig::unlearn_sparse(5e-4),
                &ForgetBatchConfig::of(512),
                &LoopConfig { target_forget_accuracy: 0.0, ..limits },
            ]),
            Preset::Published => Settings::of(&[
                &OwnConfig { max_epochs: 5, kd_weight: 0.5, ..own },
                &DescentConfig::unlearn_sparse(1e-3),
                &ForgetBatchConfig::of(0),
                &LoopConfig { batch_size: 128, epochs: 8, check_every: ONLY_AT_ENDS, ..limits },
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let (own, batches) = (settings.typed::<OwnConfig>(), settings.typed::<ForgetBatchConfig>());
        let descent = settings.typed::<DescentConfig>();
        Box::pin(async move {
            let (own, descent) = (own?, descent?);
            let forget = ForgetBatches::new(&batches?, run.samples);
            let differs = descent.batch_norm == BatchNorm::Train && run.network.architecture().norm() == Norm::Batch;
            let passes = Passes {
                max: forget.per_pass(run.samples),
                min: run.samples.batches_per_pass(Pass::Retain),
                first: usize::from(!differs),
                count: own.max_epochs,
            };
            Ok(Box::new(Scrubbing { descent: Descent::new(descent), own, forget, passes, step: 0 }) as Box<dyn Steps>)
        })
    }
}

/// Which pass a step is of.
#[derive(Debug, Clone, Copy)]
struct Passes {
    /// Steps of a max pass.
    max: usize,
    /// Steps of a min pass.
    min: usize,
    /// Epochs before the first max pass.
    first: usize,
    /// Epochs with one.
    count: usize,
}

impl Passes {
    fn epochs(&self) -> Epochs {
        let alone = std::iter::repeat_n(self.min, self.first);
        Epochs::of(alone.chain(std::iter::repeat_n(self.max + self.min, self.count)).collect(), self.min)
    }

    /// Whether the step after `done` ones is of a max pass.
    fn pushes(&self, done: usize) -> bool {
        let both = self.max + self.min;
        let since = done.checked_sub(self.first * self.min);
        since.is_some_and(|since| since < self.count * both && since % both < self.max)
    }
}

#[derive(Debug, Clone)]
struct Scrubbing {
    descent: Descent,
    own: OwnConfig,
    forget: ForgetBatches,
    passes: Passes,
    /// Steps done.
    step: usize,
}

impl Steps for Scrubbing {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let OwnConfig { ce_weight, kd_weight, temperature, .. } = self.own;
        let pushes = self.passes.pushes(self.step);
        self.step += 1;
        let (batch, [cross_entropy, divergence]) = match pushes {
            true => (self.forget.next(samples), [0.0, -1.0]),
            false => (samples.next_retain(), [ce_weight, kd_weight]),
        };
        let teacher = samples.teacher_logits(&batch);
        Box::pin(async move {
            let slope = Slope { cross_entropy, divergence, temperature };
            let side = Side { batch: &batch, slope, teacher: Some(teacher) };
            let numbers = self.descent.step(network, side, hands).await;
            join(vec![numbers, constant(network, f64::from(u8::from(pushes)))])
        })
    }

    fn epochs(&self) -> Option<Epochs> {
        Some(self.passes.epochs())
    }

    fn packed_len(&self) -> usize {
        5
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let names = [
            ("batch_ce", 1.0),
            ("batch_accuracy", 100.0),
            ("divergence", 1.0),
            ("update_norm", 1.0),
            ("forget_share", 100.0),
        ];
        named(packed, names)
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(passes: Passes, steps: usize) -> String {
        (0..steps).map(|done| if passes.pushes(done) { '+' } else { '-' }).collect()
    }

    /// Epochs count from 1, so there are as many max passes as `max_epochs` says.
    #[test]
    fn max_passes_come_first_in_the_first_epochs() {
        let passes = Passes { max: 2, min: 3, first: 0, count: 2 };
        assert_eq!(order(passes, 13), "++---++------");
        assert_eq!(passes.epochs(), Epochs::of(vec![5, 5], 3));
        let none = Passes { count: 0, ..passes };
        assert_eq!(order(none, 4), "----");
    }

    #[test]
    fn where_student_and_teacher_agree_a_min_pass_goes_first() {
        let passes = Passes { max: 2, min: 3, first: 1, count: 2 };
        assert_eq!(order(passes, 16), "---++---++------");
        assert_eq!(passes.epochs(), Epochs::of(vec![3, 5, 5], 3));
    }
}
