//! Bad Teacher (Chundawat et al., AAAI 2023, arXiv 2205.08096): the network learns from two teachers, `KL(t ‖ σ(z/T))`, with t = σ(z₀/T) of
//! the network from before on samples of D_r, and of a network with random weights on D_f. An epoch is a pass over D_f and a part
//! of D_r, shuffled together. What a random network answers need not be every class alike.
//!
//! The loss is the divergence itself, a mean over the batch. The authors' program takes the mean over B · K numbers and is K times
//! smaller, which Adam, that they use, undoes. The student's batch normalisation is in training mode, as there by default, and the
//! teachers' is frozen.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::constant;
use super::descent::{Descent, DescentConfig, Side, Slope, named};
use super::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, ScalarInfo, Scalars, Stepping, Steps, Subject,
};
use super::run::{EXCLUDED, Epochs, LoopConfig, ONLY_AT_ENDS, Samples};
use super::settings::{Settings, words};
use crate::Result;
use crate::data::Shuffled;
use crate::inference::logits;
use crate::kernels::join;
use crate::model::Network;
use crate::work::{Hands, Here};

/// See the [module](self).
#[derive(Debug)]
pub struct BadTeacher;

static INFO: MethodInfo = MethodInfo {
    name: "bad_teacher",
    title: words("Bad Teacher"),
    sentence: words(
        "Learns from a network that knows nothing on the class, and from the network from before on the rest.",
    ),
    year: 2023,
    paper: words("https://arxiv.org/abs/2205.08096"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with a rate that suits this network and an end when it has forgotten. Batch norm learns.",
        ),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "One pass with Adam at the small rate that suits a ResNet-18. Batch norm learns.",
        ),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("divergence", "KL(t ‖ σ(z/T)) of the batch"),
        ScalarInfo::number("batch_ce", "CE(z, y) of the batch"),
        ScalarInfo::number("batch_accuracy", "Percent of the batch, before the step"),
        ScalarInfo::number("forget_share", "Percent of the batch that is to be forgotten"),
        ScalarInfo::number("update_norm", "‖g‖ before clipping"),
    ],
    pass: Pass::Both,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OwnConfig {
    /// Which part of D_r is seen.
    retain_fraction: f64,
    /// T
    temperature: f64,
    #[serde(skip_serializing)]
    batch_size: usize,
    #[serde(skip_serializing)]
    seed: u64,
}

impl Method for BadTeacher {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        let own = OwnConfig { retain_fraction: 0.3, temperature: 1.0, batch_size: 1, seed: 0 };
        let limits = LoopConfig::new(1, 256, subject.network.classes());
        match preset {
            Preset::Authors => {
                Settings::of(&[&own, &DescentConfig::adam(1e-4), &LoopConfig { target_forget_accuracy: 0.0, ..limits }])
            }
            Preset::Published => Settings::of(&[
                &own,
                &DescentConfig::adam(5e-4),
                &LoopConfig { epochs: 10, batch_size: 128, check_every: ONLY_AT_ENDS, ..limits },
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let (own, descent) = (settings.typed::<OwnConfig>(), settings.typed::<DescentConfig>());
        Box::pin(async move {
            let own = own?;
            let knows_nothing = know_nothing(&run, own.seed).await?;
            let retain = run.samples.retain_indices();
            let part = (retain.len() as f64 * own.retain_fraction) as usize;
            let part = Shuffled::new(retain.to_vec(), part, own.seed ^ 0xbad).next_endless().to_vec();
            let seen = [run.samples.forget_indices(), part.as_slice()].concat();
            let steps = TwoTeachers {
                descent: Descent::new(descent?),
                batches: Shuffled::new(seen, own.batch_size, own.seed ^ 0xa11),
                knows_nothing: knows_nothing.into(),
                temperature: own.temperature,
            };
            Ok(Box::new(steps) as Box<dyn Steps>)
        })
    }
}

/// Logits of a network with random weights on D_f, rows of K in the order of its indices. What earlier runs forgot is excluded, as
/// from the other teacher's.
async fn know_nothing(run: &Preparation<'_>, seed: u64) -> Result<Vec<f32>> {
    let samples = run.samples;
    let dataset = samples.dataset();
    let device = run.network.parameters().flat().device();
    let network = run.network.architecture().init(seed ^ 0xbad, &device)?;
    let mut rows = logits(&Here, &network, dataset, &dataset.train.select(samples.forget_indices())).await?;
    for row in rows.chunks_exact_mut(dataset.classes()) {
        samples.roles().forgotten.iter().for_each(|&class| row[class] += EXCLUDED);
    }
    Ok(rows)
}

#[derive(Debug, Clone)]
struct TwoTeachers {
    descent: Descent,
    batches: Shuffled,
    knows_nothing: Arc<Vec<f32>>,
    temperature: f64,
}

impl Steps for TwoTeachers {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let batch = samples.batch(self.batches.next_endless().to_vec());
        let classes = samples.dataset().classes();
        let place = |index: &usize| samples.forget_indices().binary_search(index).ok();
        let row = |index: &usize| match place(index) {
            Some(place) => &self.knows_nothing[place * classes..(place + 1) * classes],
            None => samples.teacher_row(*index),
        };
        let teacher = samples.rows_of(batch.indices.iter().map(row));
        let forgotten = batch.indices.iter().filter(|index| place(index).is_some()).count();
        Box::pin(async move {
            let share = forgotten as f64 / batch.indices.len().max(1) as f64;
            let temperature = self.temperature;
            let slope = Slope { cross_entropy: 0.0, divergence: temperature.powi(-2), temperature };
            let side = Side { batch: &batch, slope, teacher: Some(teacher) };
            let numbers = self.descent.step(network, side, hands).await;
            join(vec![numbers, constant(network, share)])
        })
    }

    fn epochs(&self) -> Option<Epochs> {
        Some(Epochs::alike(self.batches.batches_per_pass()))
    }

    fn packed_len(&self) -> usize {
        5
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let names = [
            ("batch_ce", 1.0),
            ("batch_accuracy", 100.0),
            ("divergence", self.temperature.powi(-2)),
            ("update_norm", 1.0),
            ("forget_share", 100.0),
        ];
        named(packed, names)
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}
