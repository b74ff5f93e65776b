use burn::backend::Cube;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{Kernel, MOST_GROUPS, Word, empty, padded};
use super::parameters::join;
use super::place::{buffer, node, part};
use crate::kernels::{ConvBlock, EPSILON, GROUPS, Norm};

static CONVOLVE: Kernel = Kernel {
    name: "convolve",
    inputs: &["x", "weight", "bias"],
    outputs: &["y"],
    source: include_str!("convolve.wgsl"),
};
static PLANES: Kernel =
    Kernel { name: "planes", inputs: &["y"], outputs: &["statistics"], source: include_str!("planes.wgsl") };
static ACTIVATE: Kernel = Kernel {
    name: "activate",
    inputs: &["y", "gamma", "beta", "statistics"],
    outputs: &["out"],
    source: include_str!("activate.wgsl"),
};
static SPOTS: Kernel = Kernel {
    name: "spots",
    inputs: &["y", "dout", "gamma", "beta", "statistics"],
    outputs: &["dz", "kept_sums"],
    source: include_str!("spots.wgsl"),
};
static UNNORM: Kernel = Kernel {
    name: "unnorm",
    inputs: &["y", "gamma", "statistics"],
    outputs: &["dz", "kept_sums"],
    source: include_str!("unnorm.wgsl"),
};
static WEIGHTS: Kernel =
    Kernel { name: "weights", inputs: &["x", "dy"], outputs: &["found"], source: include_str!("weights.wgsl") };
static GATHER: Kernel = Kernel {
    name: "gather",
    inputs: &["found", "kept_sums"],
    outputs: &["gradients"],
    source: include_str!("gather.wgsl"),
};

/// Threads of a workgroup in these sources.
const THREADS: usize = 64;
/// Pixels of a thread of a convolution, and its output channels.
const CONVOLVED: [usize; 2] = [4, 8];
/// Output channels of a thread of the weights' gradient.
const WEIGHED: usize = 4;
/// How many threads shall look for the weights' gradient, and among how many parts the rows of the images are shared at most.
const SEEKERS: [usize; 2] = [8192, 256];

/// Workgroups of as many threads, in two directions where there are too many for one.
pub(super) fn groups(threads: usize) -> [usize; 2] {
    let groups = threads.div_ceil(THREADS).max(1);
    let rows = groups.div_ceil(MOST_GROUPS);
    [groups.div_ceil(rows), rows]
}

/// Sizes of a block.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    images: usize,
    input: usize,
    output: usize,
    height: usize,
    width: usize,
    pool: bool,
}

impl Sizes {
    /// Those of a convolution, and how its weights lie: of two output and two input channels.
    fn convolution(self, [input, output]: [usize; 2], apart: [usize; 2], back: bool) -> [Word; 9] {
        let [of_output, of_input] = apart;
        let (turned, bias) = (back.into(), (!back).into());
        [self.images, input, output, self.height, self.width, of_output, of_input, turned, bias].map(Into::into)
    }

    fn convolve(self, output: usize) -> [usize; 2] {
        let [pixels, channels] = CONVOLVED;
        let threads = self.images * self.height.div_ceil(pixels) * self.width;
        [threads.div_ceil(THREADS), output.div_ceil(channels)]
    }

    fn activation(self, given: bool) -> [Word; 7] {
        let [given, pool] = [given, self.pool].map(|flag| Word::from(usize::from(flag)));
        let sizes = [self.output / GROUPS, self.height, self.width, self.images].map(Word::from);
        let [group, height, width, images] = sizes;
        [group, height, width, images, given, pool, EPSILON.into()]
    }

    fn result(self) -> [usize; 4] {
        let side = if self.pool { 2 } else { 1 };
        [self.images, self.output, self.height / side, self.width / side]
    }
}

/// Whether the kernels can do it: not of another size or form, and not a norm that looks at the whole batch.
pub(in crate::kernels) fn fits(x: &Tensor<4>, block: &ConvBlock<'_>) -> bool {
    let [images, input, height, width] = x.dims();
    let [output, _, rows, columns] = block.weight.dims();
    let numbers = images * input.max(output) * height * width;
    [rows, columns] == [3, 3]
        && block.form.stride == 1
        && block.form.relu
        && output.is_multiple_of(GROUPS)
        && !matches!(block.norm, Norm::Batch { .. })
        // Sources count with 32 bits, and a convolution's pixels are in one direction.
        && (1..i32::MAX as usize).contains(&numbers)
        && images * height * width <= MOST_GROUPS * THREADS
}

/// The whole block, `[B, C, H, W]`.
pub(in crate::kernels) fn conv_block(x: &Tensor<4>, block: ConvBlock<'_>) -> Tensor<4> {
    let [images, input, height, width] = x.dims();
    let [output, ..] = block.weight.dims();
    let sizes = Sizes { images, input, output, height, width, pool: block.form.pool };
    let weight = block.weight;
    let bias = block.bias.unwrap_or_else(|| Tensor::zeros([output], &weight.device()));
    let (gamma, beta, given) = block.norm.into_parts();
    let [x_buffer, bias_buffer] = [buffer(x), buffer(&bias)];
    let state = State {
        sizes,
        weight: buffer(&weight),
        gamma: buffer(&gamma),
        beta: buffer(&beta),
        given: given.is_some(),
        y: empty(&x_buffer, [images, output, height, width]),
        statistics: match given {
            Some(statistics) => buffer(&join(&statistics)),
            None => empty(&x_buffer, [images, output, 2]),
        },
        x: x_buffer,
    };
    let out = state.forward(&bias_buffer);
    node([x.into(), (&weight).into(), (&bias).into(), (&gamma).into(), (&beta).into()], Step, state, out)
}

/// What a block is made from, and what is kept for its gradients.
#[derive(Debug, Clone)]
struct State {
    sizes: Sizes,
    x: CubeTensor,
    weight: CubeTensor,
    gamma: CubeTensor,
    beta: CubeTensor,
    /// Whether the norm was given mean and variance.
    given: bool,
    /// What the convolution gave.
    y: CubeTensor,
    /// Of each plane mean and squared distance from it; or the channels' means that were given, then their variances.
    statistics: CubeTensor,
}

impl State {
    fn forward(&self, bias: &CubeTensor) -> CubeTensor {
        let Sizes { images, input, output, .. } = self.sizes;
        let info = self.sizes.convolution([input, output], [input * 9, 9], false);
        CONVOLVE.start(self.sizes.convolve(output), &[&self.x, &self.weight, bias], &[&self.y], &info);
        let info = self.sizes.activation(self.given);
        if !self.given {
            PLANES.start(groups(images * output), &[&self.y], &[&self.statistics], &info);
        }
        let result = self.sizes.result();
        let out = empty(&self.x, result);
        let inputs = [&self.y, &self.gamma, &self.beta, &self.statistics];
        ACTIVATE.start(groups(result.iter().product()), &inputs, &[&out], &info);
        out
    }

    /// The gradient of what the convolution gave, and of each image those of bias, γ and β.
    fn activate_back(&self, dout: &CubeTensor) -> [CubeTensor; 2] {
        let Sizes { images, output, height, width, .. } = self.sizes;
        let dy = empty(dout, [images, output, height, width]);
        let sums = empty(dout, [images, 3, output]);
        let info = self.sizes.activation(self.given);
        let inputs = [&self.y, dout, &self.gamma, &self.beta, &self.statistics];
        SPOTS.start(groups(images * output), &inputs, &[&dy, &sums], &info);
        let inputs = [&self.y, &self.gamma, &self.statistics];
        UNNORM.start(groups(images * output * height * width), &inputs, &[&dy, &sums], &info);
        [dy, sums]
    }

    fn input_gradient(&self, dy: &CubeTensor) -> CubeTensor {
        let Sizes { images, input, output, height, width, .. } = self.sizes;
        let dx = empty(dy, [images, input, height, width]);
        let info = self.sizes.convolution([output, input], [9, input * 9], true);
        CONVOLVE.start(self.sizes.convolve(input), &[dy, &self.weight, &self.gamma], &[&dx], &info);
        dx
    }

    /// The gradients of weight, bias, γ and β.
    fn parameter_gradients(&self, dy: &CubeTensor, sums: &CubeTensor) -> [CubeTensor; 4] {
        let Sizes { images, input, output, height, width, .. } = self.sizes;
        let tiles = output / WEIGHED * input;
        let [threads, most] = SEEKERS;
        let parts = (threads / tiles).clamp(1, most.min(images * height));
        let weights = output * input * 9;
        let found = empty(dy, [parts, weights]);
        let info = [images, input, output, height, width, parts].map(Word::from);
        WEIGHTS.start(groups(parts * tiles), &[&self.x, dy], &[&found], &info);
        let starts: [usize; 3] = std::array::from_fn(|vector| padded(weights) + vector * padded(output));
        let gradients = empty(dy, [starts[2] + padded(output)]);
        let [bias, gamma, beta] = starts;
        let info = [weights, parts, output, images, bias, gamma, beta].map(Word::from);
        GATHER.start(groups(weights + 3 * output), &[&found, sums], &[&gradients], &info);
        let vector = |start| part(&gradients, start, [output]);
        [part(&gradients, 0, [output, input, 3, 3]), vector(bias), vector(gamma), vector(beta)]
    }
}

#[derive(Debug)]
struct Step;

impl Backward<Cube, 5> for Step {
    type State = State;

    fn backward(self, ops: Ops<State, 5>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let state = ops.state;
        let dout = into_contiguous(gradients.consume::<Cube>(&ops.node));
        let [dy, sums] = state.activate_back(&dout);
        let [x, parameters @ ..] = ops.parents;
        if let Some(node) = x {
            gradients.register::<Cube>(node.id, state.input_gradient(&dy));
        }
        if parameters.iter().all(Option::is_none) {
            return;
        }
        for (node, gradient) in parameters.into_iter().zip(state.parameter_gradients(&dy, &sums)) {
            if let Some(node) = node {
                gradients.register::<Cube>(node.id, gradient);
            }
        }
    }
}
