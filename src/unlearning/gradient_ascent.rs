//! Gradient ascent (Golatkar et al., CVPR 2020, arXiv 1911.04933; Thudi et al., EuroS&P 2022, arXiv 2109.13398): steps that
//! raise the cross-entropy on D_f, `−CE(z_f, y_f)`. It never looks at D_r and has no lower bound, so it destroys the rest
//! when it goes on for long: the target is what ends it in time.
//!
//! Batch normalisation is in training mode, as in the authors' programs: its running statistics become those of D_f, a damage
//! that looks like forgetting. `batch_norm=frozen` shows what the steps do without it.

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
pub struct GradientAscent;

static INFO: MethodInfo = MethodInfo {
    name: "gradient_ascent",
    title: words("Gradient ascent"),
    sentence: words("Walks away from the right answer on the class, and never looks at the rest."),
    year: 2020,
    paper: words("https://arxiv.org/abs/1911.04933"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with a learning rate that suits this network and an end when it has forgotten.",
        ),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "Five passes at the small rate that is usual for large networks. They hardly forget here.",
        ),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("forget_ce", "CE(z_f, y_f)"),
        ScalarInfo::number("update_norm", "‖g‖ before clipping"),
        ScalarInfo::number("forget_accuracy", "Percent of the forget batch, before the step"),
    ],
    pass: Pass::Forget,
};

impl Method for GradientAscent {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        // Unlearn-Sparse: batches of 256, rate 1e-4, 5 epochs.
        let authors = DescentConfig::unlearn_sparse(1e-4);
        let limits = LoopConfig::new(5, 256, subject.network.classes());
        match preset {
            Preset::Authors => Settings::of(&[&authors, &LoopConfig { target_forget_accuracy: 0.0, ..limits }]),
            Preset::Published => Settings::of(&[
                &DescentConfig::unlearn_sparse(1e-3),
                &LoopConfig { epochs: 20, batch_size: 128, check_every: 2, ..limits },
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, _: Preparation<'a>) -> Preparing<'a> {
        let config = settings.typed::<DescentConfig>();
        Box::pin(async move { Ok(Box::new(Ascent(Descent::new(config?))) as Box<dyn Steps>) })
    }
}

#[derive(Debug, Clone)]
struct Ascent(Descent);

impl Steps for Ascent {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let forget = samples.next_forget();
        Box::pin(async move { self.0.step(network, Side::of_labels(&forget, -1.0), hands).await })
    }

    fn packed_len(&self) -> usize {
        Descent::PACKED_LEN
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        Descent::report(packed, ["forget_ce", "update_norm", "forget_accuracy"])
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}
