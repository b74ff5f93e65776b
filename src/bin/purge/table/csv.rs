//! Every result of a network as a line of a CSV file.

use std::fmt::Write;

use serde_json::Value;

use super::measure::{LONG, WORST_MIA};
use super::network::{Network, Row};
use super::sample::{Key, Sample};
use crate::options::joined;

pub fn csv(network: &Network) -> String {
    let mut text =
        String::from("network,method,preset,without,set,class,class_name,seed,stop,ta,mia_loss,mia_confidence");
    LONG.iter().for_each(|measure| text += &format!(",{}", measure.key));
    text += ",mia_worst_low,mia_worst_high\n";
    for row in &network.rows {
        row.samples.iter().chain(&row.others).for_each(|sample| line(&mut text, network, row, sample));
    }
    text
}

fn line(text: &mut String, network: &Network, row: &Row, sample: &Sample) {
    let none = (String::new(), String::new(), String::new());
    let (method, (preset, without, set)) = match &row.key {
        Key::Before => ("before", none),
        Key::Retrained => ("retrained", none),
        Key::Run { method, preset, ablated, set, .. } => {
            (method.as_str(), (preset.clone(), ablated.clone().unwrap_or_default(), set.clone()))
        }
    };
    let class = joined(&sample.classes, " ");
    let stop = sample.run.as_ref().map_or("", |run| run.stop.as_str());
    let (set, name) = (quoted(&set), quoted(&sample.class_name));
    let _ = write!(text, "{},{method},{preset},{without},{set},{class},{name},{},{stop}", network.model, sample.seed);
    let scores = &sample.scores;
    let mut number = |value: Option<f64>| match value {
        Some(value) => *text += &format!(",{value:.4}"),
        None => text.push(','),
    };
    [scores.ta, scores.mia.loss, scores.mia.confidence].into_iter().for_each(|value| number(Some(value)));
    LONG.iter().for_each(|measure| number((measure.of)(sample)));
    let interval = WORST_MIA.interval.and_then(|of| of(sample));
    [0, 1].into_iter().for_each(|end| number(interval.map(|interval| interval[end])));
    text.push('\n');
}

/// A class may be called anything. JSON's quotes serve as CSV's, but for a quote inside.
fn quoted(words: &str) -> String {
    if words.is_empty() { String::new() } else { Value::from(words.replace('"', "'")).to_string() }
}
