use std::path::PathBuf;

use clap::Args;
use purge_unlearning::data::SplitName;
use purge_unlearning::evaluation::Stored;
use purge_unlearning::{Error, Result, device};

use crate::options::{DeviceName, write_whole};
use crate::table::Classes;
use crate::task::Experiment;

/// Evaluate a network for each class by itself, and store that for a page to show before it has measured anything.
#[derive(Args)]
pub struct Scores {
    /// The network, a safetensors file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// mnist, mnist-full, pathmnist, cifar10, cifar100, svhn, stl10, or a path
    #[arg(long, value_name = "NAME|PATH")]
    data: String,
    /// The classes to forget, each by itself: all, or numbers with commas between
    #[arg(long, default_value = "all")]
    classes: Classes,
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceName,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Scores {
    pub async fn run(self) -> Result<()> {
        let network = std::fs::read(&self.model).map_err(|e| Error::io(self.model.display(), e))?;
        let mut experiment = Experiment::open(self.device, &self.model, &self.data, SplitName::Test).await?;
        let mut evaluations = Vec::new();
        for class in self.classes.of(experiment.workspace.dataset()?.classes()) {
            evaluations.push(experiment.scores(vec![class]).await?);
        }
        let workspace = &experiment.workspace;
        let device = device::name(workspace.device());
        let file = Stored::new(&network, workspace.dataset_as_read()?, device, evaluations)?.write()?;
        write_whole(&self.out, &file)?;
        println!("{}: {} bytes", self.out.display(), file.len());
        Ok(())
    }
}
