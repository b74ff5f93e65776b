use serde::{Deserialize, Serialize};

use super::method::Pass;
use super::run::{Batch, Samples};
use crate::data::Shuffled;

/// For methods whose authors have batches of D_f of another size than those of D_r.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ForgetBatchConfig {
    /// Samples in a batch of D_f; 0 for as many as in one of D_r.
    pub forget_batch_size: usize,
    /// Of the run.
    #[serde(skip_serializing)]
    seed: u64,
}

impl ForgetBatchConfig {
    pub(super) fn of(forget_batch_size: usize) -> Self {
        Self { forget_batch_size, seed: 0 }
    }
}

/// D_f in shuffled batches without end.
#[derive(Debug, Clone)]
pub(super) struct ForgetBatches(Option<Shuffled>);

impl ForgetBatches {
    pub(super) fn new(config: &ForgetBatchConfig, samples: &Samples) -> Self {
        let &ForgetBatchConfig { forget_batch_size, seed } = config;
        let own = || Shuffled::new(samples.forget_indices().to_vec(), forget_batch_size, seed ^ 0xf0);
        Self((forget_batch_size > 0).then(own))
    }

    pub(super) fn next(&mut self, samples: &mut Samples) -> Batch {
        match &mut self.0 {
            Some(own) => samples.batch(own.next_endless().to_vec()),
            None => samples.next_forget(),
        }
    }

    pub(super) fn per_pass(&self, samples: &Samples) -> usize {
        self.0.as_ref().map_or_else(|| samples.batches_per_pass(Pass::Forget), Shuffled::batches_per_pass)
    }
}
