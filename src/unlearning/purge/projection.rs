//! The projection (A-GEM) and the clipping, over the concatenation of all parameters. Branch-free, so that nothing has
//! to be read back from the device to decide.

use burn::tensor::Tensor;

/// Below this ‖g_r‖² there is no direction to project on.
const NO_DIRECTION: f32 = 1e-12;

/// ⟨a, b⟩, `[1]`
pub(crate) fn dot(a: &Tensor<1>, b: &Tensor<1>) -> Tensor<1> {
    (a.clone() * b.clone()).sum()
}

/// g without its part against `retain`: `g − (⟨g, g_r⟩ / ‖g_r‖²) · g_r` where ⟨g, g_r⟩ < 0 and ‖g_r‖² ≥ 1e-12, else g.
/// Both are `[P]`.
pub fn project(gradient: Tensor<1>, retain: &Tensor<1>) -> Tensor<1> {
    let conflict = dot(&gradient, retain);
    project_if_conflicting(gradient, retain, conflict, dot(retain, retain))
}

/// [`project`] with ⟨g, g_r⟩ and ‖g_r‖² at hand, each `[1]`.
pub fn project_if_conflicting(
    gradient: Tensor<1>,
    retain: &Tensor<1>,
    dot: Tensor<1>,
    retain_sq_norm: Tensor<1>,
) -> Tensor<1> {
    let usable = retain_sq_norm.clone().greater_equal_scalar(NO_DIRECTION).float();
    let coefficient = dot.clamp_max(0.0) * usable / retain_sq_norm.clamp_min(NO_DIRECTION);
    gradient - retain.clone() * coefficient
}

/// g scaled to a norm of at most `max_norm` (0: left alone), and ‖g‖ before, `[1]`.
pub fn clip(gradient: Tensor<1>, max_norm: f64) -> (Tensor<1>, Tensor<1>) {
    let norm = dot(&gradient, &gradient).sqrt();
    if max_norm <= 0.0 {
        return (gradient, norm);
    }
    let scale = (norm.clone() + 1e-6).recip() * max_norm;
    (gradient * scale.clamp_max(1.0), norm)
}
