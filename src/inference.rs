//! A network's answers on a dataset.

use std::sync::Arc;

use burn::tensor::Tensor;

use crate::data::{Dataset, Split, SplitName, images};
use crate::fit::check_fit;
use crate::model::Network;
use crate::{Error, Result, device};

/// Samples in a forward pass without gradients, which keeps a layer or two in memory and not all of them.
pub(crate) fn samples_in_a_pass(network: &Network, dataset: &Dataset) -> usize {
    let at_once = network.architecture().samples_at_once(dataset.shape.height, dataset.shape.width);
    at_once.saturating_mul(4).min(250)
}

/// Logits of every sample of a split, row-major `[N, K]`. Waits for the device once.
///
/// # Errors
/// Those of [`check_fit`] and of the device.
pub async fn logits(network: &Network, dataset: &Dataset, split: &Split) -> Result<Vec<f32>> {
    check_fit(network, dataset)?;
    if split.is_empty() {
        return Ok(Vec::new());
    }
    let device = network.parameters().flat().device();
    let indices: Vec<usize> = (0..split.len()).collect();
    let parts = indices
        .chunks(samples_in_a_pass(network, dataset))
        .map(|chunk| {
            let logits = network.forward(images(dataset, split, chunk, &device)).logits;
            let [batch, classes] = logits.dims();
            logits.reshape([batch * classes])
        })
        .collect();
    device::read(Tensor::cat(parts, 0)).await
}

/// The logits of one network on one dataset, split by split, each computed when it is first asked for and then kept.
#[derive(Debug, Clone, Default)]
pub struct LogitCache {
    train: Option<Arc<Vec<f32>>>,
    val: Option<Arc<Vec<f32>>>,
    test: Option<Arc<Vec<f32>>>,
}

impl LogitCache {
    /// The logits of `network` on a split of `dataset`, see [`logits`]. Both must be the same at every call.
    ///
    /// # Errors
    /// Those of [`logits`]; [`Error::BadConfig`] for a split that the dataset does not have.
    pub async fn get(&mut self, network: &Network, dataset: &Dataset, name: SplitName) -> Result<Arc<Vec<f32>>> {
        let kept = match name {
            SplitName::Train => &mut self.train,
            SplitName::Val => &mut self.val,
            SplitName::Test => &mut self.test,
        };
        if let Some(known) = kept {
            return Ok(known.clone());
        }
        let split = dataset.split(name).ok_or_else(|| Error::config("split", dataset.split_names(), name.as_str()))?;
        let fresh = Arc::new(logits(network, dataset, split).await?);
        *kept = Some(fresh.clone());
        Ok(fresh)
    }

    /// The logits on the training samples, where they are known.
    pub fn train(&self) -> Option<&Arc<Vec<f32>>> {
        self.train.as_ref()
    }
}
