//! U-LiRA for a class: shadow networks that each learnt a random half of it and then forgot that, and networks that never saw it.

mod collect;
mod network;

use std::path::{Path, PathBuf};

use clap::Args;
use purge_unlearning::data::defaults;
use purge_unlearning::unlearning::Preset;
use purge_unlearning::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::options::{DeviceName, dataset, method_name, methods_help, preset, settings_help};
use crate::table::{Shard, named, with_presets};
use crate::train::NormName;
use network::One;

/// Train many small networks, each on a random half of a class and all of the rest, make each forget what it has of the class,
/// and find out whether it still shows which half that was (U-LiRA).
///
/// What is there is left out, so a run that was killed goes on where it stopped, and machines that share the folder can each
/// take a part. The trained networks serve every method.
#[derive(Args)]
#[command(after_help = settings_help())]
pub struct Shadows {
    /// mnist, mnist-full, pathmnist, cifar10, cifar100, svhn, stl10, or a path
    #[arg(long, value_name = "NAME|PATH", required_unless_present = "collect")]
    data: Option<String>,
    #[arg(long, value_enum, default_value = "group")]
    norm: NormName,
    /// The class to forget
    #[arg(long, value_name = "N", required_unless_present = "collect")]
    class: Option<usize>,
    /// How many shadows; two and two have the halves of one draw
    #[arg(long, default_value_t = 32)]
    shadows: usize,
    /// How many networks that never saw the class; default: half as many, as there are shadows with an image
    #[arg(long)]
    retrains: Option<usize>,
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "purge", value_parser = method_name, help = methods_help())]
    method: Vec<String>,
    /// Which presets of each method, as far as it has them
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "published,strict", value_parser = preset)]
    preset: Vec<Preset>,
    /// Change one setting of the methods, such as learning_rate=0.002
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Channels after the first convolution, a multiple of 8; default: 16
    #[arg(long)]
    width: Option<usize>,
    /// Passes over the training samples; default: the dataset's
    #[arg(long)]
    epochs: Option<usize>,
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceName,
    /// Do only the networks i, i + n, i + 2n …, counted from 1
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// The folder of the networks and of what they say
    #[arg(long, value_name = "DIR", required_unless_present = "collect")]
    out: Option<PathBuf>,
    /// Run nothing: make shadows.json and a table of what is in this folder
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    collect: Option<PathBuf>,
}

/// A network of the experiment, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    /// It learnt half of the class.
    Shadow(usize),
    /// It never saw it.
    Retrain(usize),
}

/// What a network says of each training sample of the class, as it is written to JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Answers {
    data: String,
    norm: String,
    class: usize,
    role: Role,
    /// How it was trained.
    training: Value,
    /// How it was made to forget; null where it was not.
    unlearning: Value,
    seconds: f64,
    /// φ of each sample.
    phi: Vec<f64>,
    /// Whether it had learnt the sample.
    learnt: Vec<bool>,
}

impl Shadows {
    pub async fn run(self) -> Result<()> {
        match (self.collect.as_deref(), self.data.as_deref(), self.class, self.out.as_deref()) {
            (Some(folder), ..) => collect::collect(folder),
            (None, Some(data), Some(class), Some(out)) => self.networks(data, class, out).await,
            _ => Err(Error::config("--out", "--data, --class and --out, or --collect", "neither")),
        }
    }

    async fn networks(&self, data: &str, class: usize, out: &Path) -> Result<()> {
        std::fs::create_dir_all(out).map_err(|e| Error::io(out.display(), e))?;
        let device = self.device.open().await?;
        let mut dataset = dataset(data)?;
        if let Some(members) = defaults(&dataset.name).members_per_class {
            dataset = dataset.with_members_per_class(members);
        }
        let of_class = dataset.train.indices_of(class);
        if of_class.len() < 2 {
            return Err(Error::config("--class", "a class of two training images at least", class));
        }
        let shadows = (0..self.shadows).map(Role::Shadow);
        let retrains = (0..self.retrains.unwrap_or(self.shadows / 2)).map(Role::Retrain);
        let methods = with_presets(&named(&self.method)?, &self.preset)?;
        for (_, role) in shadows.chain(retrains).enumerate().filter(|(place, _)| self.shard.takes(0, *place)) {
            let one = One::new(self, data, &dataset, class, &of_class, role, out);
            let network = one.trained(self, &device).await?;
            if let Role::Shadow(index) = role {
                for &(method, preset) in &methods {
                    one.forgets(self, &network, method, preset, index).await?;
                }
            }
        }
        Ok(())
    }
}
