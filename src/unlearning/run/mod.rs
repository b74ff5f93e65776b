//! The loop around the steps. A run is pulled: each [`Run::advance`] does a few steps and tells how it stands, so that
//! pausing is not calling it, stepping is calling it with 1, and cancelling is dropping it.

mod certificate;
mod check;
mod config;
mod epochs;
mod plan;
mod progress;
mod samples;
mod stopping;
#[cfg(test)]
mod tests;

pub use certificate::CERTIFICATE;
#[cfg(feature = "cpu")]
pub(crate) use check::Sums;
pub(crate) use config::BatchConfig;
pub(in crate::unlearning) use config::ONLY_AT_ENDS;
pub use config::{LoopConfig, RunConfig};
pub use epochs::Epochs;
use plan::{Plan, Sound, State, Taken, Walk};
pub use progress::{Progress, Step, Summary};
pub(crate) use samples::EXCLUDED;
pub use samples::{Batch, Samples};
pub use stopping::{StopReason, Stopping};

use std::collections::BTreeMap;
use std::sync::Arc;

use web_time::{Duration, Instant};

use super::method::{Preparation, ScalarKind};
use crate::data::Dataset;
use crate::fit::check_fit;
use crate::inference::logits;
use crate::model::Network;
use crate::work::{Hands, Here};
use crate::{Result, device};

/// A method at work on a network and a dataset.
#[derive(Debug)]
pub struct Run {
    plan: Plan,
    state: State,
    /// What [`Run::go_ahead`] has taken; gone with the run, and with it alone.
    ahead: Option<Taken>,
    /// Whether it was asked for since the call before.
    goes_ahead: bool,
    /// Whether the device takes work into a queue, so that a step more can be on its way while a call waits.
    queues: bool,
    elapsed: Duration,
}

impl Run {
    /// Prepares a run: the teacher's logits on the training samples, from them the retain loss and the forget accuracy
    /// before unlearning, and whatever the method needs. `train_logits`, `[N, K]` row-major, saves the pass where the caller
    /// has them already.
    ///
    /// # Errors
    /// [`Error::BadConfig`](crate::Error::BadConfig) for classes without samples or logits of another number,
    /// [`Error::BadModel`](crate::Error::BadModel) where network and dataset do not fit, and those of the device.
    pub async fn start(
        network: Network,
        dataset: Arc<Dataset>,
        config: RunConfig,
        train_logits: Option<Arc<Vec<f32>>>,
    ) -> Result<Self> {
        let began = Instant::now();
        check_fit(&network, &dataset)?;
        config.classes().check(dataset.classes())?;
        let limits = LoopConfig::of(config.settings(), dataset.classes())?;
        let teacher_logits = match train_logits {
            Some(logits) => logits,
            None => logits(&Here, &network, &dataset, &dataset.train).await?.into(),
        };
        let device = &network.parameters().flat().device();
        let order = (limits.batch_size, limits.seed);
        let samples = Samples::new(dataset.clone(), config.classes(), teacher_logits.clone(), order, device)?;
        let preparation = Preparation { network: &network, samples: &samples };
        let steps = config.method().prepare(config.settings(), preparation).await?;
        let plan = Plan::new(config, limits, &samples, &teacher_logits, steps.as_ref());
        let forget_accuracy = plan.forget_accuracy_of(&teacher_logits);
        let stop = plan.stopping.nothing_to_forget(forget_accuracy).then_some(StopReason::NothingToForget);
        let sound = Sound { network: network.clone(), step: 0, forget_accuracy };
        let flags = BTreeMap::new();
        let walk = Walk { network, steps, samples, step: 0 };
        let state = State { walk, flags, forget_accuracy, newest: None, sound, stop };
        let queues = device::queues(&plan.device);
        Ok(Self { plan, state, ahead: None, goes_ahead: false, queues, elapsed: began.elapsed() })
    }

    /// Does up to `steps` steps. Ends early where a check is due, and at once where the run is over. One call waits for the
    /// device just once, but for looks that come only when the steps' numbers are known: once more where the newest batch
    /// is near the target, and once more where a part of D_f is at it.
    ///
    /// # Errors
    /// Those of the device. The run then is as it was before the call.
    pub async fn advance(&mut self, steps: usize) -> Result<Progress> {
        self.advance_with(&Here, steps).await
    }

    /// The same with other hands.
    ///
    /// # Errors
    /// Those of the device. The run then is as it was before the call.
    pub async fn advance_with(&mut self, hands: &dyn Hands, steps: usize) -> Result<Progress> {
        if steps == 0 || self.state.stop.is_some() {
            return Ok(self.progress(Vec::new()));
        }
        let began = Instant::now();
        let mut state = self.state.clone();
        let mut taken = self.ahead.take().unwrap_or_else(|| Taken::none(&state.walk));
        let beforehand = taken.time;
        self.plan.take(&mut taken, steps, hands).await;
        let mut ahead = None;
        let next = std::mem::take(&mut self.goes_ahead) && self.queues && taken.check.is_none();
        let meanwhile = async |walk: &Walk| {
            if next {
                ahead = Some(self.plan.one_more(walk, hands).await);
            }
        };
        let done = self.plan.report(&mut state, taken, hands, meanwhile).await?;
        self.ahead = ahead.filter(|_| state.stop.is_none());
        self.state = state;
        self.elapsed += beforehand + began.elapsed();
        Ok(self.progress(done))
    }

    /// Takes the next step beforehand, so that the device has something to do until the next [`Run::advance`], whose first
    /// step it then is. Until then nothing of it shows: the run stands where it stood, and ends there if it ends.
    pub async fn go_ahead(&mut self, hands: &dyn Hands) {
        self.goes_ahead = true;
        if self.ahead.is_none() && self.state.stop.is_none() {
            self.ahead = Some(self.plan.one_more(&self.state.walk, hands).await);
        }
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network {
        &self.state.walk.network
    }

    /// What the run is.
    pub fn config(&self) -> &RunConfig {
        &self.plan.config
    }

    /// What the run has come to so far; `Cancelled` where it is not over.
    pub fn summary(&self) -> Summary {
        let State { walk: Walk { step, .. }, flags, sound, stop, .. } = &self.state;
        let reports_violations = self.plan.config.method().info().scalars.iter().any(|scalar| scalar.key == VIOLATION);
        Summary {
            stop: stop.unwrap_or(StopReason::Cancelled),
            steps: *step,
            network_step: if *stop == Some(StopReason::Diverged) { sound.step } else { *step },
            violations: reports_violations.then(|| flags.get(VIOLATION).copied().unwrap_or_default()),
            seconds: self.elapsed.as_secs_f64(),
        }
    }

    /// Ends the run: the network as it is, and what the run came to; `Cancelled` where it was not over.
    pub fn finish(self) -> (Network, Summary) {
        let summary = self.summary();
        (self.state.walk.network, summary)
    }

    /// Which samples the checks between epochs look at.
    #[cfg(test)]
    pub(crate) fn looks_at(&self) -> &[usize] {
        &self.plan.target_indices
    }

    /// The next batch of D_f that a step would see.
    #[cfg(test)]
    pub(crate) fn walks_through(&self) -> Vec<usize> {
        self.state.walk.samples.clone().next_forget().indices
    }

    fn progress(&self, steps: Vec<Step>) -> Progress {
        let State { walk: Walk { step, .. }, newest, forget_accuracy, sound, stop, flags } = &self.state;
        let epochs = &self.plan.epochs;
        let of_newest = |key| newest.as_ref().and_then(|step| step.number(key));
        let share = |key: &str| flags.get(key).copied().unwrap_or_default() as f64 / (*step).max(1) as f64;
        let scalars = self.plan.config.method().info().scalars.iter();
        let reported = scalars.filter(|scalar| scalar.kind == ScalarKind::Flag).map(|scalar| scalar.key);
        Progress {
            step: *step,
            epoch: epochs.over_after(*step).max(1),
            steps_per_epoch: epochs.usual(),
            max_steps: epochs.steps_of(self.plan.stopping.epochs),
            forget_accuracy: *forget_accuracy,
            checked_step: sound.step,
            retain_loss: of_newest("retain_ce"),
            retain_accuracy: of_newest("retain_accuracy"),
            cosine: of_newest("cosine"),
            shares: reported.map(|key| (format!("{key}_share"), share(key))).collect(),
            elapsed_ms: self.elapsed.as_secs_f64() * 1e3,
            steps,
            stop: *stop,
        }
    }
}

/// The flag of a step whose final direction goes against g_r.
const VIOLATION: &str = "violation";
