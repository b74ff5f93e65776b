/// What stands for an infinite or undefined cross-entropy; no working network comes near it.
pub const MAX_CROSS_ENTROPY: f64 = f32::MAX as f64;

/// ln σ(z) of a row of logits. NaN where a logit is NaN or +∞.
pub fn log_softmax(row: &[f32]) -> Vec<f64> {
    let Peak { largest, log_sum } = Peak::of(row);
    row.iter().map(|&z| z as f64 - largest - log_sum).collect()
}

/// σ(z) of a row of logits. NaN where a logit is NaN or +∞.
pub fn softmax(row: &[f32]) -> Vec<f64> {
    log_softmax(row).into_iter().map(f64::exp).collect()
}

/// CE(z, y) of one sample, in nats, at most [`MAX_CROSS_ENTROPY`]. Panics where the label is not below the row's length.
pub fn cross_entropy(row: &[f32], label: usize) -> f64 {
    let Peak { largest, log_sum } = Peak::of(row);
    let loss = log_sum - (row[label] as f64 - largest);
    if loss.is_nan() { MAX_CROSS_ENTROPY } else { loss.clamp(0.0, MAX_CROSS_ENTROPY) }
}

/// The mean cross-entropy over rows and their labels, 0 over none.
pub fn mean_cross_entropy<'a>(rows: impl Iterator<Item = (&'a [f32], usize)>) -> f64 {
    let (mut sum, mut n) = (0.0, 0u64);
    for (row, label) in rows {
        sum += cross_entropy(row, label);
        n += 1;
    }
    sum / n.max(1) as f64
}

/// max σ(z): the network's confidence, 0 to 1; 0 where it is undefined.
pub fn max_softmax(row: &[f32]) -> f64 {
    let confidence = (-Peak::of(row).log_sum).exp();
    if confidence.is_nan() { 0.0 } else { confidence }
}

/// The predicted class: the first of the largest logits. NaN ranks below every number.
pub fn argmax(row: &[f32]) -> usize {
    let mut best = 0;
    for (class, &z) in row.iter().enumerate() {
        if z > row[best] || (row[best].is_nan() && !z.is_nan()) {
            best = class;
        }
    }
    best
}

/// ln Σ exp(z) is `largest + log_sum`.
struct Peak {
    largest: f64,
    log_sum: f64,
}

impl Peak {
    /// Sums in ascending order: rows that differ only in the order of their logits, or by a shift, must tie in an attack,
    /// and another order of summation would part them in the last bit.
    fn of(row: &[f32]) -> Self {
        let largest = row.iter().fold(f64::NEG_INFINITY, |m, &z| m.max(z as f64));
        let mut terms: Vec<f64> = row.iter().map(|&z| (z as f64 - largest).exp()).collect();
        terms.sort_unstable_by(f64::total_cmp);
        Self { largest, log_sum: terms.iter().sum::<f64>().ln() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_of_large_logits() {
        let p = softmax(&[1000.0, 1000.0, -1000.0]);
        assert_eq!(p, [0.5, 0.5, 0.0]);
        assert!((cross_entropy(&[0.0, 3f32.ln()], 0) - 4f64.ln()).abs() < 1e-7);
        assert!((max_softmax(&[0.0, 3f32.ln()]) - 0.75).abs() < 1e-7);
    }

    #[test]
    fn permuted_and_shifted_rows_tie() {
        let (row, permuted, shifted) = ([0.3, 2.5, -1.7, 0.9], [2.5, 0.9, 0.3, -1.7], [8.3, 10.5, 6.3, 8.9]);
        assert_eq!(max_softmax(&row), max_softmax(&permuted));
        assert_eq!(cross_entropy(&row, 0), cross_entropy(&permuted, 2));
        let halves = |by: f32| [0.5 + by, 2.0 + by, -1.5 + by];
        assert_eq!(cross_entropy(&halves(0.0), 2), cross_entropy(&halves(7.5), 2));
        assert!((max_softmax(&row) - max_softmax(&shifted)).abs() < 1e-6);
    }

    #[test]
    fn undefined_rows_are_surely_wrong() {
        let nan = f32::NAN;
        for row in [[nan, nan], [nan, 1.0], [f32::INFINITY, 1.0], [f32::NEG_INFINITY; 2]] {
            assert_eq!(cross_entropy(&row, 0), MAX_CROSS_ENTROPY, "{row:?}");
            assert_eq!(max_softmax(&row), 0.0, "{row:?}");
        }
        assert_eq!(cross_entropy(&[f32::NEG_INFINITY, 1.0], 0), MAX_CROSS_ENTROPY);
        assert_eq!([argmax(&[nan, nan]), argmax(&[nan, -1.0, nan]), argmax(&[2.0, nan, 2.0])], [0, 1, 0]);
    }
}
