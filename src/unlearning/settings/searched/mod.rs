//! What `purge search` found to suit a network better than what the method's own file says, which knows nothing of it.

mod rows;

use serde_json::Value;

use super::{Range, Settings, TABLE};
use crate::model::{Architecture, Norm};
use crate::unlearning::method::{Preset, Subject};
use crate::{Error, Result};

/// A kind of network that presets were searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// What it was trained on, such as "mnist".
    pub dataset: &'static str,
    /// "small_cnn" or "resnet18".
    pub architecture: &'static str,
    /// Which normalisation.
    pub norm: Norm,
}

/// Every one of them: the four that ship, and a ResNet-18.
pub const NETWORKS: [Kind; 5] = [
    small("mnist", Norm::Group),
    small("mnist", Norm::Batch),
    small("pathmnist", Norm::Group),
    small("pathmnist", Norm::Batch),
    Kind { dataset: "mnist", architecture: "resnet18", norm: Norm::Batch },
];

const fn small(dataset: &'static str, norm: Norm) -> Kind {
    Kind { dataset, architecture: "small_cnn", norm }
}

impl Kind {
    /// Whether a network is of this kind.
    pub fn is(&self, dataset: &str, network: &Architecture) -> bool {
        self.dataset == dataset && self.architecture == network.name() && self.norm == network.norm()
    }
}

/// Settings and their values.
type Pairs = &'static [(&'static str, f64)];

/// The values of a method's preset, as numbers alone, see [`Range::value_of`].
struct Row {
    method: &'static str,
    preset: Preset,
    /// For each of [`NETWORKS`] what is other than the method's own.
    found: [Pairs; NETWORKS.len()],
}

impl Range {
    /// A number as a value of this range: for a switch 0 is off and all else on, for a choice it is the place among its words.
    pub fn value_of(&self, number: f64) -> Value {
        match *self {
            // One that is not whole stays as it is, for the check to find.
            Range::Whole { .. } if number.fract() == 0.0 => Value::from(number as u64),
            Range::Number { .. } | Range::Whole { .. } => Value::from(number),
            Range::Switch => Value::Bool(number != 0.0),
            Range::Choice(choices) => choices.get(number as usize).map_or(Value::Null, |choice| choice.value.into()),
        }
    }

    /// The number that [`Range::value_of`] makes this value of; `None` where there is none.
    pub fn number_of(&self, value: &Value) -> Option<f64> {
        match *self {
            Range::Number { .. } | Range::Whole { .. } => value.as_f64(),
            Range::Switch => value.as_bool().map(|on| f64::from(u8::from(on))),
            Range::Choice(choices) => choices.iter().position(|choice| value == choice.value).map(|place| place as f64),
        }
    }
}

/// What was found of a method's preset for one of [`NETWORKS`], by its place: settings and their values as numbers, or none.
pub fn found(method: &str, preset: Preset, network: usize) -> &'static [(&'static str, f64)] {
    of(rows::ROWS, method, preset, network)
}

fn of(rows: &[Row], method: &str, preset: Preset, network: usize) -> Pairs {
    let row = rows.iter().find(|row| row.method == method && row.preset == preset);
    row.and_then(|row| row.found.get(network)).copied().unwrap_or_default()
}

/// The settings with what was found for the network.
pub(in crate::unlearning) fn with_searched(
    settings: Settings,
    method: &str,
    preset: Preset,
    subject: &Subject<'_>,
) -> Result<Settings> {
    changed(rows::ROWS, settings, method, preset, subject)
}

fn changed(rows: &[Row], settings: Settings, method: &str, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
    let Some(column) = NETWORKS.iter().position(|kind| kind.is(subject.dataset, subject.network)) else {
        return Ok(settings);
    };
    of(rows, method, preset, column).iter().try_fold(settings, |settings, &(key, number)| {
        let setting = TABLE.iter().find(|setting| setting.key == key);
        let setting = setting.ok_or_else(|| Error::config(key, "a setting", "another name"))?;
        settings.with(key, setting.range.value_of(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ResNetConfig, SmallCnnConfig};
    use crate::unlearning::METHODS;

    fn network(of: &Kind) -> Architecture {
        match of.architecture {
            "small_cnn" => SmallCnnConfig::new(3, 10).with_norm(of.norm).into(),
            _ => ResNetConfig::new(3, 10).with_norm(of.norm).into(),
        }
    }

    /// What is wrong with rows.
    fn faults(rows: &[Row]) -> Vec<String> {
        let mut faults = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            let mut fault = |what: String| faults.push(format!("{} {:?}: {what}", row.method, row.preset));
            let Some(method) = METHODS.iter().find(|method| method.info().name == row.method) else {
                fault("no such method".into());
                continue;
            };
            if rows[..place].iter().any(|other| (other.method, other.preset) == (row.method, row.preset)) {
                fault("it is there twice".into());
            }
            for (kind, wanted) in NETWORKS.iter().zip(row.found) {
                let network = network(kind);
                let subject = Subject { dataset: kind.dataset, network: &network };
                let own = method.settings(row.preset, &subject);
                match own.and_then(|own| changed(rows, own, row.method, row.preset, &subject)) {
                    Ok(settings) => {
                        let is = |&(key, value): &(&str, f64)| number(&settings, key) == Some(value);
                        if !wanted.iter().all(is) {
                            fault(format!("{wanted:?} is not what comes of it"));
                        }
                    }
                    Err(error) => fault(error.to_string()),
                }
            }
        }
        faults
    }

    fn number(settings: &Settings, key: &str) -> Option<f64> {
        let row = TABLE.iter().find(|row| row.key == key)?;
        settings.get(key).and_then(|value| row.range.number_of(value))
    }

    const fn row(method: &'static str, of_mnist_batch: Pairs) -> Row {
        Row { method, preset: Preset::Published, found: [&[], of_mnist_batch, &[], &[], &[]] }
    }

    #[test]
    fn every_row_is_of_a_preset_and_in_range() {
        assert_eq!(faults(rows::ROWS), Vec::<String>::new());
    }

    #[test]
    fn a_row_that_is_wrong_is_found() {
        let fault = |row| faults(&[row]).join("; ");
        assert_eq!(fault(row("fine_tune", &[("learning_rate", 0.1), ("epochs", 20.0)])), "");
        assert_eq!(fault(row("random_labels", &[("labels", 1.0)])), "");
        assert!(fault(row("hope", &[("learning_rate", 0.1)])).contains("no such method"));
        assert!(fault(row("fine_tune", &[("learning_rat", 0.1)])).contains("a setting"));
        assert!(fault(row("fine_tune", &[("nudge", 0.1)])).contains("a setting of this method"));
        assert!(fault(row("fine_tune", &[("learning_rate", 0.0)])).contains("over 0"));
        assert!(fault(row("fine_tune", &[("epochs", 2.5)])).contains("2.5"));
        assert!(fault(row("random_labels", &[("labels", 2.0)])).contains("others, all"));
        assert!(fault(row("fine_tune", &[("epochs", 2.0), ("epochs", 3.0)])).contains("not what comes"));
        assert!(fault(Row { preset: Preset::Plain, ..row("fine_tune", &[("epochs", 2.0)]) }).contains("preset"));
        let twice = [row("ssd", &[("dampening", 1.0)]), row("ssd", &[("dampening", 1.0)])];
        assert!(faults(&twice).join("; ").contains("twice"));
    }

    #[test]
    fn a_row_is_for_its_network_alone() {
        let rows = [row("fine_tune", &[("learning_rate", 0.25), ("epochs", 20.0)])];
        let method = crate::unlearning::method::method("fine_tune").unwrap();
        let of = |dataset, network: &Architecture, preset| {
            let subject = Subject { dataset, network };
            let own = method.settings(preset, &subject).unwrap();
            let changed = changed(&rows, own.clone(), "fine_tune", preset, &subject).unwrap();
            (changed != own).then_some(changed)
        };
        let [group, batch] = [Norm::Group, Norm::Batch].map(|norm| SmallCnnConfig::new(1, 10).with_norm(norm).into());
        let found = of("mnist", &batch, Preset::Published).unwrap();
        assert_eq!(found.get("learning_rate"), Some(&Value::from(0.25)));
        assert_eq!(found.get("epochs"), Some(&Value::from(20)));
        assert_eq!(of("mnist", &group, Preset::Published), None);
        assert_eq!(of("pathmnist", &batch, Preset::Published), None);
        assert_eq!(of("mnist", &ResNetConfig::new(1, 10).into(), Preset::Published), None);
        assert_eq!(of("mnist", &batch, Preset::Authors), None);
    }
}
