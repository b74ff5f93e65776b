use super::start::Start;
use super::{DeepConfig, Deepening, Lesson};
use crate::Result;
use crate::model::Network;
use crate::unlearning::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, Scalar, ScalarInfo, Scalars, Stepping, Steps,
    Subject,
};
use crate::unlearning::purge::{cosine, goes_against};
use crate::unlearning::run::{BatchConfig, Epochs, Samples};
use crate::unlearning::settings::{Settings, words};
use crate::work::Hands;

/// See the [module](super).
#[derive(Debug)]
pub struct Deep;

static INFO: MethodInfo = MethodInfo {
    name: "deep",
    title: words("Deep"),
    sentence: words(
        "Draws the last block anew, mends it without the class and switches its output off: forget accuracy is 0 by construction.",
    ),
    year: 2026,
    // Ours, and not published.
    paper: "",
    presets: &[PresetInfo::new(
        Preset::Published,
        "Deep",
        "Ours: 200 steps, after which a network is about as good as before.",
    )],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("retain_ce", "CE(z_r, y_r)"),
        ScalarInfo::number("retain_kd", "T² · KL(σ(z₀/T) ‖ σ(z_r/T)) without the class"),
        ScalarInfo::number("class_means", "L_cm"),
        ScalarInfo::number("update_norm", "‖g‖"),
        ScalarInfo::number("update_cosine", "cos(v, g_r) of the final direction"),
        ScalarInfo::flag("violation", "the final direction goes against g_r by more than rounding"),
        ScalarInfo::number("retain_accuracy", "Percent of the retain batch, before the step"),
    ],
    pass: Pass::Steps,
};

impl Method for Deep {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, _: &Subject<'_>) -> Result<Settings> {
        let own = DeepConfig {
            steps: 200,
            head_offset: 0.0,
            class_mean_weight: 0.3,
            temperature: 4.0,
            learning_rate: 8e-3,
            weight_decay: 1e-2,
            samples_at_once: 0,
        };
        match preset {
            Preset::Published => Settings::of(&[&own, &BatchConfig::new(128)]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let config = settings.typed::<DeepConfig>();
        let batch = settings.typed::<BatchConfig>();
        Box::pin(async move {
            let config = config?;
            let start = Start::new(&config, &run, batch?.seed).await?;
            Ok(Box::new(Deepening::new(config, start)) as Box<dyn Steps>)
        })
    }
}

impl Steps for Deepening {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let batches = [samples.next_retain(), samples.next_forget()];
        let teachers = [0, 1].map(|side| samples.teacher_logits(&batches[side]));
        Box::pin(async move {
            let [of_retain, of_forget] = teachers;
            let retain = Lesson { batch: &batches[0], teacher: of_retain };
            let forget = Lesson { batch: &batches[1], teacher: of_forget };
            self.one(network, [retain, forget], hands).await
        })
    }

    fn epochs(&self) -> Option<Epochs> {
        Some(Epochs::alike(self.config.steps))
    }

    fn packed_len(&self) -> usize {
        Self::PACKED_LEN
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let [ce, kd, correct, class_means, norm, conflict, direction, retain] =
            *packed.first_chunk().unwrap_or(&[f32::NAN; Self::PACKED_LEN]);
        let number = |value: f32| Scalar::Number(value.into());
        let cosine = cosine(conflict.into(), direction.into(), retain.into());
        Scalars::from([
            ("retain_ce", number(ce)),
            ("retain_kd", number(kd)),
            ("class_means", number(class_means)),
            ("update_norm", number(norm)),
            ("update_cosine", Scalar::Number(cosine)),
            ("violation", Scalar::Flag(goes_against(cosine))),
            ("retain_accuracy", number(correct * 100.0)),
        ])
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}
