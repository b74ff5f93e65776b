//! All results of one network, in rows.

use std::collections::BTreeMap;
use std::path::PathBuf;

use purge_unlearning::{Error, Result};

use super::measure::{FA, Measure, TA_RETAINED, TOW};
use super::query::{Shown, ShownRun, query};
use super::sample::{Entry, Key, RunOf, Sample};
use super::statistics::{dominated, mean, nearest_to_mean};

/// Results on one network.
pub struct Network {
    pub model: String,
    pub data: String,
    /// The split of the non-members that `MIA` is against.
    pub non_members: String,
    /// The two networks that runs are held against first, as far as they are there, then the runs by key.
    pub rows: Vec<Row>,
}

/// Results that differ in class and seed alone, in this order.
pub struct Row {
    pub key: Key,
    pub samples: Vec<Sample>,
    /// Retrained networks of other seeds, which only tell how far such networks lie apart.
    pub others: Vec<Sample>,
}

/// No class counts as forgotten of which more than this is recognised, percent.
pub const FORGOTTEN: f64 = 5.0;

/// All networks that there are results of in these folders, by name.
pub fn networks(folders: &[PathBuf]) -> Result<Vec<Network>> {
    let mut entries = Vec::new();
    for folder in folders {
        let before = entries.len();
        for file in std::fs::read_dir(folder).map_err(|e| Error::io(folder.display(), e))? {
            let path = file.map_err(|e| Error::io(folder.display(), e))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                entries.push((Entry::read(&path)?, path));
            }
        }
        if entries.len() == before {
            return Err(Error::io(folder.display(), "no results here, which are *.json files of purge table"));
        }
    }
    let mut by_model: BTreeMap<String, Vec<(Entry, PathBuf)>> = BTreeMap::new();
    for (entry, path) in entries {
        by_model.entry(entry.model.clone()).or_default().push((entry, path));
    }
    by_model.into_iter().map(|(model, entries)| Network::of(model, entries)).collect()
}

impl Network {
    pub fn of(model: String, entries: Vec<(Entry, PathBuf)>) -> Result<Self> {
        let about = |entry: &Entry| (entry.data.clone(), entry.sample.scores.non_member_split.clone());
        let (data, non_members) = entries.first().map(|(first, _)| about(first)).unwrap_or_default();
        let entries = with_one_clock(entries);
        let mut rows: BTreeMap<Key, Vec<(Sample, PathBuf)>> = BTreeMap::new();
        for (entry, path) in entries {
            let found = about(&entry);
            if found != (data.clone(), non_members.clone()) {
                let expected = format!("results on {data} against non-members of {non_members}, as others of {model}");
                return Err(Error::config(
                    &path.display().to_string(),
                    expected,
                    format!("{} and {}", found.0, found.1),
                ));
            }
            rows.entry(entry.key).or_default().push((entry.sample, path));
        }
        let rows = rows.into_iter().map(|(key, samples)| Row::of(key, samples)).collect::<Result<_>>()?;
        Ok(Self { model, data, non_members, rows })
    }

    pub fn row(&self, key: &Key) -> Option<&Row> {
        self.rows.iter().find(|row| row.key == *key)
    }

    /// Those that runs are held against.
    pub fn kept(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !matches!(row.key, Key::Run { .. }))
    }

    /// Those that a method has made, the nearest to retrained first: but those first that have forgotten.
    pub fn runs(&self) -> Vec<&Row> {
        let mut runs: Vec<&Row> = self.rows.iter().filter(|row| matches!(row.key, Key::Run { .. })).collect();
        let nearness = |row: &Row| TOW.mean(&row.samples).unwrap_or(f64::NEG_INFINITY);
        runs.sort_by(|a, b| b.has_forgotten().cmp(&a.has_forgotten()).then(nearness(b).total_cmp(&nearness(a))));
        runs
    }

    /// For each of the runs, whether another keeps as much and forgets as much by this measure, and is better in one.
    pub fn dominated(&self, runs: &[&Row], against: &dyn Fn(&Row) -> Option<f64>) -> Vec<bool> {
        let point = |row: &&Row| Some([against(row)?, TA_RETAINED.mean(&row.samples)?]);
        let points: Vec<Option<[f64; 2]>> = runs.iter().map(point).collect();
        let mut found = dominated(&points.iter().flatten().copied().collect::<Vec<_>>()).into_iter();
        points.iter().map(|point| point.is_some() && found.next().unwrap_or_default()).collect()
    }

    /// The address of the page with this run set up.
    fn link(&self, page: &str, row: &Row, sample: &Sample) -> String {
        let run = sample.run.as_ref();
        let query = query(&Shown {
            data: &self.data,
            model: &self.model,
            non_members: &self.non_members,
            classes: &sample.classes,
            run: run.map(|run| ShownRun { method: row.key.method(), preset: &run.preset, changes: &run.changes }),
        });
        if query.is_empty() { page.into() } else { format!("{page}?{query}") }
    }

    /// A figure of some samples of a row, as a link to the run whose own is nearest to it.
    pub fn figure(&self, page: &str, row: &Row, samples: &[Sample], measure: &Measure) -> String {
        let text = measure.text(samples);
        let with_value: Vec<&Sample> = samples.iter().filter(|sample| (measure.of)(sample).is_some()).collect();
        let nearest = nearest_to_mean(&measure.values(samples)).map(|place| with_value[place]);
        match nearest.map(|sample| self.link(page, row, sample)) {
            Some(address) => format!("[{text}]({address})"),
            None => text,
        }
    }
}

/// Where seconds were taken once more, those alone count: of several machines a mean would say nothing.
fn with_one_clock(mut entries: Vec<(Entry, PathBuf)>) -> Vec<(Entry, PathBuf)> {
    let mut runs: Vec<&mut RunOf> = entries.iter_mut().filter_map(|(entry, _)| entry.sample.run.as_mut()).collect();
    if runs.iter().any(|run| run.timed.is_some()) {
        runs.iter_mut().for_each(|run| run.computed = run.timed);
    }
    entries
}

impl Row {
    fn of(key: Key, mut samples: Vec<(Sample, PathBuf)>) -> Result<Self> {
        let place = |sample: &Sample| (sample.classes.clone(), sample.seed);
        samples.sort_by_key(|(sample, _)| place(sample));
        if let Some(pair) = samples.windows(2).find(|pair| place(&pair[0].0) == place(&pair[1].0)) {
            let path = pair[1].1.display().to_string();
            return Err(Error::config(&path, "a result that no other folder has", "one that is there twice"));
        }
        let is_other = |sample: &Sample| key == Key::Retrained && !sample.is_yardstick;
        let (others, samples) = samples.into_iter().map(|(sample, _)| sample).partition(is_other);
        Ok(Self { key, samples, others })
    }

    /// Whether no more of the classes is recognised, on the mean, than what counts as forgotten.
    pub fn has_forgotten(&self) -> bool {
        FA.mean(&self.samples).is_some_and(|fa| fa <= FORGOTTEN)
    }

    /// The networks that are there of several seeds, each with those of the others.
    pub fn of_several_seeds(&self) -> impl Iterator<Item = (&Sample, Vec<&Sample>)> {
        let others = |of: &Sample| self.others.iter().filter(|other| other.classes == of.classes).collect();
        self.samples
            .iter()
            .map(move |sample| (sample, others(sample)))
            .filter(|(_, others): &(_, Vec<_>)| !others.is_empty())
    }

    /// From where to where the mean goes with the seed: as far down and up as the networks of other seeds lie from the first
    /// one, on the mean of the classes that have such.
    pub fn spread(&self, measure: &Measure) -> Option<[f64; 2]> {
        let (mut down, mut up) = (Vec::new(), Vec::new());
        for (first, others) in self.of_several_seeds() {
            let Some(value) = (measure.of)(first) else { continue };
            let apart = others.iter().filter_map(|other| (measure.of)(other)).map(|other| other - value);
            let apart: Vec<f64> = apart.collect();
            down.push(apart.iter().copied().fold(0.0, f64::min));
            up.push(apart.iter().copied().fold(0.0, f64::max));
        }
        let middle = measure.mean(&self.samples)?;
        Some([middle + mean(&down)?, middle + mean(&up)?])
    }
}
