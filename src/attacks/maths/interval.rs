use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The bootstrap's 95 % interval of an AUROC: positives and negatives are each drawn anew with replacement, `resamples` times,
/// and the outer 2.5 % on either side left out. `None` without positives, negatives or resamples.
pub(crate) fn auroc_interval(positives: &[f64], negatives: &[f64], resamples: usize, seed: u64) -> Option<[f64; 2]> {
    if positives.is_empty() || negatives.is_empty() || resamples == 0 {
        return None;
    }
    // Ranks once, so that a resample is counting and not sorting.
    let mut scores: Vec<f64> = positives.iter().chain(negatives).copied().collect();
    scores.sort_unstable_by(f64::total_cmp);
    scores.dedup_by(|a, b| a == b);
    let ranks = |of: &[f64]| -> Vec<usize> { of.iter().map(|s| scores.partition_point(|other| other < s)).collect() };
    let (positive_ranks, negative_ranks) = (ranks(positives), ranks(negatives));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |ranks: &[usize]| {
        let mut counts = vec![0_u64; scores.len() + 1];
        ranks.iter().for_each(|_| counts[ranks[rng.random_range(0..ranks.len() as u32) as usize]] += 1);
        counts
    };
    let pairs = 2.0 * positives.len() as f64 * negatives.len() as f64;
    let mut areas: Vec<f64> = (0..resamples)
        .map(|_| {
            let (positive, negative) = (draw(&positive_ranks), draw(&negative_ranks));
            let (mut twice, mut below) = (0_u64, 0_u64);
            for (positives, negatives) in positive.into_iter().zip(negative) {
                twice += positives * (2 * below + negatives);
                below += negatives;
            }
            twice as f64 / pairs
        })
        .collect();
    areas.sort_unstable_by(f64::total_cmp);
    Some([quantile(&areas, 0.025), quantile(&areas, 0.975)])
}

/// Of ascending values, with straight lines between them as NumPy has it.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, rest) = (at.floor() as usize, at.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * rest
}

/// The largest share of positives that a threshold finds without taking more than `fpr` of the negatives for one.
pub(crate) fn tpr_at_fpr(positives: &[f64], negatives: &[f64], fpr: f64) -> f64 {
    let mut descending = negatives.to_vec();
    descending.sort_unstable_by(|a, b| b.total_cmp(a));
    // One more than this many negatives would be too many.
    let allowed = (fpr * negatives.len() as f64).floor() as usize;
    let found = match descending.get(allowed) {
        Some(threshold) => positives.iter().filter(|score| *score > threshold).count(),
        None => positives.len(),
    };
    found as f64 / positives.len().max(1) as f64
}
