//! UNSIR (Tarun et al., IEEE TNNLS 2023, arXiv 2111.08947): noise that the network errs most on is taught as the class, which
//! wrecks what it knows of it, and then the rest is repaired.
//!
//! Once, with the network held fixed: a batch of noise N, normal at first, descends along −CE(N, c) + ζ·mean‖N‖² by Adam.
//! Impair: a pass over the noise, each image of it several times, among some samples of each retained class. Repair: a
//! pass over those samples alone. Both by Adam along CE, batch normalisation as in training. No sample of D_f is seen.
//!
//! The authors' program takes rows of the first three noise images alone, by a slip; here all of them are taken, as the paper
//! says. Its noise is made with batch normalisation in training, which spoils the running statistics; here they are frozen
//! until the first step.

use burn::tensor::{Int, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::lesson::lesson;
use super::loss::cross_entropy;
use super::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, Scalar, ScalarInfo, Scalars, Stepping, Steps,
    Subject,
};
use super::run::{BatchConfig, Epochs, Samples};
use super::settings::{Settings, words};
use crate::Result;
use crate::data::{Shuffled, labels_at};
use crate::kernels::{join, square};
use crate::model::Network;
use crate::training::Optimizer;
use crate::work::{Hands, Images, samples_at_once};

/// See the [module](self).
#[derive(Debug)]
pub struct Unsir;

static INFO: MethodInfo = MethodInfo {
    name: "unsir",
    title: words("UNSIR"),
    sentence: words("Teaches noise as the class to wreck what is known of it, then repairs the rest."),
    year: 2023,
    paper: words("https://arxiv.org/abs/2111.08947"),
    presets: &[
        PresetInfo::new(Preset::Published, "Published", "The method as it is, with rates that suit this network."),
        PresetInfo::new(Preset::Authors, "Authors", "The authors’ values for a ResNet-18 and CIFAR-10."),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("batch_ce", "CE of the batch, noise and samples"),
        ScalarInfo::number("update_norm", "‖g‖"),
        ScalarInfo::number("batch_accuracy", "Percent of the batch that gets its label, before the step"),
        ScalarInfo::flag("impairing", "noise is among the batch"),
    ],
    pass: Pass::Steps,
};

/// ζ, the authors' weight of the noise's size.
const NOISE_DECAY: f64 = 0.1;
/// Adam's rate for the noise, the authors' too.
const NOISE_RATE: f64 = 0.1;

/// UNSIR's own settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct UnsirConfig {
    /// How long the noise is made worse.
    noise_steps: usize,
    /// How often each image of it is among the batches.
    noise_copies: usize,
    /// Samples of each retained class.
    samples_per_class: usize,
    /// Adam's, to impair.
    learning_rate: f64,
    /// And to repair.
    repair_rate: f64,
}

impl Method for Unsir {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, _: &Subject<'_>) -> Result<Settings> {
        let authors = UnsirConfig {
            noise_steps: 40,
            noise_copies: 20,
            samples_per_class: 1000,
            learning_rate: 0.02,
            repair_rate: 0.01,
        };
        match preset {
            Preset::Authors => Settings::of(&[&authors, &BatchConfig::new(256)]),
            Preset::Published => Settings::of(&[
                &UnsirConfig { noise_copies: 4, learning_rate: 5e-3, repair_rate: 2e-3, ..authors },
                &BatchConfig::new(128),
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let config = settings.typed::<UnsirConfig>();
        let batch = settings.typed::<BatchConfig>();
        Box::pin(async move {
            let (config, BatchConfig { batch_size, seed, .. }) = (config?, batch?);
            let samples = run.samples;
            let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x2015e);
            let labels =
                samples.roles().forget.iter().copied().cycle().take(batch_size).map(|class| class as u16).collect();
            let shape = samples.dataset().shape;
            let sides = [batch_size, shape.channels, shape.height, shape.width];
            let values = (0..sides.iter().product()).map(|_| normal(&mut rng)).collect::<Vec<f32>>();
            let noise = Tensor::from_data(TensorData::new(values, sides), samples.device());
            let noise = Noise { images: noise, labels }.worsened(run.network, samples, config.noise_steps);
            let repairing = some_of_each(samples, config.samples_per_class, seed);
            Ok(Box::new(Healing::new(noise, repairing, &config, batch_size, seed)) as Box<dyn Steps>)
        })
    }
}

/// A draw from 𝒩(0, 1), by Box and Muller.
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    ((-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32
}

/// Up to `count` training samples of each retained class, in the order of a shuffled pass.
fn some_of_each(samples: &Samples, count: usize, seed: u64) -> Vec<usize> {
    let labels = samples.dataset().train.labels();
    let indices = samples.retain_indices();
    let mut taken = vec![0; samples.dataset().classes()];
    let mut is_wanted = |&index: &usize| {
        let taken = &mut taken[labels[index] as usize];
        *taken += 1;
        *taken <= count
    };
    let order = Shuffled::new(indices.to_vec(), indices.len(), seed ^ 0x1ea1).next_endless().to_vec();
    order.into_iter().filter(|index| is_wanted(index)).collect()
}

/// Images that are none, `[B, C, H, W]`, and the forgotten class that each is taught as.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    pub images: Tensor<4>,
    pub labels: Vec<u16>,
}

impl Noise {
    /// The noise after steps of Adam along −CE(N, c) + ζ·mean‖N‖².
    pub(super) fn worsened(mut self, network: &Network, samples: &Samples, steps: usize) -> Self {
        let dims @ [count, ..] = self.images.dims();
        let mut optimizer = Optimizer::adam();
        let mut noise = self.images.clone().flatten::<1>(0, 3);
        for _ in 0..steps {
            let uphill = self.uphill(network, samples);
            let gradient = noise.clone() * (2.0 * NOISE_DECAY / count as f64) - uphill;
            noise = optimizer.step(NOISE_RATE, noise, gradient);
            self.images = noise.clone().reshape(dims);
        }
        self
    }

    /// ∇CE(N, c), one after the other.
    fn uphill(&self, network: &Network, samples: &Samples) -> Tensor<1> {
        let [count, ..] = self.images.dims();
        let at_once = samples_at_once(network, &Images::from(self.images.clone()), 0);
        let all: Vec<usize> = (0..count).collect();
        let part = |indices: &[usize]| {
            let range = indices[0]..indices[0] + indices.len();
            let images = self.images.clone().slice([range]).autodiff().require_grad();
            let logits = network.forward_with(&network.parameters().views(), images.clone()).logits;
            let labels = labels_at(&self.labels, indices, samples.dataset().classes(), samples.device());
            let loss = cross_entropy(logits, labels) * (indices.len() as f64 / count as f64);
            let gradient = images.grad(&loss.backward()).unwrap_or_else(|| images.without_autodiff().zeros_like());
            gradient.flatten::<1>(0, 3)
        };
        join(all.chunks(at_once).map(part).collect())
    }

    /// Some of it, with labels `[B, K]`.
    fn some(&self, indices: &[usize], samples: &Samples) -> (Tensor<4>, Tensor<2>) {
        let places: Vec<i32> = indices.iter().map(|&index| index as i32).collect();
        let places = Tensor::<1, Int>::from_ints(places.as_slice(), samples.device());
        let labels = labels_at(&self.labels, indices, samples.dataset().classes(), samples.device());
        (self.images.clone().select(0, places), labels)
    }
}

/// To impair and then to repair.
#[derive(Debug, Clone)]
struct Healing {
    noise: Noise,
    /// What is repaired on, as places in the training split.
    repairing: std::sync::Arc<Vec<usize>>,
    /// Passes over noise, by number, and then what is repaired on.
    impair: Shuffled,
    repair: Shuffled,
    /// Images of noise in that pass.
    copies: usize,
    optimizer: Optimizer,
    rates: [f64; 2],
    step: usize,
}

impl Healing {
    fn new(noise: Noise, repairing: Vec<usize>, config: &UnsirConfig, batch_size: usize, seed: u64) -> Self {
        let copies = noise.labels.len() * config.noise_copies;
        Self {
            impair: Shuffled::new((0..copies + repairing.len()).collect(), batch_size, seed ^ 0x1a),
            repair: Shuffled::new((copies..copies + repairing.len()).collect(), batch_size, seed ^ 0x2e),
            noise,
            repairing: repairing.into(),
            copies,
            optimizer: Optimizer::adam(),
            rates: [config.learning_rate, config.repair_rate],
            step: 0,
        }
    }

    async fn one(&mut self, network: &mut Network, samples: &Samples, hands: &dyn Hands) -> Tensor<1> {
        let impairs = self.step < self.impair.batches_per_pass();
        if self.step == self.impair.batches_per_pass() {
            self.optimizer = Optimizer::adam();
        }
        let [impair_rate, repair_rate] = self.rates;
        let (order, rate) = if impairs { (&mut self.impair, impair_rate) } else { (&mut self.repair, repair_rate) };
        let (noise, real): (Vec<usize>, Vec<usize>) = order.next_endless().iter().partition(|&&at| at < self.copies);
        let (images, labels) = self.batch(noise, real, samples);
        let numbers = heal(&mut self.optimizer, rate, network, (images, labels), hands).await;
        self.step += 1;
        let impairs = Tensor::from_floats([f32::from(u8::from(impairs))], samples.device());
        join(vec![numbers, impairs])
    }

    fn batch(&self, noise: Vec<usize>, real: Vec<usize>, samples: &Samples) -> (Tensor<4>, Tensor<2>) {
        let mut parts = Vec::new();
        if !noise.is_empty() {
            let indices: Vec<usize> = noise.into_iter().map(|at| at % self.noise.labels.len()).collect();
            parts.push(self.noise.some(&indices, samples));
        }
        if !real.is_empty() {
            let batch = samples.batch(real.into_iter().map(|at| self.repairing[at - self.copies]).collect());
            parts.push((batch.images().on(samples.device()), batch.labels));
        }
        let (images, labels) = parts.into_iter().unzip();
        (Tensor::cat(images, 0), Tensor::cat(labels, 0))
    }
}

/// A step of Adam along CE: CE, the share that is recognised, and ‖g‖.
async fn heal(
    optimizer: &mut Optimizer,
    rate: f64,
    network: &mut Network,
    (images, labels): (Tensor<4>, Tensor<2>),
    hands: &dyn Hands,
) -> Tensor<1> {
    let [gradient, numbers] = lesson(network, images, labels, hands).await;
    let norm = square(&gradient).sqrt();
    let theta = optimizer.step(rate, network.parameters().flat(), gradient);
    network.parameters_mut().set_flat(theta);
    join(vec![numbers, norm])
}

impl Steps for Healing {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        Box::pin(self.one(network, samples, hands))
    }

    fn epochs(&self) -> Option<Epochs> {
        Some(Epochs::alike(self.impair.batches_per_pass() + self.repair.batches_per_pass()))
    }

    fn packed_len(&self) -> usize {
        4
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let [ce, correct, norm, impairs] = *packed.first_chunk().unwrap_or(&[f32::NAN; 4]);
        Scalars::from([
            ("batch_ce", Scalar::Number(ce.into())),
            ("update_norm", Scalar::Number(norm.into())),
            ("batch_accuracy", Scalar::Number(f64::from(correct) * 100.0)),
            ("impairing", Scalar::Flag(impairs > 0.0)),
        ])
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unlearning::recorded::{FORGET, NORMS, Recorded, close, network, none, samples, values};

    #[test]
    fn the_recorded_noise_and_three_steps() {
        for (norm, name) in NORMS {
            let recorded = Recorded::open(&format!("unsir-{name}"));
            let mut network = network(norm);
            let mut samples = samples(&network, [none(), none()]);
            let images = TensorData::new(recorded.floats("noise"), [6, 1, 8, 8]);
            let images = Tensor::from_data(images, samples.device());
            let noise = Noise { images, labels: vec![FORGET as u16; 6] }.worsened(&network, &samples, 3);
            close("noise", &values(noise.images.clone()), &recorded.floats("worse"));
            // From there on with the recorded noise, or the steps would also show how the rounding of three steps of it grows.
            let images = TensorData::new(recorded.floats("worse"), [6, 1, 8, 8]);
            let noise = Noise { images: Tensor::from_data(images, samples.device()), ..noise };
            let config = UnsirConfig {
                noise_steps: 3,
                noise_copies: 2,
                samples_per_class: 4,
                learning_rate: 1e-4,
                repair_rate: 5e-5,
            };
            let drawn = Healing::new(noise, recorded.indices("repairing"), &config, 8, 0);
            let mut healing = Healing {
                impair: Shuffled::in_order(recorded.indices("impair"), 8),
                repair: Shuffled::in_order(recorded.indices("repair"), 8),
                ..drawn
            };
            assert_eq!(healing.epochs(), Some(Epochs::alike(3)));
            let keys = ["batch_ce", "update_norm", "batch_accuracy"];
            recorded.check_steps(&mut healing, (&mut network, &mut samples), &keys);
            recorded.check_weights(&network);
        }
    }

    #[test]
    fn noise_is_normal_and_its_size_costs_what_the_authors_have() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let draws: Vec<f64> = (0..3 * 32 * 32 * 32).map(|_| normal(&mut rng).into()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let square = draws.iter().map(|draw| draw * draw).sum::<f64>();
        assert!(mean.abs() < 0.02, "{mean}");
        // 32 images of 3·32·32: the penalty is about 307.2.
        let penalty = NOISE_DECAY * square / 32.0;
        assert!((penalty - 307.2).abs() < 6.0, "{penalty}");
    }
}
