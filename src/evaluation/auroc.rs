use std::cmp::Ordering;

/// Points beyond which a curve is thinned: more than a screen can show.
const MAX_POINTS: usize = 400;

/// The probability that a positive scores above a negative, ties counting half; 0.5 without positives or negatives.
/// Exact: ranks, not an integral. NaN ranks below every number.
pub fn auroc(positives: &[f64], negatives: &[f64]) -> f64 {
    if positives.is_empty() || negatives.is_empty() {
        return 0.5;
    }
    let mut twice = 0u128;
    let mut below = 0u128;
    for step in steps(positives, negatives).iter().rev() {
        twice += step.positives as u128 * (2 * below + step.negatives as u128);
        below += step.negatives as u128;
    }
    twice as f64 / (2.0 * positives.len() as f64 * negatives.len() as f64)
}

/// The ROC curve, [false positive rate, true positive rate] from [0, 0] to [1, 1], a straight piece being two points.
/// A curve of more than 400 corners keeps those at least 1/200 apart. The diagonal without positives or negatives.
pub fn roc(positives: &[f64], negatives: &[f64]) -> Vec<[f64; 2]> {
    if positives.is_empty() || negatives.is_empty() {
        return vec![[0.0, 0.0], [1.0, 1.0]];
    }
    let mut corners: Vec<[u64; 2]> = vec![[0, 0]];
    let (mut fp, mut tp) = (0u64, 0u64);
    for step in steps(positives, negatives) {
        fp += step.negatives as u64;
        tp += step.positives as u64;
        if let [.., a, b] = corners[..]
            && (b[0] - a[0]) as u128 * (tp - b[1]) as u128 == (b[1] - a[1]) as u128 * (fp - b[0]) as u128
        {
            corners.pop();
        }
        corners.push([fp, tp]);
    }
    let (n, p) = (negatives.len() as f64, positives.len() as f64);
    let points: Vec<[f64; 2]> = corners.iter().map(|c| [c[0] as f64 / n, c[1] as f64 / p]).collect();
    if points.len() > MAX_POINTS { thin(points) } else { points }
}

/// The mean of ROC curves at each false positive rate; the area under it is the mean of the areas. The diagonal where
/// there is none.
pub fn mean_roc(curves: &[Vec<[f64; 2]>]) -> Vec<[f64; 2]> {
    match curves {
        [] => return vec![[0.0, 0.0], [1.0, 1.0]],
        [only] => return only.clone(),
        _ => {}
    }
    let mut rates: Vec<f64> = curves.iter().flatten().map(|point| point[0]).collect();
    rates.sort_unstable_by(f64::total_cmp);
    rates.dedup();
    let mut points: Vec<[f64; 2]> = Vec::new();
    for rate in rates {
        // A curve that rises straight up has two values at one rate, its lowest and its highest.
        for highest in [false, true] {
            let mean = curves.iter().map(|curve| height(curve, rate, highest)).sum::<f64>() / curves.len() as f64;
            if points.last() != Some(&[rate, mean]) {
                points.push([rate, mean]);
            }
        }
    }
    if points.len() > MAX_POINTS { thin(points) } else { points }
}

/// The true positive rate of a curve at a false positive rate.
fn height(curve: &[[f64; 2]], rate: f64, highest: bool) -> f64 {
    let mut at_rate = curve.iter().filter(|point| point[0] == rate).map(|point| point[1]);
    if let Some(first) = at_rate.next() {
        return if highest { at_rate.next_back().unwrap_or(first) } else { first };
    }
    let after = curve.partition_point(|point| point[0] < rate);
    match (after.checked_sub(1).and_then(|before| curve.get(before)), curve.get(after)) {
        (Some(a), Some(b)) => a[1] + (b[1] - a[1]) * (rate - a[0]) / (b[0] - a[0]),
        (Some(end), None) | (None, Some(end)) => end[1],
        (None, None) => rate,
    }
}

fn thin(points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let apart = 2.0 / MAX_POINTS as f64;
    let last = points.len() - 1;
    let mut kept: Vec<[f64; 2]> = Vec::new();
    for (i, point) in points.into_iter().enumerate() {
        let far = |k: &[f64; 2]| point[0] - k[0] + point[1] - k[1] >= apart;
        if i == last || kept.last().is_none_or(far) {
            kept.push(point);
        }
    }
    kept
}

struct Step {
    positives: usize,
    negatives: usize,
}

/// How many positives and how many negatives have each score that occurs, from the highest down.
fn steps(positives: &[f64], negatives: &[f64]) -> Vec<Step> {
    let mut scores: Vec<(f64, bool)> = positives.iter().map(|&s| (s, true)).collect();
    scores.extend(negatives.iter().map(|&s| (s, false)));
    scores.sort_unstable_by(|a, b| order(b.0, a.0));
    scores
        .chunk_by(|a, b| order(a.0, b.0) == Ordering::Equal)
        .map(|equal| {
            let positives = equal.iter().filter(|s| s.1).count();
            Step { positives, negatives: equal.len() - positives }
        })
        .collect()
}

fn order(a: f64, b: f64) -> Ordering {
    // total_cmp would tell 0 from −0, and one NaN from another.
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half() {
        assert_eq!(auroc(&[2.0, 1.0], &[1.0, 0.0]), 0.875);
        assert_eq!(auroc(&[0.0], &[-0.0]), 0.5);
        assert_eq!(auroc(&[], &[1.0]), 0.5);
        assert_eq!(auroc(&[f64::NAN, 1.0], &[0.0]), 0.5);
    }

    #[test]
    fn the_area_under_a_mean_curve_is_the_mean_of_the_areas() {
        let sets: [(&[f64], &[f64]); 3] =
            [(&[3.0, 2.0, 2.0, 0.5], &[2.5, 2.0, 0.0]), (&[1.0, 4.0], &[2.0, 3.0, 0.0, 5.0, 1.0]), (&[1.0], &[0.0])];
        let curves: Vec<_> = sets.iter().map(|(p, n)| roc(p, n)).collect();
        let mean = mean_roc(&curves);
        let area: f64 = mean.windows(2).map(|w| (w[1][0] - w[0][0]) * (w[1][1] + w[0][1]) / 2.0).sum();
        let expected = sets.iter().map(|(p, n)| auroc(p, n)).sum::<f64>() / 3.0;
        assert!((area - expected).abs() < 1e-12, "{area} {expected}: {mean:?}");
        assert_eq!((mean[0], mean.last()), ([0.0, 0.0], Some(&[1.0, 1.0])));
        assert!(mean.is_sorted_by(|a, b| a[0] <= b[0] && a[1] <= b[1]));
        assert_eq!(mean_roc(&[]), [[0.0, 0.0], [1.0, 1.0]]);
    }

    #[test]
    fn straight_lines_are_two_points() {
        assert_eq!(roc(&[3.0, 2.0, 1.0], &[0.0, -1.0]), [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
        assert_eq!(roc(&[1.0, 0.0], &[0.0, 1.0]), [[0.0, 0.0], [1.0, 1.0]]);
        assert_eq!(roc(&[1.0], &[]), [[0.0, 0.0], [1.0, 1.0]]);
    }
}
