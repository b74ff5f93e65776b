//! A network's answers on a dataset.

use std::sync::Arc;

use crate::data::{Dataset, Split, SplitName};
use crate::fit::check_fit;
use crate::kernels::join;
use crate::model::{Network, Output, Views};
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

/// The logits of each image and its taps, each row-major.
#[derive(Debug)]
pub(crate) struct Activations {}

impl Task for Activations {
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome {
        let Output { logits, taps: [a, b, c] } = network.forward_with(weights, input.images);
        [logits, a, b, c]
            .map(|rows| {
                let [batch, width] = rows.dims();
                rows.reshape([batch * width])
            })
            .to_vec()
    }

    fn wants_gradient(&self) -> bool {
        false
    }

    #[cfg(feature = "cpu")]
    fn told(&self) -> crate::work::Told {
        crate::work::Told { code: 30, settings: Vec::new() }
    }
}

/// Logits of every sample of a split, row-major `[N, K]`. Waits for the device once.
///
/// # Errors
/// Those of [`check_fit`] and of the device.
pub async fn logits(hands: &dyn Hands, network: &Network, dataset: &Dataset, split: &Split) -> Result<Vec<f32>> {
    check_fit(network, dataset)?;
    let indices: Vec<usize> = (0..split.len()).collect();
    logits_of(hands, network, dataset, split, &indices).await
}

/// The same of some of its samples, for a network that fits.
pub(crate) async fn logits_of(
    hands: &dyn Hands,
    network: &Network,
    dataset: &Dataset,
    split: &Split,
    indices: &[usize],
) -> Result<Vec<f32>> {
    if indices.is_empty() {
        return Ok(Vec::new());
    }
    let parts = asked(&Answers {}, hands, network, dataset, split, indices).await;
    device::read(join(parts.into_iter().flatten().collect())).await
}

/// What a network says of some samples, and what it has inside.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// `[N, K]`, row-major.
    pub logits: Vec<f32>,
    /// `[N, C]` each, row-major.
    pub taps: [Vec<f32>; 3],
}

/// Logits and taps of some samples of a split, for a network that fits. Waits for the device once.
pub(crate) async fn activations(
    hands: &dyn Hands,
    network: &Network,
    dataset: &Dataset,
    split: &Split,
    indices: &[usize],
) -> Result<Seen> {
    if indices.is_empty() {
        return Ok(Seen::default());
    }
    let mut kinds = [const { Vec::new() }; 4];
    for part in asked(&Activations {}, hands, network, dataset, split, indices).await {
        kinds.iter_mut().zip(part).for_each(|(kind, of_part)| kind.push(of_part));
    }
    let kinds = kinds.map(join);
    let lengths = kinds.each_ref().map(|kind| kind.dims()[0]);
    let mut values = device::read(join(kinds.to_vec())).await?.into_iter();
    let [logits, a, b, c] = lengths.map(|length| values.by_ref().take(length).collect());
    Ok(Seen { logits, taps: [a, b, c] })
}

async fn asked(
    task: &dyn Task,
    hands: &dyn Hands,
    network: &Network,
    dataset: &Dataset,
    split: &Split,
    indices: &[usize],
) -> Vec<Outcome> {
    let images = Images::Of { split, normalisation: &dataset.normalisation, indices };
    let at_once = answers_at_once(network, &images);
    let work = Work { task, images, rows: Vec::new(), common: Vec::new() };
    work.list(hands, network, &network.parameters().views(), at_once).await
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
