use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use purge_unlearning::evaluation::ConfusionMatrix;
use purge_unlearning::inference;
use purge_unlearning::model::{Card, Checkpoint, Norm, Precision, SmallCnnConfig};
use purge_unlearning::training::{TrainConfig, Training};
use purge_unlearning::{Error, Result};

use crate::options::{DeviceName, dataset};

/// Train a SmallCnn from scratch.
#[derive(Args)]
pub struct Train {
    /// mnist, mnist-full, pathmnist, or a path
    #[arg(long, value_name = "NAME|PATH")]
    data: String,
    #[arg(long, value_enum, default_value = "group")]
    norm: NormName,
    /// Channels after the first convolution, a multiple of 8
    #[arg(long, default_value_t = 16)]
    width: usize,
    /// Leave this class out, for a retrained reference
    #[arg(long, value_name = "CLASS")]
    without: Option<usize>,
    /// Passes over the training samples; default: the dataset's
    #[arg(long)]
    epochs: Option<usize>,
    /// Highest learning rate; default: the dataset's
    #[arg(long)]
    learning_rate: Option<f64>,
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

/// Which normalisation.
#[derive(Clone, Copy, ValueEnum)]
enum NormName {
    Group,
    Batch,
}

impl Train {
    pub async fn run(self) -> Result<()> {
        let device = self.device.open().await?;
        let mut dataset = dataset(&self.data)?;
        let members = self.members.or((dataset.name == "pathmnist").then_some(2000));
        if let Some(members) = members {
            dataset = dataset.with_members_per_class(members);
        }
        let norm = match self.norm {
            NormName::Group => Norm::Group,
            NormName::Batch => Norm::Batch,
        };
        let model =
            SmallCnnConfig::new(dataset.shape.channels, dataset.classes()).with_width(self.width).with_norm(norm);
        let defaults = TrainConfig::for_dataset(&dataset.name);
        let config = TrainConfig {
            epochs: self.epochs.unwrap_or(defaults.epochs),
            learning_rate: self.learning_rate.unwrap_or(defaults.learning_rate),
            without_class: self.without,
            seed: self.seed,
            ..defaults
        };
        let bar = ProgressBar::new(config.epochs as u64);
        let network = Training::new(model, &dataset, config, &device)?
            .run(|epoch, epochs, loss| {
                bar.inc(1);
                // The bar is hidden where there is no terminal; a log wants lines.
                if bar.is_hidden() {
                    println!("epoch {epoch}/{epochs} loss {loss:.4}");
                } else {
                    bar.set_message(format!("loss {loss:.4}"));
                }
                Ok(())
            })
            .await?;
        bar.finish_and_clear();

        let mut card = Card {
            dataset: dataset.name.clone(),
            class_names: dataset.class_names.clone(),
            height: dataset.shape.height,
            width: dataset.shape.width,
            mean: dataset.normalisation.mean.clone(),
            std: dataset.normalisation.std.clone(),
            members_per_class: members,
            without_class: self.without,
            seed: Some(self.seed),
            epochs: Some(config.epochs),
            command: Some(self.command(config.epochs)),
            ..Card::default()
        };
        for (name, split) in dataset.splits() {
            let logits = inference::logits(&network, &dataset, split).await?;
            let classes = dataset.classes();
            let rows = logits.chunks_exact(classes).zip(split.labels()).map(|(row, &label)| (row, label as usize));
            let matrix = ConfusionMatrix::from_logits(rows, classes);
            let accuracy = self.without.map_or_else(|| matrix.accuracy(), |class| matrix.accuracy_without(class));
            println!("{:5} accuracy {accuracy:.2} %", name.as_str());
            card.accuracies.insert(name.as_str().to_string(), accuracy);
        }
        let precision = if self.half { Precision::Half } else { Precision::Full };
        let bytes = Checkpoint { network, card }.write(precision).await?;
        std::fs::write(&self.out, bytes).map_err(|e| Error::io(self.out.display(), e))
    }

    fn command(&self, epochs: usize) -> String {
        let norm = match self.norm {
            NormName::Group => "group",
            NormName::Batch => "batch",
        };
        let without = self.without.map(|class| format!(" --without {class}")).unwrap_or_default();
        format!(
            "purge train --data {} --norm {norm} --width {} --epochs {epochs}{without} --seed {}",
            self.data, self.width, self.seed
        )
    }
}
