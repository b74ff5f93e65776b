use super::{Purge, PurgeConfig, StepBatch, StepScalars, retain_confusion};
use crate::model::Network;
use crate::unlearning::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, ScalarInfo, Scalars, Stepping, Steps, Subject,
};
use crate::unlearning::run::Samples;
use crate::unlearning::settings::{Settings, words};
use crate::work::Hands;
use crate::{Error, Result};

/// PURGE as a method of the registry.
#[derive(Debug)]
pub struct PurgeMethod;

static INFO: MethodInfo = MethodInfo {
    name: "purge",
    title: words("PURGE"),
    sentence: words("Pushes the class out, and at each step takes from the push whatever would harm the rest."),
    year: 2026,
    paper: words("https://arxiv.org/abs/2606.03808"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The paper’s algorithm as it is, with a learning rate that suits this network.",
        ),
        PresetInfo::new(
            Preset::Strict,
            "Strict",
            "Our options added: no step, momentum included, may go against the rest.",
        ),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "The authors’ raw values. They belong to a far larger network, and hardly forget here.",
        ),
    ],
    default_preset: Preset::Strict,
    scalars: SCALARS,
    pass: Pass::Forget,
};

/// What a step of PURGE reports, whatever its objective.
pub(crate) const SCALARS: &[ScalarInfo] = &[
    ScalarInfo::number("retain_ce", "CE(z_r, y_r)"),
    ScalarInfo::number("retain_kd", "T² · KL(σ(z₀/T) ‖ σ(z_r/T))"),
    ScalarInfo::number("forget_ce", "CE(z_f, y_f)"),
    ScalarInfo::number("forget_objective", "L_objective"),
    ScalarInfo::number("representation", "L_rep"),
    ScalarInfo::number("forget_entropy", "H(σ(z_f))"),
    ScalarInfo::number("dot", "⟨g_f, g_r⟩ before projection"),
    ScalarInfo::number("retain_sq_norm", "‖g_r‖²"),
    ScalarInfo::number("forget_sq_norm", "‖g_f‖²"),
    ScalarInfo::number("cosine", "cos(g_f, g_r)"),
    ScalarInfo::number("update_norm", "‖g‖ after projection, before clipping"),
    ScalarInfo::number("update_cosine", "cos(v, g_r) of the final direction"),
    ScalarInfo::flag("projected", "g_f went against g_r and was projected"),
    ScalarInfo::flag("retain_only", "gate or cap made it a retain-only step"),
    ScalarInfo::flag("violation", "the final direction goes against g_r by more than rounding"),
    ScalarInfo::number("retain_accuracy", "Percent of the retain batch, before the step"),
    ScalarInfo::number("forget_accuracy", "Percent of the forget batch, before the step"),
];

impl Method for PurgeMethod {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        let (own, limits) = PurgeConfig::preset(preset, subject).ok_or_else(|| INFO.no_preset(preset))?;
        Settings::of(&[&own, &limits])
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let config = settings.typed::<PurgeConfig>();
        Box::pin(async move {
            let samples = run.samples;
            let rows: Vec<f32> =
                samples.retain_indices().iter().flat_map(|&index| samples.teacher_row(index)).copied().collect();
            let p_r = retain_confusion(&rows, samples.dataset().classes());
            let purge = Purge::new(config?, samples.roles().clone(), &p_r, run.network)?;
            Ok(Box::new(purge) as Box<dyn Steps>)
        })
    }
}

impl Steps for Purge {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let (retain, forget) = (samples.next_retain(), samples.next_forget());
        let teacher_logits = samples.teacher_logits(&retain);
        Box::pin(async move {
            let batch = StepBatch {
                teacher_logits,
                retain_images: retain.images(),
                retain_labels: retain.labels.clone(),
                forget_images: forget.images(),
                forget_labels: forget.labels.clone(),
            };
            Purge::step(self, network, batch, hands).await
        })
    }

    fn packed_len(&self) -> usize {
        StepScalars::COUNT
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let values = packed.first_chunk().unwrap_or(&[f32::NAN; StepScalars::COUNT]);
        StepScalars::unpack(values, self.config().projection).named()
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}

/// The error for p_r of another length than K.
pub(super) fn bad_confusion(expected: usize, found: usize) -> Error {
    Error::config("retain_confusion", format!("{expected} probabilities, one for each class"), found)
}
