//! When a step only repairs, and when the run ends (paper: dual stopping).

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};

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

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// Forget accuracy on D_f is at the target or below.
    ForgetTarget,
    /// Retain cross-entropy on D_r is over α times its first value.
    RetainBudget,
    /// All epochs are done.
    EpochLimit,
    /// The caller cancelled.
    Cancelled,
    /// Forget accuracy was at the target before the first step.
    NothingToForget,
}

/// The limits of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stopping {
    /// Percent of D_f.
    pub target_forget_accuracy: f64,
    /// α times the retain cross-entropy before unlearning, nats.
    pub retain_loss_limit: f64,
    /// Passes over D_f, of which there are more where these are fewer than the least number of steps.
    pub epochs: usize,
}

impl Stopping {
    /// Whether this percentage of D_f is the target or less.
    pub fn at_target(&self, forget_accuracy: f64) -> bool {
        forget_accuracy <= self.target_forget_accuracy
    }

    /// The reason to stop, if there is one. `retain_loss` is known at the end of an epoch only.
    pub fn reason(&self, forget_accuracy: f64, retain_loss: Option<f64>, epochs_done: usize) -> Option<StopReason> {
        if self.at_target(forget_accuracy) {
            return Some(StopReason::ForgetTarget);
        }
        // A loss that is not a number is over every budget.
        if retain_loss.is_some_and(|loss| loss.is_nan() || loss > self.retain_loss_limit) {
            return Some(StopReason::RetainBudget);
        }
        (epochs_done >= self.epochs).then_some(StopReason::EpochLimit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_that_holds() {
        let limits = Stopping { target_forget_accuracy: 10.0, retain_loss_limit: 0.4, epochs: 3 };
        assert_eq!(limits.reason(10.1, None, 2), None);
        assert_eq!(limits.reason(10.0, None, 0), Some(StopReason::ForgetTarget));
        assert_eq!(limits.reason(50.0, Some(0.4), 1), None);
        assert_eq!(limits.reason(50.0, Some(0.41), 1), Some(StopReason::RetainBudget));
        assert_eq!(limits.reason(50.0, Some(f64::NAN), 1), Some(StopReason::RetainBudget));
        assert_eq!(limits.reason(50.0, Some(0.1), 3), Some(StopReason::EpochLimit));
        assert_eq!(limits.reason(9.0, Some(0.9), 3), Some(StopReason::ForgetTarget));
    }
}
