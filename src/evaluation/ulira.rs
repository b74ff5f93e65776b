//! U-LiRA (Hayes et al., SaTML 2025, arXiv 2403.01218): whether it shows of a sample that a network had learnt it and then was made
//! to forget it. Networks that did (A) and networks that did not (B) give each sample two normal distributions of φ = ln p_y −
//! ln Σ p_i over the other classes; an answer is told by the likelier of the two. 0.5 is chance.

use serde::{Deserialize, Serialize};

use super::log_softmax;

/// φ = ln p_y − ln Σ_{i≠y} p_i of a row of logits. Not finite where the logits are not, or where there is no other class. Panics
/// where the label is not below the row's length.
pub fn log_odds(row: &[f32], label: usize) -> f64 {
    let others: Vec<f32> = row.iter().enumerate().filter(|(class, _)| *class != label).map(|(_, &z)| z).collect();
    // ln p_y − ln Σ p_i = z_y − ln Σ exp z_i: without the p, which are too near to 0 or 1 to be told apart.
    let first = others.first().map_or(f64::NAN, |&z| f64::from(z) - log_softmax(&others)[0]);
    f64::from(row[label]) - first
}

/// A normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaussian {
    mean: f64,
    deviation: f64,
}

/// A deviation of nothing but equal numbers would leave nothing to compare.
const LEAST_DEVIATION: f64 = 1e-6;

impl Gaussian {
    /// Of this mean and standard deviation, which is at least 1e-6.
    pub fn new(mean: f64, deviation: f64) -> Self {
        Self { mean, deviation: deviation.max(LEAST_DEVIATION) }
    }

    /// That of a sample (n − 1); `None` of fewer than two numbers.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (values.len() > 1).then(|| Self::new(mean, (squares / (count - 1.0)).sqrt()))
    }

    /// ln of its density, but for the constant that all have.
    fn log_density(&self, value: f64) -> f64 {
        -self.deviation.ln() - ((value - self.mean) / self.deviation).powi(2) / 2.0
    }
}

/// P = N(φ; A) / (N(φ; A) + N(φ; B)).
pub fn probability(phi: f64, a: &Gaussian, b: &Gaussian) -> f64 {
    1.0 / (1.0 + (b.log_density(phi) - a.log_density(phi)).exp())
}

/// What a network says of the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// φ of each sample.
    pub phi: Vec<f64>,
    /// Whether it is of A for the sample, of B (`false`), or of neither.
    pub learnt: Vec<Option<bool>>,
}

/// How well A and B are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ToldApart {
    /// The share of answers that are told right, the mean of A's and of B's: 0.5 is chance.
    pub accuracy: f64,
    /// Its 95 % interval, by the jackknife over the networks.
    pub interval: [f64; 2],
}

/// Tells each answer by the distributions of the other networks on that sample (leave-one-out), where both have two answers at
/// least. All networks must have as many samples. `None` where A or B has nothing that can be told.
pub fn told_apart(networks: &[Observed]) -> Option<ToldApart> {
    let samples = networks.iter().map(|network| network.phi.len()).min().unwrap_or_default();
    let mut tallies = vec![Tally::default(); networks.len()];
    for sample in 0..samples {
        for (place, network) in networks.iter().enumerate() {
            let Some((phi, is_a)) = network.at(sample) else { continue };
            let others = networks.iter().enumerate().filter(|(other, _)| *other != place);
            let others: Vec<(f64, bool)> = others.filter_map(|(_, network)| network.at(sample)).collect();
            let of = |side: bool| {
                Gaussian::of(&others.iter().filter(|(_, is_a)| *is_a == side).map(|(phi, _)| *phi).collect::<Vec<_>>())
            };
            let Some((a, b)) = of(true).zip(of(false)) else { continue };
            let probability = probability(phi, &a, &b);
            let right = if is_a { probability } else { 1.0 - probability };
            tallies[place].count(is_a, if right == 0.5 { 0.5 } else { f64::from(right > 0.5) });
        }
    }
    let whole = tallies.iter().fold(Tally::default(), Tally::plus);
    let accuracy = whole.accuracy()?;
    let without = tallies.iter().filter_map(|tally| whole.minus(tally).accuracy());
    let squares: f64 = without.map(|without| (without - accuracy).powi(2)).sum();
    let count = networks.len() as f64;
    let error = 1.96 * ((count - 1.0) / count * squares).sqrt();
    Some(ToldApart { accuracy, interval: [accuracy - error, accuracy + error] })
}

impl Observed {
    fn at(&self, sample: usize) -> Option<(f64, bool)> {
        let phi = self.phi[sample];
        self.learnt.get(sample).copied().flatten().filter(|_| phi.is_finite()).map(|is_a| (phi, is_a))
    }
}

/// Answers of B and of A that were told right, and how many there were.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    right: [f64; 2],
    all: [f64; 2],
}

impl Tally {
    fn count(&mut self, is_a: bool, right: f64) {
        self.right[usize::from(is_a)] += right;
        self.all[usize::from(is_a)] += 1.0;
    }

    fn plus(self, other: &Self) -> Self {
        let sum = |a: [f64; 2], b: [f64; 2]| [a[0] + b[0], a[1] + b[1]];
        Self { right: sum(self.right, other.right), all: sum(self.all, other.all) }
    }

    fn minus(&self, other: &Self) -> Self {
        let difference = |a: [f64; 2], b: [f64; 2]| [a[0] - b[0], a[1] - b[1]];
        Self { right: difference(self.right, other.right), all: difference(self.all, other.all) }
    }

    fn accuracy(&self) -> Option<f64> {
        let [b, a] = [0, 1].map(|side| self.right[side] / self.all[side]);
        self.all.iter().all(|count| *count > 0.0).then_some((a + b) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn known_values() {
        assert!((log_odds(&[3.0, 1.0, 0.0], 0) - 1.6867).abs() < 5e-5);
        // N(2, 1) against N(0, 1) at 1.5: 1 / (1 + e^(0.5² / 2 − 1.5² / 2)) = 0.7311
        let [a, b] = [2.0, 0.0].map(|mean| Gaussian::new(mean, 1.0));
        assert!((probability(1.5, &a, &b) - 0.7311).abs() < 5e-5);
        assert_eq!(probability(1.0, &a, &b), 0.5);
        // Where p rounds to 1 and to 0, φ does not.
        assert_eq!(log_odds(&[200.0, -300.0], 0), 500.0);
        assert!(!log_odds(&[f32::NAN, 0.0], 0).is_finite() && !log_odds(&[1.0], 0).is_finite());
    }

    #[test]
    fn what_is_equal_can_be_compared() {
        let same = Gaussian::of(&[1.0, 1.0]).unwrap();
        assert!(probability(1.0, &same, &Gaussian::new(3.0, 1.0)) > 0.5);
        assert_eq!(probability(2.0, &same, &same), 0.5);
        assert_eq!(Gaussian::of(&[1.0]), None);
    }

    #[test]
    fn a_side_that_is_not_there_cannot_be_told() {
        let only = |is_a| Observed { phi: vec![0.0, 1.0], learnt: vec![Some(is_a), None] };
        assert_eq!(told_apart(&vec![only(true); 5]), None);
        assert_eq!(told_apart(&[]), None);
    }

    /// Against `tests/fixtures/attacks/ulira.py`.
    #[test]
    fn networks_are_told_apart_as_numpy_tells_them() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../../tests/fixtures/attacks/ulira.json")).unwrap();
        assert!(cases.len() > 1);
        for case in cases {
            let networks: Vec<Observed> = case["networks"]
                .as_array()
                .unwrap()
                .iter()
                .map(|network| Observed {
                    phi: serde_json::from_value(network["phi"].clone()).unwrap(),
                    learnt: serde_json::from_value(network["learnt"].clone()).unwrap(),
                })
                .collect();
            let found = told_apart(&networks).unwrap();
            let close = |found: f64, expected: &Value| assert!((found - expected.as_f64().unwrap()).abs() < 1e-12);
            close(found.accuracy, &case["accuracy"]);
            close(found.interval[0], &case["interval"][0]);
            close(found.interval[1], &case["interval"][1]);
        }
    }
}
