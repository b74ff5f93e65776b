//! The losses the methods are made of. Each takes logits `[B, K]` and gives a mean over the batch, `[1]`, in nats.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_softmax, softmax};

/// Cross-entropy of `logits` with one-hot labels `[B, K]`.
pub fn cross_entropy(logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    -(log_softmax(logits, 1) * one_hot).sum_dim(1).mean()
}

/// `KL(target ‖ σ(logits))` for target probabilities `[B, K]` or `[1, K]`.
pub fn kl_divergence(target: Tensor<2>, logits: Tensor<2>) -> Tensor<1> {
    // 0 · log 0 is 0: the floor keeps it from becoming NaN and is far below what a float can add to a sum of ordinary terms.
    let log_target = target.clone().clamp_min(1e-30).log();
    (target * (log_target - log_softmax(logits, 1))).sum_dim(1).mean()
}

/// Mean entropy of σ(logits).
pub fn entropy(logits: Tensor<2>) -> Tensor<1> {
    -(softmax(logits.clone(), 1) * log_softmax(logits, 1)).sum_dim(1).mean()
}

/// The share of rows whose label's logit is the largest, `[1]`.
pub(crate) fn share_correct(logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    let rows = logits.dims()[0];
    correct(logits, one_hot) / rows as f32
}

/// How many rows have their label's logit as the largest, `[1]`.
pub(crate) fn correct(logits: Tensor<2>, one_hot: Tensor<2>) -> Tensor<1> {
    let own = (logits.clone() * one_hot).sum_dim(1);
    own.greater_equal(logits.max_dim(1)).float().sum()
}
