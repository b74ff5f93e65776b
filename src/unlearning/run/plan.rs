//! What a run goes by, what its steps change, and how steps are taken and then reported.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use web_time::{Duration, Instant};

use super::check::{Check, FORGET_ACCURACY};
use super::{Epochs, LoopConfig, RunConfig, Samples, Step, StopReason, Stopping};
use crate::data::{Dataset, Shuffled};
use crate::evaluation::{argmax, mean_cross_entropy};
use crate::kernels::{join, square};
use crate::model::Network;
use crate::unlearning::method::{Scalar, Steps};
use crate::work::Hands;
use crate::{Result, device};

/// What stays the same from the first step to the last.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) config: RunConfig,
    pub(super) limits: LoopConfig,
    pub(super) stopping: Stopping,
    pub(super) dataset: Arc<Dataset>,
    pub(super) device: Device,
    pub(super) forget_indices: Vec<usize>,
    pub(super) target_indices: Vec<usize>,
    pub(super) budget_indices: Vec<usize>,
    /// The samples of D_r that every certificate looks at.
    pub(super) other_retain: Vec<usize>,
    pub(super) epochs: Epochs,
    /// Whether no look that is due is ever left out.
    pub(super) always_looks: bool,
}

/// What a step changes on the device. Its tensors are handles, so that a copy to come back to costs next to nothing.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    pub(super) network: Network,
    pub(super) steps: Box<dyn Steps>,
    pub(super) samples: Samples,
    pub(super) step: usize,
}

/// Steps that were taken and have not been reported.
#[derive(Debug)]
pub(super) struct Taken {
    /// Where they lead.
    pub(super) walk: Walk,
    /// Their numbers, on the device.
    pub(super) values: Vec<Tensor<1>>,
    /// What is due after the last of them.
    pub(super) check: Option<Check>,
    /// What it took to take them beforehand.
    pub(super) time: Duration,
}

/// How the run stands, to all that was reported.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) walk: Walk,
    /// In how many steps each flag was up.
    pub(super) flags: BTreeMap<&'static str, usize>,
    pub(super) forget_accuracy: f64,
    pub(super) newest: Option<Step>,
    /// The network at the last check at which all numbers were finite.
    pub(super) sound: Sound,
    pub(super) stop: Option<StopReason>,
}

#[derive(Debug, Clone)]
pub(super) struct Sound {
    pub(super) network: Network,
    pub(super) step: usize,
    pub(super) forget_accuracy: f64,
}

impl Taken {
    pub(super) fn none(walk: &Walk) -> Self {
        Self { walk: walk.clone(), values: Vec::new(), check: None, time: Duration::ZERO }
    }
}

impl State {
    /// Goes back to the last network that was looked at. A look that was left out vouches for nothing: steps tell only of
    /// their batches.
    pub(super) fn diverged(&mut self) {
        self.walk.network = self.sound.network.clone();
        self.forget_accuracy = self.sound.forget_accuracy;
        self.stop = Some(StopReason::Diverged);
    }
}

impl Plan {
    pub(super) fn new(
        config: RunConfig,
        limits: LoopConfig,
        samples: &Samples,
        teacher_logits: &[f32],
        steps: &dyn Steps,
    ) -> Self {
        let dataset = samples.dataset().clone();
        let some_of = |indices: &[usize], count: usize, seed: u64| match count {
            0 => indices.to_vec(),
            count => Shuffled::new(indices.to_vec(), count, seed).next_endless().to_vec(),
        };
        let forget_indices = samples.forget_indices().to_vec();
        let budget_indices = some_of(samples.retain_indices(), limits.budget_samples, limits.seed);
        // Shuffled otherwise than the batches of the steps, or a check would look at what was just trained on.
        let target_indices = some_of(&forget_indices, limits.target_samples, limits.seed ^ 0x100c);
        let other_retain = some_of(samples.retain_indices(), limits.batch_size, limits.seed ^ 0xce27);
        let classes = dataset.classes();
        let row = |index: usize| &teacher_logits[index * classes..(index + 1) * classes];
        let labels = dataset.train.labels();
        let retain_loss = mean_cross_entropy(budget_indices.iter().map(|&i| (row(i), labels[i] as usize)));
        let pass = || Epochs::alike(samples.batches_per_pass(config.method().info().pass));
        let epochs = steps.epochs().unwrap_or_else(pass);
        let reports_forget_accuracy = config.method().info().scalars.iter().any(|scalar| scalar.key == FORGET_ACCURACY);
        let stopping = Stopping {
            target_forget_accuracy: limits.target_forget_accuracy,
            ends_at_target: config.settings().get("target_forget_accuracy").is_some(),
            retain_loss_limit: match limits.retain_budget {
                0.0 => f64::INFINITY,
                budget => (budget * retain_loss).max(limits.budget_floor),
            },
            epochs: limits.epochs.max(epochs.over_after(limits.min_steps)),
        };
        Self {
            config,
            stopping,
            dataset,
            device: samples.device().clone(),
            forget_indices,
            target_indices,
            budget_indices,
            other_retain,
            epochs,
            always_looks: limits.look_margin >= 100.0 || !reports_forget_accuracy,
            limits,
        }
    }

    pub(super) fn forget_accuracy_of(&self, train_logits: &[f32]) -> f64 {
        let classes = self.dataset.classes();
        let labels = self.dataset.train.labels();
        let is_right = |&&i: &&usize| argmax(&train_logits[i * classes..(i + 1) * classes]) == labels[i] as usize;
        percent(self.forget_indices.iter().filter(is_right).count() as f64, self.forget_indices.len())
    }

    /// Takes steps, up to `steps` in all or to the first after which a check is due. Nothing is read back.
    pub(super) async fn take(&self, taken: &mut Taken, steps: usize, hands: &dyn Hands) {
        let Taken { walk, values, check, .. } = taken;
        while values.len() < steps && check.is_none() {
            let (packed, certificate) = self.step(walk, hands).await;
            // One number more, which is finite only where all weights are.
            let sound = square(&walk.network.parameters().flat());
            values.push(join([vec![packed, sound], certificate].concat()));
            walk.step += 1;
            *check = self.check_after(walk.step);
        }
    }

    /// One step from there on.
    pub(super) async fn one_more(&self, walk: &Walk, hands: &dyn Hands) -> Taken {
        let began = Instant::now();
        let mut taken = Taken::none(walk);
        self.take(&mut taken, 1, hands).await;
        Taken { time: began.elapsed(), ..taken }
    }

    /// Takes over steps, and makes the check that is due. Gives the steps up to the first whose numbers are not finite.
    /// `meanwhile` is called with where they lead while the device is still at work on them.
    pub(super) async fn report(
        &self,
        state: &mut State,
        taken: Taken,
        hands: &dyn Hands,
        meanwhile: impl AsyncFnOnce(&Walk),
    ) -> Result<Vec<Step>> {
        let Taken { walk, mut values, check, .. } = taken;
        let first = state.walk.step + 1;
        let count = values.len();
        state.walk = walk;
        let at_once = check.as_ref().filter(|check| check.epoch_end || self.always_looks);
        if let Some(check) = at_once {
            values.push(self.look(hands, &state.walk.network, check).await);
        }
        let values = device::read_while(join(values), meanwhile(&state.walk)).await?;
        let (own, more) = (state.walk.steps.packed_len(), self.certificate_len());
        let width = own + 1 + more;
        let (rows, looked) = values.split_at(count * width);
        let done: Vec<Step> = (first..)
            .zip(rows.chunks_exact(width).take_while(|row| all_finite(&row[..=own])))
            .map(|(step, row)| {
                let mut scalars = state.walk.steps.report(&row[..own]);
                scalars.extend(self.certified(&row[own + 1..]));
                Step { step, scalars }
            })
            .collect();
        for (key, scalar) in done.iter().flat_map(|step| &step.scalars) {
            *state.flags.entry(key).or_default() += usize::from(*scalar == Scalar::Flag(true));
        }
        state.newest = done.last().cloned().or(state.newest.take());
        if done.len() < count {
            // Steps after the first whose numbers are not finite do not count.
            state.walk.step = first + done.len();
            state.diverged();
            return Ok(done);
        }
        let looked = match &check {
            Some(check) if looked.is_empty() && self.is_near(done.last()) => {
                device::read(self.look(hands, &state.walk.network, check).await).await?
            }
            _ => looked.to_vec(),
        };
        if !all_finite(&looked) {
            state.diverged();
        } else if let (Some(check), &[right, _, ref retain_loss @ ..]) = (check, looked.as_slice()) {
            state.forget_accuracy = percent(right as f64, check.samples);
            if check.samples < self.forget_indices.len() && self.stopping.at_target(state.forget_accuracy) {
                let all = device::read(self.sums(hands, &state.walk.network, &self.forget_indices).await).await?;
                state.forget_accuracy =
                    percent(all.first().copied().unwrap_or_default() as f64, self.forget_indices.len());
            }
            let mut retain_loss = retain_loss.first().copied();
            if check.epoch_end && !self.always_looks && self.may_be_over(done.last()) {
                let sum = self.retain_loss(hands, &state.walk.network).await;
                retain_loss = device::read(sum).await?.first().copied();
                if retain_loss.is_some_and(|sum| !sum.is_finite()) {
                    state.diverged();
                    return Ok(done);
                }
            }
            let retain_loss = retain_loss.map(|sum| sum as f64 / self.budget_indices.len() as f64);
            let epochs_done = if check.epoch_end { self.epochs.over(state.walk.step) } else { 0 };
            state.stop = self.stopping.reason(state.forget_accuracy, retain_loss, epochs_done);
            let (network, step, forget_accuracy) = (state.walk.network.clone(), state.walk.step, state.forget_accuracy);
            state.sound = Sound { network, step, forget_accuracy };
        }
        Ok(done)
    }
}

fn all_finite(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite())
}

fn percent(part: f64, whole: usize) -> f64 {
    100.0 * part / whole.max(1) as f64
}
