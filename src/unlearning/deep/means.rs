use burn::tensor::{Device, Tensor};

use crate::kernels::product;

/// How much of the mean before is kept.
const KEPT: f64 = 0.9;
/// Added to a spread before something is divided by it.
const LEAST_SPREAD: f64 = 0.05;

/// Where the retained classes have their inner activations: the taps of the last two stages, one after the other, C numbers in all.
#[derive(Debug, Clone)]
pub(super) struct ClassMeans {
    /// μ, the running mean of each class, `[K, C]`; empty before the first batch.
    means: Option<Tensor<2>>,
    /// Which classes have one, 1 or 0, `[K, 1]`.
    seen: Tensor<2>,
    /// s, the standard deviation of the newest batch, `[1, C]`.
    spread: Option<Tensor<2>>,
}

impl ClassMeans {
    pub(super) fn none(classes: usize, device: &Device) -> Self {
        Self { means: None, seen: Tensor::zeros([classes, 1], device), spread: None }
    }

    /// Takes in a batch: the sums of its activations by class `[K · C]`, the sum of their squares `[C]`, and how many there
    /// are of each class `[K]`. The first mean of a class is that of its first batch.
    pub(super) fn follow(&mut self, sums: Tensor<1>, squares: Tensor<1>, counts: Tensor<1>) {
        let [classes, _] = self.seen.dims();
        let [channels] = squares.dims();
        let sums = sums.reshape([classes, channels]);
        let whole = counts.clone().sum().unsqueeze::<2>();
        let mean = sums.clone().sum_dim(0) / whole.clone();
        let variance = squares.unsqueeze::<2>() / whole - mean.square();
        // Rounding may take it below 0.
        self.spread = Some(variance.clamp_min(0.0).sqrt());

        let counts = counts.reshape([classes, 1]);
        let present = counts.clone().clamp_max(1.0);
        let newest = sums / counts.clamp_min(1.0);
        let means = self.means.take().unwrap_or_else(|| newest.zeros_like());
        let share = present.clone() * (self.seen.clone() * -KEPT + 1.0);
        self.means = Some(means.clone() + (newest - means) * share);
        self.seen = self.seen.clone().max_pair(present);
    }

    /// Where images belong, `[B, C]`, which are of the retained classes by these probabilities `[B, K]`. Classes that no batch
    /// has shown yet do not count.
    pub(super) fn mixed(&self, answers: Tensor<2>) -> Tensor<2> {
        let Some(means) = &self.means else { return answers };
        let answers = answers * self.seen.clone().transpose();
        let sum = answers.clone().sum_dim(1).clamp_min(1e-12);
        product(answers / sum, means.clone())
    }

    /// s + 0.05, `[1, C]`.
    pub(super) fn spread(&self) -> Tensor<2> {
        let spread = self.spread.clone().unwrap_or_else(|| self.seen.clone());
        spread + LEAST_SPREAD
    }

    #[cfg(test)]
    pub(super) fn means(&self) -> Option<Tensor<2>> {
        self.means.clone()
    }
}
