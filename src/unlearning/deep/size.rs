//! How large what was drawn anew becomes.
//!
//! Normalisation takes the size of the layer before it out of what a network computes, but not out of how fast it learns: the gradient
//! goes as one over the size, so that the same step changes a layer of half the size four times as much. What is drawn anew and
//! mended in a few steps is smaller than a trained layer, and a class would come back sooner than in a retrained network whatever the
//! layer knows of it. So the last step gives it the size that it had.
//!
//! It is the same with the features: a head half as large behind features twice as large says the same, and the row of a class that is
//! learnt again grows four times as fast. So the last step gives them their size from before, too. Neither changes an answer.

use burn::tensor::Tensor;

use crate::inference::Activations;
use crate::kernels::square;
use crate::model::{FeatureNorms, Network};
use crate::unlearning::run::Batch;
use crate::work::{Hands, Work, answers_at_once, exactly};

/// Gives the layers of the last block, and the features of these images, the size that they have in the network from before.
pub(super) async fn restore(network: &mut Network, before: &Network, batch: &Batch, hands: &dyn Hands) {
    let architecture = *network.architecture();
    for (layer, norm) in architecture.late_layers() {
        let factor = size(before, layer) / size(network, layer);
        scale(network, &[layer], &factor);
        scale_statistics(network, norm, &factor);
    }
    let factor = features(before, batch, hands).await / features(network, batch, hands).await;
    let FeatureNorms { giving, between } = architecture.feature_norms();
    scale(network, giving, &factor);
    if let Some(norm) = between {
        scale_statistics(network, norm, &factor);
    }
    scale(network, &["fc.weight"], &factor.recip());
}

/// Multiplies all parameters whose names begin so.
fn scale(network: &mut Network, prefixes: &[&str], factor: &Tensor<1>) {
    let flat = network.parameters().flat();
    let parts = network.parameters().layout().iter().map(|(name, _, range)| {
        let part = flat.clone().narrow(0, range.start, range.len());
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) { part * factor.clone() } else { part }
    });
    let scaled = Tensor::cat(parts.collect(), 0);
    network.parameters_mut().set_flat(scaled);
}

/// Makes the running statistics of a normalisation, if it has any, those of inputs so many times as large.
fn scale_statistics(network: &mut Network, norm: &str, factor: &Tensor<1>) {
    for (name, running) in network.running_mut().filter(|(name, _)| name.starts_with(norm)) {
        let factor = if name.ends_with("var") { factor.clone().square() } else { factor.clone() };
        *running = running.clone() * factor;
    }
}

/// ‖W, b‖ of a layer, `[1]`.
pub(super) fn size(network: &Network, layer: &str) -> Tensor<1> {
    let flat = network.parameters().flat();
    let of_layer = network.parameters().layout().iter().filter(|(name, ..)| name.starts_with(layer));
    let parts = of_layer.map(|(_, _, range)| flat.clone().narrow(0, range.start, range.len()));
    square(&Tensor::cat(parts.collect(), 0)).sqrt()
}

/// The length of all features of these images, `[1]`.
pub(super) async fn features(network: &Network, batch: &Batch, hands: &dyn Hands) -> Tensor<1> {
    let images = batch.images();
    let at_once = answers_at_once(network, &images);
    let work = Work { task: &Activations {}, images, rows: Vec::new(), common: Vec::new() };
    let parts = work.list(hands, network, &network.parameters().views(), at_once).await;
    let squares = parts.into_iter().map(|part| {
        let [_, _, _, features] = exactly(part);
        square(&features)
    });
    // Of a network whose features are all 0 nothing can be said.
    Tensor::cat(squares.collect(), 0).sum().sqrt().clamp_min(1e-6)
}
