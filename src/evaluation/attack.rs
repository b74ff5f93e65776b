use serde::Serialize;

use super::{MAX_CROSS_ENTROPY, auroc, cross_entropy, max_softmax, mean_roc, roc};

const BINS: usize = 30;

/// One membership attack: a score that should be higher for samples that a network has learnt from. Of several classes
/// each is attacked alone, and the results are averaged: with all scores together the attack would tell classes apart
/// instead, wherever members and non-members have different shares of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attack {
    /// Area under the ROC curve, 0 to 1: 0.5 is chance.
    pub auroc: f64,
    /// [false positive rate, true positive rate], from [0, 0] to [1, 1]; of several classes the mean curve.
    pub roc: Vec<[f64; 2]>,
    /// The scores of members and of non-members, all classes together.
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
    /// The scores of the first samples of `class`, at most `limit` of them.
    pub fn of<'a>(rows: impl Iterator<Item = (&'a [f32], usize)>, class: usize, limit: usize) -> Self {
        let mut scores = Self::default();
        for (row, label) in rows.filter(|(_, label)| *label == class).take(limit) {
            scores.loss.push(-cross_entropy(row, label));
            scores.confidence.push(max_softmax(row));
        }
        scores
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

/// The scores of one class, members against non-members.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassScores {
    /// Which class.
    pub class: usize,
    /// Samples that the network has learnt from.
    pub members: MembershipScores,
    /// Samples that it has not.
    pub non_members: MembershipScores,
}

impl ClassScores {
    /// Whether there is anything to tell apart.
    fn can_be_attacked(&self) -> bool {
        !self.members.is_empty() && !self.non_members.is_empty()
    }
}

impl Attacks {
    /// Both attacks on each class, averaged.
    pub fn on(classes: &[ClassScores]) -> Self {
        Self { loss: Attack::on(classes, |scores| &scores.loss), confidence: Attack::on(classes, |s| &s.confidence) }
    }
}

impl Attack {
    /// The attack that takes a higher score for a member, on each class that has both members and non-members, averaged.
    pub fn on(classes: &[ClassScores], score: impl Fn(&MembershipScores) -> &[f64]) -> Self {
        let pairs =
            || classes.iter().filter(|of| of.can_be_attacked()).map(|of| (score(&of.members), score(&of.non_members)));
        let curves: Vec<_> = pairs().map(|(members, non_members)| roc(members, non_members)).collect();
        let all = |side: fn(&ClassScores) -> &MembershipScores| -> Vec<f64> {
            classes.iter().flat_map(|of| score(side(of))).copied().collect()
        };
        Self {
            auroc: mean(pairs().map(|(members, non_members)| auroc(members, non_members))),
            roc: mean_roc(&curves),
            histogram: Histogram::of(&all(|of| &of.members), &all(|of| &of.non_members)),
        }
    }
}

/// AUROC of the membership attacks, 0 to 1: 0.5 is chance. Of several classes the mean over them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mia {
    /// By the score −CE(z, y).
    pub loss: f64,
    /// By the score max σ(z).
    pub confidence: f64,
    /// The mean of both, the headline.
    pub mean: f64,
    /// Each class by itself.
    pub by_class: Vec<ClassMia>,
}

/// AUROC of the membership attacks on one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassMia {
    /// Which class.
    pub class: usize,
    /// By the score −CE(z, y); 0.5 without members or without non-members.
    pub loss: f64,
    /// By the score max σ(z), likewise.
    pub confidence: f64,
    /// The mean of both.
    pub mean: f64,
    /// Members that were compared.
    pub members: usize,
    /// Non-members that were compared.
    pub non_members: usize,
}

impl Mia {
    pub(super) fn of(attacks: &Attacks, classes: &[ClassScores]) -> Self {
        let by_class = |of: &ClassScores| {
            let loss = auroc(&of.members.loss, &of.non_members.loss);
            let confidence = auroc(&of.members.confidence, &of.non_members.confidence);
            let (members, non_members) = (of.members.len(), of.non_members.len());
            ClassMia { class: of.class, loss, confidence, mean: (loss + confidence) / 2.0, members, non_members }
        };
        let (loss, confidence) = (attacks.loss.auroc, attacks.confidence.auroc);
        let mean = (loss + confidence) / 2.0;
        Self { loss, confidence, mean, by_class: classes.iter().map(by_class).collect() }
    }
}

/// The mean of AUROCs, chance where there is none.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    if values.is_empty() { 0.5 } else { values.iter().sum::<f64>() / values.len() as f64 }
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
