//! What follows a convolution, for one image: a norm and, if wanted, ReLU and a 2×2 max pool, in one go.
//!
//! The forward pass keeps the convolution's output (flat) and mean and 1/σ of each group, nothing else: the backward pass
//! computes again which numbers were positive and which was the largest of a window.

use super::GROUPS;
use super::layout::{Pixels, Shape};
use super::simd::{BLOCK, In, Out, Simd, unrolled, zeros};

/// How the numbers of a channel are normalised.
#[derive(Clone, Copy)]
pub(super) enum Norm<'a> {
    /// By mean and deviation of its group in its image, of 8 groups.
    Group {
        /// Added to the variance.
        epsilon: f32,
    },
    /// By these, `[C]` each.
    Frozen { mean: &'a [f32], inverse: &'a [f32] },
}

/// Norm, ReLU and pool.
#[derive(Clone, Copy)]
pub(super) struct Tail<'a> {
    /// Of the convolution.
    pub s: Shape,
    pub norm: Norm<'a>,
    /// `[C]`
    pub gamma: &'a [f32],
    /// `[C]`
    pub beta: &'a [f32],
    /// Whether a ReLU follows.
    pub relu: bool,
    /// Whether a 2×2 max pool follows.
    pub pool: bool,
}

impl Tail<'_> {
    /// Rows and columns of the result; of an odd side the pool leaves out the last.
    pub fn size(&self) -> (usize, usize) {
        if self.pool { (self.s.h / 2, self.s.w / 2) } else { (self.s.h, self.s.w) }
    }

    /// Numbers of the blocked result.
    pub fn bordered(&self) -> usize {
        let (h, w) = self.size();
        self.s.output * (h + 2) * (w + 2)
    }

    /// Numbers that the forward pass keeps of each image besides the convolution's output: mean and 1/σ of each group.
    pub fn kept(&self) -> usize {
        match self.norm {
            Norm::Group { .. } => 2 * GROUPS,
            Norm::Frozen { .. } => 0,
        }
    }

    /// Mean and 1/σ of a channel.
    fn statistics(&self, kept: &[f32], channel: usize) -> (f32, f32) {
        match self.norm {
            Norm::Group { .. } => {
                let group = channel / (self.s.output / GROUPS);
                (kept[2 * group], kept[2 * group + 1])
            }
            Norm::Frozen { mean, inverse } => (mean[channel], inverse[channel]),
        }
    }

    /// The norm of each channel as a factor and a summand.
    fn affine(&self, kept: &[f32], scale: &mut [f32], shift: &mut [f32]) {
        for c in 0..self.s.output {
            let (mean, inverse) = self.statistics(kept, c);
            scale[c] = self.gamma[c] * inverse;
            shift[c] = self.beta[c] - mean * scale[c];
        }
    }
}

/// Room for numbers of each channel.
pub(super) struct Scratch([Vec<f32>; 4]);

impl Scratch {
    pub fn new(channels: usize) -> Self {
        Self(std::array::from_fn(|_| vec![0.0; channels]))
    }
}

/// `y` flat; `out` blocked, with its border zero already; `kept` receives what [`backward`] needs.
///
/// # Safety
/// The places have as many numbers as `t` says, and the machine has the instructions of `S`.
#[inline(always)]
pub(super) unsafe fn forward<S: Simd>(t: Tail<'_>, scratch: &mut Scratch, y: In, out: Out, kept: &mut [f32]) {
    let pixels = t.s.h * t.s.w;
    let [sums, scale, shift, _] = &mut scratch.0;
    if let Norm::Group { epsilon } = t.norm {
        let per_group = t.s.output / GROUPS;
        let count = (per_group * pixels) as f32;
        // SAFETY: `y` has a plane for each eight channels, as `sums` and `shift` have numbers.
        unsafe {
            shift.fill(0.0);
            deviations::<S, false>(t.s, y, In::new(shift), Out::new(sums));
            for (group, sums) in sums.chunks_exact(per_group).enumerate() {
                kept[2 * group] = sums.iter().sum::<f32>() / count;
                shift[group * per_group..][..per_group].fill(kept[2 * group]);
            }
            deviations::<S, true>(t.s, y, In::new(shift), Out::new(sums));
        }
        for (group, sums) in sums.chunks_exact(per_group).enumerate() {
            kept[2 * group + 1] = 1.0 / (sums.iter().sum::<f32>() / count + epsilon).sqrt();
        }
    }
    t.affine(kept, scale, shift);
    // SAFETY: as many numbers as `t` says.
    unsafe { activate::<S>(t, In::new(scale), In::new(shift), y, out) }
}

/// The sum over the pixels of (y − mean), or of its square, for each channel.
#[inline(always)]
unsafe fn deviations<S: Simd, const SQUARED: bool>(s: Shape, y: In, mean: In, sums: Out) {
    let pixels = s.h * s.w;
    let mut c = 0;
    while c < s.output {
        // SAFETY: lanes of pixels of a plane that there is.
        unsafe {
            let y = y.add(c / BLOCK * pixels * BLOCK + c % BLOCK);
            let mean = S::load(mean.add(c));
            // More sums at a time than the latency of one.
            let mut acc: [S::V; 4] = zeros();
            let mut at = 0;
            while at + 4 * BLOCK <= pixels * BLOCK {
                unrolled!(K < 4, 4, { acc[K] = deviation::<S, SQUARED>(y.add(at + K * BLOCK), mean, acc[K]) });
                at += 4 * BLOCK;
            }
            while at < pixels * BLOCK {
                acc[0] = deviation::<S, SQUARED>(y.add(at), mean, acc[0]);
                at += BLOCK;
            }
            S::store(sums.add(c), S::add(S::add(acc[0], acc[1]), S::add(acc[2], acc[3])));
        }
        c += S::LANES;
    }
}

#[inline(always)]
unsafe fn deviation<S: Simd, const SQUARED: bool>(y: In, mean: S::V, acc: S::V) -> S::V {
    // SAFETY: as `deviations`.
    unsafe {
        let d = S::sub(S::load(y), mean);
        if SQUARED { S::fma(d, d, acc) } else { S::add(d, acc) }
    }
}

#[inline(always)]
unsafe fn activate<S: Simd>(t: Tail<'_>, scale: In, shift: In, y: In, out: Out) {
    let (h, w) = t.size();
    let (from, to) = (Pixels::flat(t.s.h, t.s.w), Pixels::blocked(h, w));
    let mut c = 0;
    while c < t.s.output {
        // SAFETY: lanes of pixels of a plane that there is; a window ends before 2·h and 2·w.
        unsafe {
            let y = y.add(c / BLOCK * from.plane + c % BLOCK);
            let out = out.add(c / BLOCK * to.plane + to.first + c % BLOCK);
            let (scale, shift) = (S::load(scale.add(c)), S::load(shift.add(c)));
            let mut i = 0;
            while i < h {
                let out = out.add(i * to.row);
                let mut j = 0;
                if t.pool {
                    let (upper, lower) = (y.add(2 * i * from.row), y.add((2 * i + 1) * from.row));
                    while j < w {
                        let (upper, lower) = (upper.add(2 * j * BLOCK), lower.add(2 * j * BLOCK));
                        let a = S::fma(S::load(upper), scale, shift);
                        let b = S::fma(S::load(upper.add(BLOCK)), scale, shift);
                        let c = S::fma(S::load(lower), scale, shift);
                        let d = S::fma(S::load(lower.add(BLOCK)), scale, shift);
                        let top = S::max(S::max(a, b), S::max(c, d));
                        S::store(out.add(j * BLOCK), if t.relu { S::relu(top) } else { top });
                        j += 1;
                    }
                } else {
                    let y = y.add(i * from.row);
                    while j < w {
                        let z = S::fma(S::load(y.add(j * BLOCK)), scale, shift);
                        S::store(out.add(j * BLOCK), if t.relu { S::relu(z) } else { z });
                        j += 1;
                    }
                }
                i += 1;
            }
        }
        c += S::LANES;
    }
}

/// Gradients that are summed over the images, `[C]` each.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    /// Of the convolution.
    pub bias: Vec<f32>,
}

/// From `dout`, blocked (its border is not read), the gradient `dy` of the convolution's output, blocked (its border is left
/// alone). Adds to `sums`.
///
/// # Safety
/// As [`forward`].
#[inline(always)]
pub(super) unsafe fn backward<S: Simd>(
    t: Tail<'_>,
    scratch: &mut Scratch,
    y: In,
    kept: &[f32],
    dout: In,
    dy: Out,
    sums: &mut Sums,
) {
    let channels = t.s.output;
    let [scale, shift, first, second] = &mut scratch.0;
    t.affine(kept, scale, shift);
    // SAFETY: as many numbers as `t` says.
    unsafe {
        let affine = [In::new(scale), In::new(shift)];
        let places = Places { y, dout, dy };
        if t.pool {
            route_pooled::<S>(t, affine, places, [Out::new(first), Out::new(second)]);
        } else {
            route::<S>(t, affine, places, [Out::new(first), Out::new(second)]);
        }
    }
    // From here on Σd and Σdy of each channel, where d is the gradient of its normalised number times gamma plus beta.
    for c in 0..channels {
        let (mean, inverse) = t.statistics(kept, c);
        let normal = (second[c] - mean * first[c]) * inverse;
        sums.gamma[c] += normal;
        sums.beta[c] += first[c];
        second[c] = normal;
    }
    let Norm::Group { .. } = t.norm else {
        for c in 0..channels {
            sums.bias[c] += scale[c] * first[c];
        }
        return;
    };
    // dy = γ/σ·d − (Σγd + x̂·Σγdx̂)/(Mσ), with the sums over the group's M numbers: d·scale + y·slope + constant.
    let per_group = channels / GROUPS;
    let count = (per_group * t.s.h * t.s.w) as f32;
    for group in 0..GROUPS {
        let of_group = group * per_group..(group + 1) * per_group;
        let (mean, inverse) = (kept[2 * group], kept[2 * group + 1]);
        let with_gamma =
            |values: &[f32]| of_group.clone().map(|c| t.gamma[c] * values[c]).sum::<f32>() * inverse / count;
        let slope = -inverse * with_gamma(second);
        let constant = -with_gamma(first) - slope * mean;
        first[of_group.clone()].fill(slope);
        second[of_group].fill(constant);
    }
    // SAFETY: as many numbers as `t` says.
    unsafe { center::<S>(t.s, In::new(first), In::new(second), y, dy, Out::new(&mut sums.bias)) }
}

#[derive(Clone, Copy)]
struct Places {
    y: In,
    dout: In,
    dy: Out,
}

/// dy = scale · d with d = dout where the ReLU let it pass; Σd and Σdy of each channel.
#[inline(always)]
unsafe fn route<S: Simd>(t: Tail<'_>, [scale, shift]: [In; 2], at: Places, [sum_d, sum_dy]: [Out; 2]) {
    let (flat, blocked) = (Pixels::flat(t.s.h, t.s.w), Pixels::blocked(t.s.h, t.s.w));
    let mut c = 0;
    while c < t.s.output {
        // SAFETY: lanes of pixels of a plane that there is.
        unsafe {
            let lanes = c / BLOCK * blocked.plane + blocked.first + c % BLOCK;
            let y = at.y.add(c / BLOCK * flat.plane + c % BLOCK);
            let (dout, dy) = (at.dout.add(lanes), at.dy.add(lanes));
            let (scale, shift) = (S::load(scale.add(c)), S::load(shift.add(c)));
            let (mut d_sum, mut dy_sum) = (S::zero(), S::zero());
            let mut i = 0;
            while i < t.s.h {
                let (y, dout, dy) = (y.add(i * flat.row), dout.add(i * blocked.row), dy.add(i * blocked.row));
                let mut j = 0;
                while j < t.s.w {
                    let y = S::load(y.add(j * BLOCK));
                    let mut d = S::load(dout.add(j * BLOCK));
                    if t.relu {
                        d = S::unless_negative(S::fma(y, scale, shift), d);
                    }
                    S::store(dy.add(j * BLOCK), S::mul(d, scale));
                    d_sum = S::add(d_sum, d);
                    dy_sum = S::fma(d, y, dy_sum);
                    j += 1;
                }
                i += 1;
            }
            S::store(sum_d.add(c), d_sum);
            S::store(sum_dy.add(c), dy_sum);
        }
        c += S::LANES;
    }
}

/// The same through a 2×2 max pool, of whose equals the first gets the gradient.
#[inline(always)]
unsafe fn route_pooled<S: Simd>(t: Tail<'_>, [scale, shift]: [In; 2], at: Places, [sum_d, sum_dy]: [Out; 2]) {
    let (h, w) = t.size();
    let flat = Pixels::flat(t.s.h, t.s.w);
    let (from, to) = (Pixels::blocked(h, w), Pixels::blocked(t.s.h, t.s.w));
    let mut c = 0;
    while c < t.s.output {
        // SAFETY: lanes of pixels of a plane that there is; a window ends before 2·h and 2·w.
        unsafe {
            let y = at.y.add(c / BLOCK * flat.plane + c % BLOCK);
            let dout = at.dout.add(c / BLOCK * from.plane + from.first + c % BLOCK);
            let dy = at.dy.add(c / BLOCK * to.plane + to.first + c % BLOCK);
            let (scale, shift) = (S::load(scale.add(c)), S::load(shift.add(c)));
            let zero = S::zero();
            let (mut d_sum, mut dy_sum) = (zero, zero);
            let mut i = 0;
            while i < h {
                let (y, dy) = (y.add(2 * i * flat.row), dy.add(2 * i * to.row));
                let mut j = 0;
                while j < w {
                    let (y, dy) = (y.add(2 * j * BLOCK), dy.add(2 * j * BLOCK));
                    let (mut y_of, mut z): ([S::V; 4], [S::V; 4]) = (zeros(), zeros());
                    unrolled!(K < 4, 4, {
                        y_of[K] = S::load(y.add(K / 2 * flat.row + K % 2 * BLOCK));
                        z[K] = S::fma(y_of[K], scale, shift);
                    });
                    let top = S::max(S::max(z[0], z[1]), S::max(z[2], z[3]));
                    let mut left = S::load(dout.add((i * (w + 2) + j) * BLOCK));
                    if t.relu {
                        left = S::unless_negative(top, left);
                    }
                    unrolled!(K < 4, 4, {
                        let d = S::unless_less(z[K], top, left);
                        left = S::sub(left, d);
                        S::store(dy.add(K / 2 * to.row + K % 2 * BLOCK), S::mul(d, scale));
                        d_sum = S::add(d_sum, d);
                        dy_sum = S::fma(d, y_of[K], dy_sum);
                    });
                    j += 1;
                }
                if t.s.w % 2 == 1 {
                    S::store(dy.add((t.s.w - 1) * BLOCK), zero);
                    S::store(dy.add(to.row + (t.s.w - 1) * BLOCK), zero);
                }
                i += 1;
            }
            if t.s.h % 2 == 1 {
                for j in 0..t.s.w {
                    S::store(dy.add((t.s.h - 1) * to.row + j * BLOCK), zero);
                }
            }
            S::store(sum_d.add(c), d_sum);
            S::store(sum_dy.add(c), dy_sum);
        }
        c += S::LANES;
    }
}

/// dy += y · slope + constant; adds Σdy of each channel to `bias`.
#[inline(always)]
unsafe fn center<S: Simd>(s: Shape, slope: In, constant: In, y: In, dy: Out, bias: Out) {
    let (flat, blocked) = (Pixels::flat(s.h, s.w), Pixels::blocked(s.h, s.w));
    let mut c = 0;
    while c < s.output {
        // SAFETY: lanes of pixels of a plane that there is.
        unsafe {
            let y = y.add(c / BLOCK * flat.plane + c % BLOCK);
            let dy = dy.add(c / BLOCK * blocked.plane + blocked.first + c % BLOCK);
            let (slope, constant) = (S::load(slope.add(c)), S::load(constant.add(c)));
            let mut total = S::zero();
            let mut i = 0;
            while i < s.h {
                let (y, dy) = (y.add(i * flat.row), dy.add(i * blocked.row));
                let mut j = 0;
                while j < s.w {
                    let dy = dy.add(j * BLOCK);
                    let d = S::add(S::load(dy.read()), S::fma(S::load(y.add(j * BLOCK)), slope, constant));
                    total = S::add(total, d);
                    S::store(dy, d);
                    j += 1;
                }
                i += 1;
            }
            let bias = bias.add(c);
            S::store(bias, S::add(S::load(bias.read()), total));
        }
        c += S::LANES;
    }
}

/// The mean over the pixels of each channel of one blocked image.
///
/// # Safety
/// `x` has all pixels with the border, `mean` a number for each channel, and the machine has the instructions of `S`.
#[inline(always)]
pub(super) unsafe fn mean<S: Simd>(channels: usize, h: usize, w: usize, x: In, mean: Out) {
    let pixels = Pixels::blocked(h, w);
    let count = [1.0 / (h * w) as f32];
    let mut c = 0;
    while c < channels {
        // SAFETY: lanes of pixels of a plane that there is.
        unsafe {
            let x = x.add(c / BLOCK * pixels.plane + pixels.first + c % BLOCK);
            let mut acc = S::zero();
            let mut i = 0;
            while i < h {
                let x = x.add(i * pixels.row);
                let mut j = 0;
                while j < w {
                    acc = S::add(acc, S::load(x.add(j * BLOCK)));
                    j += 1;
                }
                i += 1;
            }
            S::store(mean.add(c), S::mul(acc, S::spread(In::new(&count))));
        }
        c += S::LANES;
    }
}
