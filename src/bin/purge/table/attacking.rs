//! The attacks of a table, and what of them it keeps: the numbers, and no curves.

use purge_unlearning::attacks::{ATTACKS, Attack, Options, Report, attack};
use purge_unlearning::inference::LogitCache;
use purge_unlearning::model::Network;
use purge_unlearning::workspace::{AttackRequest, Attacked};
use purge_unlearning::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::choice::ALL;
use crate::task::Experiment;

/// What an attack came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    pub attack: String,
    pub options: Map<String, Value>,
    pub numbers: Vec<Number>,
    pub notes: Vec<String>,
    pub seconds: f64,
}

/// A number of an attack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Number {
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    pub value: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
}

impl Findings {
    fn of(report: Report) -> Self {
        let numbers = report.numbers.into_iter().map(|figure| Number {
            key: figure.key.into(),
            of: figure.of,
            value: figure.value,
            interval: figure.interval,
            reference: figure.reference,
        });
        Self {
            attack: report.attack.into(),
            options: values(&report.options),
            numbers: numbers.collect(),
            notes: report.notes.into_iter().map(String::from).collect(),
            seconds: report.seconds,
        }
    }

    /// A number by its name, the first where there are several.
    pub fn number(&self, key: &str) -> Option<&Number> {
        self.numbers.iter().find(|number| number.key == key)
    }
}

/// The findings of one attack among those of all.
pub fn of_attack<'a>(all: &'a [Findings], name: &str) -> Option<&'a Findings> {
    all.iter().find(|findings| findings.attack == name)
}

fn values(options: &Options) -> Map<String, Value> {
    match serde_json::to_value(options) {
        Ok(Value::Object(values)) => values,
        _ => Map::new(),
    }
}

/// The retrained network that attacks hold another one against.
pub struct Yardstick {
    pub network: Network,
    pub logits: LogitCache,
    /// What the attacks found on it.
    pub findings: Vec<Findings>,
}

/// Which attacks are made on each network, and how.
pub struct Attacks(Vec<Chosen>);

struct Chosen {
    attack: &'static dyn Attack,
    /// The options that differ from its defaults.
    changes: Map<String, Value>,
    options: Map<String, Value>,
}

impl Attacks {
    /// Attacks by name, or all; each of `set` is ATTACK.KEY=VALUE.
    pub fn of(names: &[String], set: &[String]) -> Result<Self> {
        let mut changes: Vec<(&str, String)> = Vec::new();
        for text in set {
            let (name, change) =
                text.split_once('.').ok_or_else(|| Error::config("--set-attack", "ATTACK.KEY=VALUE", text))?;
            changes.push((name, change.into()));
        }
        let attacks: Vec<&'static dyn Attack> = match names.iter().any(|name| name == ALL) {
            true => ATTACKS.to_vec(),
            false => names.iter().map(|name| attack(name)).collect::<Result<_>>()?,
        };
        let is_there = |name: &str| attacks.iter().any(|attack| attack.info().name == name);
        if let Some((name, _)) = changes.iter().find(|(name, _)| !is_there(name)) {
            let there: Vec<&str> = attacks.iter().map(|attack| attack.info().name).collect();
            return Err(Error::config("--set-attack", format!("one of --attacks: {}", there.join(", ")), name));
        }
        let chosen = attacks.iter().map(|attack| {
            let of = changes.iter().filter(|(name, _)| *name == attack.info().name);
            let texts: Vec<String> = of.map(|(_, change)| change.clone()).collect();
            let changes = crate::options::changes(&texts)?;
            let options = values(&Options::of(attack.info(), &changes)?);
            Ok(Chosen { attack: *attack, changes, options })
        });
        Ok(Self(chosen.collect::<Result<_>>()?))
    }

    /// Whether there are any.
    pub fn are_made(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether those among them that can be made are among `findings`: some cannot without the retrained network.
    pub fn all_in(&self, findings: &[Findings], with_retrained: bool) -> bool {
        let can = self.0.iter().filter(|chosen| with_retrained || !chosen.attack.info().needs_retrained());
        can.map(|chosen| chosen.attack.info().name).all(|name| of_attack(findings, name).is_some())
    }

    /// What is otherwise where findings are of other options.
    pub fn differences(&self, findings: &[Findings]) -> Vec<String> {
        let mut differences = Vec::new();
        for Chosen { attack, options, .. } in &self.0 {
            let name = attack.info().name;
            if let Some(there) = of_attack(findings, name).filter(|there| there.options != *options) {
                let (there, wanted) = (Value::from(there.options.clone()), Value::from(options.clone()));
                differences.push(format!("{name} {there} and not {wanted}"));
            }
        }
        differences
    }

    /// Makes them on a network, but for those whose findings are `there`.
    pub async fn make(
        &self,
        experiment: &mut Experiment,
        (network, class): (Attacked, usize),
        yardstick: Option<&Yardstick>,
        there: Vec<Findings>,
    ) -> Result<Vec<Findings>> {
        let mut findings = there;
        for Chosen { attack, changes, .. } in &self.0 {
            let info = attack.info();
            let needed = yardstick.filter(|_| info.needs_retrained());
            if of_attack(&findings, info.name).is_some() || (info.needs_retrained() && needed.is_none()) {
                continue;
            }
            let mut report = experiment
                .attack(AttackRequest {
                    name: info.name.into(),
                    network: network.clone(),
                    forget: vec![class],
                    retrained: needed.map(|yardstick| yardstick.network.clone()),
                    retrained_logits: needed.map(|yardstick| yardstick.logits.clone()).unwrap_or_default(),
                    changes: changes.clone(),
                    ..AttackRequest::default()
                })
                .await?;
            // What the attack finds on the retrained network is known: it was made on that once, for all runs.
            if let Some(known) = yardstick.and_then(|yardstick| of_attack(&yardstick.findings, info.name)) {
                let numbers = known.numbers.iter();
                report.put_numbers_beside(
                    numbers.map(|number| (number.key.as_str(), number.of.as_deref(), number.value)),
                );
                attack.judge(&mut report);
            }
            findings.push(Findings::of(report));
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| text.to_string()).collect()
    }

    #[test]
    fn options_are_those_of_the_attacks_that_are_made() {
        let wrong = |names: &[&str], set: &[&str]| match Attacks::of(&texts(names), &texts(set)) {
            Ok(_) => panic!("{set:?} is taken"),
            Err(error) => error.to_string(),
        };
        assert!(wrong(&["hope"], &[]).contains("one of membership, probe"));
        assert!(wrong(&["probe"], &["relearn.seeds=1"]).contains("one of --attacks: probe, found relearn"));
        assert!(wrong(&["probe"], &["seeds=1"]).contains("expected ATTACK.KEY=VALUE"));
        assert!(wrong(&["probe"], &["probe.seeds=1"]).contains("an option of probe"));
        assert!(wrong(&["relearn"], &["relearn.seeds=0"]).contains("from 1"));

        let attacks = Attacks::of(&texts(&["all"]), &texts(&["relearn.seeds=1", "few.seeds=2"])).unwrap();
        assert_eq!(attacks.0.len(), ATTACKS.len());
        let options = |name: &str| &attacks.0.iter().find(|chosen| chosen.attack.info().name == name).unwrap().options;
        assert_eq!((&options("relearn")["seeds"], &options("few")["seeds"]), (&1.0.into(), &2.0.into()));
        assert_eq!(options("relearn")["steps"], 100.0);
    }

    #[test]
    fn findings_of_other_options_are_told_and_missing_ones_found() {
        let attacks = Attacks::of(&texts(&["few", "compare"]), &[]).unwrap();
        let found = |seeds: f64| {
            let mut options = attacks.0[0].options.clone();
            options.insert("seeds".into(), seeds.into());
            [Findings { attack: "few".into(), options, numbers: Vec::new(), notes: Vec::new(), seconds: 0.0 }]
        };
        assert_eq!(attacks.differences(&found(3.0)), [""; 0]);
        let other = attacks.differences(&found(1.0));
        assert!(other[0].starts_with("few {") && other[0].contains("\"seeds\":1.0"), "{other:?}");
        assert!(attacks.all_in(&found(3.0), false) && !attacks.all_in(&found(3.0), true));
        assert!(!attacks.all_in(&[], false));
    }
}
