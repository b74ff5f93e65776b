use std::f64::consts::PI;

/// PyTorch's default for the share of the steps in which the rate goes up.
pub(crate) const WARM_UP: f64 = 0.3;

/// PyTorch's one-cycle schedule: from a 25th of the highest rate up to it in a share `warm_up` of the steps, then down to
/// nearly nothing, both along a cosine.
pub(crate) fn one_cycle(step: usize, total: usize, highest: f64, warm_up: f64) -> f64 {
    let first = highest / 25.0;
    let last = first / 1e4;
    let top = warm_up * total as f64 - 1.0;
    let end = (total as f64 - 1.0).max(1.0);
    let at = step as f64;
    let blend = |from: f64, to: f64, share: f64| to + (from - to) / 2.0 * (1.0 + (PI * share.clamp(0.0, 1.0)).cos());
    if at <= top {
        blend(first, highest, at / top.max(1.0))
    } else {
        blend(highest, last, (at - top) / (end - top).max(1.0))
    }
}
