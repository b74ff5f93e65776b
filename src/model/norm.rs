use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::Reader;
use crate::kernels;

/// Which normalisation a network has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// Group normalisation with 8 groups: no state, so nothing of the training data can hide in it.
    Group,
    /// Batch normalisation with running statistics.
    Batch,
}

impl Norm {
    /// The name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Norm::Group => "group",
            Norm::Batch => "batch",
        }
    }
}

/// Where batch normalisation takes mean and variance from.
pub(super) enum Statistics<'a> {
    /// These, which it leaves alone: mean and variance of each norm in turn.
    Running(&'a [Tensor<1>]),
    /// The batch; they are put here in the same order.
    Batch(&'a mut Vec<Tensor<1>>),
}

/// The normalisations of a network, applied one after the other.
pub(super) struct Norms<'a> {
    norm: Norm,
    statistics: Statistics<'a>,
    next: usize,
}

impl<'a> Norms<'a> {
    pub(super) fn new(norm: Norm, statistics: Statistics<'a>) -> Self {
        Self { norm, statistics, next: 0 }
    }

    /// The next norm; its weight and bias come from `parameters`.
    pub(super) fn next(&mut self, parameters: &mut Reader<'_>) -> kernels::Norm<'_> {
        let (weight, bias) = (parameters.next(), parameters.next());
        let at = self.next;
        self.next += 2;
        match (self.norm, &mut self.statistics) {
            (Norm::Group, _) => kernels::Norm::Group { weight, bias },
            (Norm::Batch, Statistics::Running(running)) => {
                let statistics = Box::new([running[at].clone(), running[at + 1].clone()]);
                kernels::Norm::Frozen { weight, bias, statistics }
            }
            (Norm::Batch, Statistics::Batch(seen)) => kernels::Norm::Batch { weight, bias, seen },
        }
    }
}
