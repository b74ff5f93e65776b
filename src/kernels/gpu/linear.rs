use burn::backend::Cube;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{Kernel, empty, padded};
use super::place::{buffer, node, part};

static LINEAR: Kernel =
    Kernel { name: "linear", inputs: &["x", "weight", "bias"], outputs: &["y"], source: include_str!("linear.wgsl") };
static INPUTS: Kernel = Kernel {
    name: "linear_inputs",
    inputs: &["dy", "weight"],
    outputs: &["dx"],
    source: include_str!("linear_inputs.wgsl"),
};
static WEIGHTS: Kernel = Kernel {
    name: "linear_weights",
    inputs: &["dy", "x"],
    outputs: &["gradient"],
    source: include_str!("linear_weights.wgsl"),
};

/// `x · weightᵀ + bias`, for `x` `[B, F]`, `weight` `[K, F]` and `bias` `[K]`.
pub(in crate::kernels) fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    let [rows, features] = x.dims();
    let [outputs, _] = weight.dims();
    let state = State { rows, features, outputs, x: buffer(&x), weight: buffer(&weight) };
    let y = empty(&state.x, [rows, outputs]);
    LINEAR.launch(rows * outputs, &[&state.x, &state.weight, &buffer(&bias)], &[&y], &state.sizes());
    node([(&x).into(), (&weight).into(), (&bias).into()], Step, state, y)
}

#[derive(Debug, Clone)]
struct State {
    rows: usize,
    features: usize,
    outputs: usize,
    x: CubeTensor,
    weight: CubeTensor,
}

impl State {
    fn sizes(&self) -> [super::launch::Word; 3] {
        [self.rows, self.features, self.outputs].map(Into::into)
    }
}

#[derive(Debug)]
struct Step;

impl Backward<Cube, 3> for Step {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let state = ops.state;
        let dy = into_contiguous(gradients.consume::<Cube>(&ops.node));
        let State { rows, features, outputs, .. } = state;
        let [x, weight, bias] = ops.parents;
        if let Some(node) = x {
            let dx = empty(&dy, [rows, features]);
            INPUTS.launch(rows * features, &[&dy, &state.weight], &[&dx], &state.sizes());
            gradients.register::<Cube>(node.id, dx);
        }
        if weight.is_none() && bias.is_none() {
            return;
        }
        let start = padded(outputs * features);
        let both = empty(&dy, [start + padded(outputs)]);
        let [a, b, c] = state.sizes();
        WEIGHTS.launch(outputs * (features + 1), &[&dy, &state.x], &[&both], &[a, b, c, start.into()]);
        if let Some(node) = weight {
            gradients.register::<Cube>(node.id, part(&both, 0, [outputs, features]));
        }
        if let Some(node) = bias {
            gradients.register::<Cube>(node.id, part(&both, start, [outputs]));
        }
    }
}
