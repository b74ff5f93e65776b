use std::f64::consts::PI;

/// PyTorch's one-cycle schedule with its defaults: from a 25th of the highest rate up to it in 30 % of the steps, then
/// down to nearly nothing, both along a cosine.
pub(super) fn one_cycle(step: usize, total: usize, highest: f64) -> f64 {
    let first = highest / 25.0;
    let last = first / 1e4;
    let top = 0.3 * total as f64 - 1.0;
    let end = (total as f64 - 1.0).max(1.0);
    let at = step as f64;
    let blend = |from: f64, to: f64, share: f64| to + (from - to) / 2.0 * (1.0 + (PI * share.clamp(0.0, 1.0)).cos());
    if at <= top {
        blend(first, highest, at / top.max(1.0))
    } else {
        blend(highest, last, (at - top) / (end - top).max(1.0))
    }
}
