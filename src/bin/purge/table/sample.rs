//! Results as they are read again from the files of a table's folder.

use std::path::Path;

use purge_unlearning::data::ClassRoles;
use purge_unlearning::unlearning::method::method;
use purge_unlearning::{Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::attacking::{Findings, Number, of_attack};
use crate::options::joined;

/// A network that is judged, for one class and one seed.
#[derive(Debug, Clone)]
pub struct Sample {
    pub classes: Vec<usize>,
    pub class_name: String,
    pub seed: u64,
    pub scores: Scores,
    pub findings: Vec<Findings>,
    /// Whether it is the retrained network that others are held against.
    pub is_yardstick: bool,
    /// The run that has made it, if one has.
    pub run: Option<RunOf>,
}

/// How a network was made that a method has made.
#[derive(Debug, Clone)]
pub struct RunOf {
    pub preset: String,
    /// What it has otherwise than its preset, the seed included.
    pub changes: Map<String, Value>,
    pub steps: usize,
    /// That the program computed; what is from before it told that has none.
    pub computed: Option<f64>,
    /// The same, taken once more by `--time`.
    pub timed: Option<f64>,
    pub violations: Option<usize>,
    pub stop: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Scores {
    pub ta: f64,
    pub ta_retained: f64,
    pub fa: f64,
    pub fa_test: f64,
    pub ra: f64,
    pub mia: Mia,
    pub non_member_split: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Mia {
    pub loss: f64,
    pub confidence: f64,
    pub mean: f64,
}

/// Whose results belong into one row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Before,
    Retrained,
    Run {
        method: String,
        preset: String,
        ablated: Option<String>,
        /// "learning_rate 0.002, epochs 3": what was set by hand.
        set: String,
        /// Whether the class's row of the head is masked, so that nothing is ever recognised as it.
        masks: bool,
    },
}

impl Key {
    /// "PURGE, strict, without projection"
    pub fn label(&self) -> String {
        let Key::Run { method: name, preset, ablated, set, .. } = self else {
            return if *self == Key::Before { "Before".into() } else { "Retrained".into() };
        };
        let info = method(name).ok().map(|method| method.info());
        let mut label = info.map_or(name.as_str(), |info| info.title).to_string();
        // Of PURGE there are always two, and which is meant has to be said.
        let is_usual = info.is_some_and(|info| info.default_preset.as_str() == preset && info.name != "purge");
        if !is_usual {
            label += &format!(", {preset}");
        }
        ablated.iter().for_each(|part| label += &format!(", without {part}"));
        if !set.is_empty() {
            label += &format!(", {set}");
        }
        label
    }

    pub fn masks(&self) -> bool {
        matches!(self, Key::Run { masks: true, .. })
    }

    /// The name of the method; empty for a network that is not made by one.
    pub fn method(&self) -> &str {
        match self {
            Key::Run { method, .. } => method,
            _ => "",
        }
    }
}

/// A file of the folder.
#[derive(Debug)]
pub struct Entry {
    pub model: String,
    pub data: String,
    pub key: Key,
    pub sample: Sample,
}

#[derive(Deserialize)]
struct RunFile {
    model: String,
    data: String,
    class_name: String,
    config: Config,
    after: Scores,
    #[serde(default)]
    ablated: Option<String>,
    #[serde(default)]
    changes: Map<String, Value>,
    #[serde(default)]
    attacks: Vec<Findings>,
    stop: String,
    steps: usize,
    computed: Option<f64>,
    timed: Option<f64>,
    violations: Option<usize>,
}

#[derive(Deserialize)]
struct Config {
    method: String,
    preset: String,
    classes: ClassRoles,
    #[serde(default)]
    seed: u64,
    /// Methods that mask the class's row of the head have this setting, and no other has.
    head_offset: Option<f64>,
}

#[derive(Deserialize)]
struct NetworkFile {
    network: NetworkKind,
    model: String,
    data: String,
    class_name: String,
    classes: ClassRoles,
    seed: u64,
    scores: Scores,
    attacks: Vec<Findings>,
}

#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NetworkKind {
    Before,
    Retrained,
}

impl Entry {
    /// A file of `purge table`.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path.display(), e))?;
        Self::of(&text).map_err(|e| Error::io(path.display(), e))
    }

    pub fn of(text: &str) -> serde_json::Result<Self> {
        let json: Value = serde_json::from_str(text)?;
        if json.get("network").is_some() { typed(json).map(Self::of_network) } else { typed(json).map(Self::of_run) }
    }

    fn of_network(file: NetworkFile) -> Self {
        let is_yardstick = file.network == NetworkKind::Retrained && file.seed == 0;
        let key = if file.network == NetworkKind::Before { Key::Before } else { Key::Retrained };
        let sample = Sample {
            classes: file.classes.forget,
            class_name: file.class_name,
            seed: file.seed,
            scores: file.scores,
            findings: file.attacks,
            is_yardstick,
            run: None,
        };
        Self { model: file.model, data: file.data, key, sample }
    }

    fn of_run(file: RunFile) -> Self {
        let Config { method, preset, classes, seed, head_offset } = file.config;
        // What is switched off shows among the changes too, with the seed of each row's runs.
        let by_hand = file.changes.iter().filter(|(key, _)| file.ablated.is_none() && *key != "seed");
        let set: Vec<String> = by_hand.map(|(key, value)| format!("{key} {value}")).collect();
        let masks = head_offset.is_some();
        let key = Key::Run { method, preset: preset.clone(), ablated: file.ablated, set: set.join(", "), masks };
        let RunFile { changes, steps, computed, timed, violations, stop, .. } = file;
        let sample = Sample {
            classes: classes.forget,
            class_name: file.class_name,
            seed,
            scores: file.after,
            findings: file.attacks,
            is_yardstick: false,
            run: Some(RunOf { preset, changes, steps, computed, timed, violations, stop }),
        };
        Self { model: file.model, data: file.data, key, sample }
    }
}

fn typed<T: DeserializeOwned>(json: Value) -> serde_json::Result<T> {
    serde_json::from_value(json)
}

impl Sample {
    /// A number of an attack.
    pub fn number(&self, attack: &str, key: &str) -> Option<&Number> {
        of_attack(&self.findings, attack)?.number(key)
    }

    /// Number and name, or the number alone where that is the name.
    pub fn class_label(&self) -> String {
        let number = joined(&self.classes, " + ");
        if self.class_name == number { number } else { format!("{number} {}", self.class_name) }
    }
}
