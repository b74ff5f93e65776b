//! Tensors of burn as the kernels' buffers, and back. Without the macro of burn's extensions, which writes each operation once
//! for every kind of graph: the module is near its limit, and there is but one kind.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, BackendTensor, Cube, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind};
use burn::tensor::{Shape, Tensor};
use burn_autodiff::checkpoint::strategy::NoCheckpointing;
use burn_autodiff::ops::{Backward, OpsKind};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::launch::STEP;

/// A node of the graph.
type Node = FloatTensor<Autodiff<Cube>>;

/// A tensor's numbers, in order.
pub(super) fn buffer<const D: usize>(tensor: &Tensor<D>) -> CubeTensor {
    match tensor.clone().without_autodiff().into_dispatch().kind {
        DispatchTensorKind::Cube(tensor) => into_contiguous(tensor.float()),
        other => unreachable!("only tensors on the GPU come here, not {other:?}"),
    }
}

/// A tensor of these numbers, outside any graph.
pub(super) fn tensor<const D: usize>(buffer: CubeTensor) -> Tensor<D> {
    let kind = DispatchTensorKind::Cube(BackendTensor::Float(buffer));
    Tensor::from_dispatch(DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled })
}

/// A part of a buffer, from a float on that every device can bind from: no copy.
pub(super) fn part(whole: &CubeTensor, start: usize, shape: impl Into<Shape>) -> CubeTensor {
    let shape = shape.into();
    let bytes = size_of::<f32>();
    let left = whole.handle.size_in_used() as usize / bytes - start - shape.num_elements();
    // Down to where the next part begins.
    let left = left / STEP * STEP;
    let handle = whole.handle.clone().offset_start((start * bytes) as u64).offset_end((left * bytes) as u64);
    CubeTensor::new_contiguous(whole.client.clone(), whole.device.clone(), shape, handle, whole.dtype)
}

/// `out` as a node of the graph that `parents` are of, if any of them is; `step` has their gradients.
pub(super) fn node<const D: usize, const N: usize, S>(
    parents: [Parent; N],
    step: S,
    state: S::State,
    out: CubeTensor,
) -> Tensor<D>
where
    S: Backward<Cube, N>,
{
    let Some(autodiff) = parents.iter().find_map(|parent| parent.context) else { return tensor(out) };
    let nodes = parents.each_ref().map(|parent| parent.node.node());
    let out = match step.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(state, out),
        OpsKind::UnTracked(step) => step.finish(out),
    };
    let kind = DispatchTensorKind::Autodiff(Box::new(DispatchTensorKind::Cube(BackendTensor::Autodiff(out))));
    Tensor::from_dispatch(DispatchTensor { kind, autodiff })
}

/// What a node of the graph is made from.
#[derive(Debug)]
pub(super) struct Parent {
    node: Node,
    /// What graph it is of.
    context: Option<DispatchAutodiffContext>,
}

impl<const D: usize> From<&Tensor<D>> for Parent {
    fn from(tensor: &Tensor<D>) -> Self {
        let tensor = tensor.clone().into_dispatch();
        match tensor.kind {
            DispatchTensorKind::Autodiff(inner) => match *inner {
                DispatchTensorKind::Cube(BackendTensor::Autodiff(node)) => {
                    Self { node, context: Some(tensor.autodiff) }
                }
                other => unreachable!("only tensors on the GPU come here, not {other:?}"),
            },
            DispatchTensorKind::Cube(tensor) => Self { node: Node::new(tensor.float()), context: None },
            #[allow(unreachable_patterns)]
            other => unreachable!("only tensors on the GPU come here, not {other:?}"),
        }
    }
}
