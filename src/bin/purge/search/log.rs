//! What searches came to, read back from their trials and told as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use purge_unlearning::unlearning::StopReason;
use purge_unlearning::{Error, Result};
use serde_json::{Map, Value};

use super::grids;
use super::halving::{self, Score};
use super::points::Origin;
use super::trial::{Question, Trial};

/// The search of a method's settings for a network.
pub struct Searched {
    /// Numbers and names, in the order in which they were searched on.
    pub classes: Vec<(usize, String)>,
    /// The trials of each setting, the best setting first, on as many of the classes as it was tried on.
    pub settings: Vec<Vec<Trial>>,
}

impl Searched {
    /// The trials that all others are compared with: those of the best setting.
    pub fn best(&self) -> &[Trial] {
        self.settings.first().map(Vec::as_slice).unwrap_or_default()
    }

    /// Those of each setting that was tried on all classes.
    pub fn finalists(&self) -> impl Iterator<Item = &[Trial]> {
        self.settings.iter().map(Vec::as_slice).filter(|trials| trials.len() == self.classes.len())
    }

    pub fn trials(&self) -> impl Iterator<Item = &Trial> {
        self.settings.iter().flatten()
    }

    /// What all of its trials share.
    pub fn question(&self) -> Option<&Question> {
        self.trials().next().map(|trial| &trial.question)
    }

    fn of(trials: Vec<Trial>) -> Result<Self> {
        let mut counts: BTreeMap<usize, (usize, String)> = BTreeMap::new();
        for trial in &trials {
            let count = counts.entry(trial.question.class).or_insert((0, trial.answer.class_name.clone()));
            count.0 += 1;
        }
        // On the first class all are tried, on the others fewer and fewer.
        let mut classes: Vec<(usize, (usize, String))> = counts.into_iter().collect();
        classes.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let classes: Vec<(usize, String)> = classes.into_iter().map(|(class, (_, name))| (class, name)).collect();

        let mut settings: BTreeMap<usize, Vec<Trial>> = BTreeMap::new();
        for trial in trials {
            settings.entry(trial.question.setting).or_default().push(trial);
        }
        let place = |trial: &Trial| classes.iter().position(|(class, _)| *class == trial.question.class);
        let mut settings: Vec<Vec<Trial>> = settings.into_values().collect();
        for trials in &mut settings {
            trials.sort_by_key(place);
            if let Some((at, trial)) = trials.iter().enumerate().find(|(at, trial)| place(trial) != Some(*at)) {
                let expected = format!("a trial of each setting on the first {} classes, once", at + 1);
                return Err(Error::config("--collect", expected, trial.question.file_name()));
            }
        }
        let scores: Vec<Vec<Score>> = settings.iter().map(|trials| trials.iter().map(Trial::score).collect()).collect();
        let ranked = halving::ranking(&scores).into_iter().map(|setting| std::mem::take(&mut settings[setting]));
        Ok(Self { classes, settings: ranked.collect() })
    }
}

/// All searches whose trials are in some folders: by network, and the methods in their usual order.
pub fn read(folders: &[PathBuf]) -> Result<Vec<Searched>> {
    let mut groups: BTreeMap<(String, Option<usize>), Vec<Trial>> = BTreeMap::new();
    for folder in folders {
        for entry in std::fs::read_dir(folder).map_err(|e| Error::io(folder.display(), e))? {
            let path = entry.map_err(|e| Error::io(folder.display(), e))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let trial = Trial::read(&path)?;
            let Question { model, method, data, limit, .. } = &trial.question;
            let order = grids::methods().iter().position(|name| name == method);
            let group = groups.entry((model.clone(), order)).or_default();
            if let Some(Trial { question: other, .. }) = group.first()
                && (&other.data, other.limit) != (data, *limit)
            {
                let expected = format!("trials of one search; {} is of {data}, {limit} s", path.display());
                return Err(Error::config(
                    "--collect",
                    expected,
                    format!("another of {}, {} s", other.data, other.limit),
                ));
            }
            group.push(trial);
        }
    }
    if groups.is_empty() {
        let folders: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        return Err(Error::io(folders.join(", "), "no trials here, which are *.json files of purge search"));
    }
    groups.into_values().map(Searched::of).collect()
}

/// A table of what was chosen, and one of each search.
pub fn markdown(searches: &[Searched]) -> String {
    let mut text = String::from(
        "| network | method | settings | FA | TA_r | RA | ToW | ToW of the preset → found, first class | trials | cut | s |\n\
         |---|---|---|--:|--:|--:|--:|---|--:|--:|--:|\n",
    );
    searches.iter().for_each(|searched| text += &summary(searched));
    searches.iter().for_each(|searched| text += &table(searched));
    text
}

fn summary(searched: &Searched) -> String {
    let (Some(first), best) = (searched.question(), searched.best()) else { return String::new() };
    let preset = searched.trials().find(|trial| trial.question.origin == Origin::Preset);
    let tow = |trial: Option<&Trial>| trial.map_or("–".into(), |trial| format!("{:.3}", trial.answer.tow));
    let mean = |of: fn(&Trial) -> f64| best.iter().map(of).sum::<f64>() / best.len().max(1) as f64;
    format!(
        "| {} | {} | {} | {:.1} | {:.1} | {:.1} | {:.3} | {} → {} | {} | {} | {:.0} |\n",
        first.model,
        first.method,
        words(first.origin, &first.changes),
        mean(|trial| trial.answer.after.fa),
        mean(|trial| trial.answer.after.ta_retained),
        mean(|trial| trial.answer.after.ra),
        mean(|trial| trial.answer.tow),
        tow(preset),
        tow(best.first()),
        searched.trials().count(),
        searched.trials().filter(|trial| trial.answer.cut).count(),
        searched.trials().map(|trial| trial.answer.seconds).sum::<f64>(),
    )
}

/// A row for each setting, the best first.
fn table(searched: &Searched) -> String {
    let Some(first) = searched.question() else { return String::new() };
    let mut text = format!(
        "\n### {}, {} {}\n\nAt most {} s a trial. Of each class FA / TA_r / RA; the retrained networks have {}.\n\n| | settings |",
        first.model,
        first.method,
        first.preset.as_str(),
        first.limit,
        searched.best().iter().map(|trial| scores(&trial.answer.retrained)).collect::<Vec<_>>().join(", "),
    );
    for (class, name) in &searched.classes {
        let _ = if *name == class.to_string() { write!(text, " {class} |") } else { write!(text, " {class} {name} |") };
    }
    text += " ToW | s |\n|--:|---|";
    text += &"---|".repeat(searched.classes.len());
    text += "--:|--:|\n";
    for (place, trials) in searched.settings.iter().enumerate() {
        let cells = cells(trials, searched.classes.len());
        let bold = if place == 0 { "**" } else { "" };
        let _ = write!(text, "| {bold}{}{bold} |", place + 1);
        cells.iter().for_each(|cell| {
            let bold = if cell.is_empty() { "" } else { bold };
            let _ = write!(text, " {bold}{cell}{bold} |");
        });
        text.push('\n');
    }
    text
}

fn cells(trials: &[Trial], classes: usize) -> Vec<String> {
    let setting = trials.first().map(|trial| words(trial.question.origin, &trial.question.changes));
    let mut cells = vec![setting.unwrap_or_default()];
    cells.extend(trials.iter().map(|trial| scores(&trial.answer.after)));
    cells.resize(1 + classes, String::new());
    let own: Vec<Score> = trials.iter().map(Trial::score).collect();
    cells.push(format!("{:.3}", halving::mean(&own, |score| score.tow)));
    let mut seconds = format!("{:.1}", trials.iter().map(|trial| trial.answer.seconds).sum::<f64>());
    if trials.iter().any(|trial| trial.answer.cut) {
        seconds += ", cut";
    }
    if trials.iter().any(|trial| trial.answer.stop == StopReason::Diverged) {
        seconds += ", diverged";
    }
    cells.push(seconds);
    cells
}

fn scores(scores: &super::trial::Scores) -> String {
    format!("{:.1} / {:.1} / {:.1}", scores.fa, scores.ta_retained, scores.ra)
}

/// A setting in words: where it differs from the preset.
pub fn words(origin: Origin, changes: &Map<String, Value>) -> String {
    let words = |(key, value): (&String, &Value)| format!("{key} {}", value.to_string().trim_matches('"'));
    let changes: Vec<String> = changes.iter().map(words).collect();
    match origin {
        Origin::Preset => "the preset as it is".into(),
        Origin::Authors => format!("the authors’: {}", changes.join(", ")),
        Origin::Grid => changes.join(", "),
    }
}
