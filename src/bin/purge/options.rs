use std::path::{Path, PathBuf};

use burn::tensor::Device;
use clap::{Args, ValueEnum};
use purge_unlearning::data::{Dataset, files};
use purge_unlearning::device::{self, DeviceKind};
use purge_unlearning::model::Checkpoint;
use purge_unlearning::unlearning::settings::TABLE;
use purge_unlearning::unlearning::{METHODS, Preset};
use purge_unlearning::{Error, Result};
use serde_json::{Map, Value};

use crate::task::Experiment;

/// Where to compute.
#[derive(Clone, Copy, ValueEnum)]
pub enum DeviceName {
    /// The processor.
    Cpu,
    /// Vulkan, Metal or DX12; needs a build with the feature `webgpu`.
    Wgpu,
}

impl DeviceName {
    pub async fn open(self) -> Result<Device> {
        device::open(match self {
            DeviceName::Cpu => DeviceKind::Cpu,
            DeviceName::Wgpu => DeviceKind::Wgpu,
        })
        .await
    }
}

/// A network and the data it is judged on.
#[derive(Args)]
pub struct Subject {
    /// The network, a safetensors file
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// mnist, mnist-full, pathmnist, cifar10, cifar100, svhn, stl10, or a path
    #[arg(long, value_name = "NAME|PATH")]
    pub data: String,
    /// The class to forget, 0 to K − 1, or several with commas between
    #[arg(long, value_name = "N", value_delimiter = ',', required = true)]
    pub class: Vec<usize>,
    /// Where the non-members of the membership attacks come from
    #[arg(long, value_enum, default_value = "test")]
    pub non_members: NonMembers,
    #[arg(long, value_enum, default_value = "cpu")]
    pub device: DeviceName,
    /// Write the result to this file as JSON ("-": standard output)
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// A split of unseen samples.
#[derive(Clone, Copy, ValueEnum)]
pub enum NonMembers {
    /// The test split, as in the paper
    Test,
    /// The validation split
    Val,
}

impl NonMembers {
    pub fn split(self) -> purge_unlearning::data::SplitName {
        match self {
            NonMembers::Test => purge_unlearning::data::SplitName::Test,
            NonMembers::Val => purge_unlearning::data::SplitName::Val,
        }
    }
}

/// A dataset by name or path. What was found is told, for a set may lack some of its files.
pub fn dataset(name: &str) -> Result<Dataset> {
    let dataset = files::open(name, &files::Places::from_env())?;
    eprintln!("{}: {} samples to learn from, {}", dataset.title, dataset.train.len(), dataset.members);
    Ok(dataset)
}

/// A network from a file.
pub fn checkpoint(path: &Path, device: &Device) -> Result<Checkpoint> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path.display(), e))?;
    Checkpoint::read(&path.display().to_string(), &bytes, device)
}

/// Class numbers as text.
pub fn joined(classes: &[usize], separator: &str) -> String {
    classes.iter().map(usize::to_string).collect::<Vec<_>>().join(separator)
}

/// What KEY=VALUE texts change.
pub fn changes(set: &[String]) -> Result<Map<String, Value>> {
    set.iter()
        .map(|change| {
            let (key, value) = change.split_once('=').ok_or_else(|| Error::config("--set", "KEY=VALUE", change))?;
            Ok((key.into(), serde_json::from_str(value).unwrap_or_else(|_| Value::from(value))))
        })
        .collect()
}

/// Writes a file whole or not at all, even if this process is killed or another one writes the same file.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".part-{}", std::process::id()));
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path)).map_err(|e| Error::io(path.display(), e))
}

/// Every setting that `--set` takes, a line each.
pub fn settings_help() -> String {
    let mut help =
        String::from("Settings, for --set; purge settings tells what each method and preset says of them:\n");
    for row in TABLE {
        let symbol = row.symbol.map(|symbol| format!(" ({symbol})")).unwrap_or_default();
        help += &format!("  {}{symbol}: {} [{}]\n", row.key, row.sentence, row.range);
    }
    help
}

/// Every method, for the help of `--method`.
pub fn methods_help() -> String {
    let names: Vec<String> = METHODS
        .iter()
        .map(|method| method.info())
        .map(|info| {
            let presets: Vec<&str> = info.presets.iter().map(|preset| preset.preset.as_str()).collect();
            format!("{} ({})", info.name, presets.join(", "))
        })
        .collect();
    format!("The method, with its presets: {}", names.join("; "))
}

/// For clap: a preset by name.
pub fn preset(name: &str) -> Result<Preset, String> {
    name.parse().map_err(|e: Error| e.to_string())
}

/// For clap: a method by name.
pub fn method_name(name: &str) -> Result<String, String> {
    purge_unlearning::unlearning::method::method(name).map(|_| name.to_string()).map_err(|e| e.to_string())
}

impl Subject {
    /// What is to be judged, opened.
    pub async fn open(&self) -> Result<Experiment> {
        Experiment::open(self.device, &self.model, &self.data, self.non_members.split()).await
    }

    /// Whether standard output belongs to the JSON alone.
    pub fn json_to_stdout(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    /// Writes the result where it was asked for.
    pub fn report(&self, result: &impl serde::Serialize) -> Result<()> {
        let Some(path) = &self.json else { return Ok(()) };
        let text = serde_json::to_string_pretty(result).map_err(|e| Error::io(path.display(), e))?;
        if self.json_to_stdout() {
            println!("{text}");
            return Ok(());
        }
        std::fs::write(path, text + "\n").map_err(|e| Error::io(path.display(), e))
    }
}
