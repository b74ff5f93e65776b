use std::path::Path;

use purge_unlearning::evaluation::Evaluation;
use purge_unlearning::model::Norm;
use purge_unlearning::unlearning::{Preset, StopReason};
use purge_unlearning::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::halving::Score;
use super::points::Origin;
use crate::options::write_whole;

/// What is tried.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    pub model: String,
    pub data: String,
    /// What the network was trained on, what it is, and how it normalises.
    pub dataset: String,
    pub architecture: String,
    pub norm: Norm,
    pub method: String,
    pub preset: Preset,
    /// The number of the setting, from 0, and where it comes from.
    pub setting: usize,
    pub origin: Origin,
    /// Where it differs from the preset.
    pub changes: Map<String, Value>,
    pub class: usize,
    /// Seconds that it may take.
    pub limit: f64,
    /// Every setting.
    pub config: Value,
}

/// What it came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    pub class_name: String,
    pub device: String,
    /// Tug of war with the retrained network.
    pub tow: f64,
    pub after: Scores,
    pub retrained: Scores,
    pub stop: StopReason,
    /// Whether it was over its limit, and left where it stood.
    pub cut: bool,
    pub steps: usize,
    /// What it took, as it counts for the limit.
    pub seconds: f64,
}

/// Percent.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Scores {
    pub ta: f64,
    pub ta_retained: f64,
    pub fa: f64,
    pub fa_test: f64,
    pub ra: f64,
}

/// A setting that was tried on a class, as it is written to JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trial {
    #[serde(flatten)]
    pub question: Question,
    #[serde(flatten)]
    pub answer: Answer,
}

impl Question {
    pub fn file_name(&self) -> String {
        let Self { model, method, preset, setting, class, .. } = self;
        format!("{model}.{method}.{}.setting-{setting:02}.class-{class}.json", preset.as_str())
    }

    /// What is there, if it is: an answer to another question is an error, for both would be ranked as one search.
    pub fn answered(&self, folder: &Path) -> Result<Option<Trial>> {
        let path = folder.join(self.file_name());
        if !path.exists() {
            return Ok(None);
        }
        let trial = Trial::read(&path)?;
        let value = |question: &Question| serde_json::to_value(question).map_err(|e| Error::io(path.display(), e));
        let differences = differences(&value(&trial.question)?, &value(self)?);
        if differences.is_empty() {
            return Ok(Some(trial));
        }
        let expected = format!("no trials of another search in it; {} has {}", path.display(), differences.join(", "));
        Err(Error::config("--out", expected, "one: take another folder, or remove the file"))
    }
}

impl Trial {
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path.display(), e))?;
        serde_json::from_str(&text).map_err(|e| Error::io(path.display(), e))
    }

    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(self.question.file_name());
        let text = serde_json::to_string(self).map_err(|e| Error::io(path.display(), e))?;
        write_whole(&path, text.as_bytes())
    }

    pub fn score(&self) -> Score {
        let Answer { tow, after, stop, .. } = &self.answer;
        Score { tow: *tow, fa: after.fa, diverged: *stop == StopReason::Diverged }
    }
}

impl Scores {
    pub fn of(evaluation: &Evaluation) -> Self {
        let &Evaluation { ta, ta_retained, fa, fa_test, ra, .. } = evaluation;
        Self { ta, ta_retained, fa, fa_test, ra }
    }
}

/// Where a question that is there is another than the one that is wanted, in words.
fn differences(there: &Value, wanted: &Value) -> Vec<String> {
    let differ = |(key, wanted): (&String, &Value)| match (&there[key], wanted) {
        (there, wanted) if there == wanted => Vec::new(),
        (there @ Value::Object(_), wanted @ Value::Object(_)) => differences(there, wanted),
        (there, wanted) => vec![format!("{key} {there} and not {wanted}")],
    };
    wanted.as_object().into_iter().flatten().flat_map(differ).collect()
}
