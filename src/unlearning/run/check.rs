//! The looks at D_f and D_r on the way: when one is due, when it is left out, and what it sums up.

use burn::tensor::Tensor;

use super::Step;
use super::plan::Plan;
use crate::data::{Dataset, one_hot};
use crate::kernels::{Number, RowLosses, Target, join, row_losses};
use crate::model::{Network, Views};
use crate::unlearning::loss::{correct, cross_entropy};
use crate::work::{Hands, Images, Input, Outcome, Task, Work, answers_at_once, exactly};

/// A look at D_f, and at the end of an epoch at D_r too.
#[derive(Debug)]
pub(super) struct Check {
    pub epoch_end: bool,
    pub samples: usize,
}

/// The number of a step that says how much of its forget batch was recognised before it.
pub(super) const FORGET_ACCURACY: &str = "forget_accuracy";
/// And that of its retain batch's cross-entropy.
const RETAIN_LOSS: &str = "retain_ce";

impl Plan {
    pub(super) fn check_after(&self, step: usize) -> Option<Check> {
        let epoch_end = self.epochs.is_end(step);
        let due = epoch_end || step.is_multiple_of(self.limits.check_every);
        due.then(|| {
            let samples = if epoch_end { self.forget_indices.len() } else { self.target_indices.len() };
            Check { epoch_end, samples }
        })
    }

    /// What a check sums up: the [`Sums`] of D_f and, at the end of an epoch where no look is ever left out, the cross-entropy
    /// on D_r after them.
    pub(super) async fn look(&self, hands: &dyn Hands, network: &Network, check: &Check) -> Tensor<1> {
        if !check.epoch_end {
            return self.sums(hands, network, &self.target_indices).await;
        }
        let forget = self.sums(hands, network, &self.forget_indices).await;
        if !self.always_looks {
            return forget;
        }
        join(vec![forget, self.retain_loss(hands, network).await])
    }

    /// The sum of the cross-entropy over the samples of D_r that the budget is judged on, `[1]`.
    pub(super) async fn retain_loss(&self, hands: &dyn Hands, network: &Network) -> Tensor<1> {
        self.sums(hands, network, &self.budget_indices).await.narrow(0, 1, 1)
    }

    /// The [`Sums`] of samples of the training split, `[2]`.
    pub(super) async fn sums(&self, hands: &dyn Hands, network: &Network, indices: &[usize]) -> Tensor<1> {
        let Dataset { train, normalisation, .. } = self.dataset.as_ref();
        let images = Images::Of { split: train, normalisation, indices };
        let at_once = answers_at_once(network, &images);
        let labels = one_hot(train, indices, self.dataset.classes(), &self.device);
        let work = Work { task: &Sums {}, images, rows: vec![labels], common: Vec::new() };
        let [sums] = exactly(work.sum(hands, network, &network.parameters().views(), at_once).await);
        sums
    }

    /// Whether the retain loss may be over its budget, to go by the batch of the newest step.
    pub(super) fn may_be_over(&self, newest: Option<&Step>) -> bool {
        let of_batch = newest.and_then(|step| step.number(RETAIN_LOSS));
        of_batch.is_none_or(|loss| loss.is_nan() || loss * BATCH_MARGIN > self.stopping.retain_loss_limit)
    }

    /// Whether all of D_f may be at the target, to go by the batch of the newest step.
    pub(super) fn is_near(&self, newest: Option<&Step>) -> bool {
        let of_batch = newest.and_then(|step| step.number(FORGET_ACCURACY));
        of_batch.is_none_or(|accuracy| accuracy <= self.stopping.target_forget_accuracy + self.limits.look_margin)
    }
}

/// A batch of D_r is small: its cross-entropy tells only that all of D_r is this much below a limit or not.
const BATCH_MARGIN: f64 = 2.0;

/// How many images are recognised, and their cross-entropy, which tells whether the answers are finite; of labels `[B, K]`.
#[derive(Debug)]
pub(crate) struct Sums {}

impl Task for Sums {
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome {
        let [labels] = input.rows();
        let [batch, _] = labels.dims();
        let logits = network.forward_with(weights, input.images).logits;
        let losses = RowLosses {
            logits: &logits,
            labels: &labels,
            target: Target::None,
            cross_entropy: 1.0,
            divergence: 0.0,
            share: batch as f64,
            numbers: &[Number::Correct, Number::CrossEntropy],
        };
        let sums = row_losses(&losses, None).map(|(_, sums)| sums).unwrap_or_else(|| {
            let summed = cross_entropy(logits.clone(), labels.clone()) * batch as f32;
            join(vec![correct(logits.clone(), labels.clone()), summed])
        });
        vec![sums]
    }

    fn wants_gradient(&self) -> bool {
        false
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        crate::work::Told { code: 1, settings: Vec::new() }
    }
}
