//! KL to the uniform distribution, the baseline of PURGE's paper (arXiv 2606.03808): `KL(u ‖ σ(z_f))`, target against model as in the
//! authors' program, where the paper prints the reverse. It is no method of its own there but PURGE with another objective, so
//! projection, λ · L_rep, clipping, gate and budget are PURGE's; `plain` is the loss without them. Batch normalisation is frozen.

use serde::Serialize;

use super::method::{Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, Steps, Subject};
use super::purge::{Objective, Purge, PurgeConfig, SCALARS};
use super::run::LoopConfig;
use super::settings::{Settings, words};
use crate::Result;

/// See the [module](self).
#[derive(Debug)]
pub struct KlUniform;

static INFO: MethodInfo = MethodInfo {
    name: "kl_uniform",
    title: words("KL to uniform"),
    sentence: words("Draws the answers on the class to every class alike, which no retrained network would say."),
    year: 2026,
    paper: words("https://arxiv.org/abs/2606.03808"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The baseline of PURGE’s paper: PURGE with this target in place of its own, and values that suit this network. Batch norm frozen.",
        ),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "What the authors’ program does where nothing else is asked of it; made for a far larger network. Batch norm frozen.",
        ),
        PresetInfo::new(Preset::Plain, "Plain", "The loss alone: nothing protects the rest. Batch norm frozen."),
    ],
    default_preset: Preset::Published,
    scalars: SCALARS,
    pass: Pass::Forget,
};

/// The settings of PURGE that are not free here.
#[derive(Serialize)]
struct Fixed {
    objective: Objective,
    strict: bool,
    retain_share: f64,
}

const FIXED: Fixed = Fixed { objective: Objective::Uniform, strict: false, retain_share: 0.0 };

impl Method for KlUniform {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        let (published, limits) = PurgeConfig::published(subject);
        let (own, limits) = match preset {
            Preset::Published => (published, limits),
            Preset::Authors => (
                PurgeConfig {
                    learning_rate: 5e-4,
                    representation_weight: 0.1,
                    kd_weight: 1.0,
                    max_grad_norm: 5.0,
                    forget_gate: 0.9,
                    ..published
                },
                LoopConfig { retain_budget: 5.0, ..LoopConfig::new(10, 128, subject.network.classes()) },
            ),
            Preset::Plain => (
                PurgeConfig {
                    learning_rate: 1e-3,
                    representation_weight: 0.0,
                    kd_weight: 0.0,
                    max_grad_norm: 0.0,
                    projection: false,
                    ..published
                },
                LoopConfig { check_every: 2, retain_budget: 0.0, ..limits },
            ),
            other => return Err(INFO.no_preset(other)),
        };
        Settings::of(&[&own, &limits])?.without(&FIXED)
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let config = settings.and(&FIXED).and_then(|settings| settings.typed::<PurgeConfig>());
        Box::pin(async move {
            let classes = run.samples.dataset().classes();
            let unused = vec![1.0 / classes as f32; classes];
            let purge = Purge::new(config?, run.samples.roles().clone(), &unused, run.network)?;
            Ok(Box::new(purge) as Box<dyn Steps>)
        })
    }
}
