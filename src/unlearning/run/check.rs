//! The looks at D_f and D_r on the way: when one is due, when it is left out, and what it sums up.

use burn::tensor::Tensor;

use super::{Plan, Step};
use crate::data::{images, one_hot};
use crate::inference::samples_in_a_pass;
use crate::model::Network;
use crate::unlearning::loss::{correct, cross_entropy};

/// A look at D_f, and at the end of an epoch at D_r too.
pub(super) struct Check {
    pub epoch_end: bool,
    pub samples: usize,
}

/// The number of a step that says how much of its forget batch was recognised before it.
pub(super) const FORGET_ACCURACY: &str = "forget_accuracy";

impl Plan {
    pub(super) fn check_after(&self, step: usize) -> Option<Check> {
        let epoch_end = step.is_multiple_of(self.steps_per_epoch);
        let due = epoch_end || step.is_multiple_of(self.limits.check_every);
        due.then(|| {
            let samples = if epoch_end { self.forget_indices.len() } else { self.target_indices.len() };
            Check { epoch_end, samples }
        })
    }

    /// What a check sums up: [`Plan::forget_sums`] and, at the end of an epoch, the cross-entropy on D_r after them.
    pub(super) fn look(&self, network: &Network, check: &Check) -> Tensor<1> {
        if !check.epoch_end {
            return self.forget_sums(network, &self.target_indices);
        }
        let retain = self.sum_over(network, &self.budget_indices, |logits, one_hot| vec![summed(logits, one_hot)]);
        Tensor::cat(vec![self.forget_sums(network, &self.forget_indices), retain], 0)
    }

    /// How many of these samples are recognised, and their cross-entropy, which tells whether the answers are finite.
    pub(super) fn forget_sums(&self, network: &Network, indices: &[usize]) -> Tensor<1> {
        self.sum_over(network, indices, |logits, one_hot| {
            vec![correct(logits.clone(), one_hot.clone()), summed(logits, one_hot)]
        })
    }

    /// Sums of values over samples of the training split, from their logits and one-hot labels.
    fn sum_over(
        &self,
        network: &Network,
        indices: &[usize],
        values: impl Fn(Tensor<2>, Tensor<2>) -> Vec<Tensor<1>>,
    ) -> Tensor<1> {
        let split = &self.dataset.train;
        let parts = indices.chunks(samples_in_a_pass(network, &self.dataset)).map(|chunk| {
            let output = network.forward(images(&self.dataset, split, chunk, &self.device));
            Tensor::cat(values(output.logits, one_hot(split, chunk, self.dataset.classes(), &self.device)), 0)
        });
        parts.reduce(|sum, part| sum + part).unwrap_or_else(|| Tensor::zeros([1], &self.device))
    }

    /// Whether all of D_f may be at the target, to go by the batch of the newest step.
    pub(super) fn is_near(&self, newest: Option<&Step>) -> bool {
        let of_batch = newest.and_then(|step| step.number(FORGET_ACCURACY));
        of_batch.is_none_or(|accuracy| accuracy <= self.stopping.target_forget_accuracy + self.limits.look_margin)
    }
}

/// Cross-entropy summed over a batch, `[1]`.
fn summed(logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    let batch = logits.dims()[0];
    cross_entropy(logits, one_hot) * batch as f32
}
