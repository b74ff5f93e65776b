//! The mean over the pixels as a node of the graph.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata;
use burn_flex::FlexTensor;

use super::{numbers, plain, tensor};
use crate::kernels::batch;
use crate::kernels::simd::BLOCK;

pub(super) fn of(x: &FlexTensor) -> FlexTensor {
    let [images, blocks, h, w, _] = x.shape().dims();
    let means = batch::mean(blocks * BLOCK, h - 2, w - 2, numbers(&plain(x)));
    tensor(means, [images, blocks * BLOCK])
}

#[derive(Debug)]
struct MeanStep;

impl Backward<Flex, 1> for MeanStep {
    type State = [usize; 5];

    fn backward(self, ops: Ops<[usize; 5], 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [_, _, h, w, _] = ops.state;
        let dmeans = plain(&gradients.consume::<Flex>(&ops.node));
        if let [Some(node)] = ops.parents {
            let dx = batch::mean_back(h - 2, w - 2, numbers(&dmeans));
            gradients.register::<Flex>(node.id, tensor(dx, ops.state));
        }
    }
}

/// The means as a node of the graph, if `x` is one.
pub(super) fn tracked<C: CheckpointStrategy>(x: FloatTensor<Autodiff<Flex, C>>) -> FloatTensor<Autodiff<Flex, C>> {
    let shape = x.shape().dims();
    let means = of(x.primitive());
    match MeanStep.prepare::<C>([x.node()]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(shape, means),
        OpsKind::UnTracked(step) => step.finish(means),
    }
}
