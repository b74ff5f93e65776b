//! Layers of the networks as one operation each: with kernels of our own where a tensor is on the CPU, else with burn's
//! operations.
//!
//! | where | what |
//! |---|---|
//! | `stock` | the layers with burn's operations, which the GPU never needs: its kernels do every layer |
//! | `step` | what a step does beside its convolutions |
//! | `gpu` | a step's layers, losses and update in kernels of the GPU |
//! | `extension` | the kernels as operations of burn's backend Flex, with their gradients |
//! | `batch` | a layer on a batch, in parts and on threads |
//! | `planar` | the 3×3 convolution of images of few channels |
//! | `winograd`, `matrix` | the 3×3 convolution of a few images and its gradients with fewer multiplications, by products of matrices |
//! | `columns` | every other convolution of a few images |
//! | `norm` | norm, ReLU and 2×2 max pool of one image, and back |
//! | `pool` | the max pool after the first convolution of a ResNet |
//! | `layout` | how numbers lie |
//! | `simd` | a few numbers at a time, with the instructions the machine has |
//!
//! From `batch` on it is plain Rust that knows nothing of burn. See `docs/kernels.md`.

#[cfg(feature = "cpu")]
mod batch;
#[cfg(feature = "cpu")]
mod columns;
#[cfg(feature = "cpu")]
mod extension;
#[cfg(feature = "webgpu")]
mod gpu;
#[cfg(feature = "cpu")]
mod layout;
#[cfg(feature = "cpu")]
mod matrix;
#[cfg(feature = "cpu")]
mod norm;
#[cfg(feature = "cpu")]
mod planar;
#[cfg(feature = "cpu")]
mod pool;
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
#[cfg(feature = "cpu")]
mod winograd;

use burn::tensor::Tensor;
use burn::tensor::activation::relu;

pub(crate) use step::{
    Descent, Number, Projection, Pull, RowLosses, Target, descend, dot, join, linear, product, row_losses, spread,
    square, tap_means, update,
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

/// A convolution, padded by half of its side, the norm after it and what follows.
pub(crate) struct ConvBlock<'a> {
    /// `[O, I, side, side]`
    pub weight: Tensor<4>,
    /// `[O]`
    pub bias: Option<Tensor<1>>,
    /// Of O channels, a multiple of [`GROUPS`].
    pub norm: Norm<'a>,
    /// Stride, and what follows.
    pub form: Form,
}

/// How a block looks, but for its weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// Pixels from a window of the convolution to the next.
    pub stride: usize,
    /// Whether a ReLU follows.
    pub relu: bool,
    /// Whether a 2×2 max pool follows, which leaves out the last row or column of an odd side.
    pub pool: bool,
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
    #[cfg(feature = "cpu")]
    fn into_parts(self) -> (Tensor<1>, Tensor<1>, Option<[Tensor<1>; 2]>) {
        match self {
            Norm::Group { weight, bias } | Norm::Batch { weight, bias, .. } => (weight, bias, None),
            Norm::Frozen { weight, bias, statistics } => (weight, bias, Some(*statistics)),
        }
    }
}

/// The block's result.
pub(crate) fn conv_block(x: Maps, block: ConvBlock<'_>) -> Maps {
    #[cfg(feature = "cpu")]
    if extension::has_kernel(&x) {
        return extension::layer(x, block);
    }
    let x = x.into_plain();
    #[cfg(feature = "webgpu")]
    if step::has_kernel(&x) {
        return Maps::Plain(gpu::conv_block(&x, block));
    }
    Maps::Plain(stock::conv_block(x, block))
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

    /// ReLU of the sum.
    pub fn add_relu(self, other: Self) -> Self {
        // The border stays zero.
        #[cfg(feature = "cpu")]
        if let (Maps::Blocked(a), Maps::Blocked(b)) = (&self, &other) {
            return Maps::Blocked(relu(a.clone() + b.clone()));
        }
        Maps::Plain(relu(self.into_plain() + other.into_plain()))
    }

    /// A 3×3 max pool with stride 2 and padding 1, of what comes from a ReLU.
    pub fn max_pool(self) -> Self {
        match self {
            #[cfg(feature = "webgpu")]
            Maps::Plain(x) if step::has_kernel(&x) => Maps::Plain(gpu::max_pool(&x)),
            Maps::Plain(x) => Maps::Plain(stock::max_pool(x)),
            #[cfg(feature = "cpu")]
            Maps::Blocked(x) => Maps::Blocked(extension::blocked_max(x)),
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
