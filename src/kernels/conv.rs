//! 3×3 convolution, stride 1, padding 1, of one blocked image, and the gradient of its weights.
//!
//! Forward and input gradient are the same kernel with other weights. Its register block is P pixels of a row × 8 (16 with 32
//! registers) output channels, summed over all taps and input channels before anything is stored. That of the weight
//! gradient is 4 or 8 input × 8 or 16 output channels of one tap, summed over the pixels of a few images.

use super::layout::{Pixels, Shape, TAPS};
use super::simd::{BLOCK, In, Out, Simd, unrolled, zeros};

/// Pixels that the weight gradient sums in one register: a long sum in one place loses a digit.
const PIXELS_OF_A_SUM: usize = 256;

/// How the registers of a register block lie: from one to the next in the weights, the output and the bias.
#[derive(Clone, Copy)]
struct Apart {
    weight: usize,
    out: usize,
    bias: usize,
}

/// out = x ∗ weight + bias, for one image: `x` blocked, `packed` as [`super::layout::pack`] gives it, `out` as `to` says.
///
/// # Safety
/// The places have as many numbers as `s` and `to` say, and the machine has the instructions of `S`.
#[inline(always)]
pub(super) unsafe fn forward<S: Simd>(s: Shape, x: In, packed: In, bias: In, out: Out, to: Pixels) {
    let (ib, ob) = (s.input / BLOCK, s.output / BLOCK);
    let from = Pixels::blocked(s.h, s.w);
    let per_block = ib * TAPS * BLOCK * BLOCK;
    let pieces = s.w.div_ceil(S::PIXELS);
    let mut o = 0;
    while o < ob {
        let two = S::WIDE && o + 1 < ob;
        for y in 0..s.h {
            let (mut at, mut left) = (0, s.w);
            for piece in 0..pieces {
                let p = left.div_ceil(pieces - piece);
                // SAFETY: row y + 2 and column at + p + 1 are the last of the border, block o (+ 1 if two) < ob.
                unsafe {
                    let tile = Tile {
                        x: x.add(y * from.row + at * BLOCK),
                        plane: from.plane,
                        row: from.row,
                        blocks: ib,
                        weight: packed.add(o * per_block),
                        bias: bias.add(o * BLOCK),
                        out: out.add(o * to.plane + to.first + y * to.row + at * BLOCK),
                    };
                    if S::LANES < BLOCK {
                        let halves = Apart { weight: S::LANES, out: S::LANES, bias: S::LANES };
                        pixels::<S, 2>(p, tile, halves);
                    } else if two {
                        let blocks = Apart { weight: per_block, out: to.plane, bias: BLOCK };
                        pixels::<S, 2>(p, tile, blocks);
                    } else {
                        pixels::<S, 1>(p, tile, Apart { weight: 0, out: 0, bias: 0 });
                    }
                }
                at += p;
                left -= p;
            }
        }
        o += 1 + usize::from(two);
    }
}

#[inline(always)]
unsafe fn pixels<S: Simd, const NB: usize>(p: usize, t: Tile, apart: Apart) {
    // SAFETY: as `tile`.
    unsafe {
        match p {
            1 => tile::<S, 1, NB>(t, apart),
            2 => tile::<S, 2, NB>(t, apart),
            3 => tile::<S, 3, NB>(t, apart),
            4 => tile::<S, 4, NB>(t, apart),
            // Else these were in the module that needs no more than four, too.
            5 if S::PIXELS > 4 => tile::<S, 5, NB>(t, apart),
            6 if S::PIXELS > 4 => tile::<S, 6, NB>(t, apart),
            7 if S::PIXELS > 4 => tile::<S, 7, NB>(t, apart),
            _ if S::PIXELS > 4 => tile::<S, 8, NB>(t, apart),
            _ => {}
        }
    }
}

#[derive(Clone, Copy)]
struct Tile {
    x: In,
    plane: usize,
    row: usize,
    blocks: usize,
    weight: In,
    bias: In,
    out: Out,
}

/// P pixels × NB registers of output channels.
#[inline(always)]
unsafe fn tile<S: Simd, const P: usize, const NB: usize>(t: Tile, apart: Apart) {
    // SAFETY: `forward` has set the places so that all of this is inside.
    unsafe {
        let mut acc: [[S::V; NB]; P] = zeros();
        unrolled!(J < NB, 2, {
            let bias = S::load(t.bias.add(J * apart.bias));
            unrolled!(K < P, 8, { acc[K][J] = bias });
        });
        let mut weight = t.weight;
        // In WebAssembly kept from the compiler: written out, all loads come before the multiply-adds, and there are not
        // registers enough.
        let steps = if cfg!(target_arch = "wasm32") { std::hint::black_box(3 * BLOCK) } else { 3 * BLOCK };
        let mut line = 0;
        while line < 3 * t.blocks {
            // Three taps of a row times eight channels lie one after the other.
            let mut x = t.x.add(line / 3 * t.plane + line % 3 * t.row);
            let mut left = steps;
            loop {
                let mut w: [S::V; NB] = zeros();
                unrolled!(J < NB, 2, { w[J] = S::load(weight.add(J * apart.weight)) });
                unrolled!(K < P, 8, {
                    let b = S::spread(x.add(K * BLOCK));
                    unrolled!(J < NB, 2, { acc[K][J] = S::fma(b, w[J], acc[K][J]) });
                });
                weight = weight.add(BLOCK);
                x = x.add(1);
                left -= 1;
                if left == 0 {
                    break;
                }
            }
            line += 1;
        }
        unrolled!(K < P, 8, {
            unrolled!(J < NB, 2, { S::store(t.out.add(J * apart.out + K * BLOCK), acc[K][J]) });
        });
    }
}

/// Adds the gradient of the weights over `images` to `packed`; `x` and `dy` blocked.
///
/// # Safety
/// As [`forward`].
#[inline(always)]
pub(super) unsafe fn weight_gradient<S: Simd>(s: Shape, images: usize, x: In, dy: In, packed: Out) {
    let (ib, ob) = (s.input / BLOCK, s.output / BLOCK);
    let at = Pixels::blocked(s.h, s.w);
    let per_tap = BLOCK * BLOCK;
    let per_block = ib * TAPS * per_tap;
    let of_a_sum = (PIXELS_OF_A_SUM / (s.h * s.w)).max(1);
    let mut o = 0;
    while o < ob {
        let two = S::WIDE && o + 1 < ob;
        for i in 0..ib {
            let mut n = 0;
            // The planes of these few stay in the first-level cache for all taps.
            while n < images {
                let few = of_a_sum.min(images - n);
                // SAFETY: images n to n + few, blocks i and o (and o + 1 if two), all of their pixels with the border.
                unsafe {
                    let x = x.add((n * ib + i) * at.plane);
                    let dy = dy.add((n * ob + o) * at.plane + at.first);
                    let dw = packed.add(o * per_block + i * TAPS * per_tap);
                    for tap in 0..TAPS {
                        let sum = Outer {
                            x: x.add(tap / 3 * at.row + tap % 3 * BLOCK),
                            dy,
                            dw: dw.add(tap * per_tap),
                            images: few,
                            x_image: ib * at.plane,
                            dy_image: ob * at.plane,
                            row: at.row,
                            h: s.h,
                            w: s.w,
                            dy_apart: if two { at.plane } else { S::LANES },
                            dw_apart: if two { per_block } else { S::LANES },
                        };
                        if two {
                            outer::<S, 8, 2>(sum);
                        } else if S::LANES < BLOCK {
                            outer::<S, 4, 2>(sum);
                            outer::<S, 4, 2>(Outer { x: sum.x.add(4), dw: sum.dw.add(4 * BLOCK), ..sum });
                        } else {
                            outer::<S, 8, 1>(sum);
                        }
                    }
                }
                n += few;
            }
        }
        o += 1 + usize::from(two);
    }
}

#[derive(Clone, Copy)]
struct Outer {
    x: In,
    dy: In,
    dw: Out,
    images: usize,
    x_image: usize,
    dy_image: usize,
    row: usize,
    h: usize,
    w: usize,
    dy_apart: usize,
    dw_apart: usize,
}

/// Sum over the pixels of the outer products of I input channels and NB registers of output channels.
#[inline(always)]
unsafe fn outer<S: Simd, const I: usize, const NB: usize>(sum: Outer) {
    // SAFETY: `weight_gradient` has set the places so that all of this is inside.
    unsafe {
        let mut acc: [[S::V; NB]; I] = zeros();
        let (mut n, mut y) = (0, 0);
        while n < sum.images {
            let mut x = sum.x.add(n * sum.x_image + y * sum.row);
            let mut dy = sum.dy.add(n * sum.dy_image + y * sum.row);
            let mut left = sum.w;
            loop {
                let mut d: [S::V; NB] = zeros();
                unrolled!(J < NB, 2, { d[J] = S::load(dy.add(J * sum.dy_apart)) });
                unrolled!(K < I, 8, {
                    let b = S::spread(x.add(K));
                    unrolled!(J < NB, 2, { acc[K][J] = S::fma(b, d[J], acc[K][J]) });
                });
                left -= 1;
                if left == 0 {
                    break;
                }
                x = x.add(BLOCK);
                dy = dy.add(BLOCK);
            }
            y += 1;
            if y == sum.h {
                (n, y) = (n + 1, 0);
            }
        }
        unrolled!(K < I, 8, {
            unrolled!(J < NB, 2, {
                let dw = sum.dw.add(J * sum.dw_apart + K * BLOCK);
                S::store(dw, S::add(S::load(dw.read()), acc[K][J]));
            });
        });
    }
}
