/// What stands for an infinite or undefined cross-entropy; no working network comes near it.
pub const MAX_CROSS_ENTROPY: f64 = f32::MAX as f64;

/// ln σ(z) of a row of logits. NaN where a logit is NaN or +∞.
pub fn log_softmax(row: &[f32]) -> Vec<f64> {
    let log_sum = log_sum_exp(row);
    row.iter().map(|&z| z as f64 - log_sum).collect()
}

/// σ(z) of a row of logits. NaN where a logit is NaN or +∞.
pub fn softmax(row: &[f32]) -> Vec<f64> {
    log_softmax(row).into_iter().map(f64::exp).collect()
}

/// CE(z, y) of one sample, in nats, at most [`MAX_CROSS_ENTROPY`]. Panics where the label is not below the row's length.
pub fn cross_entropy(row: &[f32], label: usize) -> f64 {
    let loss = log_sum_exp(row) - row[label] as f64;
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
    let largest = row.iter().fold(f64::NEG_INFINITY, |m, &z| m.max(z as f64));
    let confidence = (largest - log_sum_exp(row)).exp();
    if confidence.is_nan() { 0.0 } else { confidence.min(1.0) }
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

fn log_sum_exp(row: &[f32]) -> f64 {
    let largest = row.iter().fold(f64::NEG_INFINITY, |m, &z| m.max(z as f64));
    largest + row.iter().map(|&z| (z as f64 - largest).exp()).sum::<f64>().ln()
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
