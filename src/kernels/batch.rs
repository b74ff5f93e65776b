//! A layer on a batch: convolution, norm, perhaps ReLU and a max pool, and back.
//!
//! A batch is worked through in parts of a fixed number of images, natively on as many threads as there are. What a part
//! sums is added to the others' in their order, so that results do not depend on the number of threads.

use super::layout::{self, Pixels, Shape};
use super::norm::{self, Scratch, Sums, Tail};
use super::simd::{BLOCK, In, Kernel, Out, Simd, dispatch};
use super::{columns, planar, winograd};

/// Images of a part.
const IMAGES: usize = 16;

/// Numbers of gradients of the convolution's output at a time, so that they are in the second-level cache when the gradient of
/// the weights is made of them.
const GRADIENTS_AT_ONCE: usize = 64 * 1024;

/// A layer's weights, and what follows the convolution.
#[derive(Clone, Copy)]
pub(super) struct Layer<'a> {
    /// `[O, I, 3, 3]`
    pub weight: &'a [f32],
    /// `[O]`
    pub bias: &'a [f32],
    pub tail: Tail<'a>,
}

impl Layer<'_> {
    fn shape(&self) -> Shape {
        self.tail.s
    }

    fn way(&self) -> Way {
        let s = self.shape();
        match () {
            () if s.is_same() && s.planar() => Way::Planar,
            () if s.is_same() && winograd::fits(s) => Way::Winograd,
            () => Way::Columns,
        }
    }

    /// What the kernels rely on. `x` is a batch of bordered images.
    fn check(&self, x: &[f32]) {
        let s = self.shape();
        let of_channels = |values: &[f32]| values.len() == s.output;
        assert!(s.output.is_multiple_of(BLOCK) && s.output > 0 && s.input > 0 && s.h > 0 && s.w > 0);
        assert!(x.len().is_multiple_of(s.bordered_input()));
        assert!(self.weight.len() == s.weights() && of_channels(self.bias));
        assert!(of_channels(self.tail.gamma) && of_channels(self.tail.beta));
        if let norm::Norm::Frozen { mean, inverse } = self.tail.norm {
            assert!(of_channels(mean) && of_channels(inverse));
        }
    }
}

/// How a convolution is computed, which is how its weights are packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Planar,
    Winograd,
    Columns,
}

impl Way {
    fn pack(self, s: Shape, weight: &[f32]) -> Vec<f32> {
        match self {
            Self::Planar => layout::pack(s, weight),
            Self::Winograd => winograd::pack(s, weight),
            Self::Columns => columns::pack(s, weight),
        }
    }

    fn pack_back(self, s: Shape, weight: &[f32]) -> Vec<f32> {
        if self == Self::Winograd { winograd::pack_back(s, weight) } else { columns::pack_back(s, weight) }
    }

    /// The gradient of the weights, from what was summed as they are packed.
    fn unpack(self, s: Shape, packed: &[f32]) -> Vec<f32> {
        match self {
            Self::Planar => layout::unpack(s, packed),
            Self::Winograd => winograd::unpack(s, packed),
            Self::Columns => columns::unpack(s, packed),
        }
    }

    /// Numbers of the packed weights.
    fn packed(self, s: Shape) -> usize {
        match self {
            Self::Planar => s.weights(),
            Self::Winograd => winograd::weights(s),
            Self::Columns => columns::weights(s),
        }
    }

    /// Images whose results are in the cache together.
    fn at_once(self, s: Shape) -> usize {
        match self {
            Self::Planar => 1,
            Self::Winograd => winograd::images_at_once(s).min(IMAGES),
            Self::Columns => columns::images_at_once(s).min(IMAGES),
        }
    }
}

/// What the backward pass needs of the forward pass, part by part.
#[derive(Debug)]
pub(super) struct Kept(Vec<KeptPart>);

#[derive(Debug)]
struct KeptPart {
    /// The convolution's output, flat.
    y: Vec<f32>,
    /// Of the norm.
    statistics: Vec<f32>,
}

/// The result for a batch of bordered images, blocked, and what [`backward`] needs if `keep`.
pub(super) fn forward(layer: Layer<'_>, x: &[f32], keep: bool) -> (Vec<f32>, Option<Kept>) {
    layer.check(x);
    let s = layer.shape();
    let packed = layer.way().pack(s, layer.weight);
    let mut out = vec![0.0; x.len() / s.bordered_input() * layer.tail.bordered()];
    let parts = x.chunks(IMAGES * s.bordered_input()).zip(out.chunks_mut(IMAGES * layer.tail.bordered()));
    let jobs: Vec<_> = parts.map(|(x, out)| Forward { layer, packed: &packed, x, out, keep }).collect();
    let kept = each(jobs, |job| {
        let images = job.x.len() / s.bordered_input();
        let room = if keep { images } else { layer.way().at_once(s) };
        let numbers = room * s.flat_output();
        let mut kept = KeptPart { y: Vec::with_capacity(numbers), statistics: vec![0.0; room * layer.tail.kept()] };
        dispatch((job, &mut kept));
        keep.then(|| {
            // SAFETY: there is room for all of these images, and the convolution has written every number.
            unsafe { kept.y.set_len(numbers) };
            kept
        })
    });
    // All of them first, for a sequence of options ends at the first without anything.
    let kept: Vec<_> = kept.into_iter().collect();
    (out, kept.into_iter().collect::<Option<_>>().map(Kept))
}

struct Forward<'a> {
    layer: Layer<'a>,
    packed: &'a [f32],
    x: &'a [f32],
    out: &'a mut [f32],
    keep: bool,
}

impl Kernel for (Forward<'_>, &mut KeptPart) {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (Forward { layer, packed, x, out, keep }, kept) = self;
        let (s, tail) = (layer.shape(), layer.tail);
        let flat = Pixels::flat(s.h, s.w);
        let mut scratch = Scratch::new(s.output);
        let at_once = layer.way().at_once(s);
        let groups = x.chunks(at_once * s.bordered_input()).zip(out.chunks_mut(at_once * tail.bordered()));
        for (group, (x, out)) in groups.enumerate() {
            let images = x.len() / s.bordered_input();
            let first = if keep { group * at_once } else { 0 };
            // SAFETY: the slices are of so many images, as large as the shape says; weights and vectors were checked.
            unsafe {
                let (packed, bias) = (In::new(packed), In::new(layer.bias));
                let y = Out::room(&mut kept.y).add(first * s.flat_output());
                match layer.way() {
                    Way::Planar => planar::forward::<S>(s, In::new(x), packed, bias, y, flat),
                    Way::Winograd => winograd::forward::<S>(s, images, In::new(x), packed, bias, y, flat),
                    Way::Columns => columns::forward::<S>(s, images, In::new(x), packed, bias, y, flat),
                }
            }
            for (n, out) in out.chunks_exact_mut(tail.bordered()).enumerate() {
                let statistics = &mut kept.statistics[(first + n) * tail.kept()..][..tail.kept()];
                // SAFETY: each place is of one image.
                unsafe {
                    let y = Out::room(&mut kept.y).add((first + n) * s.flat_output()).read();
                    norm::forward::<S>(tail, &mut scratch, y, Out::new(out), statistics);
                }
            }
        }
    }
}

/// Gradients of a layer.
pub(super) struct Gradients {
    /// `[O, I, 3, 3]`
    pub weight: Vec<f32>,
    pub sums: Sums,
    /// Of the input, blocked, if it was wanted.
    pub x: Option<Vec<f32>>,
}

/// The gradients from that of the result, `dout`, which is blocked. `x` and `kept` are what [`forward`] took and gave. The
/// input's is made where it is blocked and `with_x`.
pub(super) fn backward(layer: Layer<'_>, x: &[f32], kept: &Kept, dout: &[f32], with_x: bool) -> Gradients {
    layer.check(x);
    let s = layer.shape();
    let images = x.len() / s.bordered_input();
    assert!(dout.len() == images * layer.tail.bordered() && kept.0.len() == images.div_ceil(IMAGES));
    let with_x = with_x && !s.planar();
    let way = layer.way();
    let packed_back = if with_x { way.pack_back(s, layer.weight) } else { Vec::new() };
    let mut dx = vec![0.0; if with_x { x.len() } else { 0 }];
    let mut dx_parts = dx.chunks_mut(IMAGES * s.bordered_input());
    let jobs: Vec<_> = x
        .chunks(IMAGES * s.bordered_input())
        .zip(dout.chunks(IMAGES * layer.tail.bordered()))
        .zip(&kept.0)
        .map(|((x, dout), kept)| Backward { layer, packed_back: &packed_back, x, dout, kept, dx: dx_parts.next() })
        .collect();
    let parts = each(jobs, |job| {
        let zeros = || vec![0.0; s.output];
        let sums = Sums { gamma: zeros(), beta: zeros(), bias: zeros() };
        let mut part = Part { packed: vec![0.0; way.packed(s)], sums };
        dispatch((job, &mut part));
        part
    });
    let total = parts.into_iter().reduce(Part::plus).unwrap_or_else(|| Part {
        packed: vec![0.0; way.packed(s)],
        sums: Sums { gamma: vec![0.0; s.output], beta: vec![0.0; s.output], bias: vec![0.0; s.output] },
    });
    Gradients { weight: way.unpack(s, &total.packed), sums: total.sums, x: with_x.then_some(dx) }
}

struct Backward<'a> {
    layer: Layer<'a>,
    packed_back: &'a [f32],
    x: &'a [f32],
    dout: &'a [f32],
    kept: &'a KeptPart,
    dx: Option<&'a mut [f32]>,
}

/// What a part of the images adds to the gradients.
struct Part {
    packed: Vec<f32>,
    sums: Sums,
}

impl Part {
    fn plus(mut self, other: Part) -> Part {
        let add = |to: &mut [f32], from: &[f32]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        add(&mut self.packed, &other.packed);
        add(&mut self.sums.gamma, &other.sums.gamma);
        add(&mut self.sums.beta, &other.sums.beta);
        add(&mut self.sums.bias, &other.sums.bias);
        self
    }
}

impl Kernel for (Backward<'_>, &mut Part) {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (Backward { layer, packed_back, x, dout, kept, mut dx }, part) = self;
        let (s, tail) = (layer.shape(), layer.tail);
        let blocked = Pixels::blocked(s.h, s.w);
        let (per_x, per_dy, per_dout) = (s.bordered_input(), s.bordered_output(), tail.bordered());
        let at_once = (GRADIENTS_AT_ONCE / per_dy).max(layer.way().at_once(s)).min(IMAGES);
        let mut scratch = Scratch::new(s.output);
        let no_bias = vec![0.0; s.input];
        // All zero, and its border stays so.
        let mut gradients = vec![0.0; at_once * per_dy];
        for (group, x) in x.chunks(at_once * per_x).enumerate() {
            let images = x.len() / per_x;
            for (k, dy) in gradients.chunks_exact_mut(per_dy).enumerate().take(images) {
                let n = group * at_once + k;
                let y = &kept.y[n * s.flat_output()..][..s.flat_output()];
                let statistics = &kept.statistics[n * tail.kept()..][..tail.kept()];
                let dout = &dout[n * per_dout..][..per_dout];
                // SAFETY: each slice is of one image, as large as the shape says; weights and vectors were checked.
                unsafe {
                    let (y, dout) = (In::new(y), In::new(dout));
                    norm::backward::<S>(tail, &mut scratch, y, statistics, dout, Out::new(dy), &mut part.sums);
                }
            }
            // SAFETY: as many images, of their size.
            unsafe {
                let (dy, packed) = (In::new(&gradients), Out::new(&mut part.packed));
                match layer.way() {
                    Way::Planar => {
                        for k in 0..images {
                            planar::weight_gradient::<S>(s, In::new(x).add(k * per_x), dy.add(k * per_dy), packed);
                        }
                    }
                    Way::Winograd => winograd::weight_gradient::<S>(s, images, In::new(x), dy, packed),
                    Way::Columns => columns::weight_gradient::<S>(s, images, In::new(x), dy, packed),
                }
            }
            if let Some(dx) = &mut dx {
                let dx = &mut dx[group * at_once * per_x..][..images * per_x];
                let (weight, bias) = (In::new(packed_back), In::new(&no_bias));
                let to = Out::new(dx);
                // SAFETY: as above; the convolution back has the input's and output's channels exchanged.
                unsafe {
                    if layer.way() == Way::Winograd {
                        let dy = In::new(&gradients);
                        winograd::forward::<S>(s.back(), images, dy, weight, bias, to, blocked);
                    } else {
                        columns::input_gradient::<S>(s, images, In::new(&gradients), weight, to);
                    }
                }
            }
        }
    }
}

/// A batch `[n, C, H, W]` as [`forward`] takes it: blocked, or planar.
pub(super) fn border(s: Shape, images: &[f32]) -> Vec<f32> {
    let (h, w) = s.from;
    let per_image = s.input * h * w;
    let mut out = vec![0.0; images.len() / per_image * s.bordered_input()];
    for (image, to) in images.chunks_exact(per_image).zip(out.chunks_exact_mut(s.bordered_input())) {
        if s.planar() {
            layout::pad(s, image, to);
        } else {
            layout::block(s.input, h, w, image, to);
        }
    }
    out
}

/// The mean over the pixels of blocked images, `[n, C]`.
pub(super) fn mean(channels: usize, h: usize, w: usize, x: &[f32]) -> Vec<f32> {
    let per_image = channels * (h + 2) * (w + 2);
    assert!(channels.is_multiple_of(BLOCK) && x.len().is_multiple_of(per_image));
    let mut means = vec![0.0; x.len() / per_image * channels];
    dispatch(Mean { channels, h, w, x, means: &mut means });
    means
}

struct Mean<'a> {
    channels: usize,
    h: usize,
    w: usize,
    x: &'a [f32],
    means: &'a mut [f32],
}

impl Kernel for Mean<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Mean { channels, h, w, x, means } = self;
        let images = x.chunks_exact(channels * (h + 2) * (w + 2));
        for (x, means) in images.zip(means.chunks_exact_mut(channels)) {
            // SAFETY: each slice is of one image.
            unsafe { norm::mean::<S>(channels, h, w, In::new(x), Out::new(means)) }
        }
    }
}

/// The gradient of blocked images from that of their means. The border has it too, where nobody reads it.
pub(super) fn mean_back(h: usize, w: usize, dmeans: &[f32]) -> Vec<f32> {
    let scale = 1.0 / (h * w) as f32;
    let mut dx = Vec::with_capacity(dmeans.len() * (h + 2) * (w + 2));
    for block in dmeans.as_chunks::<BLOCK>().0 {
        let pixel = block.map(|d| d * scale);
        (0..(h + 2) * (w + 2)).for_each(|_| dx.extend_from_slice(&pixel));
    }
    dx
}

/// Does `work` on every job, and gives the results in the order of the jobs.
#[cfg(not(target_arch = "wasm32"))]
fn each<J: Send, R: Send>(jobs: Vec<J>, work: impl Fn(J) -> R + Sync + Send) -> Vec<R> {
    use rayon::prelude::*;
    // Another thread would have to be woken for it.
    if jobs.len() == 1 {
        return jobs.into_iter().map(work).collect();
    }
    jobs.into_par_iter().map(work).collect()
}

/// One after the other, as they are asked for: there is never the memory of all at once.
#[cfg(target_arch = "wasm32")]
fn each<J, R>(jobs: Vec<J>, work: impl Fn(J) -> R) -> impl Iterator<Item = R> {
    jobs.into_iter().map(work)
}
