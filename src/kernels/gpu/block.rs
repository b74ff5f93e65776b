use burn::backend::Cube;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::convolution::Convolution;
use super::launch::{Kernel, Word, empty, groups, padded};
use super::parameters::join;
use super::place::{buffer, node, part, tensor};
use crate::kernels::{ConvBlock, EPSILON, Form, GROUPS, Norm};

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
    inputs: &["y", "gamma", "statistics", "totals"],
    outputs: &["dz", "kept_sums"],
    source: include_str!("unnorm.wgsl"),
};
static CHANNELS: Kernel = Kernel {
    name: "channels",
    inputs: &["planes"],
    outputs: &["statistics", "seen"],
    source: include_str!("channels.wgsl"),
};
static CHANNEL_SUMS: Kernel = Kernel {
    name: "channel_sums",
    inputs: &["kept_sums"],
    outputs: &["totals"],
    source: include_str!("channel_sums.wgsl"),
};
static GATHER: Kernel = Kernel {
    name: "gather",
    inputs: &["found", "kept_sums"],
    outputs: &["gradients"],
    source: include_str!("gather.wgsl"),
};

/// Which norm, as the sources have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Groups,
    Given,
    Batch,
}

/// The whole block, `[B, C, H, W]`.
pub(in crate::kernels) fn conv_block(x: &Tensor<4>, block: ConvBlock<'_>) -> Tensor<4> {
    let ConvBlock { weight, bias, norm, form } = block;
    let [images, input, height, width] = x.dims();
    let [output, _, side, _] = weight.dims();
    let convolution = Convolution { images, input, output, from: [height, width], side, stride: form.stride };
    let bias = bias.unwrap_or_else(|| Tensor::zeros([output], &weight.device()));
    let (x_buffer, weight_buffer) = (buffer(x), buffer(&weight));
    let y = convolution.forward(&x_buffer, &weight_buffer, &buffer(&bias));
    let mut info = Info { convolution, kind: Kind::Groups, form };
    let (gamma, beta, statistics) = match norm {
        Norm::Group { weight, bias } => (weight, bias, info.planes(&y)),
        Norm::Frozen { weight, bias, statistics } => {
            info.kind = Kind::Given;
            (weight, bias, buffer(&join(&*statistics)))
        }
        Norm::Batch { weight, bias, seen } => {
            info.kind = Kind::Batch;
            (weight, bias, info.channels(&y, seen))
        }
    };
    let (gamma_buffer, beta_buffer) = (buffer(&gamma), buffer(&beta));
    let state =
        State { info, x: x_buffer, weight: weight_buffer, gamma: gamma_buffer, beta: beta_buffer, y, statistics };
    let out = state.activate();
    node([x.into(), (&weight).into(), (&bias).into(), (&gamma).into(), (&beta).into()], Step, state, out)
}

/// How a block looks.
#[derive(Debug, Clone, Copy)]
struct Info {
    convolution: Convolution,
    kind: Kind,
    form: Form,
}

impl Info {
    fn words(self) -> [Word; 9] {
        let [images, output, height, width] = self.convolution.result();
        let Form { relu, pool, .. } = self.form;
        let kind = self.kind as usize;
        let sizes = [output / GROUPS, height, width, images, kind, pool.into()].map(Word::from);
        let [a, b, c, d, e, f] = sizes;
        [a, b, c, d, e, f, EPSILON.into(), usize::from(relu).into(), padded(output).into()]
    }

    /// Of each plane mean and squared distance from it.
    fn planes(self, y: &CubeTensor) -> CubeTensor {
        let [images, output, ..] = self.convolution.result();
        let planes = empty(y, [images, output, 2]);
        PLANES.start(groups(images * output), &[y], &[&planes], &self.words());
        planes
    }

    /// The channels' means over the batch, then their variances. `seen` gets the means and unbiased variances.
    fn channels(self, y: &CubeTensor, seen: &mut Vec<Tensor<1>>) -> CubeTensor {
        let output = self.convolution.output;
        let statistics = empty(y, [2 * output]);
        let start = padded(output);
        let both = empty(y, [start + padded(output)]);
        CHANNELS.start(groups(output), &[&self.planes(y)], &[&statistics, &both], &self.words());
        seen.extend([0, start].map(|start| tensor(part(&both, start, [output]))));
        statistics
    }
}

/// What a block is made from, and what is kept for its gradients.
#[derive(Debug, Clone)]
struct State {
    info: Info,
    x: CubeTensor,
    weight: CubeTensor,
    gamma: CubeTensor,
    beta: CubeTensor,
    /// What the convolution gave.
    y: CubeTensor,
    /// Of each plane mean and squared distance from it; or the channels' means, then their variances.
    statistics: CubeTensor,
}

impl State {
    fn activate(&self) -> CubeTensor {
        let [images, output, height, width] = self.info.convolution.result();
        let side = if self.info.form.pool { 2 } else { 1 };
        let result = [images, output, height / side, width / side];
        let out = empty(&self.x, result);
        let inputs = [&self.y, &self.gamma, &self.beta, &self.statistics];
        ACTIVATE.start(groups(result.iter().product()), &inputs, &[&out], &self.info.words());
        out
    }

    /// The gradient of what the convolution gave, and of each image those of bias, γ and β.
    fn activate_back(&self, dout: &CubeTensor) -> [CubeTensor; 2] {
        let shape = self.info.convolution.result();
        let [images, output, ..] = shape;
        let dy = empty(dout, shape);
        let sums = empty(dout, [images, 3, output]);
        let info = self.info.words();
        let inputs = [&self.y, dout, &self.gamma, &self.beta, &self.statistics];
        SPOTS.start(groups(images * output), &inputs, &[&dy, &sums], &info);
        let totals = if self.info.kind == Kind::Batch {
            let totals = empty(dout, [2 * output]);
            CHANNEL_SUMS.start(groups(2 * output), &[&sums], &[&totals], &info);
            totals
        } else {
            self.statistics.clone()
        };
        let inputs = [&self.y, &self.gamma, &self.statistics, &totals];
        UNNORM.start(groups(shape.iter().product()), &inputs, &[&dy, &sums], &info);
        [dy, sums]
    }

    /// The gradients of weight, bias, γ and β.
    fn parameter_gradients(&self, dy: &CubeTensor, sums: &CubeTensor) -> [CubeTensor; 4] {
        let Convolution { images, input, output, side, .. } = self.info.convolution;
        let found = self.info.convolution.weight_gradients(&self.x, dy);
        let [parts, weights] = found.meta.shape().dims();
        let starts: [usize; 3] = std::array::from_fn(|vector| padded(weights) + vector * padded(output));
        let gradients = empty(dy, [starts[2] + padded(output)]);
        let [bias, gamma, beta] = starts;
        let info = [weights, parts, output, images, bias, gamma, beta].map(Word::from);
        GATHER.start(groups(weights + 3 * output), &[&found, sums], &[&gradients], &info);
        let vector = |start| part(&gradients, start, [output]);
        [part(&gradients, 0, [output, input, side, side]), vector(bias), vector(gamma), vector(beta)]
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
            gradients.register::<Cube>(node.id, state.info.convolution.input_gradient(&dy, &state.weight));
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
