use serde::Serialize;

use crate::unlearning::method::{Scalar, Scalars};

/// How far below zero cos(v, g_r) may lie before a step counts as a violation: the rounding of 32-bit sums.
const ROUNDING: f64 = 1e-6;

/// Of two vectors whose product and squares these are; 0 where one of them is 0.
pub(crate) fn cosine(dot: f64, one: f64, other: f64) -> f64 {
    let norms = (one * other).sqrt();
    if norms > 0.0 { (dot / norms).clamp(-1.0, 1.0) } else { 0.0 }
}

/// Whether a step with this cos(v, g_r) goes against the retain gradient.
pub(crate) fn goes_against(cosine: f64) -> bool {
    cosine < -ROUNDING
}

/// What one step was, as numbers. Losses are means over the batch in nats; accuracies are percent, before the step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepScalars {
    /// CE(z_r, y_r)
    pub retain_ce: f64,
    /// T² · KL(σ(z₀/T) ‖ σ(z_r/T))
    pub retain_kd: f64,
    /// CE(z_f, y_f)
    pub forget_ce: f64,
    /// L_objective
    pub forget_objective: f64,
    /// L_rep
    pub representation: f64,
    /// H(σ(z_f))
    pub forget_entropy: f64,
    /// ⟨g_f, g_r⟩ before projection.
    pub dot: f64,
    /// ‖g_r‖²
    pub retain_sq_norm: f64,
    /// ‖g_f‖²
    pub forget_sq_norm: f64,
    /// cos(g_f, g_r)
    pub cosine: f64,
    /// ‖g‖ after projection, before clipping.
    pub update_norm: f64,
    /// cos(v, g_r) of the final direction.
    pub update_cosine: f64,
    /// Whether g_f went against g_r and was projected.
    pub projected: bool,
    /// Whether gate or cap made it a retain-only step.
    pub retain_only: bool,
    /// Whether the final direction goes against g_r by more than rounding.
    pub violation: bool,
    /// Of the retain batch.
    pub retain_accuracy: f64,
    /// Of the forget batch.
    pub forget_accuracy: f64,
}

impl StepScalars {
    /// How many numbers a step leaves on the device.
    pub const COUNT: usize = 15;

    /// From the packed numbers of [`Purge::step`](super::Purge::step), in its order.
    pub fn unpack(values: &[f32; Self::COUNT], projection: bool) -> Self {
        let [
            retain_ce,
            retain_kd,
            retain_share,
            forget_ce,
            forget_entropy,
            forget_objective,
            forget_share,
            representation,
            dot,
            retain_sq_norm,
            forget_sq_norm,
            update_norm,
            direction_dot,
            direction_sq_norm,
            retain_only,
        ] = values.map(f64::from);
        let cosine = |dot: f64, sq: f64| cosine(dot, sq, retain_sq_norm);
        let update_cosine = cosine(direction_dot, direction_sq_norm);
        let retain_only = retain_only != 0.0;
        Self {
            retain_ce,
            retain_kd,
            forget_ce,
            forget_objective,
            representation,
            forget_entropy,
            dot,
            retain_sq_norm,
            forget_sq_norm,
            cosine: cosine(dot, forget_sq_norm),
            update_norm,
            update_cosine,
            projected: projection && !retain_only && dot < 0.0 && retain_sq_norm >= 1e-12,
            retain_only,
            violation: goes_against(update_cosine),
            retain_accuracy: 100.0 * retain_share,
            forget_accuracy: 100.0 * forget_share,
        }
    }

    pub(super) fn named(&self) -> Scalars {
        let number = Scalar::Number;
        let flag = Scalar::Flag;
        Scalars::from([
            ("retain_ce", number(self.retain_ce)),
            ("retain_kd", number(self.retain_kd)),
            ("forget_ce", number(self.forget_ce)),
            ("forget_objective", number(self.forget_objective)),
            ("representation", number(self.representation)),
            ("forget_entropy", number(self.forget_entropy)),
            ("dot", number(self.dot)),
            ("retain_sq_norm", number(self.retain_sq_norm)),
            ("forget_sq_norm", number(self.forget_sq_norm)),
            ("cosine", number(self.cosine)),
            ("update_norm", number(self.update_norm)),
            ("update_cosine", number(self.update_cosine)),
            ("projected", flag(self.projected)),
            ("retain_only", flag(self.retain_only)),
            ("violation", flag(self.violation)),
            ("retain_accuracy", number(self.retain_accuracy)),
            ("forget_accuracy", number(self.forget_accuracy)),
        ])
    }
}
