use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::StopReason;
use crate::unlearning::method::{Scalar, Scalars};

/// What one step was.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// From 1.
    pub step: usize,
    /// What the method reports of it.
    pub scalars: Scalars,
}

/// Flat; written out, for serde's own flattening doubles the code of all that it flattens.
impl Serialize for Step {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1 + self.scalars.len()))?;
        map.serialize_entry("step", &self.step)?;
        for (key, scalar) in &self.scalars {
            map.serialize_entry(key, scalar)?;
        }
        map.end()
    }
}

impl Step {
    /// A number that the method reports; `None` where it does not.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.scalars.get(key) {
            Some(Scalar::Number(value)) => Some(*value),
            _ => None,
        }
    }

    /// Whether the method reports this flag and it is up.
    pub fn flag(&self, key: &str) -> bool {
        self.scalars.get(key) == Some(&Scalar::Flag(true))
    }
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// Steps done.
    pub step: usize,
    /// Passes begun, from 1.
    pub epoch: usize,
    /// Steps of one pass.
    pub steps_per_epoch: usize,
    /// Steps if nothing ends the run early.
    pub max_steps: usize,
    /// Percent of D_f, or of the part of it that the newest check was made on.
    pub forget_accuracy: f64,
    /// The step after which that check was made; 0 for before the first.
    pub checked_step: usize,
    /// CE(z_r, y_r) of the newest retain batch, nats, where the method looks at one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retain_loss: Option<f64>,
    /// Percent of the newest retain batch, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retain_accuracy: Option<f64>,
    /// cos(g_f, g_r) of the newest step, where the method has both gradients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f64>,
    /// Of each flag that the method reports, the share of the steps so far where it was up, as `<flag>_share`.
    #[serde(flatten)]
    pub shares: BTreeMap<String, f64>,
    /// Time spent in steps and checks, pauses left out.
    pub elapsed_ms: f64,
    /// Every step since the last progress.
    pub steps: Vec<Step>,
    /// Why the run is over, once it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopReason>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Why it ended.
    pub stop: StopReason,
    /// Steps done.
    pub steps: usize,
    /// The step after which the network is as it is now: fewer than `steps` only where the run has diverged.
    pub network_step: usize,
    /// Steps whose final direction went against g_r by more than rounding, where the method reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violations: Option<usize>,
    /// Time spent in steps and checks.
    pub seconds: f64,
}
