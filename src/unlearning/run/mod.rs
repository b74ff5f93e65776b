//! The loop around the steps. A run is pulled: each [`Run::advance`] does a few steps and tells how it stands, so that
//! pausing is not calling it, stepping is calling it with 1, and cancelling is dropping it.

mod check;
mod config;
mod progress;
mod samples;
mod stopping;

use check::FORGET_ACCURACY;
#[cfg(feature = "cpu")]
pub(crate) use check::Sums;
pub use config::{LoopConfig, RunConfig};
pub use progress::{Progress, Step, Summary};
pub(crate) use samples::EXCLUDED;
pub use samples::{Batch, Samples};
pub use stopping::{StopReason, Stopping};

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use web_time::{Duration, Instant};

use super::method::{Preparation, Scalar, ScalarKind, Steps};
use crate::data::{Dataset, Shuffled};
use crate::evaluation::{argmax, mean_cross_entropy};
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
    elapsed: Duration,
}

/// What stays the same from the first step to the last.
#[derive(Debug)]
struct Plan {
    config: RunConfig,
    limits: LoopConfig,
    stopping: Stopping,
    dataset: Arc<Dataset>,
    device: Device,
    forget_indices: Vec<usize>,
    target_indices: Vec<usize>,
    budget_indices: Vec<usize>,
    steps_per_epoch: usize,
    /// Whether no look that is due is ever left out.
    always_looks: bool,
}

/// What a step changes. Its tensors are handles, so that a copy to come back to costs next to nothing.
#[derive(Debug, Clone)]
struct State {
    network: Network,
    steps: Box<dyn Steps>,
    samples: Samples,
    step: usize,
    /// In how many steps each flag was up.
    flags: BTreeMap<&'static str, usize>,
    forget_accuracy: f64,
    newest: Option<Step>,
    /// The network at the last check at which all numbers were finite.
    sound: Sound,
    stop: Option<StopReason>,
}

#[derive(Debug, Clone)]
struct Sound {
    network: Network,
    step: usize,
    forget_accuracy: f64,
}

impl State {
    /// Goes back to the last network that was looked at. A look that was left out vouches for nothing: steps tell only of
    /// their batches.
    fn diverged(&mut self) {
        self.network = self.sound.network.clone();
        self.forget_accuracy = self.sound.forget_accuracy;
        self.stop = Some(StopReason::Diverged);
    }
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
        let limits: LoopConfig = config.settings().typed()?;
        let teacher_logits = match train_logits {
            Some(logits) => logits,
            None => logits(&Here, &network, &dataset, &dataset.train).await?.into(),
        };
        let device = network.parameters().flat().device();
        let order = (limits.batch_size, limits.seed);
        let samples = Samples::new(dataset.clone(), config.classes(), teacher_logits.clone(), order, &device)?;
        let plan = Plan::new(config, limits, &samples, &teacher_logits, device);
        let forget_accuracy = plan.forget_accuracy_of(&teacher_logits);
        let stop = plan.stopping.at_target(forget_accuracy).then_some(StopReason::NothingToForget);
        let sound = Sound { network: network.clone(), step: 0, forget_accuracy };
        let preparation = Preparation { network: &network, samples: &samples };
        let steps = plan.config.method().prepare(plan.config.settings(), preparation).await?;
        let flags = BTreeMap::new();
        let state = State { network, steps, samples, step: 0, flags, forget_accuracy, newest: None, sound, stop };
        Ok(Self { plan, state, elapsed: began.elapsed() })
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
        let began = Instant::now();
        let mut state = self.state.clone();
        let done = self.plan.advance(&mut state, steps, hands).await?;
        self.state = state;
        if !done.is_empty() {
            self.elapsed += began.elapsed();
        }
        Ok(self.progress(done))
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network {
        &self.state.network
    }

    /// What the run is.
    pub fn config(&self) -> &RunConfig {
        &self.plan.config
    }

    /// What the run has come to so far; `Cancelled` where it is not over.
    pub fn summary(&self) -> Summary {
        let State { step, flags, sound, stop, .. } = &self.state;
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
        (self.state.network, summary)
    }

    /// Which samples the checks between epochs look at.
    #[cfg(test)]
    pub(crate) fn looks_at(&self) -> &[usize] {
        &self.plan.target_indices
    }

    /// The next batch of D_f that a step would see.
    #[cfg(test)]
    pub(crate) fn walks_through(&self) -> Vec<usize> {
        self.state.samples.clone().next_forget().indices
    }

    fn progress(&self, steps: Vec<Step>) -> Progress {
        let State { step, newest, forget_accuracy, sound, stop, flags, .. } = &self.state;
        let per_epoch = self.plan.steps_per_epoch;
        let of_newest = |key| newest.as_ref().and_then(|step| step.number(key));
        let share = |key: &str| flags.get(key).copied().unwrap_or_default() as f64 / (*step).max(1) as f64;
        let scalars = self.plan.config.method().info().scalars.iter();
        let reported = scalars.filter(|scalar| scalar.kind == ScalarKind::Flag).map(|scalar| scalar.key);
        Progress {
            step: *step,
            epoch: step.div_ceil(per_epoch).max(1),
            steps_per_epoch: per_epoch,
            max_steps: per_epoch.saturating_mul(self.plan.stopping.epochs),
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

impl Plan {
    fn new(config: RunConfig, limits: LoopConfig, samples: &Samples, teacher_logits: &[f32], device: Device) -> Self {
        let dataset = samples.dataset().clone();
        let some_of = |indices: &[usize], count: usize, seed: u64| match count {
            0 => indices.to_vec(),
            count => Shuffled::new(indices.to_vec(), count, seed).next_endless().to_vec(),
        };
        let forget_indices = samples.forget_indices().to_vec();
        let budget_indices = some_of(samples.retain_indices(), limits.budget_samples, limits.seed);
        // Shuffled otherwise than the batches of the steps, or a check would look at what was just trained on.
        let target_indices = some_of(&forget_indices, limits.target_samples, limits.seed ^ 0x100c);
        let classes = dataset.classes();
        let row = |index: usize| &teacher_logits[index * classes..(index + 1) * classes];
        let labels = dataset.train.labels();
        let retain_loss = mean_cross_entropy(budget_indices.iter().map(|&i| (row(i), labels[i] as usize)));
        let steps_per_epoch = samples.batches_per_pass(config.method().info().pass);
        let reports_forget_accuracy = config.method().info().scalars.iter().any(|scalar| scalar.key == FORGET_ACCURACY);
        let stopping = Stopping {
            target_forget_accuracy: limits.target_forget_accuracy,
            retain_loss_limit: match limits.retain_budget {
                0.0 => f64::INFINITY,
                budget => (budget * retain_loss).max(limits.budget_floor),
            },
            epochs: limits.epochs.max(limits.min_steps.div_ceil(steps_per_epoch)),
        };
        Self {
            config,
            stopping,
            dataset,
            device,
            forget_indices,
            target_indices,
            budget_indices,
            steps_per_epoch,
            always_looks: limits.look_margin >= 100.0 || !reports_forget_accuracy,
            limits,
        }
    }

    fn forget_accuracy_of(&self, train_logits: &[f32]) -> f64 {
        let classes = self.dataset.classes();
        let labels = self.dataset.train.labels();
        let is_right = |&&i: &&usize| argmax(&train_logits[i * classes..(i + 1) * classes]) == labels[i] as usize;
        percent(self.forget_indices.iter().filter(is_right).count() as f64, self.forget_indices.len())
    }

    /// Takes steps, and makes a check where one is due. Gives the steps up to the first whose numbers are not finite.
    async fn advance(&self, state: &mut State, steps: usize, hands: &dyn Hands) -> Result<Vec<Step>> {
        let first = state.step + 1;
        let mut values = Vec::new();
        let mut check = None;
        while values.len() < steps && state.stop.is_none() && check.is_none() {
            let packed = state.steps.step(&mut state.network, &mut state.samples, hands).await;
            // One number more, which is finite only where all weights are.
            values.push(Tensor::cat(vec![packed, sum_of_squares(state.network.parameters().flat())], 0));
            state.step += 1;
            check = self.check_after(state.step);
        }
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let count = values.len();
        let at_once = check.as_ref().filter(|check| check.epoch_end || self.always_looks);
        if let Some(check) = at_once {
            values.push(self.look(hands, &state.network, check).await);
        }
        let values = device::read(Tensor::cat(values, 0)).await?;
        let width = state.steps.packed_len() + 1;
        let (rows, looked) = values.split_at(count * width);
        let done: Vec<Step> = (first..)
            .zip(rows.chunks_exact(width).take_while(|row| all_finite(row)))
            .map(|(step, row)| Step { step, scalars: state.steps.report(&row[..width - 1]) })
            .collect();
        for (key, scalar) in done.iter().flat_map(|step| &step.scalars) {
            *state.flags.entry(key).or_default() += usize::from(*scalar == Scalar::Flag(true));
        }
        state.newest = done.last().cloned().or(state.newest.take());
        if done.len() < count {
            // Steps after the first whose numbers are not finite do not count.
            state.step = first + done.len();
            state.diverged();
            return Ok(done);
        }
        let looked = match &check {
            Some(check) if looked.is_empty() && self.is_near(done.last()) => {
                device::read(self.look(hands, &state.network, check).await).await?
            }
            _ => looked.to_vec(),
        };
        if !all_finite(&looked) {
            state.diverged();
        } else if let (Some(check), &[right, _, ref retain_loss @ ..]) = (check, looked.as_slice()) {
            state.forget_accuracy = percent(right as f64, check.samples);
            if check.samples < self.forget_indices.len() && self.stopping.at_target(state.forget_accuracy) {
                let all = device::read(self.sums(hands, &state.network, &self.forget_indices).await).await?;
                state.forget_accuracy =
                    percent(all.first().copied().unwrap_or_default() as f64, self.forget_indices.len());
            }
            let retain_loss = retain_loss.first().map(|&sum| sum as f64 / self.budget_indices.len() as f64);
            let epochs_done = if check.epoch_end { state.step / self.steps_per_epoch } else { 0 };
            state.stop = self.stopping.reason(state.forget_accuracy, retain_loss, epochs_done);
            let (network, step, forget_accuracy) = (state.network.clone(), state.step, state.forget_accuracy);
            state.sound = Sound { network, step, forget_accuracy };
        }
        Ok(done)
    }
}

fn sum_of_squares(values: Tensor<1>) -> Tensor<1> {
    (values.clone() * values).sum()
}

fn all_finite(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite())
}

fn percent(part: f64, whole: usize) -> f64 {
    100.0 * part / whole.max(1) as f64
}
