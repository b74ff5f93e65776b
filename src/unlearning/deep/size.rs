//! How large the layers that were drawn anew become.
//!
//! Normalisation takes the size of the layer before it out of what a network computes, but not out of how fast it learns: the gradient
//! goes as one over the size, so that the same step changes a layer of half the size four times as much. What is drawn anew and
//! mended in a few steps is smaller than a trained layer, and a class would come back sooner than in a retrained network whatever the
//! layer knows of it. So the last step gives it the size that it had, which changes no answer.

use burn::tensor::Tensor;

use crate::model::Network;

/// ‖W, b‖ of each layer of the last block, as it was before.
#[derive(Debug, Clone, Default)]
pub(super) struct Sizes(Vec<Tensor<1>>);

impl Sizes {
    pub(super) fn of(network: &Network) -> Self {
        Self(network.architecture().late_layers().iter().map(|(layer, _)| size(network, layer)).collect())
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> Vec<f32> {
        self.0.iter().flat_map(|size| crate::unlearning::recorded::values(size.clone())).collect()
    }

    /// Gives the layers these sizes. Running statistics of what they put out go along.
    pub(super) fn restore(&self, network: &mut Network) {
        for ((layer, norm), wanted) in network.architecture().late_layers().iter().zip(&self.0) {
            let factor = wanted.clone() / size(network, layer);
            let flat = network.parameters().flat();
            let parts = network.parameters().layout().iter().map(|(name, _, range)| {
                let part = flat.clone().narrow(0, range.start, range.len());
                if name.starts_with(layer) { part * factor.clone() } else { part }
            });
            let scaled = Tensor::cat(parts.collect(), 0);
            network.parameters_mut().set_flat(scaled);
            for (name, running) in network.running_mut().filter(|(name, _)| name.starts_with(norm)) {
                let factor = if name.ends_with("var") { factor.clone().square() } else { factor.clone() };
                *running = running.clone() * factor;
            }
        }
    }
}

/// ‖W, b‖ of a layer, `[1]`.
fn size(network: &Network, layer: &str) -> Tensor<1> {
    let flat = network.parameters().flat();
    let of_layer = network.parameters().layout().iter().filter(|(name, ..)| name.starts_with(layer));
    let parts = of_layer.map(|(_, _, range)| flat.clone().narrow(0, range.start, range.len()));
    Tensor::cat(parts.collect(), 0).square().sum().sqrt()
}
