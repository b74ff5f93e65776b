//! Random labels: cross-entropy on D_f with wrong labels and on D_r with its own. `labels` says in whose form:
//! `others` is "Amnesiac" unlearning (Graves et al., AAAI 2021, arXiv 2010.10981), `all` the RL of SalUn's program (Fan et al., ICLR 2024,
//! arXiv 2310.12508). On D_f the loss falls to ln(K − 1) and ln K and no lower, where every label is answered alike.
//!
//! Batch normalisation is in training mode, as in both programs.

use super::descent::{Descent, DescentConfig};
use super::method::{Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, Steps, Subject};
use super::relabelling::{Labels, Relabelling, RelabellingConfig, SCALARS};
use super::run::{LoopConfig, ONLY_AT_ENDS};
use super::settings::{Settings, words};
use crate::Result;

/// See the [module](self).
#[derive(Debug)]
pub struct RandomLabels;

static INFO: MethodInfo = MethodInfo {
    name: "random_labels",
    title: words("Random labels"),
    sentence: words("Teaches the class wrong labels drawn at random, and the rest its own."),
    year: 2021,
    paper: words("https://arxiv.org/abs/2010.10981"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with a rate that suits this network and an end when it has forgotten. Batch norm learns.",
        ),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "Ten passes over everything with Adam and its usual rate, as the authors’ notebook has it. Batch norm learns.",
        ),
    ],
    default_preset: Preset::Published,
    scalars: SCALARS,
    pass: Pass::Both,
};

impl Method for RandomLabels {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        // The notebook of Amnesiac for MNIST: Adam as PyTorch has it, batches of 64.
        let own = RelabellingConfig::of(Labels::Others);
        let limits = LoopConfig::new(10, 64, subject.network.classes());
        match preset {
            Preset::Authors => {
                Settings::of(&[&own, &DescentConfig::adam(1e-3), &LoopConfig { target_forget_accuracy: 0.0, ..limits }])
            }
            Preset::Published => Settings::of(&[
                &own,
                &DescentConfig::unlearn_sparse(5e-3),
                &LoopConfig { batch_size: 128, check_every: ONLY_AT_ENDS, ..limits },
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let (own, descent) = (settings.typed::<RelabellingConfig>(), settings.typed::<DescentConfig>());
        Box::pin(
            async move { Ok(Box::new(Relabelling::new(Descent::new(descent?), &own?, run.samples)) as Box<dyn Steps>) },
        )
    }
}
