//! When a run ends (paper: dual stopping).

use serde::{Deserialize, Serialize};

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
    /// The caller ended it.
    Cancelled,
    /// Forget accuracy was at the target before the first step.
    NothingToForget,
    /// A loss or a weight was no longer finite. The network is that of the last check at which all of them were.
    Diverged,
}

impl StopReason {
    /// Every reason.
    pub const ALL: [StopReason; 6] = [
        StopReason::ForgetTarget,
        StopReason::RetainBudget,
        StopReason::EpochLimit,
        StopReason::Cancelled,
        StopReason::NothingToForget,
        StopReason::Diverged,
    ];

    /// The name in lower case, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            StopReason::ForgetTarget => "forget_target",
            StopReason::RetainBudget => "retain_budget",
            StopReason::EpochLimit => "epoch_limit",
            StopReason::Cancelled => "cancelled",
            StopReason::NothingToForget => "nothing_to_forget",
            StopReason::Diverged => "diverged",
        }
    }

    /// Whether all of D_f was looked at, and no more of it recognised than the target allows.
    pub fn has_forgotten(self) -> bool {
        matches!(self, StopReason::ForgetTarget | StopReason::NothingToForget)
    }
}

/// The limits of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stopping {
    /// Percent of D_f.
    pub target_forget_accuracy: f64,
    /// Whether a run ends as soon as it is at the target. If not, the target says after the last step whether it has forgotten.
    pub ends_at_target: bool,
    /// α times the retain cross-entropy before unlearning, nats.
    pub retain_loss_limit: f64,
    /// Passes over what the method walks through.
    pub epochs: usize,
}

impl Stopping {
    /// Whether this percentage of D_f is the target or less.
    pub fn at_target(&self, forget_accuracy: f64) -> bool {
        forget_accuracy <= self.target_forget_accuracy
    }

    /// Whether there is nothing to do.
    pub fn nothing_to_forget(&self, forget_accuracy: f64) -> bool {
        self.ends_at_target && self.at_target(forget_accuracy)
    }

    /// The reason to stop, if there is one. `retain_loss` is known at the end of an epoch only.
    pub fn reason(&self, forget_accuracy: f64, retain_loss: Option<f64>, epochs_done: usize) -> Option<StopReason> {
        let is_last = epochs_done >= self.epochs;
        if self.at_target(forget_accuracy) && (self.ends_at_target || is_last) {
            return Some(StopReason::ForgetTarget);
        }
        // A loss that is not a number is over every budget.
        if retain_loss.is_some_and(|loss| loss.is_nan() || loss > self.retain_loss_limit) {
            return Some(StopReason::RetainBudget);
        }
        is_last.then_some(StopReason::EpochLimit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_that_holds() {
        let limits = Stopping { target_forget_accuracy: 10.0, ends_at_target: true, retain_loss_limit: 0.4, epochs: 3 };
        assert_eq!(limits.reason(10.1, None, 2), None);
        assert_eq!(limits.reason(10.0, None, 0), Some(StopReason::ForgetTarget));
        assert_eq!(limits.reason(50.0, Some(0.4), 1), None);
        assert_eq!(limits.reason(50.0, Some(0.41), 1), Some(StopReason::RetainBudget));
        assert_eq!(limits.reason(50.0, Some(f64::NAN), 1), Some(StopReason::RetainBudget));
        assert_eq!(limits.reason(50.0, Some(0.1), 3), Some(StopReason::EpochLimit));
        assert_eq!(limits.reason(9.0, Some(0.9), 3), Some(StopReason::ForgetTarget));
        assert!(limits.nothing_to_forget(10.0) && !limits.nothing_to_forget(10.1));
    }

    #[test]
    fn where_the_target_ends_no_run_it_says_at_the_end_what_the_run_has_come_to() {
        let limits = Stopping {
            target_forget_accuracy: 10.0,
            ends_at_target: false,
            retain_loss_limit: f64::INFINITY,
            epochs: 2,
        };
        assert!(!limits.nothing_to_forget(0.0));
        assert_eq!(limits.reason(0.0, Some(9.0), 1), None);
        assert_eq!(limits.reason(0.0, Some(9.0), 2), Some(StopReason::ForgetTarget));
        assert_eq!(limits.reason(50.0, Some(9.0), 2), Some(StopReason::EpochLimit));
    }
}
