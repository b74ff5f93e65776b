//! A network's answers on a dataset.

use std::sync::Arc;

use crate::data::{Dataset, Split, SplitName};
use crate::fit::check_fit;
use crate::kernels::join;
use crate::model::{Network, Views};
use crate::work::{Hands, Images, Input, Outcome, Task, Work, answers_at_once};
use crate::{Error, Result, device};

/// The logits of each image, row-major.
#[derive(Debug)]
pub(crate) struct Answers {}

impl Task for Answers {
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome {
        let logits = network.forward_with(weights, input.images).logits;
        let [batch, classes] = logits.dims();
        vec![logits.reshape([batch * classes])]
    }

    fn wants_gradient(&self) -> bool {
        false
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        crate::work::Told { code: 0, settings: Vec::new() }
    }
}

/// Logits of every sample of a split, row-major `[N, K]`. Waits for the device once.
///
/// # Errors
/// Those of [`check_fit`] and of the device.
pub async fn logits(hands: &dyn Hands, network: &Network, dataset: &Dataset, split: &Split) -> Result<Vec<f32>> {
    check_fit(network, dataset)?;
    if split.is_empty() {
        return Ok(Vec::new());
    }
    let indices: Vec<usize> = (0..split.len()).collect();
    let images = Images::Of { split, normalisation: &dataset.normalisation, indices: &indices };
    let at_once = answers_at_once(network, &images);
    let work = Work { task: &Answers {}, images, rows: Vec::new(), common: Vec::new() };
    let parts = work.list(hands, network, &network.parameters().views(), at_once).await;
    device::read(join(parts.into_iter().flatten().collect())).await
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
    pub async fn get(
        &mut self,
        hands: &dyn Hands,
        network: &Network,
        dataset: &Dataset,
        name: SplitName,
    ) -> Result<Arc<Vec<f32>>> {
        let kept = match name {
            SplitName::Train => &mut self.train,
            SplitName::Val => &mut self.val,
            SplitName::Test => &mut self.test,
        };
        if let Some(known) = kept {
            return Ok(known.clone());
        }
        let split = dataset.split(name).ok_or_else(|| Error::config("split", dataset.split_names(), name.as_str()))?;
        let fresh = Arc::new(logits(hands, network, dataset, split).await?);
        *kept = Some(fresh.clone());
        Ok(fresh)
    }

    /// The logits on the training samples, where they are known.
    pub fn train(&self) -> Option<&Arc<Vec<f32>>> {
        self.train.as_ref()
    }
}
