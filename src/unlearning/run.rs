//! The loop around the steps. A run is pulled: each [`Run::advance`] does a few steps and tells how it stands, so that
//! pausing is not calling it, stepping is calling it with 1, and cancelling is dropping it.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use serde::Serialize;
use web_time::{Duration, Instant};

use super::loss::{correct, cross_entropy};
use super::purge::{BARRED, Purge, PurgeConfig, StepBatch, StepScalars, StopReason, Stopping, retain_confusion};
use crate::data::{Dataset, Shuffled};
use crate::evaluation::{argmax, mean_cross_entropy};
use crate::inference::{batch, check_fit, images, logits, one_hot};
use crate::model::Network;
use crate::{Error, Result, device};

/// How a run stands.
#[derive(Debug, Clone, Serialize)]
pub struct Progress {
    /// Steps done.
    pub step: usize,
    /// Passes over D_f begun, from 1.
    pub epoch: usize,
    /// Steps of one pass.
    pub steps_per_epoch: usize,
    /// Steps if nothing ends the run early.
    pub max_steps: usize,
    /// Percent of D_f, or of the part of it that the newest check was made on.
    pub forget_accuracy: f64,
    /// CE(z_r, y_r) of the newest retain batch, nats.
    pub retain_loss: f64,
    /// Percent of the newest retain batch.
    pub retain_accuracy: f64,
    /// Share of the steps so far that were projected.
    pub projected_share: f64,
    /// Share of the steps so far whose final direction went against g_r.
    pub violation_share: f64,
    /// cos(g_f, g_r) of the newest step.
    pub cosine: f64,
    /// Time spent in steps and checks, pauses left out.
    pub elapsed_ms: f64,
    /// Every step since the last progress.
    pub steps: Vec<StepScalars>,
    /// Why the run is over, once it is.
    pub stop: Option<StopReason>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Summary {
    /// Why it ended.
    pub stop: StopReason,
    /// Steps done.
    pub steps: usize,
    /// Steps whose final direction went against g_r by more than rounding.
    pub violations: usize,
    /// Time spent in steps and checks.
    pub seconds: f64,
}

/// A PURGE run on a network and a dataset.
#[derive(Debug)]
pub struct Run {
    network: Network,
    dataset: Arc<Dataset>,
    purge: Purge,
    teacher_logits: Vec<f32>,
    forget_indices: Vec<usize>,
    target_indices: Vec<usize>,
    budget_indices: Vec<usize>,
    forget: Shuffled,
    retain: Shuffled,
    stopping: Stopping,
    step: usize,
    projected: usize,
    violations: usize,
    forget_accuracy: f64,
    newest: Option<StepScalars>,
    elapsed: Duration,
    stop: Option<StopReason>,
    device: Device,
}

impl Run {
    /// Prepares a run: the teacher's logits on the training samples, and from them p_r, the retain loss and the forget
    /// accuracy before unlearning. `train_logits` saves the pass where the caller has them already.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for a setting out of range or a class without samples, [`Error::BadModel`] where network and
    /// dataset do not fit, and those of the device.
    pub async fn start(
        network: Network,
        dataset: Arc<Dataset>,
        config: PurgeConfig,
        train_logits: Option<Vec<f32>>,
    ) -> Result<Self> {
        let began = Instant::now();
        check_fit(&network, &dataset)?;
        let classes = dataset.classes();
        config.check(classes)?;
        let forget_indices = dataset.train.indices_where(|class| config.classes.forgets(class));
        let retain_indices = dataset.train.indices_where(|class| config.classes.retains(class));
        for (what, indices) in [("the forgotten classes", &forget_indices), ("the other classes", &retain_indices)] {
            if indices.is_empty() {
                return Err(Error::config("forget_class", format!("training samples of {what}"), "none"));
            }
        }
        let mut teacher_logits = match train_logits {
            Some(logits) => logits,
            None => logits(&network, &dataset, &dataset.train).await?,
        };
        let some_of = |indices: &[usize], count: usize| match count {
            0 => indices.to_vec(),
            count => Shuffled::new(indices.to_vec(), count, config.seed).next_endless().to_vec(),
        };
        let budget_indices = some_of(&retain_indices, config.budget_samples);
        let target_indices = some_of(&forget_indices, config.target_samples);
        let row = |index: usize| &teacher_logits[index * classes..(index + 1) * classes];
        let labels = dataset.train.labels();
        let retain_loss = mean_cross_entropy(budget_indices.iter().map(|&i| (row(i), labels[i] as usize)));
        let right = forget_indices.iter().filter(|&&i| argmax(row(i)) == labels[i] as usize).count();
        let forget_accuracy = percent(right as f64, forget_indices.len());

        // The teacher no longer knows what earlier runs forgot, or it would teach the rest of it back.
        for row in teacher_logits.chunks_exact_mut(classes) {
            config.classes.forgotten.iter().for_each(|&class| row[class] += BARRED);
        }
        let teacher_row = |&i: &usize| &teacher_logits[i * classes..(i + 1) * classes];
        let retain_rows: Vec<f32> = retain_indices.iter().flat_map(teacher_row).copied().collect();
        let forget = Shuffled::new(forget_indices.clone(), config.batch_size, config.seed);
        let epochs = config.epochs.max(config.min_steps.div_ceil(forget.batches_per_pass()));
        let purge = Purge::new(config.clone(), &retain_confusion(&retain_rows, classes), &network)?;
        let stop = (forget_accuracy <= config.target_forget_accuracy).then_some(StopReason::NothingToForget);
        let device = network.parameters().flat().device();
        Ok(Self {
            network,
            purge,
            teacher_logits,
            forget,
            // A seed of its own, or both sides would be shuffled alike.
            retain: Shuffled::new(retain_indices, config.batch_size, config.seed ^ 0x5eed),
            forget_indices,
            target_indices,
            budget_indices,
            stopping: Stopping {
                target_forget_accuracy: config.target_forget_accuracy,
                retain_loss_limit: (config.retain_budget * retain_loss).max(config.budget_floor),
                epochs,
            },
            dataset,
            step: 0,
            projected: 0,
            violations: 0,
            forget_accuracy,
            newest: None,
            elapsed: began.elapsed(),
            stop,
            device,
        })
    }

    /// Does up to `steps` steps. Ends early at a check, so that one call waits for the device just once (twice where a part
    /// of D_f is at the target), and at once where the run is over.
    ///
    /// # Errors
    /// Those of the device. The network then is as it was at the last step.
    pub async fn advance(&mut self, steps: usize) -> Result<Progress> {
        let began = Instant::now();
        let first = self.step + 1;
        let mut packed = Vec::new();
        let mut check = None;
        while packed.len() < steps && self.stop.is_none() && check.is_none() {
            let batch = self.next_batch();
            packed.push(self.purge.step(&mut self.network, batch));
            self.step += 1;
            let epoch_end = self.step.is_multiple_of(self.steps_per_epoch());
            if epoch_end || self.step.is_multiple_of(self.purge.config().check_every) {
                let checked = if epoch_end { &self.forget_indices } else { &self.target_indices };
                packed.push(self.sum_over(checked, correct));
                if epoch_end {
                    packed.push(self.retain_loss_sum());
                }
                check = Some((epoch_end, checked.len()));
            }
        }
        if packed.is_empty() {
            return Ok(self.progress(Vec::new()));
        }
        let values = device::read(Tensor::cat(packed, 0)).await?;
        let (rows, rest) = values.as_chunks::<{ StepScalars::COUNT }>();
        let projection = self.purge.config().projection;
        let scalars: Vec<StepScalars> =
            (first..).zip(rows).map(|(step, row)| StepScalars::unpack(step, row, projection)).collect();
        self.projected += scalars.iter().filter(|s| s.projected).count();
        self.violations += scalars.iter().filter(|s| s.violation).count();
        self.newest = scalars.last().copied().or(self.newest);
        if let (Some((epoch_end, checked)), Some(&right)) = (check, rest.first()) {
            self.forget_accuracy = percent(right as f64, checked);
            if checked < self.forget_indices.len() && self.stopping.at_target(self.forget_accuracy) {
                let right = device::read(self.sum_over(&self.forget_indices, correct)).await?;
                self.forget_accuracy =
                    percent(right.first().copied().unwrap_or_default() as f64, self.forget_indices.len());
            }
            let retain_loss = rest.get(1).map(|&sum| sum as f64 / self.budget_indices.len() as f64);
            let epochs_done = if epoch_end { self.step / self.steps_per_epoch() } else { 0 };
            self.stop = self.stopping.reason(self.forget_accuracy, retain_loss, epochs_done);
        }
        self.elapsed += began.elapsed();
        Ok(self.progress(scalars))
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The run's settings.
    pub fn config(&self) -> &PurgeConfig {
        self.purge.config()
    }

    /// Ends the run: the network as it is, and what the run came to; `Cancelled` where it was not over.
    pub fn finish(self) -> (Network, Summary) {
        let summary = Summary {
            stop: self.stop.unwrap_or(StopReason::Cancelled),
            steps: self.step,
            violations: self.violations,
            seconds: self.elapsed.as_secs_f64(),
        };
        (self.network, summary)
    }

    fn steps_per_epoch(&self) -> usize {
        self.forget.batches_per_pass()
    }

    fn progress(&self, steps: Vec<StepScalars>) -> Progress {
        let per_epoch = self.steps_per_epoch();
        let share = |count: usize| count as f64 / self.step.max(1) as f64;
        Progress {
            step: self.step,
            epoch: self.step.div_ceil(per_epoch).max(1),
            steps_per_epoch: per_epoch,
            max_steps: per_epoch * self.stopping.epochs,
            forget_accuracy: self.forget_accuracy,
            retain_loss: self.newest.map_or(0.0, |s| s.retain_ce),
            retain_accuracy: self.newest.map_or(0.0, |s| s.retain_accuracy),
            projected_share: share(self.projected),
            violation_share: share(self.violations),
            cosine: self.newest.map_or(0.0, |s| s.cosine),
            elapsed_ms: self.elapsed.as_secs_f64() * 1e3,
            steps,
            stop: self.stop,
        }
    }

    fn next_batch(&mut self) -> StepBatch {
        let classes = self.dataset.classes();
        let (dataset, device) = (&self.dataset, &self.device);
        let split = &dataset.train;
        let retain = self.retain.next_endless();
        let teacher: Vec<f32> =
            retain.iter().flat_map(|&i| &self.teacher_logits[i * classes..(i + 1) * classes]).copied().collect();
        let forget = self.forget.next_endless();
        StepBatch {
            retain_images: images(dataset, split, retain, device),
            retain_labels: one_hot(split, retain, classes, device),
            teacher_logits: Tensor::from_data(TensorData::new(teacher, [retain.len(), classes]), device),
            forget_images: images(dataset, split, forget, device),
            forget_labels: one_hot(split, forget, classes, device),
        }
    }

    /// Cross-entropy on D_r, or the part of it that the budget is judged on, summed, `[1]`.
    fn retain_loss_sum(&self) -> Tensor<1> {
        self.sum_over(&self.budget_indices, |logits, one_hot| {
            let batch = logits.dims()[0];
            cross_entropy(logits, one_hot) * batch as f32
        })
    }

    fn sum_over(&self, indices: &[usize], value: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<1>) -> Tensor<1> {
        let split = &self.dataset.train;
        let zero = Tensor::zeros([1], &self.device);
        indices.chunks(batch(&self.network, &self.dataset)).fold(zero, |sum, chunk| {
            let output = self.network.forward(images(&self.dataset, split, chunk, &self.device));
            sum + value(output.logits, one_hot(split, chunk, self.dataset.classes(), &self.device))
        })
    }
}

fn percent(part: f64, whole: usize) -> f64 {
    100.0 * part / whole.max(1) as f64
}
