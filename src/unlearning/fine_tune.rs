//! Fine-tuning on D_r (Golatkar et al., CVPR 2020, arXiv 1911.04933): training goes on without the class, `CE(z_r, y_r)`, in
//! the hope that it fades. An epoch is a pass over D_r. It forgets weakly, and classes differ much.
//!
//! Batch normalisation is in training mode, as in the authors' programs, and its statistics become those of D_r.

use super::descent::{Descent, DescentConfig, Side};
use super::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, ScalarInfo, Scalars, Stepping, Steps, Subject,
};
use super::run::{LoopConfig, Samples};
use super::settings::{Settings, words};
use crate::Result;
use crate::model::Network;
use crate::work::Hands;

/// See the [module](self).
#[derive(Debug)]
pub struct FineTune;

static INFO: MethodInfo = MethodInfo {
    name: "fine_tune",
    title: words("Fine-tuning"),
    sentence: words("Goes on training without the class, and hopes that it fades."),
    year: 2020,
    paper: words("https://arxiv.org/abs/1911.04933"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with batches and a rate that suit this network and an end when it has forgotten.",
        ),
        PresetInfo::new(Preset::Authors, "Authors", "Ten passes in large batches, as is usual for large networks."),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("retain_ce", "CE(z_r, y_r)"),
        ScalarInfo::number("update_norm", "‖g‖ before clipping"),
        ScalarInfo::number("retain_accuracy", "Percent of the retain batch, before the step"),
    ],
    pass: Pass::Retain,
};

impl Method for FineTune {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        // Unlearn-Sparse: batches of 256, rate 1e-2, 10 epochs.
        let authors = DescentConfig::unlearn_sparse(1e-2);
        let limits = LoopConfig::new(10, 256, subject.network.classes());
        match preset {
            Preset::Authors => Settings::of(&[&authors, &LoopConfig { target_forget_accuracy: 0.0, ..limits }]),
            Preset::Published => Settings::of(&[
                &DescentConfig::unlearn_sparse(5e-2),
                &LoopConfig { batch_size: 128, check_every: 16, ..limits },
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, _: Preparation<'a>) -> Preparing<'a> {
        let config = settings.typed::<DescentConfig>();
        Box::pin(async move { Ok(Box::new(Tuning(Descent::new(config?))) as Box<dyn Steps>) })
    }
}

#[derive(Debug, Clone)]
struct Tuning(Descent);

impl Steps for Tuning {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let retain = samples.next_retain();
        Box::pin(async move { self.0.step(network, Side::of_labels(&retain, 1.0), hands).await })
    }

    fn packed_len(&self) -> usize {
        Descent::PACKED_LEN
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        Descent::report(packed, ["retain_ce", "update_norm", "retain_accuracy"])
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}
