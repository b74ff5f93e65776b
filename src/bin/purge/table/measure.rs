//! The columns of tables: what each says of a network.

use purge_unlearning::attacks::membership::advantage;

use super::attacking::{Number, of_attack};
use super::sample::Sample;
use super::statistics::{mean, with_deviation};

type Interval = fn(&Sample) -> Option<[f64; 2]>;

/// A number that a table says of a network.
#[derive(Clone, Copy)]
pub struct Measure {
    /// Its name in the CSV file.
    pub key: &'static str,
    /// The head of its column.
    pub head: &'static str,
    pub digits: usize,
    pub of: fn(&Sample) -> Option<f64>,
    /// Its 95 % interval, where it has one.
    pub interval: Option<Interval>,
}

const fn measure(key: &'static str, head: &'static str, digits: usize, of: fn(&Sample) -> Option<f64>) -> Measure {
    Measure { key, head, digits, of, interval: None }
}

pub const TA_RETAINED: Measure = measure("ta_retained", "TA_r", 1, |s| Some(s.scores.ta_retained));
pub const FA: Measure = measure("fa", "FA", 1, |s| Some(s.scores.fa));
pub const RA: Measure = measure("ra", "RA", 1, |s| Some(s.scores.ra));
pub const WORST_MIA: Measure = Measure {
    interval: Some(|s| worst(s).and_then(|(_, interval)| interval)),
    ..measure("mia_worst", "worst MIA", 3, |s| worst(s).map(|(value, _)| value))
};
pub const PROBE_GAP: Measure = measure("probe_gap", "probe gap", 1, |s| match s.number("probe", "penultimate") {
    Some(_) if s.is_yardstick => Some(0.0),
    found => found.and_then(|of| Some(of.value - of.reference?)),
});
pub const RELEARNING: Measure =
    measure("relearn_anew_fine_90", "relearning steps", 1, |s| value(s, "relearn", "anew_fine_90"));
pub const TOW: Measure =
    measure("tow", "ToW", 3, |s| if s.is_yardstick { Some(1.0) } else { value(s, "compare", "tow") });
pub const SECONDS: Measure = measure("seconds", "seconds", 1, |s| s.run.as_ref()?.computed);

/// Those of the short table.
pub const SHORT: [Measure; 8] = [TA_RETAINED, FA, RA, WORST_MIA, PROBE_GAP, RELEARNING, TOW, SECONDS];

/// Those of the long ones, and of the CSV file.
pub const LONG: [Measure; 18] = [
    TA_RETAINED,
    FA,
    measure("fa_test", "FA_test", 1, |s| Some(s.scores.fa_test)),
    RA,
    measure("mia", "MIA", 3, |s| Some(s.scores.mia.mean)),
    WORST_MIA,
    measure("probe", "probe", 1, |s| value(s, "probe", "penultimate")),
    PROBE_GAP,
    measure("few", "few", 1, |s| value(s, "few", "recall")),
    measure("relearn_as_is_90", "relearning, as is", 1, |s| value(s, "relearn", "as_is_90")),
    measure("relearn_anew_90", "row anew", 1, |s| value(s, "relearn", "anew_90")),
    Measure { head: "row anew, fine", ..RELEARNING },
    measure("relearn_index", "index", 2, |s| value(s, "relearn", "anew_fine_index")),
    measure("js", "JS", 3, |s| value(s, "compare", "js")),
    TOW,
    measure("steps", "steps", 0, |s| s.run.as_ref().map(|run| run.steps as f64)),
    measure("violations", "violations", 0, |s| s.run.as_ref()?.violations.map(|n| n as f64)),
    SECONDS,
];

fn value(sample: &Sample, attack: &str, key: &str) -> Option<f64> {
    sample.number(attack, key).map(|number| number.value)
}

/// The AUROC of the membership score that tells most, and its interval, turned round where it is below 0.5, as whoever
/// attacks would. From the scores themselves, for results that are kept from earlier say otherwise which one that is.
fn worst(sample: &Sample) -> Option<(f64, Option<[f64; 2]>)> {
    let areas =
        of_attack(&sample.findings, "membership")?.numbers.iter().filter(|number| number.key.starts_with("auroc_"));
    let told = |area: &Number| advantage(&area.key, area.value);
    let found = areas.max_by(|a, b| told(a).total_cmp(&told(b)))?;
    if found.value >= 0.5 {
        return Some((found.value, found.interval));
    }
    Some((1.0 - found.value, found.interval.map(|[low, high]| [1.0 - high, 1.0 - low])))
}

impl Measure {
    /// Its values, of the samples that have one.
    pub fn values(&self, samples: &[Sample]) -> Vec<f64> {
        samples.iter().filter_map(self.of).collect()
    }

    /// The mean over the samples.
    pub fn mean(&self, samples: &[Sample]) -> Option<f64> {
        mean(&self.values(samples))
    }

    /// Mean and deviation, or the mean and the mean of the intervals.
    pub fn text(&self, samples: &[Sample]) -> String {
        let digits = self.digits;
        let intervals: Vec<[f64; 2]> =
            self.interval.map(|of| samples.iter().filter_map(of).collect()).unwrap_or_default();
        let end = |end: usize| mean(&intervals.iter().map(|interval| interval[end]).collect::<Vec<_>>());
        match (self.mean(samples), end(0), end(1)) {
            (Some(mean), Some(low), Some(high)) => format!("{mean:.digits$} ({low:.2} to {high:.2})"),
            _ => with_deviation(&self.values(samples), digits),
        }
    }
}
