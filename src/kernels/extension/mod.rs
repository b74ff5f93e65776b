//! The kernels' place in burn: operations of the backend Flex, and their gradients.
//!
//! Between layers travels the kernels' own layout, as a tensor of five dimensions `[B, C/8, H+2, W+2, 8]`, which only these
//! operations understand.

mod block;
mod max;
mod mean;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Tensor, TensorData};
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_flex::FlexTensor;

use self::block::State;
use super::simd::BLOCK;
use super::{ConvBlock, EPSILON, Form, Maps, Norm, stock};
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
        form: Form,
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
        form: Form,
    ) -> FloatTensor<Self>;
    fn blocked_mean(x: FloatTensor<Self>) -> FloatTensor<Self>;
    fn blocked_max(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The block with the kernels, of what [`has_kernel`].
pub(super) fn layer(x: Maps, block: ConvBlock<'_>) -> Maps {
    match block.norm {
        Norm::Batch { .. } => Maps::Plain(conv_batch(x, block)),
        _ => Maps::Blocked(conv_block(x, block)),
    }
}

fn conv_block(x: Maps, block: ConvBlock<'_>) -> Tensor<5> {
    let ConvBlock { weight, bias, norm, form } = block;
    let bias = bias.unwrap_or_else(|| Tensor::zeros([weight.dims()[0]], &weight.device().without_autodiff()));
    let (x, weight) = match x {
        Maps::Plain(x) if x.is_tracked() => (blocked(filled(x)).into_dispatch(), filled(weight)),
        Maps::Plain(x) => (x.into_dispatch(), weight),
        Maps::Blocked(x) => (x.into_dispatch(), weight),
    };
    let (weight, bias) = (weight.into_dispatch(), bias.into_dispatch());
    let (gamma, beta, frozen) = norm.into_parts();
    let (gamma, beta) = (gamma.into_dispatch(), beta.into_dispatch());
    Tensor::from_dispatch(match frozen {
        None => Dispatch::conv_group(x, weight, bias, gamma, beta, form),
        Some([mean, variance]) => {
            let (mean, variance) = (mean.into_dispatch(), variance.into_dispatch());
            Dispatch::conv_frozen(x, weight, bias, gamma, beta, mean, variance, form)
        }
    })
}

/// The block where its norm looks at the whole batch: the kernels do the convolution alone.
fn conv_batch(x: Maps, block: ConvBlock<'_>) -> Tensor<4> {
    let ConvBlock { weight, bias, norm, form } = block;
    let ([channels, ..], device) = (weight.dims(), weight.device().without_autodiff());
    let all = |value: f64| Tensor::<1>::full([channels], value, &device);
    // A norm that changes nothing.
    let none = Norm::Frozen { weight: all(1.0), bias: all(0.0), statistics: Box::new([all(0.0), all(1.0 - EPSILON)]) };
    let alone = Form { stride: form.stride, relu: false, pool: false };
    let y = conv_block(x, ConvBlock { weight, bias, norm: none, form: alone });
    stock::after_conv(unblock(y), norm, form)
}

/// Whether the kernels take it. Where there is no other device the compiler knows the answer, and a visitor does not download burn's
/// convolutions too.
pub(super) fn has_kernel(x: &Maps) -> bool {
    #[cfg(test)]
    if super::testing::only_stock() {
        return false;
    }
    match x {
        Maps::Plain(x) => cfg!(not(feature = "webgpu")) || is_cpu(&x.device().without_autodiff()),
        Maps::Blocked(_) => true,
    }
}

/// With as many channels of zeros as are missing from a multiple of eight: images `[B, C, H, W]`, or weights `[O, C, H, W]`.
fn filled(x: Tensor<4>) -> Tensor<4> {
    let [rows, channels, h, w] = x.dims();
    match channels.next_multiple_of(BLOCK) - channels {
        0 => x,
        missing => {
            let zeros = Tensor::zeros([rows, missing, h, w], &x.device());
            Tensor::cat(vec![x, zeros], 1)
        }
    }
}

/// `[B, C, H, W]` as the kernels lay it out.
fn blocked(x: Tensor<4>) -> Tensor<5> {
    let [images, channels, h, w] = x.dims();
    let blocks = channels / BLOCK;
    let inner = x.clone().reshape([images, blocks, BLOCK, h, w]).permute([0, 1, 3, 4, 2]);
    let bordered = Tensor::zeros([images, blocks, h + 2, w + 2, BLOCK], &x.device());
    bordered.slice_assign([0..images, 0..blocks, 1..h + 1, 1..w + 1, 0..BLOCK], inner)
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

/// The 3×3 max pool with stride 2 and padding 1 of a block's result, of which no number is negative.
pub(super) fn blocked_max(x: Tensor<5>) -> Tensor<5> {
    Tensor::from_dispatch(Dispatch::blocked_max(x.into_dispatch()))
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

impl ConvLayers for Flex {
    fn conv_group(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        form: Form,
    ) -> FlexTensor {
        State::new(&x, [&weight, &bias, &gamma, &beta], form).forward(false)
    }

    fn conv_frozen(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        form: Form,
    ) -> FlexTensor {
        State::new(&x, [&weight, &bias, &gamma, &beta], form).frozen(&mean, &variance).forward(false)
    }

    fn blocked_mean(x: FlexTensor) -> FlexTensor {
        mean::of(&x)
    }

    fn blocked_max(x: FlexTensor) -> FlexTensor {
        max::of(&x)
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
        form: Form,
    ) -> FloatTensor<Self> {
        let vectors = [weight.primitive(), bias.primitive(), gamma.primitive(), beta.primitive()];
        let state = State::new(x.primitive(), vectors, form);
        block::tracked::<C>([x, weight, bias, gamma, beta], state)
    }

    fn conv_frozen(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        form: Form,
    ) -> FloatTensor<Self> {
        let vectors = [weight.primitive(), bias.primitive(), gamma.primitive(), beta.primitive()];
        let state = State::new(x.primitive(), vectors, form).frozen(mean.primitive(), variance.primitive());
        block::tracked::<C>([x, weight, bias, gamma, beta], state)
    }

    fn blocked_mean(x: FloatTensor<Self>) -> FloatTensor<Self> {
        mean::tracked::<C>(x)
    }

    fn blocked_max(x: FloatTensor<Self>) -> FloatTensor<Self> {
        max::tracked::<C>(x)
    }
}
