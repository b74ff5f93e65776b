//! What is said of several numbers: pure functions.

/// The mean; `None` of none.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(values.iter().sum::<f64>() / values.len() as f64) }
}

/// The standard deviation of a sample, n − 1; `None` of fewer than two.
pub fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    Some((squares / (values.len() as f64 - 1.0)).sqrt())
}

/// "97.4 ± 0.5", "97.4" of one number, "–" of none.
pub fn with_deviation(values: &[f64], digits: usize) -> String {
    let mean = mean(values).map_or("–".into(), |mean| format!("{mean:.digits$}"));
    deviation(values).map_or(mean.clone(), |deviation| format!("{mean} ± {deviation:.digits$}"))
}

/// The place of the value that is nearest to the mean, the first where there are several.
pub fn nearest_to_mean(values: &[f64]) -> Option<usize> {
    let mean = mean(values)?;
    let far = |place: &usize| (values[*place] - mean).abs();
    (0..values.len()).min_by(|a, b| far(a).total_cmp(&far(b)))
}

/// For each `[x, y]`, where less of x and more of y is better, whether another is as good in both and better in one.
pub fn dominated(points: &[[f64; 2]]) -> Vec<bool> {
    let beats = |[a, b]: [f64; 2], [x, y]: [f64; 2]| a <= x && b >= y && (a < x || b > y);
    points.iter().map(|point| points.iter().any(|other| beats(*other, *point))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_of_a_sample() {
        assert_eq!(with_deviation(&[], 1), "–");
        assert_eq!(with_deviation(&[2.0], 1), "2.0");
        // Python: statistics.mean and statistics.stdev of [2, 4, 4, 5, 9]
        assert_eq!(with_deviation(&[2.0, 4.0, 4.0, 5.0, 9.0], 3), "4.800 ± 2.588");
    }

    #[test]
    fn the_value_that_stands_for_a_mean_is_the_nearest_one() {
        // The mean is 4.8.
        assert_eq!(nearest_to_mean(&[2.0, 4.0, 4.0, 5.0, 9.0]), Some(3));
        assert_eq!(nearest_to_mean(&[1.0, 3.0]), Some(0));
        assert_eq!(nearest_to_mean(&[]), None);
    }

    #[test]
    fn what_another_beats_is_dominated_and_what_is_alike_is_not() {
        let points = [[1.0, 98.0], [1.0, 98.0], [0.5, 97.0], [2.0, 98.0], [0.5, 96.9], [0.0, 90.0]];
        assert_eq!(dominated(&points), [false, false, false, true, true, false]);
    }
}
