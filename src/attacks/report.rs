use serde::Serialize;

use super::options::Options;
use super::seam::AttackInfo;
use crate::evaluation::Histogram;

/// What an attack came to. Labels, units and sentences are the [`AttackInfo`]'s; here are their keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The attack's name.
    pub attack: &'static str,
    /// What was chosen.
    pub options: Options,
    /// Its numbers, all finite: what is undefined is left out.
    pub numbers: Vec<Figure>,
    /// Its curves.
    pub curves: Vec<Curve>,
    /// How scores are spread.
    pub histograms: Vec<ScoreHistogram>,
    /// What is to be said of the numbers.
    pub notes: Vec<&'static str>,
    /// What it took.
    pub seconds: f64,
}

/// A number of a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Which, see [`AttackInfo::numbers`].
    pub key: &'static str,
    /// Of what, where there are several: a class, a seed, a layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The number.
    pub value: f64,
    /// Its 95 % interval, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// The same number of the retrained network, where that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
    /// The least and the largest that retrained networks gave, where there were several: no network can be asked to be nearer to
    /// one of them than they are to each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_range: Option<[f64; 2]>,
}

/// A curve of a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Which, see [`AttackInfo::curves`].
    pub key: &'static str,
    /// Of the network, or of the retrained one.
    pub of_reference: bool,
    /// Its points, x ascending.
    pub points: Vec<[f64; 2]>,
}

/// Scores of members and of non-members, or of images of the class (as members) and of the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreHistogram {
    /// The number that it belongs to.
    pub key: &'static str,
    /// How many there are of each score.
    pub histogram: Histogram,
}

impl Figure {
    pub(super) fn with_interval(mut self, interval: Option<[f64; 2]>) -> Self {
        self.interval = interval;
        self
    }

    pub(super) fn of(mut self, what: impl Into<String>) -> Self {
        self.of = Some(what.into());
        self
    }

    pub(super) fn beside(mut self, reference: f64) -> Self {
        self.reference = Some(reference).filter(|reference| reference.is_finite());
        self
    }
}

/// A number without interval.
pub(super) fn figure(key: &'static str, value: f64) -> Figure {
    Figure { key, of: None, value, interval: None, reference: None, reference_range: None }
}

impl Report {
    pub(super) fn new(info: &AttackInfo, options: Options) -> Self {
        Self {
            attack: info.name,
            options,
            numbers: Vec::new(),
            curves: Vec::new(),
            histograms: Vec::new(),
            notes: Vec::new(),
            seconds: 0.0,
        }
    }

    /// Adds a number, if it is one: of a network that has diverged many are not, and JSON knows no NaN.
    pub(super) fn push(&mut self, figure: Figure) {
        let finite = |interval: &[f64; 2]| interval.iter().all(|end| end.is_finite());
        if figure.value.is_finite() {
            let interval = figure.interval.filter(finite);
            self.numbers.push(Figure { interval, ..figure });
        }
    }

    pub(super) fn note(&mut self, key: &'static str) {
        if !self.notes.contains(&key) {
            self.notes.push(key);
        }
    }

    pub(super) fn curve(&mut self, key: &'static str, points: Vec<[f64; 2]>) {
        self.curves.push(Curve { key, of_reference: false, points });
    }

    /// A number by its name, the first where there are several.
    pub fn number(&self, key: &str) -> Option<&Figure> {
        self.numbers.iter().find(|figure| figure.key == key)
    }

    /// Puts the least and the largest number of further retrained networks, and of the first, beside the network's own. `others` are
    /// reports of the same attack on them; where it needs a retrained network, against the first.
    pub fn put_range_beside(&mut self, others: &[Report]) {
        let found: Vec<_> = others.iter().map(|other| self.found_among(other.known())).collect();
        for (place, figure) in self.numbers.iter_mut().enumerate() {
            let mut values: Vec<f64> = found.iter().filter_map(|found| found[place]).chain(figure.reference).collect();
            values.sort_by(f64::total_cmp);
            figure.reference_range = values.first().zip(values.last()).map(|(low, high)| [*low, *high]);
        }
    }

    /// Puts numbers of the retrained network beside the network's own, as far as they are known: key, what it is of, value.
    pub fn put_numbers_beside<'a>(&mut self, known: impl Iterator<Item = Known<'a>> + Clone) {
        let found = self.found_among(known);
        for (figure, found) in self.numbers.iter_mut().zip(found) {
            figure.reference = figure.reference.or(found);
        }
    }

    /// Each number of this report as another has it.
    fn found_among<'a>(&self, known: impl Iterator<Item = Known<'a>> + Clone) -> Vec<Option<f64>> {
        let found = |figure: &Figure| {
            // What is there but once may be of something else in each, as the score that tells most is.
            let alone = self.numbers.iter().filter(|of| of.key == figure.key).count() == 1;
            let same = |(key, of, _): &Known<'a>| *key == figure.key && (alone || *of == figure.of.as_deref());
            known.clone().find(same).map(|(.., value)| value)
        };
        self.numbers.iter().map(found).collect()
    }

    fn known(&self) -> impl Iterator<Item = Known<'_>> + Clone {
        self.numbers.iter().map(|figure| (figure.key, figure.of.as_deref(), figure.value))
    }

    /// Puts the numbers and curves of the retrained network beside the network's own.
    pub(super) fn put_beside(&mut self, other: Report) {
        self.put_numbers_beside(other.known());
        self.curves.extend(other.curves.into_iter().map(|curve| Curve { of_reference: true, ..curve }));
        other.notes.into_iter().for_each(|note| self.note(note));
    }
}

/// A number: its key, what it is of, its value.
pub type Known<'a> = (&'a str, Option<&'a str>, f64);
