//! The two passes of a step, each a sum over parts of its batch.

use burn::tensor::Tensor;

use crate::kernels::{join, product};
use crate::model::{Network, Output, Views};
use crate::unlearning::loss::share_correct;
use crate::unlearning::purge::retain_loss;
use crate::work::{Input, Outcome, Task};

/// The retain side, of labels and teacher logits `[B, K]`; what excludes classes `[1, K]` is common. Gives the gradient of
/// CE + T²·KL without the excluded classes; CE, T²·KL and the share that is recognised; and the sums of the activations by
/// class, of their squares, and of the labels.
#[derive(Debug)]
pub(crate) struct Mend {
    pub(super) temperature: f64,
}

#[cfg(feature = "cpu")]
impl Mend {
    pub(crate) fn of_settings(settings: &[f64]) -> Option<Self> {
        let &[temperature] = settings else { return None };
        Some(Self { temperature })
    }
}

impl Mend {
    pub(super) fn of_answers(
        &self,
        weights: &Views,
        output: Output,
        [labels, teacher]: [&Tensor<2>; 2],
        excluded: &Tensor<2>,
        share: f64,
    ) -> Outcome {
        let Output { logits, taps } = output;
        let kept = logits.clone() + excluded.clone();
        let teacher = teacher.clone() + excluded.clone();
        let (_, kd) = retain_loss(kept, labels.clone(), teacher, self.temperature);
        let ce = crate::unlearning::loss::cross_entropy(logits.clone(), labels.clone());
        let correct = share_correct(logits.without_autodiff(), labels.clone());
        let numbers = [ce.clone().without_autodiff(), kd.clone().without_autodiff(), correct];
        let gradient = weights.gradient((ce + kd) * share);
        let taps = late(taps).without_autodiff();
        let sums = product(labels.clone().transpose(), taps.clone()).flatten(0, 1);
        let squares = taps.square().sum_dim(0).flatten(0, 1);
        let counts = labels.clone().sum_dim(0).flatten(0, 1);
        vec![gradient, join(numbers.map(|number| number * share).to_vec()), sums, squares, counts]
    }
}

impl Task for Mend {
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome {
        let ([labels, teacher], [excluded], share) = (input.rows(), input.common(), input.share);
        let output = network.forward_with(weights, input.images);
        self.of_answers(weights, output, [&labels, &teacher], &excluded, share)
    }

    fn wants_gradient(&self) -> bool {
        true
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        crate::work::Told { code: 20, settings: vec![self.temperature] }
    }
}

/// The forget side, of where the activations belong `[B, C]`; what their distances are measured by `[1, C]` is common. Gives
/// the gradient of L_cm, the mean over images, the two taps and their channels of the squared distance, and L_cm.
#[derive(Debug)]
pub(crate) struct Settle {}

impl Task for Settle {
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome {
        let ([places], [spread], share) = (input.rows(), input.common(), input.share);
        let Output { taps, .. } = network.forward_with(weights, input.images);
        let [[batch, first], [_, second]] = [taps[0].dims(), taps[1].dims()];
        let squares = ((late(taps) - places) / spread).square().sum_dim(0).flatten::<1>(0, 1);
        let mean = |start, channels| squares.clone().narrow(0, start, channels).sum() / (batch * channels) as f64;
        let loss = (mean(0, first) + mean(first, second)) * (share / 2.0);
        let number = loss.clone().without_autodiff();
        vec![weights.gradient(loss), number]
    }

    fn wants_gradient(&self) -> bool {
        true
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        crate::work::Told { code: 21, settings: Vec::new() }
    }
}

/// The taps of the last two stages side by side, `[B, C]`.
fn late([first, second, _]: [Tensor<2>; 3]) -> Tensor<2> {
    Tensor::cat(vec![first, second], 1)
}
