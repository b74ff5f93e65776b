use purge_unlearning::Error;
use purge_unlearning::unlearning::RunConfig;
use serde_json::{Value, json};

/// A part of PURGE, and what switches it off.
struct Part {
    name: &'static str,
    key: &'static str,
    off: fn() -> Value,
    words: &'static str,
}

#[rustfmt::skip]
const PARTS: [Part; 9] = [
    Part { name: "projection", key: "projection", off: || json!(false), words: "no projection of the gradient" },
    Part { name: "strict", key: "strict", off: || json!(false), words: "no projection of the final step" },
    Part { name: "repair", key: "retain_share", off: || json!(0), words: "nothing of the rest's own gradient is added" },
    Part { name: "representation", key: "representation_weight", off: || json!(0), words: "inner activations are left alone" },
    Part { name: "distillation", key: "kd_weight", off: || json!(0), words: "answers on the rest are not held close to those before" },
    Part { name: "target", key: "objective", off: || json!("uniform"), words: "every class alike, in place of a target that knows of the rest" },
    Part { name: "gate", key: "forget_gate", off: || json!(0), words: "no step is for the rest alone" },
    Part { name: "clipping", key: "max_grad_norm", off: || json!(0), words: "gradients keep their length" },
    Part { name: "momentum", key: "momentum", off: || json!(0), words: "nothing of the step before is carried on" },
];

/// What `--ablate` takes, for its help.
pub fn help() -> String {
    let parts: Vec<String> = PARTS.iter().map(|part| format!("{} ({})", part.name, part.words)).collect();
    format!("Switch parts of PURGE off, each by the setting that does it: {}", parts.join("; "))
}

/// The same run with parts switched off. A part that the run does not have cannot be.
pub fn ablated(config: RunConfig, names: &[String]) -> purge_unlearning::Result<RunConfig> {
    names.iter().try_fold(config, |config, name| {
        let part = part(name)?;
        let changed = config.clone().with(part.key, (part.off)())?;
        if !part.is_in(&config) {
            let found = format!("{name}, which is off: {} is {}", part.key, (part.off)());
            return Err(Error::config("--ablate", "a part that the run has", found));
        }
        Ok(changed)
    })
}

/// Whether a run has a part that can be switched off.
pub fn has(config: &RunConfig, name: &str) -> purge_unlearning::Result<bool> {
    Ok(part(name)?.is_in(config))
}

fn part(name: &str) -> purge_unlearning::Result<&'static Part> {
    let known = || PARTS.iter().map(|part| part.name).collect::<Vec<_>>().join(", ");
    let found = PARTS.iter().find(|part| part.name == name);
    found.ok_or_else(|| Error::config("--ablate", format!("one of {}", known()), name))
}

impl Part {
    fn is_in(&self, config: &RunConfig) -> bool {
        config.settings().get(self.key).is_some_and(|value| !same(Some(value), Some(&(self.off)())))
    }
}

/// 0 and 0.0 are the same here.
fn same(one: Option<&Value>, other: Option<&Value>) -> bool {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    one == other || (number(one).is_some() && number(one) == number(other))
}

#[cfg(test)]
mod tests {
    use purge_unlearning::model::SmallCnnConfig;
    use purge_unlearning::unlearning::{METHODS, Preset, Subject};

    use super::*;

    fn config(method: usize, preset: Preset) -> RunConfig {
        let network = SmallCnnConfig::new(1, 10).into();
        RunConfig::new(METHODS[method], preset, &Subject { dataset: "mnist", network: &network }, 3).unwrap()
    }

    #[test]
    fn each_part_is_switched_off_by_its_setting_and_by_no_other() {
        let strict = config(0, Preset::Strict).with("forget_gate", 0.9).unwrap();
        for part in &PARTS {
            let ablated = ablated(strict.clone(), &[part.name.into()]).unwrap();
            for (key, value) in ablated.settings().iter() {
                let before = strict.settings().get(key);
                assert_eq!(same(before, Some(value)), key != part.key, "{} {key}", part.name);
            }
            let off = (part.off)();
            assert!(same(ablated.settings().get(part.key), Some(&off)));
        }
        let both = ablated(strict, &["projection".into(), "strict".into()]).unwrap();
        assert_eq!(both.settings().get("projection"), both.settings().get("strict"));
    }

    #[test]
    fn what_is_not_there_cannot_be_switched_off() {
        let wrong = |config, name: &str| ablated(config, &[name.into()]).unwrap_err().to_string();
        let off = wrong(config(0, Preset::Published), "strict");
        assert_eq!(off, "--ablate: expected a part that the run has, found strict, which is off: strict is false");
        assert!(wrong(config(0, Preset::Strict), "gate").contains("forget_gate is 0"));
        assert!(wrong(config(0, Preset::Strict), "engine").starts_with("--ablate: expected one of projection, strict"));
        assert!(wrong(config(1, Preset::Published), "projection").contains("a setting of this method"));
        let is_in = |config: RunConfig, name: &str| has(&config, name).unwrap();
        assert!(is_in(config(0, Preset::Strict), "strict") && !is_in(config(0, Preset::Published), "strict"));
        assert!(!is_in(config(1, Preset::Published), "projection"));
    }
}
