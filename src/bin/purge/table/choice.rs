//! What the command line asks of a table: classes, a part of the tasks, rows.

use std::str::FromStr;

use purge_unlearning::unlearning::method::{METHODS, method};
use purge_unlearning::unlearning::{Method, Preset, RunConfig};
use purge_unlearning::workspace::RunRequest;
use purge_unlearning::{Error, Result};
use serde_json::{Map, Value};

use crate::ablate;
use crate::options::method_name;
use crate::task::Experiment;

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
        if text == ALL {
            return Ok(Self::All);
        }
        let number = |part: &str| part.trim().parse().map_err(|_| format!("\"{part}\" is no class"));
        text.split(',').map(number).collect::<Result<_, _>>().map(Self::These)
    }
}

pub const ALL: &str = "all";

/// A part of all tasks.
#[derive(Debug, Clone, Copy)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// Whether it has the task in this place of this group. Each group begins with another shard, or one that has as many
    /// tasks as there are shards would give each shard the same task every time, and one of them all the slow ones.
    pub fn takes(self, group: usize, place: usize) -> bool {
        (group + place) % self.count == self.index - 1
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

/// For clap: a method by name, or all.
pub fn method_or_all(name: &str) -> Result<String, String> {
    if name == ALL { Ok(name.into()) } else { method_name(name) }
}

/// Runs that differ in class and seed alone: a method, one of its presets, and the part of it that is switched off.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub method: &'static str,
    pub preset: Preset,
    pub ablated: Option<String>,
}

/// Which rows a table shall have, as the command line says it.
pub struct Wanted<'a> {
    pub methods: &'a [String],
    pub presets: &'a [Preset],
    pub ablate: &'a [String],
    pub set: &'a [String],
}

impl Wanted<'_> {
    /// Each method with each of the wanted presets that it has, then these without each part that they have.
    pub fn choices(&self, experiment: &Experiment, class: usize) -> Result<Vec<Choice>> {
        let pairs = with_presets(&self.methods()?, self.presets)?;
        let mut choices: Vec<Choice> =
            pairs.into_iter().map(|(method, preset)| Choice { method, preset, ablated: None }).collect();
        let whole = choices.clone();
        for part in self.ablate {
            let before = choices.len();
            for choice in &whole {
                if ablate::has(&choice.config(experiment, class, 0, self.set)?, part)? {
                    choices.push(Choice { ablated: Some(part.clone()), ..choice.clone() });
                }
            }
            if choices.len() == before {
                return Err(Error::config("--ablate", "a part that one of the methods has", part));
            }
        }
        Ok(choices)
    }

    fn methods(&self) -> Result<Vec<&'static dyn Method>> {
        if self.methods.iter().any(|name| name == ALL) {
            // What `retrain` comes to are the retrained networks, which have a row of their own.
            return Ok(METHODS.into_iter().filter(|method| method.info().name != RETRAIN).collect());
        }
        named(self.methods)
    }
}

/// The methods of these names.
pub fn named(names: &[String]) -> Result<Vec<&'static dyn Method>> {
    names.iter().map(|name| method(name)).collect()
}

/// Each method with each of the presets that it has.
pub fn with_presets(methods: &[&'static dyn Method], presets: &[Preset]) -> Result<Vec<(&'static str, Preset)>> {
    let mut pairs = Vec::new();
    for info in methods.iter().map(|method| method.info()) {
        let its: Vec<Preset> = presets.iter().copied().filter(|preset| info.has(*preset)).collect();
        if its.is_empty() {
            let known: Vec<&str> = info.presets.iter().map(|preset| preset.preset.as_str()).collect();
            let expected = format!("one of {}'s: {}", info.name, known.join(", "));
            return Err(Error::config("--preset", expected, "none of them"));
        }
        pairs.extend(its.into_iter().map(|preset| (info.name, preset)));
    }
    Ok(pairs)
}

const RETRAIN: &str = "retrain";

impl Choice {
    /// "purge.strict", "purge.strict.no-projection": a part of a file's name.
    pub fn file_part(&self) -> String {
        let ablated = self.ablated.iter().map(|part| format!(".no-{part}")).collect::<String>();
        format!("{}.{}{ablated}", self.method, self.preset.as_str())
    }

    /// The settings of its run on a class.
    pub fn config(&self, experiment: &Experiment, class: usize, seed: u64, set: &[String]) -> Result<RunConfig> {
        let config = experiment.config(self.method, Some(self.preset), vec![class], seed, set)?;
        ablate::ablated(config, self.ablated.as_slice())
    }

    /// What the run has otherwise than its preset.
    pub fn changes(&self, experiment: &Experiment, config: &RunConfig) -> Result<Map<String, Value>> {
        let preset = experiment.workspace.resolve(RunRequest {
            method: Some(self.method.into()),
            preset: Some(self.preset),
            forget: config.classes().forget.clone(),
            changes: Map::new(),
        })?;
        let differs = |(key, value): &(&String, &Value)| preset.settings().get(key) != Some(*value);
        Ok(config.settings().iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_take_every_task_once_and_not_the_same_place_in_every_group() {
        for count in 1..5 {
            let shards: Vec<Shard> = (1..=count).map(|index| format!("{index}/{count}").parse().unwrap()).collect();
            for (group, place) in (0..6).flat_map(|group| (0..11).map(move |place| (group, place))) {
                assert_eq!(shards.iter().filter(|shard| shard.takes(group, place)).count(), 1);
            }
        }
        let first: Shard = "1/2".parse().unwrap();
        assert!(first.takes(0, 0) && !first.takes(1, 0) && first.takes(1, 1));
        for bad in ["0/2", "3/2", "1", "a/b", "1/0"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }

    #[test]
    fn all_is_every_method_but_the_one_that_has_a_row_already() {
        let all = Wanted { methods: &[ALL.into()], presets: &[], ablate: &[], set: &[] }.methods().unwrap();
        assert_eq!(all.len(), METHODS.len() - 1);
        assert!(all.iter().all(|method| method.info().name != RETRAIN));
        assert!(METHODS.iter().any(|method| method.info().name == RETRAIN));
    }
}
