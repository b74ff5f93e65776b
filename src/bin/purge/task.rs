use std::io;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use purge_unlearning::attacks::Report;
use purge_unlearning::data::{ClassRoles, SplitName};
use purge_unlearning::evaluation::Evaluation;
use purge_unlearning::inference::LogitCache;
use purge_unlearning::model::Network;
use purge_unlearning::unlearning::{Preset, RunConfig, Step, Summary};
use purge_unlearning::workspace::{AttackRequest, RunRequest, Version, Workspace};
use purge_unlearning::{Error, Result, device};
use serde::Serialize;
use serde_json::Map;

use crate::clock::Clock;
use crate::options::{self, DeviceName, checkpoint, dataset, joined};

/// What an unlearning run came to, as it is written to JSON.
#[derive(Serialize)]
pub struct Outcome {
    pub model: String,
    pub data: String,
    pub class_name: String,
    pub device: String,
    pub config: RunConfig,
    pub before: Evaluation,
    pub after: Evaluation,
    pub retrained: Option<Evaluation>,
    #[serde(flatten)]
    pub summary: Summary,
    /// Seconds of the run as its [`Clock`] counts them.
    pub computed: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Step>,
}

/// A network and its data, on which one run is made after the other, each from the network as it was loaded.
pub struct Experiment {
    pub workspace: Workspace,
    device: DeviceName,
    model: PathBuf,
    data: String,
    non_members: SplitName,
    /// The retrained network that was asked for last: one run after the other is held against it.
    retrained: Option<Retrained>,
}

/// A network retrained without some classes, and what is known of it.
#[derive(Clone)]
pub struct Retrained {
    path: PathBuf,
    pub network: Network,
    /// Its answers on every split that its scores are of.
    pub logits: LogitCache,
    pub scores: Evaluation,
}

impl Experiment {
    pub async fn open(device: DeviceName, model: &Path, data: &str, non_members: SplitName) -> Result<Self> {
        let opened = device.open().await?;
        let mut workspace = Workspace::new(&opened);
        let network = checkpoint(model, &opened)?;
        workspace.load(dataset(data)?, &model.display().to_string(), network);
        Ok(Self { workspace, device, model: model.to_path_buf(), data: data.into(), non_members, retrained: None })
    }

    /// The settings of a run, those in `set` changed, each as KEY=VALUE.
    pub fn config(
        &self,
        method: &str,
        preset: Option<Preset>,
        forget: Vec<usize>,
        seed: u64,
        set: &[String],
    ) -> Result<RunConfig> {
        let mut changes = Map::new();
        changes.insert("seed".into(), seed.into());
        changes.extend(options::changes(set)?);
        self.workspace.resolve(RunRequest { method: Some(method.into()), preset, forget, changes })
    }

    /// Every score of the network as it was loaded.
    pub async fn scores(&mut self, forget: Vec<usize>) -> Result<Evaluation> {
        self.workspace.evaluate(Version::Loaded, forget, self.non_members).await
    }

    /// Scores before, a run, scores after, and those of the network in `retrained`; by default the one beside the model,
    /// where it is there.
    pub async fn unlearn(&mut self, config: RunConfig, retrained: Option<&Path>) -> Result<Outcome> {
        self.workspace.reset();
        let classes = config.classes().clone();
        let before = self.scores(classes.forget.clone()).await?;
        let beside = || self.beside(&classes, 0);
        let retrained = match retrained.map(Path::to_path_buf).or_else(beside) {
            Some(path) => Some(self.retrained(&path, &classes.forget).await?.scores),
            None => None,
        };
        let (trace, computed) = self.run(config.clone()).await?;
        let (summary, after) = self.finish(classes.forget.clone()).await?;
        Ok(Outcome {
            model: self.name(),
            data: self.data.clone(),
            class_name: self.names(&classes.forget)?,
            device: device::name(self.workspace.device()),
            config,
            before,
            after,
            retrained,
            summary,
            computed,
            trace,
        })
    }

    /// A run alone: its steps and its seconds, as its [`Clock`] counts them. What it has made is still to be taken.
    pub async fn run(&mut self, config: RunConfig) -> Result<(Vec<Step>, f64)> {
        let clock = Clock::start(self.device);
        self.workspace.start(config).await?;
        let trace = drive(&mut self.workspace).await?;
        Ok((trace, clock.seconds()))
    }

    /// Ends the run under way, over or not: what it came to, and every score of what it has left.
    pub async fn finish(&mut self, forget: Vec<usize>) -> Result<(Summary, Evaluation)> {
        let summary = self.workspace.finish()?;
        Ok((summary, self.workspace.evaluate(Version::Current, forget, self.non_members).await?))
    }

    /// The model's file name without its ending.
    pub fn name(&self) -> String {
        self.model.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The classes by their names.
    pub fn names(&self, classes: &[usize]) -> Result<String> {
        let names = &self.workspace.dataset()?.class_names;
        let names: Vec<&str> = classes.iter().filter_map(|&class| names.get(class)).map(String::as_str).collect();
        Ok(names.join(" + "))
    }

    /// The retrained network in a file, and every score of it.
    pub async fn retrained(&mut self, path: &Path, forget: &[usize]) -> Result<Retrained> {
        if let Some(kept) =
            self.retrained.as_ref().filter(|kept| kept.path == path && kept.scores.classes.forget == forget)
        {
            return Ok(kept.clone());
        }
        let network = checkpoint(path, self.workspace.device())?.network;
        let mut logits = LogitCache::default();
        let scores = self.workspace.evaluate_known(&network, forget.to_vec(), self.non_members, &mut logits).await?;
        let retrained = Retrained { path: path.to_path_buf(), network, logits, scores };
        self.retrained = Some(retrained.clone());
        Ok(retrained)
    }

    /// `mnist-group.safetensors` → `mnist-group-without-3.safetensors`, of several classes `-without-0-5`, of another seed
    /// `-without-3-seed-1`
    pub fn beside(&self, classes: &ClassRoles, seed: u64) -> Option<PathBuf> {
        let mut gone: Vec<usize> = classes.gone().collect();
        gone.sort_unstable();
        let seed = if seed == 0 { String::new() } else { format!("-seed-{seed}") };
        let name = format!("{}-without-{}{seed}.safetensors", self.name(), joined(&gone, "-"));
        let path = self.model.with_file_name(name);
        path.is_file().then_some(path)
    }

    /// That one, and those from other seeds: `mnist-group-without-3-seed-1.safetensors`
    pub fn all_beside(&self, classes: &ClassRoles) -> Result<Vec<PathBuf>> {
        let Some(first) = self.beside(classes, 0) else { return Ok(Vec::new()) };
        let stem = first.file_stem().unwrap_or_default().to_string_lossy();
        let folder = first.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_seed = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let seed = name.strip_prefix(&format!("{stem}-seed-")).and_then(|rest| rest.strip_suffix(".safetensors"));
            seed.is_some_and(|seed| seed.parse::<u64>().is_ok())
        };
        let paths = std::fs::read_dir(folder)
            .and_then(|all| all.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>());
        let mut others = paths.map_err(|e| Error::io(folder.display(), e))?;
        others.retain(|path| is_seed(path));
        others.sort();
        Ok([vec![first], others].concat())
    }

    /// Makes an attack behind a progress bar.
    pub async fn attack(&mut self, request: AttackRequest) -> Result<Report> {
        let bar = ProgressBar::new(100).with_message(request.name.clone());
        let request = AttackRequest { non_members: Some(self.non_members), ..request };
        self.workspace.start_attack(request)?;
        loop {
            let progress = self.workspace.advance_attack().await?;
            bar.set_position((100.0 * progress.share) as u64);
            if let Some(report) = progress.report {
                bar.finish_and_clear();
                return Ok(report);
            }
        }
    }
}

/// Takes the run under way to its end behind a progress bar.
pub async fn drive(workspace: &mut Workspace) -> Result<Vec<Step>> {
    drive_until(workspace, usize::MAX, || false).await
}

/// The same, or to where `leave` says so. That is asked before the first step, and then after so many steps at most.
pub async fn drive_until(
    workspace: &mut Workspace,
    steps: usize,
    mut leave: impl FnMut() -> bool,
) -> Result<Vec<Step>> {
    let bar = ProgressBar::new(0);
    let style =
        ProgressStyle::with_template("{bar:30} step {pos}/{len} {msg}").map_err(|e| Error::io("progress bar", e))?;
    bar.set_style(style);
    let mut trace = Vec::new();
    while !leave() {
        let progress = workspace.advance(steps).await?;
        bar.set_length(progress.max_steps as u64);
        bar.set_position(progress.step as u64);
        bar.set_message(match progress.retain_loss {
            Some(loss) => format!("forget accuracy {:.1} %, retain loss {loss:.4}", progress.forget_accuracy),
            None => format!("forget accuracy {:.1} %", progress.forget_accuracy),
        });
        trace.extend(progress.steps);
        if progress.stop.is_some() {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(trace)
}
