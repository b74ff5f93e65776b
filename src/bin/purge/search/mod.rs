mod grids;
mod halving;
mod log;
mod points;
mod rows;
mod trial;

use std::path::{Path, PathBuf};

use clap::Args;
use purge_unlearning::attacks::compare::tow;
use purge_unlearning::data::{ClassRoles, SplitName};
use purge_unlearning::evaluation::Evaluation;
use purge_unlearning::model::Architecture;
use purge_unlearning::unlearning::method::method;
use purge_unlearning::unlearning::{MethodInfo, Subject};
use purge_unlearning::{Error, Result};

use crate::clock::Clock;
use crate::options::{DeviceName, joined, write_whole};
use crate::table::Shard;
use crate::task::{Experiment, drive_until};
use points::Point;
use trial::{Answer, Question, Scores, Trial};

/// Search the settings of methods that suit a network, with as many trials for each method
///
/// The default preset of a method, its authors' values and points of its grid are tried on the first class, the better third on the
/// second class too, and the best two on the third. The score is the tug of war (ToW) with the networks retrained without the classes,
/// MODEL-without-N.safetensors, of settings that forget. Each trial is a JSON file, so that a search that was killed goes on where it
/// stopped, and machines that share the folder can each take some of the methods. docs/searching.md tells more.
#[derive(Args)]
pub struct Search {
    /// The network, a safetensors file
    #[arg(long, value_name = "FILE", required_unless_present = "collect")]
    model: Option<PathBuf>,
    /// mnist, mnist-full, pathmnist, cifar10, cifar100, svhn, stl10, or a path
    #[arg(long, value_name = "NAME|PATH", required_unless_present = "collect")]
    data: Option<String>,
    /// Which methods: all, or names with commas between; retrain is not searched
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = ALL)]
    method: Vec<String>,
    /// The classes to search on, up to three, each forgotten by itself. Tables are of other classes, and of other seeds than the 100 that
    /// all trials have
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1,4,6")]
    classes: Vec<usize>,
    /// What a trial may take, in seconds: on the CPU those that its threads compute. One that is over that is left where it stands;
    /// default: about half of what retraining takes, 30 for MNIST, 100 for others, 450 for a ResNet
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    limit: Option<f64>,
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceName,
    /// Do every N-th method, beginning with the I-th: N processes with the same folder share the work. On a CPU they are
    /// quickest with RAYON_NUM_THREADS=1
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// The folder of the trials
    #[arg(long, value_name = "DIR", required_unless_present = "collect")]
    out: Option<PathBuf>,
    /// Run nothing: tell what the trials in these folders came to, as Markdown
    #[arg(long, value_name = "DIR", num_args = 1.., conflicts_with = "out")]
    collect: Vec<PathBuf>,
    /// With --collect: write what was found to this file, src/unlearning/settings/searched/rows.rs of the crate
    #[arg(long, value_name = "FILE", requires = "collect")]
    rust: Option<PathBuf>,
}

const ALL: &str = "all";

/// Seed of the batches in all trials.
const SEED: u64 = 100;

/// Steps after which the clock is looked at.
const A_FEW: usize = 4;

impl Search {
    pub async fn run(self) -> Result<()> {
        if !self.collect.is_empty() {
            let searches = log::read(&self.collect)?;
            print!("{}", log::markdown(&searches));
            return match &self.rust {
                Some(path) => write_whole(path, rows::rust(&searches)?.as_bytes()),
                None => Ok(()),
            };
        }
        let methods = self.methods()?;
        let (Some(model), Some(data), Some(out)) = (&self.model, &self.data, &self.out) else {
            return Err(Error::config("--out", "--model, --data and --out, or --collect", "neither"));
        };
        std::fs::create_dir_all(out).map_err(|e| Error::io(out.display(), e))?;
        let mut bench = self.open(model, data, out).await?;
        for (place, name) in methods.into_iter().enumerate() {
            if self.shard.takes(0, place) {
                bench.search(name).await?;
            }
        }
        Ok(())
    }

    /// The methods that are meant, each with a grid.
    fn methods(&self) -> Result<Vec<&'static str>> {
        match self.method.as_slice() {
            [all] if all == ALL => Ok(grids::methods()),
            names => names.iter().map(|name| grids::grid(name).map(|grid| grid.method)).collect(),
        }
    }

    async fn open<'a>(&self, model: &Path, data: &'a str, out: &'a Path) -> Result<Bench<'a>> {
        if self.classes.len() > halving::RUNGS.len() {
            let expected = format!("up to {} classes", halving::RUNGS.len());
            return Err(Error::config("--classes", expected, self.classes.len()));
        }
        let mut experiment = Experiment::open(self.device, model, data, SplitName::Test).await?;
        let count = experiment.workspace.dataset()?.classes();
        for (place, class) in self.classes.iter().enumerate() {
            if *class >= count || self.classes[..place].contains(class) {
                let expected = format!("classes from 0 to {}, each once", count.saturating_sub(1));
                return Err(Error::config("--classes", expected, joined(&self.classes, ",")));
            }
        }
        let dataset = experiment.workspace.info().model.map(|model| model.card.dataset).unwrap_or_default();
        let network = *experiment.workspace.network()?.architecture();
        let mut references = Vec::new();
        for &class in &self.classes {
            let classes = ClassRoles::from(class);
            let path = experiment.beside(&classes, 0).ok_or_else(|| {
                let missing = "not beside the model: the score compares with it; purge train makes it, --without";
                let file = format!("{}-without-{class}.safetensors", experiment.name());
                Error::io(file, format!("{missing} {class}"))
            })?;
            references.push((class, experiment.retrained(&path, &[class]).await?.scores));
        }
        let limit = self.limit.unwrap_or_else(|| usual_limit(&dataset, &network));
        Ok(Bench { experiment, data, out, dataset, network, references, limit, device: self.device })
    }
}

/// Seconds that a trial may take where nothing else is said: about half of what retraining without the class takes, for whoever
/// needs longer could as well do that.
fn usual_limit(dataset: &str, network: &Architecture) -> f64 {
    match (network, dataset) {
        (Architecture::ResNet(_), _) => 450.0,
        (Architecture::SmallCnn(_), "mnist") => 30.0,
        (Architecture::SmallCnn(_), _) => 100.0,
    }
}

/// For clap: a limit.
fn seconds(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|seconds: &f64| *seconds > 0.0 && seconds.is_finite());
    number.ok_or_else(|| "expected a number of seconds over 0".into())
}

/// Where trials are made.
struct Bench<'a> {
    experiment: Experiment,
    data: &'a str,
    out: &'a Path,
    dataset: String,
    network: Architecture,
    /// The classes, each with the scores of the network retrained without it.
    references: Vec<(usize, Evaluation)>,
    limit: f64,
    device: DeviceName,
}

impl Bench<'_> {
    async fn search(&mut self, name: &str) -> Result<()> {
        let info = method(name)?.info();
        let points = points::points(name, &Subject { dataset: &self.dataset, network: &self.network })?;
        let mut scores = vec![Vec::new(); points.len()];
        while let Some((setting, place)) = halving::next(&scores, self.references.len()) {
            let trial = self.trial(info, setting, &points[setting], place).await?;
            scores[setting].push(trial.score());
        }
        if let Some(&best) = halving::ranking(&scores).first() {
            let Point { origin, changes, .. } = &points[best];
            let tow = halving::mean(&scores[best], |score| score.tow);
            eprintln!("{name}: {} with a ToW of {tow:.4}", log::words(*origin, changes));
        }
        Ok(())
    }

    /// A setting on a class, unless it was tried before.
    async fn trial(&mut self, info: &MethodInfo, setting: usize, point: &Point, place: usize) -> Result<Trial> {
        let class = self.references[place].0;
        // Else what the trial before has forgotten would count as forgotten in this one.
        self.experiment.workspace.reset();
        let config = self.experiment.config(info.name, Some(info.default_preset), vec![class], SEED, &[])?;
        let all = point.settings.iter().filter(|(key, _)| *key != "seed");
        let config = config.with_all(all.map(|(key, value)| (key.clone(), value.clone())).collect())?;
        let question = Question {
            model: self.experiment.name(),
            data: self.data.into(),
            dataset: self.dataset.clone(),
            architecture: self.network.name().into(),
            norm: self.network.norm(),
            method: info.name.into(),
            preset: info.default_preset,
            setting,
            origin: point.origin,
            changes: point.changes.clone(),
            class,
            limit: self.limit,
            config: serde_json::to_value(&config)
                .map_err(|e| Error::config("settings", "values that JSON can hold", e))?,
        };
        if let Some(trial) = question.answered(self.out)? {
            eprintln!("{} is there", question.file_name());
            return Ok(trial);
        }
        let clock = Clock::start(self.device);
        let limit = self.limit;
        self.experiment.workspace.start(config).await?;
        drive_until(&mut self.experiment.workspace, A_FEW, || clock.seconds() > limit).await?;
        let seconds = clock.seconds();
        let (summary, after) = self.experiment.finish(vec![class]).await?;
        let retrained = &self.references[place].1;
        let answer = Answer {
            class_name: self.experiment.names(&[class])?,
            device: purge_unlearning::device::name(self.experiment.workspace.device()),
            tow: tow(&after, retrained),
            after: Scores::of(&after),
            retrained: Scores::of(retrained),
            stop: summary.stop,
            cut: summary.stop == purge_unlearning::unlearning::StopReason::Cancelled,
            steps: summary.steps,
            seconds,
        };
        let trial = Trial { question, answer };
        trial.write(self.out)?;
        let Answer { tow, after: Scores { fa, ra, .. }, cut, steps, seconds, .. } = &trial.answer;
        let cut = if *cut { ", cut" } else { "" };
        let name = trial.question.file_name();
        eprintln!("{name}: ToW {tow:.4}, FA {fa:.1}, RA {ra:.1}, {steps} steps, {seconds:.1} s{cut}");
        Ok(trial)
    }
}
