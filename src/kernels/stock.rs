//! The same with burn's own operations: for any backend and any shape, and to check the kernels against.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train, conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};

use super::{ConvBlock, EPSILON, Form, GROUPS, Norm};

pub(super) fn conv_block(x: Tensor<4>, block: ConvBlock<'_>) -> Tensor<4> {
    let ConvBlock { weight, bias, norm, form } = block;
    let padding = weight.dims()[2] / 2;
    let x = conv2d(x, weight, bias, ConvOptions::new([form.stride; 2], [padding; 2], [1, 1], 1));
    after_conv(x, norm, form)
}

/// What follows the convolution of a block.
pub(super) fn after_conv(x: Tensor<4>, norm: Norm<'_>, form: Form) -> Tensor<4> {
    let mut x = normalise(x, norm);
    if form.relu {
        x = relu(x);
    }
    if form.pool { max_pool2d(x, MaxPoolOptions::new([2, 2]).with_stride([2, 2])) } else { x }
}

pub(super) fn max_pool(x: Tensor<4>) -> Tensor<4> {
    max_pool2d(x, MaxPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]))
}

fn normalise(x: Tensor<4>, norm: Norm<'_>) -> Tensor<4> {
    match norm {
        Norm::Group { weight, bias } => group_norm(x, weight, bias),
        Norm::Frozen { weight, bias, statistics } => {
            let [mean, variance] = *statistics;
            batch_norm(x, weight, bias, mean, variance, EPSILON)
        }
        Norm::Batch { weight, bias, seen } => training_batch_norm(x, weight, bias, seen),
    }
}

fn group_norm(x: Tensor<4>, weight: Tensor<1>, bias: Tensor<1>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let device = x.device().without_autodiff();
    // Every group of every sample as one channel: the backends have batch normalisation, with its gradient, as one operation.
    let rows = batch * GROUPS;
    let grouped = x.reshape([1, rows, channels / GROUPS * height, width]);
    let normal = batch_norm_train(grouped, Tensor::ones([rows], &device), Tensor::zeros([rows], &device), EPSILON);
    normal.output.reshape([batch, channels, height, width]) * weight.reshape([1, channels, 1, 1])
        + bias.reshape([1, channels, 1, 1])
}

/// Batch normalisation with the batch's own statistics. `seen` gets mean and unbiased variance, as PyTorch feeds them to the
/// running ones.
fn training_batch_norm(x: Tensor<4>, weight: Tensor<1>, bias: Tensor<1>, seen: &mut Vec<Tensor<1>>) -> Tensor<4> {
    let [batch, _, height, width] = x.dims();
    let count = (batch * height * width) as f32;
    let out = batch_norm_train(x, weight, bias, EPSILON);
    let unbiased = out.variance.without_autodiff() * (count / (count - 1.0).max(1.0));
    seen.extend([out.mean.without_autodiff(), unbiased]);
    out.output
}

/// `[B, C, H, W]` → `[B, C]`
pub(super) fn spatial_mean(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = x.dims();
    x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels])
}
