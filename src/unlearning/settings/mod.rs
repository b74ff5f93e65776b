//! The settings of a run: one table of what there is ([`TABLE`]), and the values that a run has ([`Settings`]).
//!
//! Everything that speaks of a setting follows from its row: the check, the shell's help, the names in JSON, the package's
//! types, the page's panel and its address. A method says which settings it has by giving each a value in every preset.

pub mod searched;
mod table;
#[cfg(feature = "cli")]
mod typescript;

pub use table::TABLE;
#[cfg(feature = "cli")]
pub use typescript::typescript;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Error, Result};

/// What people read of methods and settings; nothing in builds without the feature `words`.
pub(crate) const fn words(text: &'static str) -> &'static str {
    if cfg!(feature = "words") { text } else { "" }
}

/// One setting of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Its name in Rust, in JSON and in the shell; JavaScript has it in camelCase.
    pub key: &'static str,
    /// The paper's letter.
    pub symbol: Option<&'static str>,
    /// What a person calls it. Like `sentence` it is empty in builds without the feature `words`.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub sentence: &'static str,
    /// The group that it is shown in.
    pub group: Group,
    /// What a number counts, such as "%".
    pub unit: Option<&'static str>,
    /// The values that it may have.
    pub range: Range,
}

/// What settings are about, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// What makes the network forget.
    Forgetting,
    /// What keeps the rest.
    Keeping,
    /// How a step is made.
    Steps,
    /// When a run ends.
    Stopping,
}

impl Group {
    /// Every group, in order.
    pub const ALL: [Group; 4] = [Group::Forgetting, Group::Keeping, Group::Steps, Group::Stopping];

    /// What a person calls it.
    pub fn title(self) -> &'static str {
        match self {
            Group::Forgetting => "Forgetting",
            Group::Keeping => "Keeping the rest",
            Group::Steps => "Steps",
            Group::Stopping => "Stopping",
        }
    }
}

/// The values that a setting may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// A number from `min` to `max`.
    Number {
        /// The lower end.
        min: f64,
        /// The upper end.
        max: f64,
        /// Whether the lower and the upper end themselves are in range.
        ends: [bool; 2],
        /// Whether 0, which is below the lower end, turns it off.
        zero_is_off: bool,
    },
    /// A whole number from `min` to `max`, both in.
    Whole {
        /// The lower end.
        min: u64,
        /// The upper end.
        max: u64,
    },
    /// On or off.
    Switch,
    /// One of a few words.
    Choice(&'static [Choice]),
}

/// One of the words that a setting may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// As JSON has it.
    pub value: &'static str,
    /// What a person calls it.
    pub label: &'static str,
}

impl Range {
    /// Whether the setting `key` may have this value, see [`Setting::check`].
    pub(crate) fn check(&self, key: &str, value: &Value) -> Result<()> {
        if self.contains(value) {
            return Ok(());
        }
        let found = match value {
            Value::Null => "no number".into(),
            // JSON has neither NaN nor infinities: on their way here they have become texts.
            Value::String(text) if NO_NUMBERS.contains(&text.as_str()) => text.clone(),
            Value::String(text) => format!("\"{text}\""),
            other => other.to_string(),
        };
        Err(Error::config(key, self.to_string(), found))
    }

    fn contains(&self, value: &Value) -> bool {
        match *self {
            Range::Number { min, max, ends: [from, to], zero_is_off } => value.as_f64().is_some_and(|x| {
                let over = if from { x >= min } else { x > min };
                let under = if to { x <= max } else { x < max };
                (over && under) || (zero_is_off && x == 0.0)
            }),
            Range::Whole { min, max } => value.as_u64().is_some_and(|x| (min..=max).contains(&x)),
            Range::Switch => value.is_boolean(),
            Range::Choice(choices) => value.as_str().is_some_and(|word| choices.iter().any(|c| c.value == word)),
        }
    }
}

/// "a number over 0 and up to 1000", "a number from 0 to under 1", "true or false"
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Range::Number { min, max, ends: [from, to], zero_is_off } => {
                let off = if zero_is_off { "0 (off), or " } else { "" };
                let lower = if from { format!("from {min}") } else { format!("over {min} and up") };
                let upper = if to { "to" } else { "to under" };
                write!(f, "{off}a number {lower} {upper} {}", short(max))
            }
            Range::Whole { min, max } => write!(f, "a whole number from {min} to {}", short(max as f64)),
            Range::Switch => write!(f, "true or false"),
            Range::Choice(choices) => {
                let words: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
                write!(f, "one of {}", words.join(", "))
            }
        }
    }
}

/// What Rust writes for the floats that JSON does not know.
const NO_NUMBERS: [&str; 3] = ["NaN", "inf", "-inf"];

/// A number as a person writes it: 1e9 for a thousand million.
fn short(number: f64) -> String {
    let (mut rest, mut zeros) = (number, 0);
    while rest >= 10.0 && rest % 10.0 == 0.0 {
        (rest, zeros) = (rest / 10.0, zeros + 1);
    }
    if zeros < 6 { number.to_string() } else { format!("{rest}e{zeros}") }
}

impl Setting {
    /// Its name in JavaScript, and in the page's address.
    #[cfg(feature = "cli")]
    pub fn camel_key(&self) -> String {
        crate::camel::camel(self.key)
    }

    /// Whether it may have this value.
    ///
    /// # Errors
    /// [`Error::BadConfig`] with its key, its range and what was given.
    pub fn check(&self, value: &Value) -> Result<()> {
        self.range.check(self.key, value)
    }
}

/// The values of a method's settings, none left out, each in its range.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings(Map<String, Value>);

impl Settings {
    /// The fields of some structs, each named as a setting in the table.
    pub(crate) fn of(parts: &[&dyn ToSettings]) -> Result<Self> {
        let mut all = Map::new();
        for part in parts {
            all.extend(part.fields()?);
        }
        Ok(Self(all))
    }

    /// The rows of the table that have a value here, in the table's order.
    pub fn rows(&self) -> impl Iterator<Item = &'static Setting> {
        TABLE.iter().filter(|row| self.0.contains_key(row.key))
    }

    /// Every setting's key and value.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// A setting's value; `None` where the method has no such setting.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The same with one setting changed.
    ///
    /// # Errors
    /// [`Error::BadConfig`] where the method has no such setting, or the value is out of its range.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Result<Self> {
        let Some(row) = self.rows().find(|row| row.key == key) else {
            let known: Vec<&str> = self.rows().map(|row| row.key).collect();
            return Err(Error::config(key, format!("a setting of this method: {}", known.join(", ")), "another name"));
        };
        let value = value.into();
        row.check(&value)?;
        self.0.insert(row.key.into(), value);
        Ok(self)
    }

    /// Every setting under its key.
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The same, with what `unsaid` has where the method has no such setting.
    pub(crate) fn typed_or<T: Serialize + DeserializeOwned>(&self, unsaid: &T) -> Result<T> {
        let mut all = Self::of(&[unsaid])?;
        all.0.extend(self.0.clone());
        all.typed()
    }

    /// The same with the fields of one more struct, which need no row in the table.
    pub(crate) fn and(&self, part: &dyn ToSettings) -> Result<Self> {
        let mut all = self.0.clone();
        all.extend(part.fields()?);
        Ok(Self(all))
    }

    /// The same without those that a struct has fields for.
    pub(crate) fn without(mut self, part: &dyn ToSettings) -> Result<Self> {
        let fields = part.fields()?;
        self.0.retain(|key, _| !fields.contains_key(key));
        Ok(self)
    }

    /// The settings that a struct has fields for.
    pub(crate) fn typed<T: DeserializeOwned>(&self) -> Result<T> {
        let values = Value::Object(self.0.clone());
        serde_json::from_value(values).map_err(|e| Error::config("settings", "the settings of a method", e))
    }
}

/// A struct whose fields are settings.
pub(crate) trait ToSettings {
    /// Each field under its own name.
    fn fields(&self) -> Result<Map<String, Value>>;
}

impl<T: Serialize> ToSettings for T {
    fn fields(&self) -> Result<Map<String, Value>> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(other) => Err(Error::config("settings", "fields with names", other)),
            Err(e) => Err(Error::config("settings", "values that JSON can hold", e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::SmallCnnConfig;
    use crate::unlearning::{METHODS, Subject};

    #[test]
    fn every_row_is_of_a_method_and_every_preset_is_in_range() {
        let mut used = Vec::new();
        for dataset in ["mnist", "pathmnist", "cifar10", "another"] {
            let network = SmallCnnConfig::new(1, 10).into();
            for method in METHODS {
                for preset in method.info().presets {
                    let settings = method.settings(preset.preset, &Subject { dataset, network: &network }).unwrap();
                    for (key, value) in &settings.0 {
                        let row = TABLE.iter().find(|row| row.key == key).unwrap_or_else(|| panic!("no row {key}"));
                        row.check(value).unwrap();
                        used.push(row.key);
                    }
                }
            }
        }
        for row in TABLE {
            assert!(used.contains(&row.key), "no method has {}", row.key);
        }
        let mut keys: Vec<&str> = TABLE.iter().map(|row| row.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), TABLE.len(), "two rows have one key");
        assert!(TABLE.is_sorted_by_key(|row| row.group), "the groups lie together");
    }

    #[test]
    fn a_value_out_of_range_is_told_with_its_range() {
        let row = |key: &str| TABLE.iter().find(|row| row.key == key).unwrap();
        let wrong = |key: &str, value: Value| row(key).check(&value).unwrap_err().to_string();
        assert_eq!(
            wrong("learning_rate", json!(-1)),
            "learning_rate: expected a number over 0 and up to 1e9, found -1"
        );
        assert!(wrong("learning_rate", json!(f64::NAN)).ends_with("found no number"));
        assert_eq!(wrong("momentum", json!(1.0)), "momentum: expected a number from 0 to under 1, found 1.0");
        assert_eq!(wrong("batch_size", json!(2.5)), "batch_size: expected a whole number from 1 to 65536, found 2.5");
        assert_eq!(wrong("projection", json!("yes")), "projection: expected true or false, found \"yes\"");
        assert!(wrong("objective", json!("hope")).contains("one of retain_confusion, conditional"));
        assert!(wrong("retain_budget", json!(0.5)).contains("0 (off), or a number from 1 to"));
        row("retain_budget").check(&json!(0)).unwrap();
    }

    proptest! {
        #[test]
        fn what_is_set_is_what_is_got(rate in 1e-9..1e9_f64, batch in 1..65536_u64, strict: bool) {
            let network = SmallCnnConfig::new(1, 10).into();
            let subject = Subject { dataset: "mnist", network: &network };
            let purge = METHODS[0];
            let settings = purge.settings(purge.info().default_preset, &subject).unwrap();
            let settings = settings.with("learning_rate", rate).unwrap().with("batch_size", batch).unwrap();
            let settings = settings.with("strict", strict).unwrap();
            prop_assert_eq!(settings.get("learning_rate").and_then(Value::as_f64), Some(rate));
            prop_assert_eq!(settings.get("batch_size").and_then(Value::as_u64), Some(batch));
            prop_assert_eq!(settings.get("strict"), Some(&Value::Bool(strict)));
            prop_assert!(settings.with("learning_rat", 1).is_err());
        }
    }
}
