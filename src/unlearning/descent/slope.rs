use burn::tensor::Tensor;

use crate::kernels::{Number, RowLosses, Target, join, row_losses};
use crate::model::{Network, Output, Views};
use crate::unlearning::loss::{cross_entropy, share_correct};
use crate::unlearning::purge::retain_loss;
use crate::work::{Input, Outcome, Task};

/// The gradient of a · CE(z, y) + b · T² · KL(σ(t/T) ‖ σ(z/T)) of labels y and, where there are any, teacher logits t, `[B, K]` each;
/// and CE, the share that is recognised and, with a teacher, T² · KL.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slope {
    /// a
    pub cross_entropy: f64,
    /// b
    pub divergence: f64,
    /// T
    pub temperature: f64,
}

impl Slope {
    /// `sign · ∇CE`
    pub(crate) const fn of_labels(sign: f64) -> Self {
        Self { cross_entropy: sign, divergence: 0.0, temperature: 1.0 }
    }

    #[cfg(feature = "cpu")]
    pub(crate) fn of_settings(settings: &[f64]) -> Option<Self> {
        let &[cross_entropy, divergence, temperature] = settings else { return None };
        Some(Self { cross_entropy, divergence, temperature })
    }

    /// Of answers whose graph has `weights` as its leaves.
    pub(super) fn of_answers(&self, weights: &Views, output: Output, rows: &[Tensor<2>], share: f64) -> Outcome {
        let Output { logits, .. } = output;
        let [labels, teacher @ ..] = rows else { return Outcome::new() };
        let teacher = teacher.first().cloned();
        let numbers = [Number::CrossEntropy, Number::Correct, Number::Divergence];
        let losses = RowLosses {
            logits: &logits,
            labels,
            target: match teacher.clone() {
                Some(logits) => Target::Teacher { logits, temperature: self.temperature },
                None => Target::None,
            },
            cross_entropy: self.cross_entropy,
            divergence: self.divergence,
            share,
            numbers: if teacher.is_some() { &numbers } else { &numbers[..2] },
        };
        let (loss, numbers) =
            row_losses(&losses, None).unwrap_or_else(|| self.losses(&logits, labels.clone(), teacher, share));
        vec![weights.gradient(loss), numbers]
    }

    /// The loss and the numbers with burn's operations.
    pub(super) fn losses(
        &self,
        logits: &Tensor<2>,
        labels: Tensor<2>,
        teacher: Option<Tensor<2>>,
        share: f64,
    ) -> (Tensor<1>, Tensor<1>) {
        let correct = share_correct(logits.clone().without_autodiff(), labels.clone());
        let Some(teacher) = teacher else {
            let loss = cross_entropy(logits.clone(), labels);
            let numbers = [loss.clone().without_autodiff(), correct].map(|number| number * share);
            return (loss * (self.cross_entropy * share), join(numbers.to_vec()));
        };
        let (ce, kd) = retain_loss(logits.clone(), labels, teacher, self.temperature);
        let numbers = [ce.clone().without_autodiff(), correct, kd.clone().without_autodiff()];
        let loss = (ce * self.cross_entropy + kd * self.divergence) * share;
        (loss, join(numbers.map(|number| number * share).to_vec()))
    }
}

impl Task for Slope {
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome {
        let output = network.forward_with(weights, input.images);
        self.of_answers(weights, output, &input.rows, input.share)
    }

    fn wants_gradient(&self) -> bool {
        true
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        crate::work::Told { code: 2, settings: vec![self.cross_entropy, self.divergence, self.temperature] }
    }
}
