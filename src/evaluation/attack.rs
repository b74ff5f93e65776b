use serde::Serialize;

use super::{MAX_CROSS_ENTROPY, auroc, cross_entropy, max_softmax, roc};

const BINS: usize = 30;

/// One membership attack: a score that should be higher for samples that a network has learnt from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attack {
    /// Area under the ROC curve, 0 to 1: 0.5 is chance.
    pub auroc: f64,
    /// [false positive rate, true positive rate], from [0, 0] to [1, 1].
    pub roc: Vec<[f64; 2]>,
    /// The scores of both.
    pub histogram: Histogram,
}

/// Scores in 30 bins of equal width over the range of members and non-members together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// 31 edges, ascending.
    pub edges: Vec<f64>,
    /// Members a bin.
    pub members: Vec<u32>,
    /// Non-members a bin.
    pub non_members: Vec<u32>,
}

/// Both attacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attacks {
    /// By the score −CE(z, y).
    pub loss: Attack,
    /// By the score max σ(z).
    pub confidence: Attack,
}

/// Both scores of each sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MembershipScores {
    /// −CE(z, y)
    pub loss: Vec<f64>,
    /// max σ(z)
    pub confidence: Vec<f64>,
}

impl MembershipScores {
    /// Adds the scores of the first samples of `class`, at most `limit` of them, and says how many they were.
    pub fn add<'a>(&mut self, rows: impl Iterator<Item = (&'a [f32], usize)>, class: usize, limit: usize) -> usize {
        let before = self.len();
        for (row, label) in rows.filter(|(_, label)| *label == class).take(limit) {
            self.loss.push(-cross_entropy(row, label));
            self.confidence.push(max_softmax(row));
        }
        self.len() - before
    }

    /// Samples scored.
    pub fn len(&self) -> usize {
        self.loss.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.loss.is_empty()
    }
}

impl Attacks {
    /// Both attacks of members against non-members.
    pub fn between(members: &MembershipScores, non_members: &MembershipScores) -> Self {
        Self {
            loss: Attack::between(&members.loss, &non_members.loss),
            confidence: Attack::between(&members.confidence, &non_members.confidence),
        }
    }
}

impl Attack {
    /// The attack that takes a higher score for a member.
    pub fn between(members: &[f64], non_members: &[f64]) -> Self {
        Self {
            auroc: auroc(members, non_members),
            roc: roc(members, non_members),
            histogram: Histogram::of(members, non_members),
        }
    }
}

impl Histogram {
    /// The histogram of both. Scores that stand for undefined ones fall into the outermost bins and leave the range
    /// alone; a range without width (or without scores) is widened to 1.
    pub fn of(members: &[f64], non_members: &[f64]) -> Self {
        let sound = || members.iter().chain(non_members).copied().filter(|s| s.abs() < MAX_CROSS_ENTROPY);
        let (mut low, mut high) = sound().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), s| (l.min(s), h.max(s)));
        if low > high {
            (low, high) = (0.0, 0.0);
        }
        if low == high {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let width = (high - low) / BINS as f64;
        let edges = (0..=BINS).map(|i| if i == BINS { high } else { low + i as f64 * width }).collect();
        let count = |scores: &[f64]| {
            let mut bins = vec![0; BINS];
            for score in scores {
                // The cast takes NaN and what is below the range to 0.
                bins[(((score - low) / width) as usize).min(BINS - 1)] += 1;
            }
            bins
        };
        Self { edges, members: count(members), non_members: count(non_members) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_covers_the_common_range() {
        let histogram = Histogram::of(&[0.0, 1.0, 3.0], &[2.05, 2.05]);
        assert_eq!((histogram.edges[0], histogram.edges[30], histogram.edges.len()), (0.0, 3.0, 31));
        let filled =
            |bins: &[u32]| bins.iter().enumerate().filter(|b| *b.1 > 0).map(|b| (b.0, *b.1)).collect::<Vec<_>>();
        assert_eq!(filled(&histogram.members), [(0, 1), (10, 1), (29, 1)]);
        assert_eq!(filled(&histogram.non_members), [(20, 2)]);
    }

    #[test]
    fn histogram_of_odd_scores() {
        let undefined = Histogram::of(&[-MAX_CROSS_ENTROPY, -1.0], &[-2.0]);
        assert_eq!((undefined.edges[0], undefined.members[0], undefined.members[29]), (-2.0, 1, 1));
        assert_eq!(Histogram::of(&[4.0], &[]).edges[0], 3.5);
        assert_eq!(Histogram::of(&[], &[]).members, vec![0; 30]);
    }
}
