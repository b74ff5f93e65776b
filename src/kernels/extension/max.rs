//! The max pool as a node of the graph.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata;
use burn_flex::FlexTensor;

use super::{numbers, plain, tensor};
use crate::kernels::pool;
use crate::kernels::simd::BLOCK;

pub(super) fn of(x: &FlexTensor) -> FlexTensor {
    let [images, blocks, h, w, _] = x.shape().dims();
    let side = (h - 2, w - 2);
    let (rows, columns) = pool::size(side);
    let out = pool::forward(side, numbers(&plain(x)));
    tensor(out, [images, blocks, rows + 2, columns + 2, BLOCK])
}

#[derive(Debug)]
struct MaxStep;

impl Backward<Flex, 1> for MaxStep {
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let x = ops.state;
        let dout = plain(&gradients.consume::<Flex>(&ops.node));
        if let [Some(node)] = ops.parents {
            let [images, blocks, h, w, lanes] = x.shape().dims();
            let dx = pool::backward((h - 2, w - 2), numbers(&x), numbers(&dout));
            gradients.register::<Flex>(node.id, tensor(dx, [images, blocks, h, w, lanes]));
        }
    }
}

/// The pool's result as a node of the graph, if `x` is one.
pub(super) fn tracked<C: CheckpointStrategy>(x: FloatTensor<Autodiff<Flex, C>>) -> FloatTensor<Autodiff<Flex, C>> {
    let state = plain(x.primitive());
    let out = of(&state);
    match MaxStep.prepare::<C>([x.node()]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(state, out),
        OpsKind::UnTracked(step) => step.finish(out),
    }
}
