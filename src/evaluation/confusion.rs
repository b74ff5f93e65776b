use serde::Serialize;

use super::argmax;

/// Counts of true classes (rows) against predicted ones (columns).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfusionMatrix(Vec<Vec<u32>>);

impl ConfusionMatrix {
    /// Counts rows of logits and their labels. Panics where a label or a row's length is beyond `classes`.
    pub fn from_logits<'a>(rows: impl Iterator<Item = (&'a [f32], usize)>, classes: usize) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        for (row, label) in rows {
            counts[label][argmax(row)] += 1;
        }
        Self(counts)
    }

    /// The counts, row by row.
    pub fn rows(&self) -> &[Vec<u32>] {
        &self.0
    }

    /// Percent of all samples on the diagonal.
    pub fn accuracy(&self) -> f64 {
        self.accuracy_of(|_| true)
    }

    /// Percent of some classes' samples on the diagonal.
    pub fn accuracy_of(&self, counts: impl Fn(usize) -> bool) -> f64 {
        let (mut right, mut all) = (0u64, 0u64);
        for (class, row) in self.0.iter().enumerate().filter(|(class, _)| counts(*class)) {
            right += u64::from(row[class]);
            all += row.iter().map(|&n| u64::from(n)).sum::<u64>();
        }
        100.0 * right as f64 / all.max(1) as f64
    }
}
