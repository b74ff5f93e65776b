//! Convolution, norm and what follows as one node of the graph.

use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata;
use burn_flex::FlexTensor;

use super::{numbers, plain, tensor};
use crate::kernels::batch::{self, Kept, Layer};
use crate::kernels::layout::Shape;
use crate::kernels::norm::{Norm, Tail};
use crate::kernels::simd::BLOCK;
use crate::kernels::{EPSILON, Form};

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
pub(super) struct State {
    images: usize,
    s: Shape,
    x: Input,
    weight: FlexTensor,
    bias: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    /// Mean and 1/σ of each channel, of frozen batch normalisation.
    frozen: Option<[Arc<Vec<f32>>; 2]>,
    form: Form,
    kept: Option<Arc<Kept>>,
}

impl State {
    pub fn new(x: &FlexTensor, [weight, bias, gamma, beta]: [&FlexTensor; 4], form: Form) -> Self {
        let [output, _, side, _] = weight.shape().dims();
        let (images, s, x) = if x.shape().num_dims() == 4 {
            let [images, input, h, w] = x.shape().dims();
            let s = Shape::of(input, output, (h, w), side, form.stride);
            (images, s, Input::Images(Arc::new(batch::border(s, numbers(&plain(x))))))
        } else {
            let [images, blocks, h, w, _] = x.shape().dims();
            let s = Shape::of(blocks * BLOCK, output, (h - 2, w - 2), side, form.stride);
            (images, s, Input::Blocked(plain(x)))
        };
        let [weight, bias, gamma, beta] = [weight, bias, gamma, beta].map(plain);
        Self { images, s, x, weight, bias, gamma, beta, frozen: None, form, kept: None }
    }

    pub fn frozen(mut self, mean: &FlexTensor, variance: &FlexTensor) -> Self {
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
        let tail = Tail { s: self.s, norm, gamma, beta, relu: self.form.relu, pool: self.form.pool };
        Layer { weight: numbers(&self.weight), bias: numbers(&self.bias), tail }
    }

    /// The block's result; `self` then has what the backward pass needs, if `keep`.
    pub fn forward(&mut self, keep: bool) -> FlexTensor {
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
        let Shape { input, output, from: (h, w), side, .. } = state.s;
        let vectors = [(bias, found.sums.bias), (gamma, found.sums.gamma), (beta, found.sums.beta)];
        for (node, values) in vectors {
            if let Some(node) = node {
                gradients.register::<Flex>(node.id, tensor(values, [output]));
            }
        }
        if let Some(node) = weight {
            gradients.register::<Flex>(node.id, tensor(found.weight, [output, input, side, side]));
        }
        if let (Some(node), Some(dx)) = (x, found.x) {
            gradients.register::<Flex>(node.id, tensor(dx, [state.images, input / BLOCK, h + 2, w + 2, BLOCK]));
        }
    }
}

/// A block's result as a node of the graph, if any of what it is made from is one.
pub(super) fn tracked<C: CheckpointStrategy>(
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
