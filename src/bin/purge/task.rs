use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::Device;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use purge_unlearning::data::{ClassRoles, Dataset, SplitName};
use purge_unlearning::evaluation::Evaluation;
use purge_unlearning::inference::{evaluate, logits};
use purge_unlearning::model::{Checkpoint, Network};
use purge_unlearning::unlearning::purge::{Preset, PurgeConfig};
use purge_unlearning::unlearning::{Run, StepScalars, Summary};
use purge_unlearning::{Error, Result, device};
use serde::Serialize;

use crate::options::{checkpoint, joined};

/// A named set of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The paper's algorithm as it is
    Published,
    /// Our options: strict projection, conditional target, retain share
    Strict,
    /// The authors' raw values, for ResNet-18
    Authors,
}

impl Method {
    /// As on the command line and in file names.
    pub fn name(self) -> &'static str {
        match self {
            Method::Published => "published",
            Method::Strict => "strict",
            Method::Authors => "authors",
        }
    }

    fn preset(self) -> Preset {
        match self {
            Method::Published => Preset::Published,
            Method::Strict => Preset::Strict,
            Method::Authors => Preset::Authors,
        }
    }
}

/// What an unlearning run came to, as it is written to JSON.
#[derive(Serialize)]
pub struct Outcome {
    pub model: String,
    pub data: String,
    pub class_name: String,
    pub device: String,
    pub method: Method,
    pub config: PurgeConfig,
    pub before: Evaluation,
    pub after: Evaluation,
    pub retrained: Option<Evaluation>,
    #[serde(flatten)]
    pub summary: Summary,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<StepScalars>,
}

/// A network and its data, ready to forget one class after the other.
pub struct Ground {
    pub device: Device,
    pub original: Checkpoint,
    pub dataset: Arc<Dataset>,
    pub model: PathBuf,
    pub data: String,
    pub non_members: SplitName,
    train_logits: Vec<f32>,
}

impl Ground {
    pub async fn new(
        (device, original, dataset): (Device, Checkpoint, Dataset),
        model: &Path,
        data: &str,
        non_members: SplitName,
    ) -> Result<Self> {
        let train_logits = logits(&original.network, &dataset, &dataset.train).await?;
        let (model, data) = (model.to_path_buf(), data.to_string());
        Ok(Self { device, original, dataset: Arc::new(dataset), model, data, non_members, train_logits })
    }

    /// The settings of a method with some of them changed, each as KEY=VALUE.
    pub fn config(&self, method: Method, classes: Vec<usize>, seed: u64, set: &[String]) -> Result<PurgeConfig> {
        let mut changes = serde_json::Map::new();
        changes.insert("seed".into(), seed.into());
        for change in set {
            let (key, value) = change.split_once('=').ok_or_else(|| Error::config("--set", "KEY=VALUE", change))?;
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            changes.insert(key.into(), value);
        }
        let card = &self.original.card;
        let classes = ClassRoles::new(classes, &card.forgotten_classes);
        let network = self.original.network.architecture();
        PurgeConfig::preset(method.preset(), &card.dataset, network, classes).changed(changes)
    }

    /// Scores before, a run, scores after, and those of the network in `retrained`; by default the one beside the model,
    /// where it is there.
    pub async fn unlearn(
        &self,
        method: Method,
        config: PurgeConfig,
        retrained: Option<&Path>,
    ) -> Result<(Network, Outcome)> {
        let classes = &config.classes;
        config.check(self.dataset.classes())?;
        let before = self.scores(&self.original.network, classes, Some(&self.train_logits)).await?;
        let retrained = match retrained {
            Some(path) => Some(self.reference(path, classes).await?),
            None => match self.beside(classes) {
                Some(path) => Some(self.reference(&path, classes).await?),
                None => None,
            },
        };
        let network = self.original.network.clone();
        let train_logits = Some(self.train_logits.clone());
        let mut run = Run::start(network, self.dataset.clone(), config.clone(), train_logits).await?;
        let trace = drive(&mut run).await?;
        let (network, summary) = run.finish();
        let after = self.scores(&network, classes, None).await?;
        let outcome = Outcome {
            model: self.name(),
            data: self.data.clone(),
            class_name: self.names(&classes.forget),
            device: device::name(&self.device),
            method,
            config,
            before,
            after,
            retrained,
            summary,
            trace,
        };
        Ok((network, outcome))
    }

    /// The model's file name without its ending.
    pub fn name(&self) -> String {
        self.model.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn names(&self, classes: &[usize]) -> String {
        let names: Vec<&str> =
            classes.iter().filter_map(|&class| self.dataset.class_names.get(class)).map(String::as_str).collect();
        names.join(" + ")
    }

    async fn scores(
        &self,
        network: &Network,
        classes: &ClassRoles,
        train_logits: Option<&[f32]>,
    ) -> Result<Evaluation> {
        evaluate(network, &self.dataset, classes, self.non_members, train_logits).await
    }

    async fn reference(&self, path: &Path, classes: &ClassRoles) -> Result<Evaluation> {
        self.scores(&checkpoint(path, &self.device)?.network, classes, None).await
    }

    /// `mnist-group.safetensors` → `mnist-group-without-3.safetensors`, of several classes `-without-0-5`
    fn beside(&self, classes: &ClassRoles) -> Option<PathBuf> {
        let mut gone: Vec<usize> = classes.gone().collect();
        gone.sort_unstable();
        let name = format!("{}-without-{}.safetensors", self.name(), joined(&gone, "-"));
        let path = self.model.with_file_name(name);
        path.is_file().then_some(path)
    }
}

/// Runs to the end behind a progress bar.
pub async fn drive(run: &mut Run) -> Result<Vec<StepScalars>> {
    let bar = ProgressBar::new(0);
    let style =
        ProgressStyle::with_template("{bar:30} step {pos}/{len} {msg}").map_err(|e| Error::io("progress bar", e))?;
    bar.set_style(style);
    let mut trace = Vec::new();
    loop {
        let progress = run.advance(usize::MAX).await?;
        bar.set_length(progress.max_steps as u64);
        bar.set_position(progress.step as u64);
        bar.set_message(format!(
            "forget accuracy {:.1} %, retain loss {:.4}",
            progress.forget_accuracy, progress.retain_loss
        ));
        trace.extend(progress.steps);
        if progress.stop.is_some() {
            bar.finish_and_clear();
            return Ok(trace);
        }
    }
}
