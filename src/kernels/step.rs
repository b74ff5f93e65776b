//! What a step does beside its convolutions. On the GPU a dispatch costs more than most of these operations, so that each has a
//! kernel there. On the CPU, and for what the kernels do not know, they are burn's operations: the simple ones here, the losses and
//! the update where their formulas stand, for which the functions here then give `None`.

use std::ops::Range;

use burn::tensor::Tensor;

#[cfg(feature = "webgpu")]
use super::gpu;

/// Losses of a batch's rows: a · CE(z, y) + b · T² · KL(p ‖ σ(z/T)), their mean times `share`.
#[derive(Debug)]
pub(crate) struct RowLosses<'a> {
    /// z `[B, K]`
    pub logits: &'a Tensor<2>,
    /// y, one-hot `[B, K]`
    pub labels: &'a Tensor<2>,
    /// p
    pub target: Target,
    /// a
    pub cross_entropy: f64,
    /// b
    pub divergence: f64,
    /// The batch's share of the whole.
    pub share: f64,
    /// What to tell beside the loss, in this order; means over the batch times `share`.
    pub numbers: &'a [Number],
}

/// What the answers are drawn to; T is 1 but for a teacher.
#[derive(Debug)]
pub(crate) enum Target {
    /// Nothing.
    None,
    /// Probabilities, `[B, K]` or `[1, K]`.
    Probabilities(Tensor<2>),
    /// σ(z₀/T), of `logits` `[B, K]`.
    Teacher { logits: Tensor<2>, temperature: f64 },
    /// σ(z + excluded), held fixed, of `excluded` `[1, K]`.
    Own { excluded: Tensor<2> },
}

/// A number of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// CE(z, y)
    CrossEntropy,
    /// T² · KL(p ‖ σ(z/T))
    Divergence,
    /// H(σ(z))
    Entropy,
    /// The share of rows whose label's logit is the largest.
    Correct,
    /// The whole loss.
    Loss,
}

/// Three taps `[B, C]` drawn to means: λ times the mean over taps of the squared error averaged over batch and channels.
#[derive(Debug)]
pub(crate) struct Pull<'a> {
    pub taps: &'a [Tensor<2>; 3],
    /// One after the other.
    pub means: &'a Tensor<1>,
    /// λ
    pub weight: f64,
}

/// A step of SGD along a clipped gradient: d = g + w·θ, v ← μ·v + d, θ ← θ − η·v.
#[derive(Debug)]
pub(crate) struct Descent<'a> {
    /// θ `[P]`
    pub theta: &'a Tensor<1>,
    /// g `[P]`
    pub gradient: &'a Tensor<1>,
    /// v, before and after; none is 0.
    pub momentum: Option<Tensor<1>>,
    /// θ after the step.
    pub next: Option<Tensor<1>>,
    /// c; 0 for no clipping.
    pub max_norm: f64,
    /// w
    pub weight_decay: f64,
    /// μ
    pub inertia: f64,
    /// η
    pub rate: f64,
}

/// What a step of PURGE does to its gradient and its direction.
#[derive(Debug)]
pub(crate) struct Projection<'a> {
    /// g_r `[P]`
    pub retain: &'a Tensor<1>,
    /// Numbers to report before the step's own.
    pub retain_numbers: &'a Tensor<1>,
    /// Likewise, after those.
    pub forget_numbers: &'a Tensor<1>,
    /// Where H and CE are among the forget batch's numbers.
    pub places: [usize; 2],
    /// Beyond this H the step is of g_r alone.
    pub gate: Option<f64>,
    /// From this CE on likewise.
    pub cap: Option<f64>,
    /// Whether g is projected.
    pub of_gradient: bool,
    /// ρ
    pub retain_share: f64,
    /// Whether v is projected.
    pub of_direction: bool,
}

/// Whether the GPU's kernels take it. Where there is no other device the compiler knows the answer, and a visitor does not
/// download burn's operations too.
#[cfg(feature = "webgpu")]
pub(super) fn has_kernel<const D: usize>(tensor: &Tensor<D>) -> bool {
    #[cfg(test)]
    if super::testing::only_stock() {
        return false;
    }
    !crate::device::is_cpu(&tensor.device().without_autodiff())
}

/// The loss as a node of the graph, `[1]`, and the numbers, a pull's loss without λ after those that were asked for; where there
/// are kernels.
pub(crate) fn row_losses(losses: &RowLosses<'_>, pull: Option<&Pull<'_>>) -> Option<(Tensor<1>, Tensor<1>)> {
    #[cfg(feature = "webgpu")]
    if has_kernel(losses.logits) {
        return Some(gpu::row_losses(losses, pull));
    }
    let _ = (losses, pull);
    None
}

/// A step of PURGE where there are kernels: its numbers. They are the two batches', then ⟨g_f, g_r⟩, ‖g_r‖², ‖g_f‖², ‖g‖ before
/// clipping, ⟨v, g_r⟩, ‖v‖², and 1 where the step was of g_r alone.
pub(crate) fn update(step: &mut Descent<'_>, projection: &Projection<'_>) -> Option<Tensor<1>> {
    #[cfg(feature = "webgpu")]
    if has_kernel(step.gradient) {
        return Some(gpu::update(step, projection));
    }
    let _ = (step, projection);
    None
}

/// A step of SGD where there are kernels: ‖g‖ before clipping.
pub(crate) fn descend(step: &mut Descent<'_>) -> Option<Tensor<1>> {
    #[cfg(feature = "webgpu")]
    if has_kernel(step.gradient) {
        return Some(gpu::descend(step));
    }
    let _ = step;
    None
}

/// The parameters of θ `[P]`, which lie there one after the other.
pub(crate) fn spread(theta: &Tensor<1>, places: impl Iterator<Item = Range<usize>>) -> Vec<Tensor<1>> {
    #[cfg(feature = "webgpu")]
    if has_kernel(theta) {
        return gpu::spread(theta, places);
    }
    places.map(|place| theta.clone().slice([place])).collect()
}

/// Tensors one after the other, of which there is one at least.
pub(crate) fn join(parts: Vec<Tensor<1>>) -> Tensor<1> {
    #[cfg(feature = "webgpu")]
    if parts.len() > 1 && parts.iter().all(has_kernel) {
        return gpu::join(&parts);
    }
    Tensor::cat(parts, 0)
}

/// ⟨a, b⟩, `[1]`
pub(crate) fn dot(a: &Tensor<1>, b: &Tensor<1>) -> Tensor<1> {
    #[cfg(feature = "webgpu")]
    if has_kernel(a) {
        return gpu::dot(a, b);
    }
    (a.clone() * b.clone()).sum()
}

/// ‖θ‖², `[1]`
pub(crate) fn square(theta: &Tensor<1>) -> Tensor<1> {
    dot(theta, theta)
}

/// The means of three taps `[B, C]` over the batch, one after the other, times `share`.
pub(crate) fn tap_means(taps: [Tensor<2>; 3], share: f64) -> Tensor<1> {
    let taps = taps.map(Tensor::without_autodiff);
    #[cfg(feature = "webgpu")]
    if has_kernel(&taps[0]) {
        return gpu::tap_means(&taps, share);
    }
    Tensor::cat(taps.map(|tap| (tap.mean_dim(0) * share).flatten(0, 1)).to_vec(), 0)
}

/// `x · weightᵀ + bias`, for `x` `[B, F]`, `weight` `[K, F]` and `bias` `[K]`.
pub(crate) fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    #[cfg(feature = "webgpu")]
    if has_kernel(&x) {
        return gpu::linear(x, weight, bias);
    }
    product(x, weight.transpose()) + bias.unsqueeze::<2>()
}

/// `a · b` of `[M, K]` and `[K, N]`, with its gradients: for matrices of a batch or of the last layer. Methods call this and not
/// burn's `matmul`, which would bring a megabyte of kernels for all sizes into the WebGPU module.
pub(crate) fn product(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "webgpu")]
    if has_kernel(&a) {
        let nothing = Tensor::zeros([b.dims()[1]], &a.device().without_autodiff());
        return gpu::linear(a, b.transpose(), nothing);
    }
    a.matmul(b)
}
