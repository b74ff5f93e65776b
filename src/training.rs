//! Training from scratch, for the networks that are shipped and for the retrained references.

use std::f64::consts::PI;

use burn::optim::{AdamWConfig, Optimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::data::{Dataset, Shuffled};
use crate::inference::{check_fit, one_hot};
use crate::model::{Architecture, Network};
use crate::{Error, Result, device};

/// Random changes to training images; zero or `false` turns one off.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Augmentation {
    /// Mirror left-right and top-down, each half of the time, and swap the axes of square images half of the time: the
    /// eight symmetries of a square.
    pub symmetries: bool,
    /// Shift by up to this many pixels each way, the edge repeated.
    pub shift: usize,
    /// Each colour channel times 1 ± this, uniformly.
    pub gain: f32,
    /// Each colour channel plus ± this, uniformly, on a scale of 0 to 1.
    pub bias: f32,
}

/// Settings of a training run: AdamW with a one-cycle learning rate.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainConfig {
    /// Passes over the training samples.
    pub epochs: usize,
    /// Samples in a batch.
    pub batch_size: usize,
    /// The highest learning rate of the cycle.
    pub learning_rate: f64,
    /// AdamW's decoupled weight decay.
    pub weight_decay: f64,
    /// Share of the target that is spread over all classes.
    pub label_smoothing: f64,
    /// Random changes to the images.
    pub augmentation: Augmentation,
    /// Classes to leave out, for a retrained reference.
    pub without_classes: Vec<usize>,
    /// Seed of weights, batches and augmentation.
    pub seed: u64,
}

impl TrainConfig {
    /// The settings of a dataset's shipped networks.
    pub fn for_dataset(name: &str) -> Self {
        let plain = Self {
            epochs: 10,
            batch_size: 32,
            learning_rate: 4e-3,
            weight_decay: 1e-2,
            label_smoothing: 0.0,
            augmentation: Augmentation::default(),
            without_classes: Vec::new(),
            seed: 0,
        };
        match name {
            "pathmnist" => Self {
                epochs: 16,
                augmentation: Augmentation { symmetries: true, shift: 0, gain: 0.15, bias: 0.15 },
                ..plain
            },
            _ => plain,
        }
    }
}

/// A network in training.
pub struct Training<'a> {
    network: Network,
    dataset: &'a Dataset,
    config: TrainConfig,
    batches: Shuffled,
    rng: ChaCha8Rng,
    device: Device,
    step: usize,
}

impl<'a> Training<'a> {
    /// Random weights, first pass ahead.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for a setting out of range, [`Error::BadModel`] where the network does not fit the dataset.
    pub fn new(
        model: impl Into<Architecture>,
        dataset: &'a Dataset,
        config: TrainConfig,
        device: &Device,
    ) -> Result<Self> {
        let network = model.into().init(config.seed, device)?;
        check_fit(&network, dataset)?;
        for (field, value) in [("epochs", config.epochs), ("batch_size", config.batch_size)] {
            if value == 0 {
                return Err(Error::config(field, "at least 1", value));
            }
        }
        if let Some(class) = config.without_classes.iter().find(|class| **class >= dataset.classes()) {
            return Err(Error::config("without_classes", format!("0 to {}", dataset.classes() - 1), class));
        }
        let indices = dataset.train.indices_where(|class| !config.without_classes.contains(&class));
        if indices.is_empty() {
            return Err(Error::config("without_classes", "training samples of other classes", "none"));
        }
        Ok(Self {
            network,
            dataset,
            batches: Shuffled::new(indices, config.batch_size, config.seed),
            rng: ChaCha8Rng::seed_from_u64(config.seed ^ 0xa0f),
            config,
            device: device.clone().without_autodiff(),
            step: 0,
        })
    }

    /// All passes. `on_epoch` hears the number of passes done, of all passes, and the mean loss of the newest.
    ///
    /// # Errors
    /// Those of the device, and those of `on_epoch`.
    pub async fn run(mut self, mut on_epoch: impl FnMut(usize, usize, f64) -> Result<()>) -> Result<Network> {
        let optimizer = AdamWConfig::new()
            .with_beta_2(0.99)
            .with_epsilon(1e-8)
            .with_weight_decay(self.config.weight_decay as f32)
            .build();
        let total = self.batches.batches_per_pass() * self.config.epochs;
        let mut state = None;
        for epoch in 1..=self.config.epochs {
            let mut losses = Vec::new();
            while let Some(batch) = self.batches.next_in_pass() {
                let batch = batch.to_vec();
                let leaves = self.network.parameters().leaves();
                let images = self.augmented(&batch);
                let target = self.targets(&batch);
                let output = self.network.forward_training(&leaves, images);
                let loss = -(log_softmax(output.logits, 1) * target).sum_dim(1).mean();
                losses.push(loss.clone().without_autodiff());
                let gradient = leaves.gradient(loss);
                let rate = one_cycle(self.step, total, self.config.learning_rate);
                let (theta, next) = optimizer.step(rate, self.network.parameters().flat(), gradient, state);
                self.network.parameters_mut().set_flat(theta);
                state = next;
                self.step += 1;
            }
            let loss = device::read(Tensor::cat(losses, 0).mean()).await?;
            on_epoch(epoch, self.config.epochs, loss.first().copied().unwrap_or(f32::NAN) as f64)?;
        }
        Ok(self.network)
    }

    fn targets(&self, batch: &[usize]) -> Tensor<2> {
        let classes = self.dataset.classes();
        let one_hot = one_hot(&self.dataset.train, batch, classes, &self.device);
        let smoothing = self.config.label_smoothing;
        one_hot * (1.0 - smoothing) + smoothing / classes as f64
    }

    fn augmented(&mut self, batch: &[usize]) -> Tensor<4> {
        let shape = self.dataset.shape;
        let normalisation = &self.dataset.normalisation;
        let mut pixels = Vec::with_capacity(batch.len() * shape.image_len());
        for &index in batch {
            let image = self.dataset.train.image(index);
            let view = View::random(&self.config.augmentation, shape.height, shape.width, &mut self.rng);
            for channel in 0..shape.channels {
                let gain = 1.0 + spread(self.config.augmentation.gain, &mut self.rng);
                let bias = spread(self.config.augmentation.bias, &mut self.rng);
                let (mean, std) = (normalisation.mean[channel] as f32, normalisation.std[channel] as f32);
                let plane = &image[channel * shape.height * shape.width..][..shape.height * shape.width];
                for row in 0..shape.height {
                    for column in 0..shape.width {
                        let value = plane[view.source(row, column)] as f32 / 255.0;
                        pixels.push(((value * gain + bias).clamp(0.0, 1.0) - mean) / std);
                    }
                }
            }
        }
        Tensor::from_data(
            TensorData::new(pixels, [batch.len(), shape.channels, shape.height, shape.width]),
            &self.device,
        )
    }
}

fn spread(width: f32, rng: &mut ChaCha8Rng) -> f32 {
    if width > 0.0 { rng.random_range(-width..width) } else { 0.0 }
}

/// Which pixel of the original each pixel of the changed image shows.
struct View {
    height: usize,
    width: usize,
    mirror: bool,
    flip: bool,
    swap: bool,
    shift: (i32, i32),
}

impl View {
    fn random(augmentation: &Augmentation, height: usize, width: usize, rng: &mut ChaCha8Rng) -> Self {
        let mut coin = || augmentation.symmetries && rng.random_bool(0.5);
        let (mirror, flip, swap) = (coin(), coin(), coin() && height == width);
        let reach = augmentation.shift as i32;
        let mut offset = || if reach > 0 { rng.random_range(-reach..=reach) } else { 0 };
        Self { height, width, mirror, flip, swap, shift: (offset(), offset()) }
    }

    fn source(&self, row: usize, column: usize) -> usize {
        let (row, column) = if self.swap { (column, row) } else { (row, column) };
        let row = if self.flip { self.height - 1 - row } else { row };
        let column = if self.mirror { self.width - 1 - column } else { column };
        let clamp = |at: usize, by: i32, end: usize| at.saturating_add_signed(by as isize).min(end - 1);
        clamp(row, self.shift.0, self.height) * self.width + clamp(column, self.shift.1, self.width)
    }
}

/// PyTorch's one-cycle schedule with its defaults: from a 25th of the highest rate up to it in 30 % of the steps, then
/// down to nearly nothing, both along a cosine.
fn one_cycle(step: usize, total: usize, highest: f64) -> f64 {
    let first = highest / 25.0;
    let last = first / 1e4;
    let top = 0.3 * total as f64 - 1.0;
    let end = (total as f64 - 1.0).max(1.0);
    let at = step as f64;
    let blend = |from: f64, to: f64, share: f64| to + (from - to) / 2.0 * (1.0 + (PI * share.clamp(0.0, 1.0)).cos());
    if at <= top {
        blend(first, highest, at / top.max(1.0))
    } else {
        blend(highest, last, (at - top) / (end - top).max(1.0))
    }
}
