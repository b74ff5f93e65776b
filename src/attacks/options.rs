use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::seam::AttackInfo;
use crate::unlearning::settings::{Range, words};
use crate::{Error, Result};

/// Something that can be chosen about an attack: always a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OptionInfo {
    /// Its name in Rust, in JSON and in the shell; JavaScript has it in camelCase.
    pub key: &'static str,
    /// What a person calls it.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub sentence: &'static str,
    /// The values that it may have.
    pub range: Range,
    /// The one that holds where none is named.
    pub default: f64,
}

impl OptionInfo {
    /// One that counts something.
    pub(super) const fn whole(
        key: &'static str,
        [min, max]: [u64; 2],
        default: u64,
        label: &'static str,
        sentence: &'static str,
    ) -> Self {
        let range = Range::Whole { min, max };
        Self { key, label: words(label), sentence: words(sentence), range, default: default as f64 }
    }

    /// One that is a number over 0.
    pub(super) const fn over_zero(
        key: &'static str,
        max: f64,
        default: f64,
        label: &'static str,
        sentence: &'static str,
    ) -> Self {
        let range = Range::Number { min: 0.0, max, ends: [false, true], zero_is_off: false };
        Self { key, label: words(label), sentence: words(sentence), range, default }
    }
}

/// Fixes what an attack draws.
pub(super) const SEED: OptionInfo = OptionInfo::whole(
    "seed",
    [0, 9_007_199_254_740_991],
    0,
    "Seed",
    "Fixes which images are drawn, and all else that is left to chance.",
);

/// How much a linear classifier may fit.
pub(super) const C: OptionInfo =
    OptionInfo::over_zero("c", 1e6, 1.0, "C", "How closely the linear classifier may fit; as scikit-learn has it.");

/// The values of an attack's options, none left out, each in its range.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Options(BTreeMap<&'static str, f64>);

impl Options {
    /// The defaults, those in `changes` changed.
    ///
    /// # Errors
    /// [`Error::BadConfig`] where the attack has no such option, or a value is out of its range.
    pub fn of(info: &AttackInfo, changes: &Map<String, Value>) -> Result<Self> {
        let mut values: BTreeMap<&'static str, f64> = info.options.iter().map(|row| (row.key, row.default)).collect();
        for (key, value) in changes {
            let Some(row) = info.options.iter().find(|row| row.key == key) else {
                let known: Vec<&str> = info.options.iter().map(|row| row.key).collect();
                let expected = format!("an option of {}: {}", info.name, known.join(", "));
                return Err(Error::config(key, expected, "another name"));
            };
            row.range.check(row.key, value)?;
            values.insert(row.key, value.as_f64().unwrap_or(row.default));
        }
        Ok(Self(values))
    }

    /// A value; 0 where the attack has no such option.
    pub fn number(&self, key: &str) -> f64 {
        self.0.get(key).copied().unwrap_or_default()
    }

    /// The same for one that counts something.
    pub fn whole(&self, key: &str) -> usize {
        self.number(key) as usize
    }

    pub(super) fn seed(&self) -> u64 {
        self.number(SEED.key) as u64
    }
}
