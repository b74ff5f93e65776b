//! The kernels' place in burn: operations of the backend Flex, and their gradients.
//!
//! Between layers travels the kernels' own layout, as a tensor of five dimensions `[B, C/8, H+2, W+2, 8]`, which only these
//! operations understand.

use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Tensor, TensorData};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata;
use burn_flex::FlexTensor;

use super::batch::{self, Kept, Layer};
use super::layout::Shape;
use super::norm::{Norm, Tail};
use super::simd::BLOCK;
use super::{ConvBlock, EPSILON, Maps};
use crate::device::is_cpu;

/// The macro sends a tensor of Flex to `impl ConvLayers for Flex`, and one with gradients to that for `Autodiff`. Of any
/// other backend it panics.
#[backend_extension(Flex, Autodiff)]
trait ConvLayers: Backend {
    fn conv_group(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        pool: bool,
    ) -> FloatTensor<Self>;
    #[allow(clippy::too_many_arguments)]
    fn conv_frozen(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        pool: bool,
    ) -> FloatTensor<Self>;
    fn blocked_mean(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The block with the kernels, of what [`has_kernel`].
pub(super) fn conv_block(x: Maps, block: ConvBlock<'_>, pool: bool) -> Tensor<5> {
    let x = match x {
        Maps::Plain(x) => x.into_dispatch(),
        Maps::Blocked(x) => x.into_dispatch(),
    };
    let (weight, bias) = (block.weight.into_dispatch(), block.bias.into_dispatch());
    let (gamma, beta, frozen) = block.norm.into_parts();
    let (gamma, beta) = (gamma.into_dispatch(), beta.into_dispatch());
    Tensor::from_dispatch(match frozen {
        None => Dispatch::conv_group(x, weight, bias, gamma, beta, pool),
        Some([mean, variance]) => {
            let (mean, variance) = (mean.into_dispatch(), variance.into_dispatch());
            Dispatch::conv_frozen(x, weight, bias, gamma, beta, mean, variance, pool)
        }
    })
}

/// Whether the kernels can do it: not on another device, of another size, with a norm that looks at the whole batch, or of plain
/// images whose gradient somebody wants.
pub(super) fn has_kernel(x: &Maps, block: &ConvBlock<'_>) -> bool {
    #[cfg(test)]
    if super::testing::only_stock() {
        return false;
    }
    let [output, _, height, width] = block.weight.dims();
    let fits = match x {
        Maps::Plain(x) => is_cpu(&x.device()) && !x.is_tracked() && x.dims().iter().all(|&side| side > 0),
        Maps::Blocked(_) => true,
    };
    fits && [height, width] == [3, 3]
        && output.is_multiple_of(BLOCK)
        && !matches!(block.norm, super::Norm::Batch { .. })
}

/// What a block gave as `[B, C, H, W]`.
pub(super) fn unblock(x: Tensor<5>) -> Tensor<4> {
    let [images, blocks, h, w, _] = x.dims();
    let x = x.slice([0..images, 0..blocks, 1..h - 1, 1..w - 1]);
    x.permute([0, 1, 4, 2, 3]).reshape([images, blocks * BLOCK, h - 2, w - 2])
}

/// Mean over the pixels of a block's result: `[B, C]`.
pub(super) fn blocked_mean(x: Tensor<5>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::blocked_mean(x.into_dispatch()))
}

/// A tensor whose numbers lie in order.
fn plain(t: &FlexTensor) -> FlexTensor {
    if t.as_slice::<f32>().is_some() { t.clone() } else { t.to_contiguous() }
}

/// Of a [`plain`] one.
fn numbers(t: &FlexTensor) -> &[f32] {
    t.as_slice::<f32>().unwrap_or_default()
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// A block's input: another block's result, which the graph holds as well, or bordered images.
#[derive(Clone, Debug)]
enum Input {
    Blocked(FlexTensor),
    Images(Arc<Vec<f32>>),
}

impl Input {
    fn numbers(&self) -> &[f32] {
        match self {
            Self::Blocked(tensor) => numbers(tensor),
            Self::Images(values) => values,
        }
    }
}

/// A block's weights and what is kept for its gradients.
#[derive(Clone, Debug)]
struct State {
    images: usize,
    s: Shape,
    x: Input,
    weight: FlexTensor,
    bias: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    /// Mean and 1/σ of each channel, of frozen batch normalisation.
    frozen: Option<[Arc<Vec<f32>>; 2]>,
    pool: bool,
    kept: Option<Arc<Kept>>,
}

impl State {
    fn new(x: &FlexTensor, [weight, bias, gamma, beta]: [&FlexTensor; 4], pool: bool) -> Self {
        let output = weight.shape()[0];
        let (images, s, x) = if x.shape().num_dims() == 4 {
            let [images, input, h, w] = x.shape().dims();
            let s = Shape { input, output, h, w };
            (images, s, Input::Images(Arc::new(batch::border(s, numbers(&plain(x))))))
        } else {
            let [images, blocks, h, w, _] = x.shape().dims();
            (images, Shape { input: blocks * BLOCK, output, h: h - 2, w: w - 2 }, Input::Blocked(plain(x)))
        };
        let [weight, bias, gamma, beta] = [weight, bias, gamma, beta].map(plain);
        Self { images, s, x, weight, bias, gamma, beta, frozen: None, pool, kept: None }
    }

    fn frozen(mut self, mean: &FlexTensor, variance: &FlexTensor) -> Self {
        let variance = plain(variance);
        let inverse = numbers(&variance).iter().map(|variance| 1.0 / (variance + EPSILON as f32).sqrt());
        self.frozen = Some([Arc::new(numbers(&plain(mean)).to_vec()), Arc::new(inverse.collect())]);
        self
    }

    fn layer(&self) -> Layer<'_> {
        let norm = match &self.frozen {
            Some([mean, inverse]) => Norm::Frozen { mean, inverse },
            None => Norm::Group { epsilon: EPSILON as f32 },
        };
        let (gamma, beta) = (numbers(&self.gamma), numbers(&self.beta));
        let tail = Tail { s: self.s, norm, gamma, beta, pool: self.pool };
        Layer { weight: numbers(&self.weight), bias: numbers(&self.bias), tail }
    }

    /// The block's result; `self` then has what the backward pass needs, if `keep`.
    fn forward(&mut self, keep: bool) -> FlexTensor {
        let (out, kept) = batch::forward(self.layer(), self.x.numbers(), keep);
        self.kept = kept.map(Arc::new);
        let (h, w) = self.layer().tail.size();
        tensor(out, [self.images, self.s.output / BLOCK, h + 2, w + 2, BLOCK])
    }
}

#[derive(Debug)]
struct BlockStep;

impl Backward<Flex, 5> for BlockStep {
    type State = State;

    fn backward(self, ops: Ops<State, 5>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let state = ops.state;
        let dout = plain(&gradients.consume::<Flex>(&ops.node));
        let Some(kept) = &state.kept else { return };
        let [x, weight, bias, gamma, beta] = ops.parents;
        let found = batch::backward(state.layer(), state.x.numbers(), kept, numbers(&dout), x.is_some());
        let Shape { input, output, h, w } = state.s;
        let vectors = [(bias, found.sums.bias), (gamma, found.sums.gamma), (beta, found.sums.beta)];
        for (node, values) in vectors {
            if let Some(node) = node {
                gradients.register::<Flex>(node.id, tensor(values, [output]));
            }
        }
        if let Some(node) = weight {
            gradients.register::<Flex>(node.id, tensor(found.weight, [output, input, 3, 3]));
        }
        if let (Some(node), Some(dx)) = (x, found.x) {
            gradients.register::<Flex>(node.id, tensor(dx, [state.images, input / BLOCK, h + 2, w + 2, BLOCK]));
        }
    }
}

fn mean(x: &FlexTensor) -> FlexTensor {
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

impl ConvLayers for Flex {
    fn conv_group(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        pool: bool,
    ) -> FlexTensor {
        State::new(&x, [&weight, &bias, &gamma, &beta], pool).forward(false)
    }

    fn conv_frozen(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        pool: bool,
    ) -> FlexTensor {
        State::new(&x, [&weight, &bias, &gamma, &beta], pool).frozen(&mean, &variance).forward(false)
    }

    fn blocked_mean(x: FlexTensor) -> FlexTensor {
        mean(&x)
    }
}

// For `Flex` alone and not for any backend: so the backward pass may call plain functions, and the trait need not have
// operations for the gradients.
impl<C: CheckpointStrategy> ConvLayers for Autodiff<Flex, C> {
    fn conv_group(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        pool: bool,
    ) -> FloatTensor<Self> {
        let vectors = [weight.primitive(), bias.primitive(), gamma.primitive(), beta.primitive()];
        let state = State::new(x.primitive(), vectors, pool);
        tracked::<C>([x, weight, bias, gamma, beta], state)
    }

    fn conv_frozen(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        pool: bool,
    ) -> FloatTensor<Self> {
        let vectors = [weight.primitive(), bias.primitive(), gamma.primitive(), beta.primitive()];
        let state = State::new(x.primitive(), vectors, pool).frozen(mean.primitive(), variance.primitive());
        tracked::<C>([x, weight, bias, gamma, beta], state)
    }

    fn blocked_mean(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape = x.shape().dims();
        let means = mean(x.primitive());
        match MeanStep.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(shape, means),
            OpsKind::UnTracked(step) => step.finish(means),
        }
    }
}

/// A block's result as a node of the graph, if any of what it is made from is one.
fn tracked<C: CheckpointStrategy>(
    parents: [FloatTensor<Autodiff<Flex, C>>; 5],
    mut state: State,
) -> FloatTensor<Autodiff<Flex, C>> {
    let nodes = parents.each_ref().map(|parent| parent.node());
    match BlockStep.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => {
            let out = state.forward(true);
            step.finish(state, out)
        }
        OpsKind::UnTracked(step) => step.finish(state.forward(false)),
    }
}
