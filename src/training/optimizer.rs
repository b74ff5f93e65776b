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
#[derive(Debug, Clone)]
pub(crate) struct Optimizer {
    kind: OptimizerKind,
    weight_decay: f64,
    beta_2: f32,
    steps: usize,
    memory: Vec<Tensor<1>>,
}

impl Optimizer {
    pub(crate) fn new(kind: OptimizerKind, weight_decay: f64) -> Self {
        Self { kind, weight_decay, beta_2: 0.99, steps: 0, memory: Vec::new() }
    }

    /// Adam with PyTorch's defaults.
    pub(crate) fn adam() -> Self {
        Self { beta_2: 0.999, ..Self::new(OptimizerKind::AdamW, 0.0) }
    }

    /// θ after a step along a gradient, both `[P]`.
    pub(crate) fn step(&mut self, rate: f64, theta: Tensor<1>, gradient: Tensor<1>) -> Tensor<1> {
        let mut memory = std::mem::take(&mut self.memory).into_iter();
        let theta = match self.kind {
            OptimizerKind::AdamW => {
                let rule = AdamWConfig::new()
                    .with_beta_2(self.beta_2)
                    .with_epsilon(1e-8)
                    .with_weight_decay(self.weight_decay as f32)
                    .build();
                let state = memory
                    .next()
                    .zip(memory.next())
                    .map(|(first, second)| AdamWState::new(AdaptiveMomentumState::new(self.steps, first, second)));
                let (theta, state) = rule.step(rate, theta, gradient, state);
                self.memory.extend(state.into_iter().flat_map(|s| [s.momentum.moment_1, s.momentum.moment_2]));
                theta
            }
            OptimizerKind::Sgd => {
                let mut direction = gradient + theta.clone() * self.weight_decay;
                if let Some(velocity) = memory.next() {
                    direction = velocity * MOMENTUM + direction;
                }
                self.memory.push(direction.clone());
                theta - direction * rate
            }
        };
        self.steps += 1;
        theta
    }

    /// What it remembers, each `[P]`; nothing before the first step.
    pub(super) fn memory(&self) -> &[Tensor<1>] {
        &self.memory
    }

    /// Goes on as an optimizer of this kind that remembers `memory` after `steps` steps. Says whether `memory` fits.
    pub(super) fn recall(&mut self, steps: usize, memory: Vec<Tensor<1>>) -> bool {
        let expected = match self.kind {
            OptimizerKind::AdamW => 2,
            OptimizerKind::Sgd => 1,
        };
        let fits = memory.len() == if steps == 0 { 0 } else { expected };
        if fits {
            (self.steps, self.memory) = (steps, memory);
        }
        fits
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
