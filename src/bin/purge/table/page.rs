//! The generated page of a network: its short table, its picture, and a table by class for each row.

use std::collections::BTreeMap;
use std::fmt::Write;

use purge_unlearning::attacks::attack;

use super::measure::{LONG, Measure};
use super::network::{Network, Row};
use super::query::shipped;
use super::sample::{Key, Sample};
use super::summary::{MASKED, summary};

/// The page as Markdown. The picture lies beside it.
pub fn page(network: &Network, address: &str) -> String {
    let Network { model, data, non_members, .. } = network;
    let mut text = format!("# {model}\n\n");
    let _ = writeln!(text, "Made by `purge table --collect` of runs on `{data}`: what is changed here is lost.\n");
    text += &summary(&[network], address);
    let _ = writeln!(text, "\n![TA_r against FA and against the worst membership attack]({model}.svg)\n");
    let _ = writeln!(text, "{}\n", legend(non_members));
    text += "Every figure opens the page with its run set up; that of a mean the run whose own figure is nearest to it.\n\n";
    if shipped(data, model).is_none() {
        text += "The page does not come with this network: it is to be dropped there, and its images.\n\n";
    }
    for row in network.kept().chain(network.runs()) {
        let mark = if row.key.masks() { format!(" {MASKED}") } else { String::new() };
        let _ = writeln!(text, "## {}{mark}\n", row.key.label());
        text += &table(network, row, address);
        text.push('\n');
    }
    text + &notes(network)
}

fn legend(non_members: &str) -> String {
    format!(
        "± is the standard deviation over classes and seeds. MIA is the mean AUROC by loss and by confidence, worst MIA that \
         of the one of five scores which tells most, turned round where it is below 0.5 (a learnt one is not), with the mean of the runs' 95 % intervals; both \
         are against the {non_members} split. Probe and few are the percentage of test images that a linear classifier on the features \
         gets right, the gap that to retrained. Relearning is the steps until 90 % of the class are back: as it is, \
         and with its row of the head drawn anew, at two rates; the index is the last over retrained's. JS is the divergence from \
         retrained's answers on the forgotten images, ToW the tug of war with it."
    )
}

/// A row for each class, and one over all.
fn table(network: &Network, row: &Row, address: &str) -> String {
    let shown: Vec<_> = LONG.iter().filter(|measure| measure.mean(&row.samples).is_some()).collect();
    let is_run = matches!(row.key, Key::Run { .. });
    let mut text = String::from("| class |");
    shown.iter().for_each(|measure| text += &format!(" {} |", measure.head));
    text += if is_run { " stopped by |\n|---|" } else { "\n|---|" };
    shown.iter().for_each(|_| text += "--:|");
    text += if is_run { "---|\n" } else { "\n" };
    let linked = |samples: &[Sample], measure: &Measure| network.figure(address, row, samples, measure);
    // The page comes with the networks of other seeds for two classes alone, and shows but their range.
    let plain = |samples: &[Sample], measure: &Measure| measure.text(samples);
    let mut line = |label: &str, samples: &[Sample], figure: &dyn Fn(&[Sample], &Measure) -> String| {
        let _ = write!(text, "| {label} |");
        for measure in &shown {
            let _ = write!(text, " {} |", figure(samples, measure));
        }
        text += &if is_run { format!(" {} |\n", stops(samples)) } else { "\n".into() };
    };
    let by_class: Vec<&[Sample]> = row.samples.chunk_by(|a, b| a.classes == b.classes).collect();
    for of_class in &by_class {
        line(&of_class[0].class_label(), of_class, &linked);
        for other in row.others.iter().filter(|other| other.classes == of_class[0].classes) {
            line(&format!("{}, seed {}", other.class_label(), other.seed), std::slice::from_ref(other), &plain);
        }
    }
    if by_class.len() > 1 {
        line("**mean**", &row.samples, &linked);
    }
    text
}

/// Why the runs ended.
fn stops(samples: &[Sample]) -> String {
    let mut stops: Vec<&str> = samples.iter().filter_map(|of| of.run.as_ref()).map(|run| run.stop.as_str()).collect();
    stops.sort_unstable();
    stops.dedup();
    stops.join(", ").replace('_', " ")
}

/// What attacks had to say of themselves, and how often.
fn notes(network: &Network) -> String {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let samples = || network.rows.iter().flat_map(|row| row.samples.iter().chain(&row.others));
    for findings in samples().flat_map(|sample| &sample.findings) {
        for note in &findings.notes {
            *counts.entry((&findings.attack, note)).or_default() += 1;
        }
    }
    if counts.is_empty() {
        return String::new();
    }
    let mut text = String::from("## Notes\n\n");
    for ((name, key), count) in counts {
        let info = attack(name).ok().map(|attack| attack.info());
        let note = info.and_then(|info| info.notes.iter().find(|note| note.key == key));
        let (title, sentence) = (info.map_or(name, |info| info.title), note.map_or(key, |note| note.sentence));
        let _ = writeln!(text, "- {title}, {count} of {} networks: {sentence}", samples().count());
    }
    text
}
