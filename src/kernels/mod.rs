//! Layers of the networks as one operation each: with kernels of our own where a tensor is on the CPU, else with burn's
//! operations.
//!
//! | where | what |
//! |---|---|
//! | `stock` | the layers with burn's operations |
//! | `step` | what a step does beside its convolutions |
//! | `gpu` | a step's layers, losses and update in kernels of the GPU |
//! | `extension` | the kernels as operations of burn's backend Flex, with their gradients |
//! | `batch` | a layer on a batch, in parts and on threads |
//! | `conv`, `planar` | the 3×3 convolution of one image and its gradients; the first one, of few channels |
//! | `norm` | norm, ReLU and max pool of one image, and back |
//! | `layout` | how numbers lie |
//! | `simd` | a few numbers at a time, with the instructions the machine has |
//!
//! From `batch` on it is plain Rust that knows nothing of burn. See `docs/kernels.md`.

#[cfg(feature = "cpu")]
mod batch;
#[cfg(feature = "cpu")]
mod conv;
#[cfg(feature = "cpu")]
mod extension;
#[cfg(feature = "webgpu")]
mod gpu;
#[cfg(feature = "cpu")]
mod layout;
#[cfg(feature = "cpu")]
mod norm;
#[cfg(feature = "cpu")]
mod planar;
#[cfg(feature = "cpu")]
mod simd;
#[cfg(all(feature = "cpu", feature = "cli"))]
mod speed;
// What it is told is for the kernels of the GPU.
#[cfg_attr(not(feature = "webgpu"), allow(dead_code))]
mod step;
mod stock;
#[cfg(all(test, feature = "cpu"))]
mod tests;

use burn::tensor::Tensor;

pub(crate) use step::{
    Descent, Number, Projection, Pull, RowLosses, Target, descend, join, linear, row_losses, spread, square, tap_means,
    update,
};

#[cfg(all(feature = "cpu", feature = "cli"))]
pub use speed::{LayerSpeed, layer_speeds};

/// How many groups group normalisation has.
pub(crate) const GROUPS: usize = 8;

/// PyTorch's epsilon for both norms.
pub(crate) const EPSILON: f64 = 1e-5;

/// Images between two layers, and their channels' numbers.
#[derive(Clone)]
pub(crate) enum Maps {
    /// `[B, C, H, W]`
    Plain(Tensor<4>),
    /// As the kernels lay them out.
    #[cfg(feature = "cpu")]
    Blocked(Tensor<5>),
}

/// A 3×3 convolution with stride 1 and padding 1, and the norm after it.
pub(crate) struct ConvBlock<'a> {
    /// `[O, I, 3, 3]`
    pub weight: Tensor<4>,
    /// `[O]`
    pub bias: Tensor<1>,
    /// Of O channels.
    pub norm: Norm<'a>,
}

/// A norm; weight and bias are `[C]`.
pub(crate) enum Norm<'a> {
    /// Group normalisation with [`GROUPS`] groups.
    Group { weight: Tensor<1>, bias: Tensor<1> },
    /// Batch normalisation by this mean and variance `[C]`, which get no gradient.
    Frozen { weight: Tensor<1>, bias: Tensor<1>, statistics: Box<[Tensor<1>; 2]> },
    /// Batch normalisation by the batch's own statistics, of which `seen` gets mean and unbiased variance.
    Batch { weight: Tensor<1>, bias: Tensor<1>, seen: &'a mut Vec<Tensor<1>> },
}

impl Norm<'_> {
    /// Weight and bias, and mean and variance where they are given.
    #[cfg(any(feature = "cpu", feature = "webgpu"))]
    fn into_parts(self) -> (Tensor<1>, Tensor<1>, Option<[Tensor<1>; 2]>) {
        match self {
            Norm::Group { weight, bias } | Norm::Batch { weight, bias, .. } => (weight, bias, None),
            Norm::Frozen { weight, bias, statistics } => (weight, bias, Some(*statistics)),
        }
    }
}

/// Convolution, norm, ReLU and, if `pool`, a 2×2 max pool, which leaves out the last row or column of an odd side.
pub(crate) fn conv_block(x: Maps, block: ConvBlock<'_>, pool: bool) -> Maps {
    #[cfg(feature = "cpu")]
    if extension::has_kernel(&x, &block) {
        return Maps::Blocked(extension::conv_block(x, block, pool));
    }
    let x = x.into_plain();
    #[cfg(feature = "webgpu")]
    if step::has_kernel(&x) && gpu::fits(&x, &block) {
        return Maps::Plain(gpu::conv_block(&x, block, pool));
    }
    Maps::Plain(stock::conv_block(x, block, pool))
}

impl Maps {
    /// The mean over the pixels of each channel, `[B, C]`.
    pub fn spatial_mean(self) -> Tensor<2> {
        match self {
            #[cfg(feature = "webgpu")]
            Maps::Plain(x) if step::has_kernel(&x) => gpu::spatial_mean(&x),
            Maps::Plain(x) => stock::spatial_mean(x),
            #[cfg(feature = "cpu")]
            Maps::Blocked(x) => extension::blocked_mean(x),
        }
    }

    fn into_plain(self) -> Tensor<4> {
        match self {
            Maps::Plain(x) => x,
            #[cfg(feature = "cpu")]
            Maps::Blocked(x) => extension::unblock(x),
        }
    }
}

/// The norm of `x` `[B, C, H, W]`, with burn's operations.
pub(crate) fn normalise(x: Tensor<4>, norm: Norm<'_>) -> Tensor<4> {
    stock::normalise(x, norm)
}

/// Tests compare the kernels with burn's operations.
#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;

    thread_local!(static ONLY_STOCK: Cell<bool> = const { Cell::new(false) });

    pub(super) fn only_stock() -> bool {
        ONLY_STOCK.get()
    }

    /// What `work` gives where this thread has no kernels.
    pub(crate) fn with_stock<T>(work: impl FnOnce() -> T) -> T {
        ONLY_STOCK.set(true);
        let done = work();
        ONLY_STOCK.set(false);
        done
    }
}
