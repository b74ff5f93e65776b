use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use purge_unlearning::data::ClassRoles;
use purge_unlearning::unlearning::method::method;
use purge_unlearning::unlearning::{Preset, RunConfig};
use purge_unlearning::{Error, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::options::{DeviceName, NonMembers, joined, method_name, methods_help, preset, settings_help, write_whole};
use crate::task::Experiment;

/// Run every class, method, preset and seed, a JSON file each, and make tables of them.
///
/// A task whose file is there is left out, so a run that was killed goes on where it stopped, and machines that share the
/// folder can each take a part. A file that is of other settings is an error.
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
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "purge", value_parser = method_name, help = methods_help())]
    method: Vec<String>,
    /// Which presets of each method, as far as it has them
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "published,strict", value_parser = preset)]
    preset: Vec<Preset>,
    /// How many seeds of the batches, from 0
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Change one setting of the methods, such as learning_rate=0.002
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Where the non-members of the membership attacks come from
    #[arg(long, value_enum, default_value = "test")]
    non_members: NonMembers,
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceName,
    /// Do only the tasks i, i + n, i + 2n …, counted from 1
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// The folder of the results
    #[arg(long, value_name = "DIR", required_unless_present = "collect")]
    out: Option<PathBuf>,
    /// Run nothing: make table.md and tasks.csv of the results in this folder
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    collect: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub enum Classes {
    All,
    These(Vec<usize>),
}

impl Classes {
    /// Those that are meant where there are `count` classes.
    pub fn of(&self, count: usize) -> Vec<usize> {
        match self {
            Classes::All => (0..count).collect(),
            Classes::These(classes) => classes.clone(),
        }
    }
}

impl FromStr for Classes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let number = |part: &str| part.trim().parse().map_err(|_| format!("\"{part}\" is no class"));
        text.split(',').map(number).collect::<Result<_, _>>().map(Self::These)
    }
}

/// Every `count`th task, from `index`, which counts from 1.
#[derive(Debug, Clone, Copy)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// The tasks that are its own.
    pub fn of<T>(self, tasks: Vec<T>) -> impl Iterator<Item = T> {
        tasks.into_iter().skip(self.index - 1).step_by(self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, count)) if 1 <= index && index <= count => Ok(Self { index, count }),
            _ => Err("expected I/N with 1 ≤ I ≤ N".into()),
        }
    }
}

impl Table {
    pub async fn run(self) -> Result<()> {
        match (self.collect.as_deref(), self.model.as_deref(), self.data.as_deref(), self.out.as_deref()) {
            (Some(folder), ..) => collect(folder),
            (None, Some(model), Some(data), Some(out)) => self.tasks(model, data, out).await,
            _ => Err(Error::config("--out", "--model, --data and --out, or --collect", "neither")),
        }
    }

    async fn tasks(&self, model: &Path, data: &str, out: &Path) -> Result<()> {
        std::fs::create_dir_all(out).map_err(|e| Error::io(out.display(), e))?;
        let mut experiment = Experiment::open(self.device, model, data, self.non_members.split()).await?;
        let classes = self.classes.of(experiment.workspace.dataset()?.classes());
        let methods = with_presets(&self.method, &self.preset)?;
        let mut tasks = Vec::new();
        for seed in 0..self.seeds {
            for &class in &classes {
                tasks.extend(methods.iter().map(|&(method, preset)| (seed, class, method, preset)));
            }
        }
        for (seed, class, method, preset) in self.shard.of(tasks) {
            // Else what the task before has forgotten would count as forgotten in this one.
            experiment.workspace.reset();
            let config = experiment.config(method, Some(preset), vec![class], seed, &self.set)?;
            let name = format!("{}.{method}.{}.class-{class}.seed-{seed}.json", experiment.name(), preset.as_str());
            let path = out.join(&name);
            if path.exists() {
                self.must_be_of(&path, &config, data)?;
                eprintln!("{name} is there");
                continue;
            }
            let mut outcome = experiment.unlearn(config, None).await?;
            outcome.trace.clear();
            let text = serde_json::to_string(&outcome).map_err(|e| Error::io(path.display(), e))?;
            write_whole(&path, text.as_bytes())?;
            eprintln!(
                "{name}: FA {:.1} → {:.1}, RA {:.1} → {:.1}, {} steps, {:.0} s",
                outcome.before.fa,
                outcome.after.fa,
                outcome.before.ra,
                outcome.after.ra,
                outcome.summary.steps,
                outcome.summary.seconds
            );
        }
        Ok(())
    }

    /// Fails where the result that is there is of other settings, or the table would mix what does not belong together.
    fn must_be_of(&self, path: &Path, config: &RunConfig, data: &str) -> Result<()> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path.display(), e))?;
        let there: Value = serde_json::from_str(&text).map_err(|e| Error::io(path.display(), e))?;
        let wanted = serde_json::to_value(config).map_err(|e| Error::io(path.display(), e))?;
        let mut differences = Vec::new();
        let mut compare = |key: &str, there: &Value, wanted: &Value| {
            if there != wanted {
                differences.push(format!("{key} {there} and not {wanted}"));
            }
        };
        compare("data", &there["data"], &data.into());
        let split = self.non_members.split().as_str();
        compare("non_members", &there["after"]["non_member_split"], &split.into());
        // Whether steps are measured makes no other result.
        let measures = |key: &str| key == "certificate";
        for (key, value) in wanted.as_object().into_iter().flatten().filter(|(key, _)| !measures(key)) {
            compare(key, &there["config"][key], value);
        }
        if differences.is_empty() {
            return Ok(());
        }
        let expected =
            format!("no results of other settings in it; {} is of {}", path.display(), differences.join(", "));
        Err(Error::config("--out", expected, "one: take another folder, or remove the file"))
    }
}

/// Each method with each of the presets that it has.
pub fn with_presets<'a>(methods: &'a [String], presets: &[Preset]) -> Result<Vec<(&'a str, Preset)>> {
    let mut pairs = Vec::new();
    for name in methods {
        let info = method(name)?.info();
        let known: Vec<Preset> = presets.iter().copied().filter(|preset| info.has(*preset)).collect();
        if known.is_empty() {
            let presets: Vec<&str> = info.presets.iter().map(|preset| preset.preset.as_str()).collect();
            return Err(Error::config("--preset", format!("one of {name}'s: {}", presets.join(", ")), "none of them"));
        }
        pairs.extend(known.into_iter().map(|preset| (name.as_str(), preset)));
    }
    Ok(pairs)
}

/// What a table needs of a result.
#[derive(Deserialize)]
struct Task {
    model: String,
    class_name: String,
    config: Config,
    before: Scores,
    after: Scores,
    retrained: Option<Scores>,
    stop: String,
    steps: usize,
    seconds: f64,
    violations: Option<usize>,
}

impl Task {
    /// "purge strict"
    fn method(&self) -> String {
        format!("{} {}", self.config.method, self.config.preset)
    }

    /// Number and name, or the number alone where that is the name.
    fn class_label(&self) -> String {
        let number = joined(&self.config.classes.forget, " + ");
        if self.class_name == number { number } else { format!("{number} {}", self.class_name) }
    }
}

#[derive(Deserialize)]
struct Config {
    method: String,
    preset: String,
    classes: ClassRoles,
    seed: u64,
}

#[derive(Deserialize)]
struct Scores {
    ta: f64,
    ta_retained: f64,
    fa: f64,
    fa_test: f64,
    ra: f64,
    mia: Mia,
}

#[derive(Deserialize)]
struct Mia {
    loss: f64,
    confidence: f64,
    mean: f64,
}

fn collect(folder: &Path) -> Result<()> {
    let mut groups: BTreeMap<(String, String), Vec<Task>> = BTreeMap::new();
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io(folder.display(), e))?;
    for entry in entries {
        let path = entry.map_err(|e| Error::io(folder.display(), e))?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|e| Error::io(path.display(), e))?;
        let task: Task = serde_json::from_str(&text).map_err(|e| Error::io(path.display(), e))?;
        groups.entry((task.model.clone(), task.method())).or_default().push(task);
    }
    if groups.is_empty() {
        return Err(Error::io(folder.display(), "no results here, which are *.json files of purge table"));
    }
    let mut tables = String::new();
    for ((model, method), tasks) in &mut groups {
        tasks.sort_by_key(|task| (task.config.classes.forget.clone(), task.config.seed));
        tables += &markdown(model, method, tasks);
    }
    print!("{tables}");
    write_whole(&folder.join("table.md"), tables.as_bytes())?;
    write_whole(&folder.join("tasks.csv"), csv(groups.values().flatten()).as_bytes())
}

type Score = (&'static str, usize, fn(&Task) -> Option<f64>);

const SCORES: [Score; 13] = [
    ("TA_r before", 1, |t| Some(t.before.ta_retained)),
    ("TA_r", 1, |t| Some(t.after.ta_retained)),
    ("FA before", 1, |t| Some(t.before.fa)),
    ("FA", 1, |t| Some(t.after.fa)),
    ("FA_test", 1, |t| Some(t.after.fa_test)),
    ("RA before", 1, |t| Some(t.before.ra)),
    ("RA", 1, |t| Some(t.after.ra)),
    ("MIA before", 3, |t| Some(t.before.mia.mean)),
    ("MIA", 3, |t| Some(t.after.mia.mean)),
    ("MIA retrained", 3, |t| t.retrained.as_ref().map(|r| r.mia.mean)),
    ("steps", 0, |t| Some(t.steps as f64)),
    ("violations", 0, |t| t.violations.map(|n| n as f64)),
    ("seconds", 0, |t| Some(t.seconds)),
];

/// A row for each class, mean ± standard deviation over its seeds, and one over all tasks.
fn markdown(model: &str, method: &str, tasks: &[Task]) -> String {
    let mut table = format!("### {model}, {method}\n\n| class |");
    SCORES.iter().for_each(|(name, ..)| table += &format!(" {name} |"));
    table += " stopped by |\n|---|";
    SCORES.iter().for_each(|_| table += "--:|");
    table += "---|\n";
    let mut row = |name: &str, tasks: &[Task]| {
        let _ = write!(table, "| {name} |");
        for (_, digits, value) in SCORES {
            let values: Vec<f64> = tasks.iter().filter_map(value).collect();
            let _ = write!(table, " {} |", mean_and_deviation(&values, digits));
        }
        let mut stops: Vec<&str> = tasks.iter().map(|task| task.stop.as_str()).collect();
        stops.sort_unstable();
        stops.dedup();
        let _ = writeln!(table, " {} |", stops.join(", ").replace('_', " "));
    };
    for class in tasks.chunk_by(|a, b| a.config.classes == b.config.classes) {
        row(&class[0].class_label(), class);
    }
    row("**mean**", tasks);
    table + "\n"
}

/// The deviation is the sample's, n − 1.
fn mean_and_deviation(values: &[f64], digits: usize) -> String {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    match values {
        [] => "–".into(),
        [only] => format!("{only:.digits$}"),
        _ => {
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
            format!("{mean:.digits$} ± {:.digits$}", variance.sqrt())
        }
    }
}

fn csv<'a>(tasks: impl Iterator<Item = &'a Task>) -> String {
    let scores = ["ta", "ta_retained", "fa", "fa_test", "ra", "mia_loss", "mia_confidence", "mia"];
    let mut text = String::from("model,method,preset,class,class_name,seed,stop,steps,seconds,violations");
    for side in ["before", "after", "retrained"] {
        scores.iter().for_each(|score| text += &format!(",{side}_{score}"));
    }
    text.push('\n');
    for task in tasks {
        let Task { model, class_name, config, stop, steps, seconds, violations, .. } = task;
        let Config { method, preset, .. } = config;
        let violations = violations.map(|n| n.to_string()).unwrap_or_default();
        // A class may be called anything. JSON's quotes serve as CSV's, but for a quote inside.
        let quoted = Value::from(class_name.replace('"', "'"));
        let _ = write!(
            text,
            "{model},{method},{preset},{},{quoted},{},{stop},{steps},{seconds:.2},{violations}",
            joined(&config.classes.forget, " "),
            config.seed
        );
        for side in [Some(&task.before), Some(&task.after), task.retrained.as_ref()] {
            let values =
                side.map(|s| [s.ta, s.ta_retained, s.fa, s.fa_test, s.ra, s.mia.loss, s.mia.confidence, s.mia.mean]);
            match values {
                Some(values) => values.iter().for_each(|value| text += &format!(",{value:.4}")),
                None => text += &",".repeat(scores.len()),
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_of_a_sample() {
        assert_eq!(mean_and_deviation(&[], 1), "–");
        assert_eq!(mean_and_deviation(&[2.0], 1), "2.0");
        // Python: statistics.mean and statistics.stdev of [2, 4, 4, 5, 9]
        assert_eq!(mean_and_deviation(&[2.0, 4.0, 4.0, 5.0, 9.0], 3), "4.800 ± 2.588");
    }

    #[test]
    fn shards_take_every_task_once() {
        for count in 1..5 {
            let mut taken: Vec<usize> = (1..=count)
                .map(|index| format!("{index}/{count}").parse::<Shard>().unwrap())
                .flat_map(|shard| (0..11).skip(shard.index - 1).step_by(shard.count))
                .collect();
            taken.sort_unstable();
            assert_eq!(taken, (0..11).collect::<Vec<_>>());
        }
        for bad in ["0/2", "3/2", "1", "a/b", "1/0"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
