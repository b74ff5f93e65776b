//! The files of a table's folder, as they are written and found again.

use std::path::Path;

use purge_unlearning::unlearning::RunConfig;
use purge_unlearning::{Error, Result};
use serde::Serialize;
use serde_json::Value;

use super::attacking::{Attacks, Findings};
use crate::options::write_whole;

/// What `--time` adds to a result.
const TIMED: &str = "timed";

/// Writes a result as JSON, without the curves and histograms of its scores: a table has no use for them, and they are most
/// of it.
pub fn write(path: &Path, result: &impl Serialize) -> Result<()> {
    let broken = |error: serde_json::Error| Error::io(path.display(), error);
    let mut value = serde_json::to_value(result).map_err(broken)?;
    for side in ["before", "after", "retrained", "scores"] {
        if let Some(scores) = value.get_mut(side).and_then(Value::as_object_mut) {
            scores.remove("attacks");
        }
    }
    write_whole(path, serde_json::to_string(&value).map_err(broken)?.as_bytes())
}

/// A result that is in the folder already.
pub struct There {
    json: Value,
    pub attacks: Vec<Findings>,
}

impl There {
    /// `None` where the file is not there.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|e| Error::io(path.display(), e))?,
        };
        let json: Value = serde_json::from_str(&text).map_err(|e| Error::io(path.display(), e))?;
        let attacks = match json.get("attacks") {
            Some(attacks) => serde_json::from_value(attacks.clone()).map_err(|e| Error::io(path.display(), e))?,
            None => Vec::new(),
        };
        Ok(Some(Self { json, attacks }))
    }

    /// The seconds that were taken of it once more.
    pub fn timed(&self) -> Option<f64> {
        self.json[TIMED].as_f64()
    }

    /// Writes it again, with the seconds that were taken of it.
    pub fn write_timed(mut self, path: &Path, seconds: f64) -> Result<()> {
        self.json[TIMED] = seconds.into();
        write(path, &self.json)
    }

    /// Fails where it is of other settings, or the table would mix what does not belong together.
    pub fn must_be_of(
        &self,
        path: &Path,
        data: &str,
        non_members: &str,
        config: Option<&RunConfig>,
        attacks: &Attacks,
    ) -> Result<()> {
        let mut differences = Vec::new();
        let mut compare = |key: &str, there: &Value, wanted: &Value| {
            if there != wanted {
                differences.push(format!("{key} {there} and not {wanted}"));
            }
        };
        compare("data", &self.json["data"], &data.into());
        let scores = if config.is_some() { "after" } else { "scores" };
        compare("non_members", &self.json[scores]["non_member_split"], &non_members.into());
        let wanted = serde_json::to_value(config).map_err(|e| Error::io(path.display(), e))?;
        // Whether steps are measured makes no other result.
        let measures = |key: &str| key == "certificate";
        for (key, value) in wanted.as_object().into_iter().flatten().filter(|(key, _)| !measures(key)) {
            compare(key, &self.json["config"][key], value);
        }
        differences.extend(attacks.differences(&self.attacks));
        if differences.is_empty() {
            return Ok(());
        }
        let expected =
            format!("no results of other settings in it; {} is of {}", path.display(), differences.join(", "));
        Err(Error::config("--out", expected, "one: take another folder, or remove the file"))
    }
}
