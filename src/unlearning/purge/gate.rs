use burn::tensor::{Bool, Tensor};

use super::{Objective, PurgeConfig};

/// Whether this step uses g_r alone, `[1]`; `None` where the settings rule it out. Gate: the forget batch is already
/// confused enough, H > γ ln K. Cap, gradient ascent only: its cross-entropy is already that of guessing, CE ≥ ln K.
pub(crate) fn retain_only(
    config: &PurgeConfig,
    classes: usize,
    entropy: &Tensor<1>,
    cross_entropy: &Tensor<1>,
) -> Option<Tensor<1, Bool>> {
    let guessing = (classes as f64).ln();
    let gate = (config.forget_gate > 0.0).then(|| entropy.clone().greater_scalar(config.forget_gate * guessing));
    let cap =
        (config.objective == Objective::GradientAscent).then(|| cross_entropy.clone().greater_equal_scalar(guessing));
    match (gate, cap) {
        (Some(gate), Some(cap)) => Some(gate.bool_or(cap)),
        (gate, cap) => gate.or(cap),
    }
}
