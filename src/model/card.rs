use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::ClassRoles;

/// What a network says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Card {
    /// The data it was trained on, such as "mnist".
    pub dataset: String,
    /// Names of the classes, in the order of the logits.
    pub class_names: Vec<String>,
    /// Pixels of an image: height.
    pub height: usize,
    /// Pixels of an image: width.
    pub width: usize,
    /// Mean of each channel on a scale of 0 to 1, as used in training; empty: the dataset's own.
    pub mean: Vec<f64>,
    /// Standard deviation of each channel, likewise.
    pub std: Vec<f64>,
    /// How many training samples of each class, from the first one on, are members; `None`: all.
    pub members_per_class: Option<usize>,
    /// The classes left out of training, for a retrained reference. Older files have one number under `without_class`.
    #[serde(alias = "without_class", deserialize_with = "crate::data::one_or_many")]
    pub without_classes: Vec<usize>,
    /// The classes that the network was made to forget, in runs that reached their target.
    pub forgotten_classes: Vec<usize>,
    /// Seed of weights and batches.
    pub seed: Option<u64>,
    /// Passes over the training set.
    pub epochs: Option<usize>,
    /// Accuracies in percent after training, by split; none once a run has changed the network.
    pub accuracies: BTreeMap<String, f64>,
    /// The command that made the file.
    pub command: Option<String>,
    /// Every run that was made on it, the oldest first.
    pub history: Vec<UnlearnRecord>,
}

/// What a run did to a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnlearnRecord {
    /// The method's name.
    pub method: String,
    /// The preset that its settings started from.
    pub preset: String,
    /// What was to be forgotten, and what had been before.
    pub classes: ClassRoles,
    /// Every setting of the method.
    pub settings: serde_json::Value,
    /// Steps that the network has behind it.
    pub steps: usize,
    /// Why the run ended; absent where it was under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
    /// Forget accuracy reached, percent; absent where nobody measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fa: Option<f64>,
    /// Retain accuracy reached, percent, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ra: Option<f64>,
}

impl Card {
    /// Names for `classes` classes: the card's own, or numbers where it does not have as many.
    pub fn names_of(&self, classes: usize) -> Vec<String> {
        match self.class_names.len() == classes {
            true => self.class_names.clone(),
            false => (0..classes).map(|class| format!("class {class}")).collect(),
        }
    }
}
