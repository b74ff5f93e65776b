//! `purge table`: every class, method, preset and seed of a network, and tables of what they came to.

mod attacking;
mod choice;
mod csv;
mod files;
mod insert;
mod measure;
mod network;
mod page;
mod picture;
mod query;
mod sample;
mod statistics;
mod summary;
mod tasks;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use clap::Args;
use purge_unlearning::unlearning::Preset;
use purge_unlearning::{Error, Result};

use crate::ablate;
use crate::options::{DeviceName, NonMembers, methods_help, preset, settings_help, write_whole};
use crate::task::Experiment;
use attacking::Attacks;
pub use choice::{Classes, Shard, named, with_presets};
use choice::{Wanted, method_or_all};
use network::{Network, networks};
use tasks::Tasks;

/// Run every class, method, preset and seed, a JSON file each, and make tables of them.
///
/// The network before and, where they lie beside it, those retrained without a class (MODEL-without-N.safetensors, of other
/// seeds MODEL-without-N-seed-S.safetensors) get a file each too. What is there is left out, so a run that was killed goes
/// on where it stopped, and processes or machines that share the folder can each take a part. A file that is of other
/// settings is an error.
#[derive(Args)]
#[command(after_help = settings_help())]
pub struct Table {
    /// The network, a safetensors file
    #[arg(long, value_name = "FILE", required_unless_present = "collect")]
    model: Option<PathBuf>,
    /// mnist, mnist-full, pathmnist, cifar10, cifar100, svhn, stl10, or a path
    #[arg(long, visible_alias = "dataset", value_name = "NAME|PATH", required_unless_present = "collect")]
    data: Option<String>,
    /// Which classes to forget, one a task: all, or numbers with commas between
    #[arg(long, default_value = "all")]
    classes: Classes,
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "purge", value_parser = method_or_all, help = methods())]
    method: Vec<String>,
    /// Which presets of each method, as far as it has them
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "published,strict", value_parser = preset)]
    preset: Vec<Preset>,
    #[arg(long, value_name = "PART", value_delimiter = ',', help = ablations())]
    ablate: Vec<String>,
    /// How many seeds of the batches, from 0
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Change one setting of the methods, such as learning_rate=0.002
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Which attacks are made on each network, or all; purge attack --help lists them
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    attacks: Vec<String>,
    /// Change one option of an attack, such as relearn.seeds=1
    #[arg(long, value_name = "ATTACK.KEY=VALUE")]
    set_attack: Vec<String>,
    /// Where the non-members of the two attacks of each evaluation come from
    #[arg(long, value_enum, default_value = "test")]
    non_members: NonMembers,
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceName,
    /// Do every N-th task, beginning with the I-th: N processes with the same folder share the work. On a CPU they are
    /// quickest with RAYON_NUM_THREADS=1
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// Only take the time of runs whose results are there, once more. Where results have come from several machines, or busy
    /// ones, tables then have these seconds and no others
    #[arg(long, conflicts_with_all = ["attacks", "collect"])]
    time: bool,
    /// The folder of the results; with --collect of the tables, by default the first that is collected
    #[arg(long, value_name = "DIR", required_unless_present = "collect")]
    out: Option<PathBuf>,
    /// Run nothing: make tables of the results in these folders. For each network a page, a picture, and a CSV file of all
    #[arg(long, value_name = "DIR", num_args = 1..)]
    collect: Vec<PathBuf>,
    /// Put the short tables between the marks of this text, too: <!-- table NETWORK --> and <!-- end of table -->
    #[arg(long, value_name = "FILE", requires = "collect")]
    into: Option<PathBuf>,
    /// Where the page is, which figures are links to: what make demo serves
    #[arg(long, value_name = "URL", default_value = "http://localhost:4173/")]
    page: String,
}

fn methods() -> String {
    format!("{}; all: every one but retrain, whose outcome are the retrained networks", methods_help())
}

fn ablations() -> String {
    format!("{}. In a table a row more for each part", ablate::help())
}

impl Table {
    pub async fn run(self) -> Result<()> {
        match (self.collect.first(), self.model.as_deref(), self.data.as_deref(), self.out.as_deref()) {
            (Some(first), .., out) => self.collect(out.unwrap_or(first)),
            (None, Some(model), Some(data), Some(out)) => self.tasks(model, data, out).await,
            _ => Err(Error::config("--out", "--model, --data and --out, or --collect", "neither")),
        }
    }

    async fn tasks(&self, model: &Path, data: &str, out: &Path) -> Result<()> {
        let attacks = Attacks::of(&self.attacks, &self.set_attack)?;
        std::fs::create_dir_all(out).map_err(|e| Error::io(out.display(), e))?;
        let experiment = Experiment::open(self.device, model, data, self.non_members.split()).await?;
        let classes = self.classes.of(experiment.workspace.dataset()?.classes());
        let wanted = Wanted { methods: &self.method, presets: &self.preset, ablate: &self.ablate, set: &self.set };
        let choices = match classes.first() {
            Some(first) => wanted.choices(&experiment, *first)?,
            None => Vec::new(),
        };
        let non_members = self.non_members;
        let mut tasks = Tasks { experiment, data, out, non_members, set: &self.set, attacks };
        if self.time {
            return tasks.time(&classes, &choices, self.seeds, self.shard).await;
        }
        tasks.run(&classes, &choices, self.seeds, self.shard).await
    }

    fn collect(&self, out: &Path) -> Result<()> {
        let networks = networks(&self.collect)?;
        std::fs::create_dir_all(out).map_err(|e| Error::io(out.display(), e))?;
        for network in &networks {
            let named = |ending: &str| out.join(format!("{}.{ending}", network.model));
            let page = page::page(network, &self.page);
            write_whole(&named("md"), page.as_bytes())?;
            write_whole(&named("csv"), csv::csv(network).as_bytes())?;
            if let Some(picture) = picture::picture(network) {
                write_whole(&named("svg"), picture.as_bytes())?;
            }
            println!("## {}\n\n{}", network.model, summary::summary(&[network], &self.page));
        }
        match &self.into {
            Some(file) => self.insert(&networks, file),
            None => Ok(()),
        }
    }

    fn insert(&self, networks: &[Network], file: &Path) -> Result<()> {
        let text = std::fs::read_to_string(file).map_err(|e| Error::io(file.display(), e))?;
        let text = insert::inserted(&file.display().to_string(), &text, |names| {
            let named = |name: &&str| networks.iter().find(|network| network.model == *name);
            let found: Option<Vec<&Network>> = names.iter().map(named).collect();
            found.map(|networks| summary::summary(&networks, &self.page))
        })?;
        write_whole(file, text.as_bytes())
    }
}
