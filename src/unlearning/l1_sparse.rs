//! ℓ1-sparse unlearning (Jia et al., NeurIPS 2023, arXiv 2304.04934): fine-tuning on D_r that also draws every weight to zero,
//! `CE(z_r, y_r) + α_e · ‖θ‖₁`, with α_e = α · (1 − e/E) in epoch e of E, from 0. θ is all there is, norms and biases included. No weight
//! becomes exactly zero, for the subgradient jumps over it.
//!
//! Batch normalisation is in training mode, as in the authors' program.

use serde::{Deserialize, Serialize};

use super::constant;
use super::descent::{Descent, DescentConfig, Side, named};
use super::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, ScalarInfo, Scalars, Stepping, Steps, Subject,
};
use super::run::{LoopConfig, Samples};
use super::settings::{Settings, words};
use crate::Result;
use crate::kernels::join;
use crate::model::Network;
use crate::work::Hands;

/// See the [module](self).
#[derive(Debug)]
pub struct L1Sparse;

static INFO: MethodInfo = MethodInfo {
    name: "l1_sparse",
    title: words("ℓ1-sparse"),
    sentence: words(
        "Goes on training without the class while all weights are drawn to zero, so that what is not used fades.",
    ),
    year: 2023,
    paper: words("https://arxiv.org/abs/2304.04934"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with a pull and a rate that suit this network and an end when it has forgotten. Batch norm learns.",
        ),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "Ten passes in large batches, as is usual for large networks. Batch norm learns.",
        ),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("retain_ce", "CE(z_r, y_r)"),
        ScalarInfo::number("pull", "α_e"),
        ScalarInfo::number("update_norm", "‖g‖ before clipping, without the pull"),
        ScalarInfo::number("retain_accuracy", "Percent of the retain batch, before the step"),
    ],
    pass: Pass::Retain,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OwnConfig {
    /// α
    l1_weight: f64,
}

/// α_e
fn pull(weight: f64, epoch: usize, epochs: usize) -> f64 {
    weight * (1.0 - epoch as f64 / epochs.max(1) as f64).max(0.0)
}

impl Method for L1Sparse {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        // Unlearn-Sparse: batches of 256, rate 1e-2, 10 epochs.
        let authors = DescentConfig::unlearn_sparse(1e-2);
        let limits = LoopConfig::new(10, 256, subject.network.classes());
        // The paper's program leaves α open; this is what is said of it.
        let own = OwnConfig { l1_weight: 5e-4 };
        match preset {
            Preset::Authors => Settings::of(&[&own, &authors, &LoopConfig { target_forget_accuracy: 0.0, ..limits }]),
            Preset::Published => Settings::of(&[
                &OwnConfig { l1_weight: 1e-3 },
                &DescentConfig::unlearn_sparse(5e-2),
                &LoopConfig { batch_size: 128, check_every: 16, ..limits },
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let (own, descent) = (settings.typed::<OwnConfig>(), settings.typed::<DescentConfig>());
        let limits = settings.typed::<LoopConfig>();
        Box::pin(async move {
            let steps = Shrinking {
                descent: Descent::new(descent?),
                weight: own?.l1_weight,
                epochs: limits?.epochs,
                steps_per_epoch: run.samples.batches_per_pass(Pass::Retain),
                step: 0,
            };
            Ok(Box::new(steps) as Box<dyn Steps>)
        })
    }
}

#[derive(Debug, Clone)]
struct Shrinking {
    descent: Descent,
    weight: f64,
    epochs: usize,
    steps_per_epoch: usize,
    /// Steps done.
    step: usize,
}

impl Steps for Shrinking {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let retain = samples.next_retain();
        let pull = pull(self.weight, self.step / self.steps_per_epoch, self.epochs);
        self.step += 1;
        Box::pin(async move {
            let leaves = network.parameters().leaves();
            let side = Side::of_labels(&retain, 1.0);
            let [gradient, numbers] = self.descent.gradient(network, &leaves, side, hands).await;
            let norm = self.descent.follow_with_pull(network, &gradient, pull);
            join(vec![numbers, norm, constant(network, pull)])
        })
    }

    fn packed_len(&self) -> usize {
        4
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        named(packed, [("retain_ce", 1.0), ("retain_accuracy", 100.0), ("update_norm", 1.0), ("pull", 1.0)])
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pull_fades_from_epoch_to_epoch() {
        let pulls = [0, 5, 9, 10, 11].map(|epoch| pull(5e-4, epoch, 10));
        for (pull, by_hand) in pulls.into_iter().zip([5e-4, 2.5e-4, 5e-5, 0.0, 0.0]) {
            assert!((pull - by_hand).abs() < 1e-12, "{pull} {by_hand}");
        }
    }
}
