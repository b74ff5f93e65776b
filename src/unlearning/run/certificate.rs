//! What each step does to the retain loss, measured beside it: to first order, and in truth. All of it is the cross-entropy with
//! batch normalisation frozen, by the running statistics of the moment, as a network in use has it. So where a method trains
//! them, what that does to the loss is part of the true change, and none of the first order.

use burn::tensor::Tensor;

use super::plan::{Plan, Walk};
use crate::kernels::dot;
use crate::model::Network;
use crate::unlearning::Slope;
use crate::unlearning::method::{Scalar, ScalarInfo, Scalars};
use crate::work::{Hands, Work, exactly, samples_at_once};

/// What a step reports beside its method's own scalars where the run has a certificate. The step's retain batch is the next one
/// of D_r, whether or not the method takes it; the other batch is as large, and the same for all steps. What is not finite is
/// left out.
pub static CERTIFICATE: [ScalarInfo; 3] = [
    ScalarInfo::number("certificate_dot", "⟨update, g_r⟩: first-order change of the retain batch’s loss, nats"),
    ScalarInfo::number("retain_change", "True change of the retain batch’s loss, nats"),
    ScalarInfo::number("retain_change_fixed", "True change of another retain batch’s loss, nats"),
];

/// Numbers of a step on the device: ⟨update, g_r⟩, the loss of the retain batch and the share of it that is recognised, both before
/// and the other way round after, likewise of the other batch.
const PACKED: usize = 9;

impl Plan {
    /// Takes a step. Gives its method's numbers, and those of its certificate, where the run has one.
    pub(super) async fn step(&self, walk: &mut Walk, hands: &dyn Hands) -> (Tensor<1>, Vec<Tensor<1>>) {
        if !self.limits.certificate {
            return (walk.steps.step(&mut walk.network, &mut walk.samples, hands).await, Vec::new());
        }
        let before = walk.network.clone();
        let retain = walk.samples.clone().next_retain();
        let leaves = before.parameters().leaves();
        let images = retain.images();
        let at_once = samples_at_once(&before, &images, 0);
        let task = Slope::of_labels(1.0);
        let work = Work { task: &task, images, rows: vec![retain.labels.clone()], common: Vec::new() };
        let [gradient, numbers] = exactly(work.sum(hands, &before, &leaves, at_once).await);
        let other_before = self.means(hands, &before, &self.other_retain).await;

        let packed = walk.steps.step(&mut walk.network, &mut walk.samples, hands).await;
        let update = walk.network.parameters().flat() - before.parameters().flat();
        let after = self.means(hands, &walk.network, &retain.indices).await;
        let other_after = self.means(hands, &walk.network, &self.other_retain).await;
        (packed, vec![dot(&update, &gradient), numbers, after, other_before, other_after])
    }

    /// How many numbers a certificate has.
    pub(super) fn certificate_len(&self) -> usize {
        if self.limits.certificate { PACKED } else { 0 }
    }

    /// Those numbers by name.
    pub(super) fn certified(&self, numbers: &[f32]) -> Scalars {
        let Some(numbers) = numbers.first_chunk::<PACKED>() else { return Scalars::new() };
        let [dot, before, _, _, after, _, other_before, _, other_after] = numbers.map(f64::from);
        let named = CERTIFICATE.iter().zip([dot, after - before, other_after - other_before]);
        named.filter(|(_, value)| value.is_finite()).map(|(info, value)| (info.key, Scalar::Number(value))).collect()
    }

    /// The share of some training samples that is recognised and their mean cross-entropy, `[2]`.
    async fn means(&self, hands: &dyn Hands, network: &Network, indices: &[usize]) -> Tensor<1> {
        self.sums(hands, network, indices).await * (1.0 / indices.len().max(1) as f64)
    }
}
