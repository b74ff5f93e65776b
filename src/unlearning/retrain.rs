//! Retraining on D_r: what every other method is measured by. Random weights, then training as the network itself was
//! trained, without the class: the same weights, bit for bit, as `purge train --without` with this seed.
//!
//! Nothing of D_f is recognised from the first step on, so forget accuracy does not end the run: it ends with its epochs.
//! Batch normalisation is as in training. Where the paper's programs lower the rate at two epochs, ours goes by one cycle.

use std::sync::Arc;

use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::lesson::lesson;
use super::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, Scalar, ScalarInfo, Scalars, Stepping, Steps,
    Subject,
};
use super::run::{BatchConfig, Samples};
use super::settings::{Settings, words};
use crate::Result;
use crate::data::{Augmentation, Dataset, Shuffled, defaults};
use crate::kernels::{join, square};
use crate::model::Network;
use crate::training::{Optimizer, OptimizerKind, TrainConfig, WARM_UP, augmentation_rng, augmented, one_cycle};
use crate::work::Hands;

/// See the [module](self).
#[derive(Debug)]
pub struct Retrain;

static INFO: MethodInfo = MethodInfo {
    name: "retrain",
    title: words("Retraining"),
    sentence: words("Begins again with random weights and never sees the class: what forgetting should come to."),
    year: 2023,
    paper: words("https://arxiv.org/abs/2304.04934"),
    presets: &[
        PresetInfo::new(Preset::Published, "Published", "As this network itself was trained, without the class."),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "160 passes of SGD in large batches, as is usual for large networks. It takes very long.",
        ),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("retain_ce", "CE(z_r, y_r)"),
        ScalarInfo::number("update_norm", "‖g‖"),
        ScalarInfo::number("rate", "η"),
        ScalarInfo::number("retain_accuracy", "Percent of the retain batch, before the step"),
    ],
    pass: Pass::Retain,
};

/// How it is trained.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RetrainConfig {
    epochs: usize,
    training_optimizer: OptimizerKind,
    /// The highest of the cycle.
    learning_rate: f64,
    weight_decay: f64,
    /// Whether images are changed at random, as is usual for the dataset.
    augmentation: bool,
}

impl Method for Retrain {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        let own = TrainConfig::for_dataset(subject.dataset);
        let published = RetrainConfig {
            epochs: own.epochs,
            training_optimizer: own.optimizer,
            learning_rate: own.learning_rate,
            weight_decay: own.weight_decay,
            augmentation: own.augmentation != Augmentation::NONE,
        };
        match preset {
            Preset::Published => Settings::of(&[&published, &BatchConfig::new(own.batch_size)]),
            // Unlearn-Sparse: batches of 256, rate 0.1, 160 epochs.
            Preset::Authors => Settings::of(&[
                &RetrainConfig {
                    epochs: 160,
                    training_optimizer: OptimizerKind::Sgd,
                    learning_rate: 0.1,
                    weight_decay: 5e-4,
                    ..published
                },
                &BatchConfig::new(256),
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let config = settings.typed::<RetrainConfig>();
        let batch = settings.typed::<BatchConfig>();
        Box::pin(async move {
            let (config, BatchConfig { batch_size, seed, .. }) = (config?, batch?);
            let samples = run.samples;
            let dataset = samples.dataset().clone();
            // The order of training's own seed, which the batches of the run do not follow.
            let batches = Shuffled::new(samples.retain_indices().to_vec(), batch_size, seed);
            let suited = defaults(&dataset.name).training.augmentation;
            Ok(Box::new(Retraining {
                random_weights: Some(run.network.architecture().init(seed, samples.device())?),
                optimizer: Optimizer::new(config.training_optimizer, config.weight_decay),
                augmentation: if config.augmentation { suited } else { Augmentation::NONE },
                random: augmentation_rng(seed),
                step: 0,
                total: batches.batches_per_pass() * config.epochs,
                learning_rate: config.learning_rate,
                batches,
                dataset,
            }) as Box<dyn Steps>)
        })
    }
}

#[derive(Debug, Clone)]
struct Retraining {
    /// Where the first step begins.
    random_weights: Option<Network>,
    dataset: Arc<Dataset>,
    batches: Shuffled,
    augmentation: Augmentation,
    random: ChaCha8Rng,
    optimizer: Optimizer,
    learning_rate: f64,
    step: usize,
    total: usize,
}

impl Retraining {
    async fn one(&mut self, network: &mut Network, samples: &Samples, hands: &dyn Hands) -> Tensor<1> {
        if let Some(random) = self.random_weights.take() {
            *network = random;
        }
        let indices = self.batches.next_endless().to_vec();
        let labels = samples.batch(indices.clone()).labels;
        let images = augmented(self.augmentation, &self.dataset, &indices, &mut self.random, samples.device());
        let [gradient, numbers] = lesson(network, images, labels, hands).await;
        let norm = square(&gradient).sqrt();
        let rate = one_cycle(self.step, self.total, self.learning_rate, WARM_UP);
        let theta = self.optimizer.step(rate, network.parameters().flat(), gradient);
        network.parameters_mut().set_flat(theta);
        self.step += 1;
        let rate = Tensor::from_floats([rate as f32], samples.device());
        join(vec![numbers, norm, rate])
    }
}

impl Steps for Retraining {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        Box::pin(self.one(network, samples, hands))
    }

    fn packed_len(&self) -> usize {
        4
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let [ce, correct, norm, rate] = *packed.first_chunk().unwrap_or(&[f32::NAN; 4]);
        let number = |value: f32| Scalar::Number(value.into());
        Scalars::from([
            ("retain_ce", number(ce)),
            ("update_norm", number(norm)),
            ("rate", number(rate)),
            ("retain_accuracy", number(correct * 100.0)),
        ])
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unlearning::recorded::{NORMS, Recorded, network, network_of, none, samples};

    #[test]
    fn three_recorded_steps() {
        for (norm, name) in NORMS {
            let recorded = Recorded::open(&format!("retrain-{name}"));
            let mut network = network(norm);
            let mut samples = samples(&network, [none(), none()]);
            let mut retraining = Retraining {
                random_weights: Some(network_of(norm, recorded.floats("random"))),
                dataset: samples.dataset().clone(),
                batches: Shuffled::in_order(recorded.indices("batches"), 10),
                augmentation: Augmentation::NONE,
                random: augmentation_rng(0),
                optimizer: Optimizer::new(OptimizerKind::AdamW, 1e-2),
                learning_rate: 1e-4,
                step: 0,
                total: 3,
            };
            let keys = ["retain_ce", "update_norm", "rate", "retain_accuracy"];
            recorded.check_steps(&mut retraining, (&mut network, &mut samples), &keys);
            recorded.check_weights(&network);
        }
    }
}
