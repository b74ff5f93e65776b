use burn::tensor::{Bool, Tensor};

use super::{Objective, PurgeConfig};
use crate::kernels::Projection;

/// The gate: beyond this entropy the forget batch is confused enough, H > γ ln K. `None` where the settings rule it out.
pub(super) fn entropy_limit(config: &PurgeConfig, classes: usize) -> Option<f64> {
    (config.forget_gate > 0.0).then(|| config.forget_gate * (classes as f64).ln())
}

/// The cap, gradient ascent only: from this cross-entropy on it is already that of guessing, CE ≥ ln K.
pub(super) fn cross_entropy_limit(config: &PurgeConfig, classes: usize) -> Option<f64> {
    (config.objective == Objective::GradientAscent).then(|| (classes as f64).ln())
}

/// Whether gate or cap say that this step uses g_r alone, `[1]`; `None` where there is neither.
pub(super) fn retain_only(
    projection: &Projection<'_>,
    entropy: &Tensor<1>,
    cross_entropy: &Tensor<1>,
) -> Option<Tensor<1, Bool>> {
    let gate = projection.gate.map(|limit| entropy.clone().greater_scalar(limit));
    let cap = projection.cap.map(|limit| cross_entropy.clone().greater_equal_scalar(limit));
    match (gate, cap) {
        (Some(gate), Some(cap)) => Some(gate.bool_or(cap)),
        (gate, cap) => gate.or(cap),
    }
}
