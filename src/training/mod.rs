//! Training from scratch, for the networks that are shipped and for the retrained references.

mod optimizer;
mod schedule;
mod snapshot;

pub use optimizer::OptimizerKind;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::data::{Augmentation, Dataset, Shuffled, defaults, one_hot};
use crate::fit::check_fit;
use crate::model::{Architecture, Network};
use crate::{Error, Result, device};
pub(crate) use optimizer::Optimizer;
pub(crate) use schedule::{WARM_UP, one_cycle};
use snapshot::{Progress, Snapshot};

/// Settings of a training run with a one-cycle learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// Passes over the training samples.
    pub epochs: usize,
    /// Samples in a batch.
    pub batch_size: usize,
    /// What turns gradients into steps.
    pub optimizer: OptimizerKind,
    /// The highest learning rate of the cycle.
    pub learning_rate: f64,
    /// AdamW's decoupled weight decay, or SGD's.
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
    /// The settings of a dataset's shipped networks, or what is usual for it.
    pub fn for_dataset(name: &str) -> Self {
        let suited = defaults(name).training;
        Self {
            epochs: suited.epochs,
            batch_size: 32,
            optimizer: OptimizerKind::AdamW,
            learning_rate: 4e-3,
            weight_decay: 1e-2,
            label_smoothing: 0.0,
            augmentation: suited.augmentation,
            without_classes: Vec::new(),
            seed: 0,
        }
    }

    fn check(&self, classes: usize) -> Result<()> {
        for (field, value) in [("epochs", self.epochs), ("batch_size", self.batch_size)] {
            if value == 0 {
                return Err(Error::config(field, "at least 1", value));
            }
        }
        let positive = self.learning_rate.is_finite() && self.learning_rate > 0.0;
        if !positive {
            return Err(Error::config("learning_rate", "a number over 0", self.learning_rate));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return Err(Error::config("weight_decay", "0 or more", self.weight_decay));
        }
        match self.without_classes.iter().find(|class| **class >= classes) {
            Some(class) => Err(Error::config("without_classes", format!("0 to {}", classes.saturating_sub(1)), class)),
            None => Ok(()),
        }
    }
}

/// One pass over the training samples, done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Passes done.
    pub done: usize,
    /// Passes in all.
    pub of: usize,
    /// Mean loss of this one.
    pub loss: f64,
}

/// A network in training.
pub struct Training<'a> {
    network: Network,
    dataset: &'a Dataset,
    config: TrainConfig,
    samples: usize,
    batches: Shuffled,
    random: ChaCha8Rng,
    optimizer: Optimizer,
    device: Device,
    epochs_done: usize,
}

impl<'a> Training<'a> {
    /// A network with random weights, before its first pass.
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
        config.check(dataset.classes())?;
        let indices = dataset.train.indices_where(|class| !config.without_classes.contains(&class));
        if indices.is_empty() {
            return Err(Error::config("without_classes", "training samples of other classes", "none"));
        }
        Ok(Self {
            network,
            dataset,
            samples: indices.len(),
            batches: Shuffled::new(indices, config.batch_size, config.seed),
            random: augmentation_rng(config.seed),
            optimizer: Optimizer::new(config.optimizer, config.weight_decay),
            config,
            device: device.clone().without_autodiff(),
            epochs_done: 0,
        })
    }

    /// One pass; `None` where all are done. Waits for the device once.
    ///
    /// # Errors
    /// Those of the device.
    pub async fn epoch(&mut self) -> Result<Option<Epoch>> {
        if self.epochs_done == self.config.epochs {
            return Ok(None);
        }
        let per_epoch = self.batches.batches_per_pass();
        let total = per_epoch * self.config.epochs;
        let mut step = per_epoch * self.epochs_done;
        let mut losses = Vec::with_capacity(per_epoch);
        while let Some(batch) = self.batches.next_in_pass() {
            let batch = batch.to_vec();
            let leaves = self.network.parameters().leaves();
            let images = self.images(&batch);
            let target = self.targets(&batch);
            let output = self.network.forward_training(&leaves, images);
            let loss = -(log_softmax(output.logits, 1) * target).sum_dim(1).mean();
            losses.push(loss.clone().without_autodiff());
            let gradient = leaves.gradient(loss);
            let rate = one_cycle(step, total, self.config.learning_rate, WARM_UP);
            let theta = self.optimizer.step(rate, self.network.parameters().flat(), gradient);
            self.network.parameters_mut().set_flat(theta);
            step += 1;
        }
        let loss = device::read(Tensor::cat(losses, 0).mean()).await?;
        self.epochs_done += 1;
        let loss = loss.first().copied().unwrap_or(f32::NAN) as f64;
        Ok(Some(Epoch { done: self.epochs_done, of: self.config.epochs, loss }))
    }

    /// All passes that are left. `on_epoch` hears of each.
    ///
    /// # Errors
    /// Those of the device, and those of `on_epoch`.
    pub async fn run(mut self, mut on_epoch: impl FnMut(Epoch) -> Result<()>) -> Result<Network> {
        while let Some(epoch) = self.epoch().await? {
            on_epoch(epoch)?;
        }
        Ok(self.network)
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Passes done.
    pub fn epochs_done(&self) -> usize {
        self.epochs_done
    }

    /// The run as it is between two passes, as bytes for [`Training::resume`].
    ///
    /// # Errors
    /// Those of the device.
    pub async fn snapshot(&self) -> Result<Vec<u8>> {
        let mut memory = Vec::new();
        for tensor in self.optimizer.memory() {
            memory.push(device::read(tensor.clone()).await?);
        }
        let running = match self.network.running_flat() {
            Some(running) => device::read(running).await?,
            None => Vec::new(),
        };
        let progress = Progress {
            config: self.config.clone(),
            samples: self.samples,
            epochs_done: self.epochs_done,
            random: self.random.get_word_pos().to_string(),
        };
        let weights = device::read(self.network.parameters().flat()).await?;
        Snapshot { progress, weights, running, memory }.write()
    }

    /// Goes on where a run with the same settings stood, as if it had not stopped. `file` is for messages.
    ///
    /// # Errors
    /// [`Error::BadModel`] where the bytes are no snapshot, or one of another run.
    pub fn resume(&mut self, file: &str, bytes: &[u8]) -> Result<()> {
        let Snapshot { progress, weights, running, memory } = Snapshot::read(file, bytes)?;
        let architecture = *self.network.architecture();
        let sizes = [weights.len(), running.len()];
        let expected = [architecture.layout().len(), architecture.running_layout().len()];
        let same_run = progress.config == self.config && progress.samples == self.samples && sizes == expected;
        let random = progress.random.parse().ok().filter(|_| same_run && progress.epochs_done <= self.config.epochs);
        let memory_fits = memory.iter().all(|values| values.len() == weights.len());
        let (Some(random), true) = (random, memory_fits) else {
            return Err(Error::model(file, "a snapshot of this training run", "one of another"));
        };
        let tensors = memory
            .into_iter()
            .map(|values| {
                let len = values.len();
                Tensor::from_data(TensorData::new(values, [len]), &self.device)
            })
            .collect();
        let per_epoch = self.batches.batches_per_pass();
        if !self.optimizer.recall(progress.epochs_done * per_epoch, tensors) {
            return Err(Error::model(file, "what this optimizer remembers", "something else"));
        }
        self.network = architecture.with_values(weights, running, &self.device)?;
        self.random.set_word_pos(random);
        // The order of the samples follows from the shuffles before.
        for _ in self.epochs_done..progress.epochs_done {
            while self.batches.next_in_pass().is_some() {}
        }
        self.epochs_done = progress.epochs_done;
        Ok(())
    }

    fn images(&mut self, batch: &[usize]) -> Tensor<4> {
        augmented(self.config.augmentation, self.dataset, batch, &mut self.random, &self.device)
    }

    fn targets(&self, batch: &[usize]) -> Tensor<2> {
        let classes = self.dataset.classes();
        let one_hot = one_hot(&self.dataset.train, batch, classes, &self.device);
        let smoothing = self.config.label_smoothing;
        one_hot * (1.0 - smoothing) + smoothing / classes as f64
    }
}

/// What the draws of a run with this seed come from.
pub(crate) fn augmentation_rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed ^ 0xa0f)
}

/// Training images at `indices`, each changed at random, `[B, C, H, W]`.
pub(crate) fn augmented(
    augmentation: Augmentation,
    dataset: &Dataset,
    indices: &[usize],
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Tensor<4> {
    let shape = dataset.shape;
    let pixels = augmentation.pixels(dataset, indices, rng);
    Tensor::from_data(TensorData::new(pixels, [indices.len(), shape.channels, shape.height, shape.width]), device)
}
