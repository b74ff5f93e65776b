//! What a batch teaches as in training: the gradient of its cross-entropy, with batch normalisation as training has it.

use burn::tensor::Tensor;

use super::descent::Slope;
use super::loss::{cross_entropy, share_correct};
use crate::kernels::join;
use crate::model::{Network, Norm};
use crate::work::{Hands, Work, exactly, samples_at_once};

/// ∇CE(z, y), and CE(z, y) with the share that is recognised, of images `[B, C, H, W]` and labels `[B, K]`. The running
/// statistics of batch normalisation follow the batch, which therefore goes through whole.
pub(super) async fn lesson(
    network: &mut Network,
    images: Tensor<4>,
    labels: Tensor<2>,
    hands: &dyn Hands,
) -> [Tensor<1>; 2] {
    let leaves = network.parameters().leaves();
    if network.architecture().norm() == Norm::Batch {
        let logits = network.forward_training(&leaves, images).logits;
        let loss = cross_entropy(logits.clone(), labels.clone());
        let numbers = vec![loss.clone().without_autodiff(), share_correct(logits.without_autodiff(), labels)];
        return [leaves.gradient(loss), join(numbers)];
    }
    let images = images.into();
    let at_once = samples_at_once(network, &images, 0);
    let work = Work { task: &Slope::of_labels(1.0), images, rows: vec![labels], common: Vec::new() };
    exactly(work.sum(hands, network, &leaves, at_once).await)
}
