//! A network's answers on a dataset: the bridge from samples to scores.

use burn::tensor::{Device, Tensor, TensorData};
use web_time::Instant;

use crate::data::{ClassRoles, Dataset, Normalisation, Split, SplitName};
use crate::evaluation::{Answers, Evaluation, NonMembers};
use crate::model::{Card, Network};
use crate::{Error, Result, device};

/// Samples in a forward pass without gradients, which keeps a layer or two in memory and not all of them.
pub(crate) fn batch(network: &Network, dataset: &Dataset) -> usize {
    let at_once = network.architecture().samples_at_once(dataset.shape.height, dataset.shape.width);
    at_once.saturating_mul(4).min(250)
}

/// Whether the network can take the dataset's images and knows its classes.
///
/// # Errors
/// [`Error::BadModel`] saying what differs.
pub fn check_fit(network: &Network, dataset: &Dataset) -> Result<()> {
    let architecture = network.architecture();
    let (channels, classes) = (dataset.shape.channels, dataset.classes());
    if (architecture.channels(), architecture.classes()) != (channels, classes) {
        return Err(Error::model(
            "network",
            format!("{channels} channels and {classes} classes, as {} has", dataset.title),
            format!("{} channels and {} classes", architecture.channels(), architecture.classes()),
        ));
    }
    let least = architecture.smallest_side();
    if dataset.shape.height < least || dataset.shape.width < least {
        let found = format!("{}×{}", dataset.shape.height, dataset.shape.width);
        return Err(Error::dataset(&dataset.name, format!("images of at least {least}×{least} pixels"), found));
    }
    Ok(())
}

/// The dataset as a network was trained on it: the members that its card names, the normalisation that it was fed, and
/// images no larger than those it saw.
///
/// # Errors
/// [`Error::BadModel`] where the card's normalisation is of another number of channels.
pub fn as_trained(dataset: Dataset, card: &Card) -> Result<Dataset> {
    let mut dataset = dataset.at_most(card.height, card.width)?;
    if let Some(members) = card.members_per_class {
        dataset = dataset.with_members_per_class(members);
    }
    if card.mean.is_empty() && card.std.is_empty() {
        return Ok(dataset);
    }
    let normalisation = Normalisation { mean: card.mean.clone(), std: card.std.clone() };
    if !normalisation.fits(dataset.shape.channels) {
        let expected = format!("mean and std of {} channels in its card", dataset.shape.channels);
        return Err(Error::model("network", expected, format!("{normalisation:?}")));
    }
    Ok(Dataset { normalisation, ..dataset })
}

/// Normalised images at `indices` of a split, `[B, C, H, W]`.
pub(crate) fn images(dataset: &Dataset, split: &Split, indices: &[usize], device: &Device) -> Tensor<4> {
    let mut pixels = Vec::new();
    dataset.fill_batch(split, indices, &mut pixels);
    let shape = split.shape();
    Tensor::from_data(TensorData::new(pixels, [indices.len(), shape.channels, shape.height, shape.width]), device)
}

/// Their labels, one-hot `[B, K]`.
pub(crate) fn one_hot(split: &Split, indices: &[usize], classes: usize, device: &Device) -> Tensor<2> {
    let mut values = vec![0.0_f32; indices.len() * classes];
    for (row, &index) in values.chunks_exact_mut(classes).zip(indices) {
        row[split.labels()[index] as usize] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [indices.len(), classes]), device)
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
        .chunks(batch(network, dataset))
        .map(|chunk| {
            let logits = network.forward(images(dataset, split, chunk, &device)).logits;
            let [batch, classes] = logits.dims();
            logits.reshape([batch * classes])
        })
        .collect();
    device::read(Tensor::cat(parts, 0)).await
}

/// Every score of a network on a dataset. `train_logits` saves a pass where the caller has them already.
///
/// # Errors
/// Those of [`logits`]; [`Error::BadConfig`] for classes that cannot be forgotten or a split the dataset does not have.
pub async fn evaluate(
    network: &Network,
    dataset: &Dataset,
    classes: &ClassRoles,
    non_members: SplitName,
    train_logits: Option<&[f32]>,
) -> Result<Evaluation> {
    let start = Instant::now();
    let fresh;
    let train = match train_logits {
        Some(logits) => logits,
        None => {
            fresh = logits(network, dataset, &dataset.train).await?;
            &fresh
        }
    };
    let test = logits(network, dataset, &dataset.test).await?;
    let val_logits;
    let non_members = match (non_members, &dataset.val) {
        (SplitName::Test, _) => NonMembers::Test,
        (SplitName::Val, Some(val)) => {
            val_logits = logits(network, dataset, val).await?;
            NonMembers::Val(Answers { logits: &val_logits, labels: val.labels() })
        }
        (split, _) => return Err(Error::config("non_members", "a split of unseen samples", split.as_str())),
    };
    Evaluation::from_logits(
        classes,
        dataset.classes(),
        Answers { logits: train, labels: dataset.train.labels() },
        Answers { logits: &test, labels: dataset.test.labels() },
        non_members,
        start.elapsed().as_secs_f64(),
    )
}
