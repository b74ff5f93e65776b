use serde::{Deserialize, Serialize};

/// How a gradient is followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DescentConfig {
    /// Which rule.
    pub optimizer: Rule,
    /// η
    pub learning_rate: f64,
    /// μ, of SGD.
    pub momentum: f64,
    /// w
    pub weight_decay: f64,
    /// c, the global norm that gradients are clipped to; 0 for no clipping.
    pub max_grad_norm: f64,
    /// Samples in a pass; 0 for as many as the network's memory allows.
    pub samples_at_once: usize,
    /// What the steps do with batch normalisation.
    pub batch_norm: BatchNorm,
}

/// What turns gradients into steps, as PyTorch does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    /// SGD with momentum.
    Sgd,
    /// Adam with betas 0.9 and 0.999.
    Adam,
}

/// What the steps do with batch normalisation. Group normalisation has no statistics, and is the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BatchNorm {
    /// Normalise by the running statistics and leave them alone, as PyTorch's `eval()`.
    Frozen,
    /// Normalise by the batch's own statistics and update the running ones (momentum 0.1, unbiased variance), as PyTorch's
    /// `train()`. They are those of the whole batch, so it is not cut into parts, and no helper has a share of it.
    Train,
}

impl DescentConfig {
    /// What the programs of Unlearn-Sparse share: momentum 0.9, decay 5e-4, no clipping, `model.train()`.
    pub fn unlearn_sparse(learning_rate: f64) -> Self {
        Self {
            optimizer: Rule::Sgd,
            learning_rate,
            momentum: 0.9,
            weight_decay: 5e-4,
            max_grad_norm: 0.0,
            samples_at_once: 0,
            batch_norm: BatchNorm::Train,
        }
    }

    /// Adam with PyTorch's defaults, in `model.train()`.
    pub fn adam(learning_rate: f64) -> Self {
        Self { optimizer: Rule::Adam, weight_decay: 0.0, ..Self::unlearn_sparse(learning_rate) }
    }
}
