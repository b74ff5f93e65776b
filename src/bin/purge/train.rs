use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use purge_unlearning::data::{Augmentation, defaults};
use purge_unlearning::evaluation::ConfusionMatrix;
use purge_unlearning::inference;
use purge_unlearning::model::{
    Architecture, Card, Checkpoint, Network, Norm, Precision, ResNetConfig, SmallCnnConfig, Stem,
};
use purge_unlearning::training::{Epoch, OptimizerKind, TrainConfig, Training};
use purge_unlearning::work::Here;
use purge_unlearning::{Error, Result};

use crate::options::{DeviceName, dataset, joined, write_whole};

/// Train a network from scratch.
#[derive(Args)]
pub struct Train {
    /// mnist, mnist-full, pathmnist, cifar10, cifar100, svhn, stl10, or a path
    #[arg(long, value_name = "NAME|PATH")]
    data: String,
    #[arg(long, value_enum, default_value = "small-cnn")]
    network: NetworkName,
    /// Default: group for small-cnn, batch for resnet18
    #[arg(long, value_enum)]
    norm: Option<NormName>,
    /// Channels after the first convolution, a multiple of 8; default: 16 for small-cnn, 64 for resnet18
    #[arg(long)]
    width: Option<usize>,
    /// How resnet18 begins
    #[arg(long, value_enum, default_value = "small")]
    stem: StemName,
    /// Leave this class out, or several with commas between, for a retrained reference
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    without: Vec<usize>,
    /// Passes over the training samples; default: the dataset's
    #[arg(long)]
    epochs: Option<usize>,
    /// Highest learning rate; default: the dataset's
    #[arg(long)]
    learning_rate: Option<f64>,
    #[arg(long, value_enum, default_value = "adamw")]
    optimizer: OptimizerName,
    /// Default: the dataset's
    #[arg(long)]
    weight_decay: Option<f64>,
    /// Samples in a batch; default: the dataset's
    #[arg(long)]
    batch_size: Option<usize>,
    /// Random changes to the images; default: the dataset's
    #[arg(long, value_enum)]
    augment: Option<Augment>,
    /// Down-sample larger images to this many pixels a side
    #[arg(long, value_name = "PIXELS")]
    side: Option<usize>,
    /// Train on the first this many samples of each class; default: 2000 of pathmnist, else all
    #[arg(long)]
    members: Option<usize>,
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceName,
    /// Store 16-bit floats
    #[arg(long)]
    half: bool,
    /// Where to write the network
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Which network.
#[derive(Clone, Copy, ValueEnum)]
enum NetworkName {
    SmallCnn,
    #[value(name = "resnet18")]
    ResNet18,
}

/// What turns gradients into steps.
#[derive(Clone, Copy, ValueEnum)]
enum OptimizerName {
    Adamw,
    /// With momentum 0.9
    Sgd,
}

/// Random changes to the images.
#[derive(Clone, Copy, ValueEnum)]
enum Augment {
    None,
    /// Mirrored left-right and shifted by up to 4 pixels
    Photos,
    /// The eight symmetries of a square, and 15 % of brightness and contrast for each colour
    Tissue,
}

/// Which normalisation.
#[derive(Clone, Copy, ValueEnum)]
pub enum NormName {
    Group,
    Batch,
}

impl NormName {
    pub fn norm(self) -> Norm {
        match self {
            NormName::Group => Norm::Group,
            NormName::Batch => Norm::Batch,
        }
    }
}

/// The first layers of a ResNet.
#[derive(Clone, Copy, ValueEnum)]
enum StemName {
    /// A 3×3 convolution, for images of 28 to 96 pixels
    Small,
    /// A 7×7 convolution and a max pool, for larger ones
    Imagenet,
}

impl Train {
    pub async fn run(self) -> Result<()> {
        let device = self.device.open().await?;
        let mut dataset = dataset(&self.data)?;
        if let Some(side) = self.side {
            dataset = dataset.at_most(side, side)?;
        }
        let members = self.members.or(defaults(&dataset.name).members_per_class);
        let found = dataset.train.len();
        if let Some(members) = members {
            dataset = dataset.with_members_per_class(members);
        }
        if dataset.train.len() < found {
            eprintln!("{} of them are learnt from, {}", dataset.train.len(), dataset.members);
        }
        let model = self.architecture(dataset.shape.channels, dataset.classes());
        let defaults = TrainConfig::for_dataset(&dataset.name);
        let config = TrainConfig {
            epochs: self.epochs.unwrap_or(defaults.epochs),
            batch_size: self.batch_size.unwrap_or(defaults.batch_size),
            optimizer: match self.optimizer {
                OptimizerName::Adamw => OptimizerKind::AdamW,
                OptimizerName::Sgd => OptimizerKind::Sgd,
            },
            learning_rate: self.learning_rate.unwrap_or(defaults.learning_rate),
            weight_decay: self.weight_decay.unwrap_or(defaults.weight_decay),
            augmentation: match self.augment {
                None => defaults.augmentation,
                Some(Augment::None) => Augmentation::NONE,
                Some(Augment::Photos) => Augmentation::PHOTOS,
                Some(Augment::Tissue) => Augmentation::TISSUE,
            },
            without_classes: self.without.clone(),
            seed: self.seed,
            ..defaults
        };
        let mut training = Training::new(model, &dataset, config.clone(), &device)?;
        let snapshot = Snapshot::beside(&self.out);
        let network = snapshot.to_the_end(&mut training, config.epochs).await?;

        let mut card = Card {
            dataset: dataset.name.clone(),
            class_names: dataset.class_names.clone(),
            height: dataset.shape.height,
            width: dataset.shape.width,
            mean: dataset.normalisation.mean.clone(),
            std: dataset.normalisation.std.clone(),
            members_per_class: members,
            without_classes: self.without.clone(),
            seed: Some(self.seed),
            epochs: Some(config.epochs),
            command: Some(self.command(&model, config.epochs)),
            ..Card::default()
        };
        for (name, split) in dataset.splits() {
            let logits = inference::logits(&Here, &network, &dataset, split).await?;
            let classes = dataset.classes();
            let rows = logits.chunks_exact(classes).zip(split.labels()).map(|(row, &label)| (row, label as usize));
            let matrix = ConfusionMatrix::from_logits(rows, classes);
            let accuracy = matrix.accuracy_of(|class| !self.without.contains(&class));
            println!("{:5} accuracy {accuracy:.2} %", name.as_str());
            card.accuracies.insert(name.as_str().to_string(), accuracy);
        }
        let precision = if self.half { Precision::Half } else { Precision::Full };
        let bytes = Checkpoint { network, card }.write(precision).await?;
        write_whole(&self.out, &bytes)?;
        snapshot.remove()
    }

    fn architecture(&self, channels: usize, classes: usize) -> Architecture {
        let norm = self.norm.map(NormName::norm);
        match self.network {
            NetworkName::SmallCnn => {
                let default = SmallCnnConfig::new(channels, classes);
                let width = self.width.unwrap_or(default.width);
                default.with_width(width).with_norm(norm.unwrap_or(default.norm)).into()
            }
            NetworkName::ResNet18 => {
                let default = ResNetConfig::new(channels, classes);
                let width = self.width.unwrap_or(default.width);
                let stem = match self.stem {
                    StemName::Small => Stem::Small,
                    StemName::Imagenet => Stem::ImageNet,
                };
                default.with_width(width).with_norm(norm.unwrap_or(default.norm)).with_stem(stem).into()
            }
        }
    }

    fn command(&self, model: &Architecture, epochs: usize) -> String {
        let norm = model.norm().as_str();
        let network = match (self.network, self.stem) {
            (NetworkName::SmallCnn, _) => "",
            (NetworkName::ResNet18, StemName::Small) => " --network resnet18",
            (NetworkName::ResNet18, StemName::Imagenet) => " --network resnet18 --stem imagenet",
        };
        let name = |value: Option<clap::builder::PossibleValue>| value.map(|value| value.get_name().to_string());
        let given = [
            ("members", self.members.map(|n| n.to_string())),
            ("side", self.side.map(|n| n.to_string())),
            ("optimizer", name(self.optimizer.to_possible_value()).filter(|name| name != "adamw")),
            ("learning-rate", self.learning_rate.map(|n| n.to_string())),
            ("weight-decay", self.weight_decay.map(|n| n.to_string())),
            ("batch-size", self.batch_size.map(|n| n.to_string())),
            ("augment", self.augment.and_then(|augment| name(augment.to_possible_value()))),
            ("without", (!self.without.is_empty()).then(|| joined(&self.without, ","))),
        ];
        let given: String =
            given.into_iter().filter_map(|(flag, value)| Some(format!(" --{flag} {}", value?))).collect();
        format!(
            "purge train --data {}{network} --norm {norm} --width {} --epochs {epochs}{given} --seed {}",
            self.data,
            model.width(),
            self.seed
        )
    }
}

/// The file beside the network that a killed run goes on from.
pub struct Snapshot(PathBuf);

impl Snapshot {
    /// All passes of a training that are left, from the last that was kept on.
    pub async fn to_the_end(&self, training: &mut Training<'_>, epochs: usize) -> Result<Network> {
        self.restore(training)?;
        let bar = ProgressBar::new(epochs as u64);
        bar.set_position(training.epochs_done() as u64);
        while let Some(Epoch { done, of, loss }) = training.epoch().await? {
            bar.inc(1);
            // The bar is hidden where there is no terminal; a log wants lines.
            if bar.is_hidden() {
                println!("epoch {done}/{of} loss {loss:.4}");
            } else {
                bar.set_message(format!("loss {loss:.4}"));
            }
            if done < of {
                self.keep(training).await?;
            }
        }
        bar.finish_and_clear();
        Ok(training.network().clone())
    }

    pub fn beside(out: &Path) -> Self {
        let mut name = out.as_os_str().to_owned();
        name.push(".training");
        Self(name.into())
    }

    fn restore(&self, training: &mut Training<'_>) -> Result<()> {
        let Self(path) = self;
        match std::fs::read(path) {
            Ok(bytes) => training.resume(&path.display().to_string(), &bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::io(path.display(), error)),
        }
    }

    async fn keep(&self, training: &Training<'_>) -> Result<()> {
        write_whole(&self.0, &training.snapshot().await?)
    }

    pub fn remove(&self) -> Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(self.0.display(), error)),
            _ => Ok(()),
        }
    }
}
