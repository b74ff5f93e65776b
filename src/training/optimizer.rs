use burn::optim::{AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer as _};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// What turns gradients into steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    /// AdamW with betas 0.9 and 0.99.
    AdamW,
    /// SGD as PyTorch's, with momentum 0.9.
    Sgd,
}

const MOMENTUM: f32 = 0.9;

/// An optimizer and what it remembers of the steps so far.
pub(super) enum Optimizer {
    AdamW { weight_decay: f64, state: Option<Box<AdamWState<1>>> },
    Sgd { weight_decay: f64, velocity: Option<Tensor<1>> },
}

impl Optimizer {
    pub(super) fn new(kind: OptimizerKind, weight_decay: f64) -> Self {
        match kind {
            OptimizerKind::AdamW => Self::AdamW { weight_decay, state: None },
            OptimizerKind::Sgd => Self::Sgd { weight_decay, velocity: None },
        }
    }

    /// θ after a step along a gradient, both `[P]`.
    pub(super) fn step(&mut self, rate: f64, theta: Tensor<1>, gradient: Tensor<1>) -> Tensor<1> {
        match self {
            Self::AdamW { weight_decay, state } => {
                let rule = AdamWConfig::new()
                    .with_beta_2(0.99)
                    .with_epsilon(1e-8)
                    .with_weight_decay(*weight_decay as f32)
                    .build();
                let (theta, next) = rule.step(rate, theta, gradient, state.take().map(|state| *state));
                *state = next.map(Box::new);
                theta
            }
            Self::Sgd { weight_decay, velocity } => {
                let mut direction = gradient + theta.clone() * *weight_decay;
                if let Some(velocity) = velocity.take() {
                    direction = velocity * MOMENTUM + direction;
                }
                *velocity = Some(direction.clone());
                theta - direction * rate
            }
        }
    }

    /// What it remembers, each `[P]`; nothing before the first step.
    pub(super) fn memory(&self) -> Vec<Tensor<1>> {
        match self {
            Self::AdamW { state: Some(state), .. } => {
                vec![state.momentum.moment_1.clone(), state.momentum.moment_2.clone()]
            }
            Self::Sgd { velocity: Some(velocity), .. } => vec![velocity.clone()],
            _ => Vec::new(),
        }
    }

    /// Takes the place of an optimizer that remembered `memory` after `steps` steps. Gives `None` where that is not this
    /// kind's memory.
    pub(super) fn recall(&mut self, steps: usize, memory: Vec<Tensor<1>>) -> Option<()> {
        match self {
            Self::AdamW { state, .. } => {
                let [first, second] = memory.try_into().ok()?;
                *state = Some(Box::new(AdamWState::new(AdaptiveMomentumState::new(steps, first, second))));
            }
            Self::Sgd { velocity, .. } => {
                let [kept] = memory.try_into().ok()?;
                *velocity = Some(kept);
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn sgd_as_pytorch_does_it() {
        let device = Device::flex();
        let mut sgd = Optimizer::new(OptimizerKind::Sgd, 0.1);
        let gradient = || Tensor::<1>::from_floats([0.5], &device);
        let first = sgd.step(0.1, Tensor::from_floats([1.0], &device), gradient());
        let second = sgd.step(0.1, first.clone(), gradient());
        // By hand: d = g + w·θ, v ← 0.9·v + d, θ ← θ − η·v.
        let value = |tensor: Tensor<1>| tensor.into_data().try_to_vec::<f32>().unwrap()[0];
        assert!((value(first) - 0.94).abs() < 1e-6);
        assert!((value(second) - 0.8266).abs() < 1e-6);
    }
}
