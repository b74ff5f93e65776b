//! The short table of a network: a row for each method, what it is held against on top.

use std::fmt::Write;

use super::measure::{FA, Measure, SHORT};
use super::network::{FORGOTTEN, Network, Row};
use super::sample::Key;

/// Beside what is masked.
pub const MASKED: &str = "†";
/// Beside what another row beats.
const BEATEN: &str = "‡";

/// The short table of some networks, each under its name where there are several, and what is to be said of its marks.
pub fn summary(networks: &[&Network], page: &str) -> String {
    let mut text = String::from("| |");
    SHORT.iter().for_each(|measure| text += &format!(" {} |", measure.head));
    text += "\n|---|";
    SHORT.iter().for_each(|_| text += "--:|");
    text.push('\n');
    let several = networks.len() > 1;
    for network in networks {
        if several {
            line(&mut text, &format!("**{}**", network.model), |_| String::new());
        }
        rows(&mut text, network, page);
    }
    text.push('\n');
    text += &notes(networks);
    text
}

fn rows(text: &mut String, network: &Network, page: &str) {
    let figures = |row: &Row, measure: &Measure| network.figure(page, row, &row.samples, measure);
    if let Some(row) = network.row(&Key::Before) {
        line(text, &row.key.label(), |measure| figures(row, measure));
    }
    if let Some(row) = network.row(&Key::Retrained) {
        line(text, &row.key.label(), |measure| figures(row, measure));
        if !row.others.is_empty() {
            line(text, "from seed to seed", |measure| {
                let digits = measure.digits;
                row.spread(measure).map_or("–".into(), |[low, high]| format!("{low:.digits$} to {high:.digits$}"))
            });
        }
    }
    let runs = network.runs();
    let beaten = network.dominated(&runs, &|row| FA.mean(&row.samples).filter(|_| !row.key.masks()));
    let most = runs.iter().map(|row| row.samples.len()).max().unwrap_or_default();
    let mut forgotten = true;
    for (row, beaten) in runs.iter().zip(beaten) {
        if forgotten && !row.has_forgotten() {
            line(text, &format!("*FA over {FORGOTTEN} %:*"), |_| String::new());
            forgotten = false;
        }
        let mut label = row.key.label();
        if row.key.masks() {
            label += &format!(" {MASKED}");
        }
        if beaten {
            label += &format!(" {BEATEN}");
        }
        line(text, &(label + &remarks(row, most)), |measure| figures(row, measure));
    }
}

/// What is missing, or has gone wrong.
fn remarks(row: &Row, most: usize) -> String {
    let count = row.samples.len();
    let stopped = |reason: &str| {
        row.samples.iter().filter(|sample| sample.run.as_ref().is_some_and(|run| run.stop == reason)).count()
    };
    let mut remarks = Vec::new();
    if count < most {
        remarks.push(format!("{count} of {most} runs"));
    }
    if let diverged @ 1.. = stopped("diverged") {
        remarks.push(format!("{diverged} of {count} diverged"));
    }
    if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join(", ")) }
}

fn line(text: &mut String, label: &str, cell: impl Fn(&Measure) -> String) {
    let _ = write!(text, "| {label} |");
    SHORT.iter().for_each(|measure| *text += &format!(" {} |", cell(measure)));
    text.push('\n');
}

fn notes(networks: &[&Network]) -> String {
    let any = |of: fn(&Row) -> bool| networks.iter().any(|network| network.rows.iter().any(of));
    let mut notes = Vec::new();
    if any(|row| row.key.masks()) {
        notes.push(format!("{MASKED} FA is 0 by construction: the class's output is switched off."));
    }
    if networks.iter().any(|network| network.row(&Key::Retrained).is_some_and(|row| !row.others.is_empty())) {
        notes.push(format!("From seed to seed: {}.", seeds(networks)));
    }
    notes.push(format!(
        "{BEATEN} Another row has as high a TA_r and as low an FA, and one of them is better ({MASKED} takes no part)."
    ));
    notes.join(" ") + "\n"
}

/// "retrained networks without 3 or 8", or of more than three classes their number
fn seeds(networks: &[&Network]) -> String {
    let of = |network: &&Network| -> Vec<String> {
        let row = network.row(&Key::Retrained);
        row.into_iter().flat_map(Row::of_several_seeds).map(|(sample, _)| sample.class_label()).collect()
    };
    let mut classes: Vec<String> = networks.iter().flat_map(of).collect();
    classes.sort_unstable();
    classes.dedup();
    let without = if classes.len() > 3 { format!("each of {} classes", classes.len()) } else { classes.join(" or ") };
    format!("retrained networks without {without}, from the lowest to the highest figure")
}
