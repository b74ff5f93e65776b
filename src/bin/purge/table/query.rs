//! The address of the page with a run set up, as `www/src/state/query.ts` reads it. `tests/fixtures/page-queries.json`, which
//! tests of both sides read, holds them together.

use purge_unlearning::unlearning::method::method;
use purge_unlearning::unlearning::settings::TABLE;
use serde_json::{Map, Value};

use crate::options::joined;

/// What the page is to show.
pub struct Shown<'a> {
    pub data: &'a str,
    pub model: &'a str,
    pub non_members: &'a str,
    pub classes: &'a [usize],
    /// None for a network that is not made by a run.
    pub run: Option<ShownRun<'a>>,
}

/// The run that is to be set up.
pub struct ShownRun<'a> {
    pub method: &'a str,
    pub preset: &'a str,
    /// What it has otherwise than its preset.
    pub changes: &'a Map<String, Value>,
}

/// What the page shows where its address says nothing.
const DEFAULT_DATA: &str = "mnist";
const OWN_DATA: &str = "own";
const DEFAULT_NORM: &str = "group";
const DEFAULT_CLASSES: [usize; 1] = [3];
const DEFAULT_METHOD: &str = "purge";
const DEFAULT_NON_MEMBERS: &str = "test";

/// The normalisation of a network that the page comes with, as its name has it; `None` for any other.
pub fn shipped(data: &str, model: &str) -> Option<&'static str> {
    let norm = ["group", "batch"].into_iter().find(|norm| model == format!("{data}-{norm}"))?;
    ["mnist", "pathmnist"].contains(&data).then_some(norm)
}

/// What follows the question mark, in the page's own order; only what differs from the page's defaults. Where the page does not
/// come with the network, the visitor brings it along with its images.
pub fn query(shown: &Shown<'_>) -> String {
    let norm = shipped(shown.data, shown.model);
    let data = if norm.is_some() { shown.data } else { OWN_DATA };
    let mut parts = Vec::new();
    let mut say = |key: &str, value: &str, default: &str| {
        if value != default {
            parts.push(format!("{key}={value}"));
        }
    };
    say("dataset", data, DEFAULT_DATA);
    // The page has a light version of a set this large, with fewer images than the network was trained on.
    say("size", if data == "pathmnist" { "whole" } else { "light" }, "light");
    say("class", &joined(shown.classes, "%2C"), &joined(&DEFAULT_CLASSES, "%2C"));
    say("norm", norm.unwrap_or(DEFAULT_NORM), DEFAULT_NORM);
    if let Some(run) = &shown.run {
        say("method", run.method, DEFAULT_METHOD);
    }
    say("nonMembers", shown.non_members, DEFAULT_NON_MEMBERS);
    if let Some(run) = &shown.run {
        let default = method(run.method).map(|method| method.info().default_preset.as_str());
        say("preset", run.preset, default.unwrap_or_default());
        for row in TABLE {
            if let Some(value) = run.changes.get(row.key) {
                say(&row.camel_key(), &text(value), "");
            }
        }
    }
    parts.join("&")
}

/// A value as the page writes it.
fn text(value: &Value) -> String {
    match value {
        Value::Bool(on) => u8::from(*on).to_string(),
        Value::String(word) => word.clone(),
        // JSON has 5.0 for a number that the page calls 5.
        Value::Number(number) if number.is_f64() => number.as_f64().map(|x| x.to_string()).unwrap_or_default(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        data: String,
        model: String,
        non_members: String,
        classes: Vec<usize>,
        run: Option<Run>,
        query: String,
    }

    #[derive(Deserialize)]
    struct Run {
        method: String,
        preset: String,
        changes: Map<String, Value>,
    }

    #[test]
    fn queries_are_those_that_the_page_reads() {
        let cases = include_str!("../../../../tests/fixtures/page-queries.json");
        let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
        assert!(cases.len() > 5);
        for Case { data, model, non_members, classes, run, query: expected } in &cases {
            let run = run.as_ref().map(|Run { method, preset, changes }| ShownRun { method, preset, changes });
            assert_eq!(query(&Shown { data, model, non_members, classes, run }), *expected, "{model} {expected:?}");
        }
    }
}
