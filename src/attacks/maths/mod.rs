//! What attacks compute of logits and features: pure functions, in f64.

mod folds;
mod interval;
mod logistic;
mod matrix;
mod minimum;
mod outputs;
#[cfg(test)]
mod tests;

pub(crate) use folds::folds;
pub(crate) use interval::{auroc_interval, tpr_at_fpr};
pub(crate) use logistic::head;
pub(crate) use matrix::{frechet, linear_cka};
pub(crate) use outputs::{
    activation_distance, agreement, cosine, distance, js_divergence, kl_divergence, modified_entropy, total_variation,
    tow, zrf,
};

/// Numbers in rows of one width.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rows {
    values: Vec<f64>,
    width: usize,
}

impl Rows {
    /// Of values that lie row after row.
    pub(crate) fn new(values: Vec<f64>, width: usize) -> Self {
        debug_assert!(width > 0 && values.len().is_multiple_of(width));
        Self { values, width }
    }

    /// Of what a device gave.
    pub(crate) fn of(values: &[f32], width: usize) -> Self {
        Self::new(values.iter().map(|&value| f64::from(value)).collect(), width)
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Numbers in a row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// A row.
    pub(crate) fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    /// All rows, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// Some of the rows.
    pub(crate) fn select(&self, indices: &[usize]) -> Self {
        Self::new(indices.iter().flat_map(|&index| self.row(index)).copied().collect(), self.width)
    }

    /// The mean of each column; zeros of no rows.
    pub(crate) fn means(&self) -> Vec<f64> {
        let mut means = vec![0.0; self.width];
        for row in self.iter() {
            means.iter_mut().zip(row).for_each(|(mean, value)| *mean += value);
        }
        means.iter_mut().for_each(|mean| *mean /= self.len().max(1) as f64);
        means
    }

    /// The same less the mean of each column.
    pub(crate) fn centred(&self) -> Self {
        let means = self.means();
        let values = self.iter().flat_map(|row| row.iter().zip(&means).map(|(value, mean)| value - mean)).collect();
        Self::new(values, self.width)
    }
}

/// The mean of numbers; 0 of none.
pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values {
        sum += value;
        count += 1;
    }
    sum / count.max(1) as f64
}
