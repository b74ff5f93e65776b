//! The convolution of the first layer, whose few input channels are planes: nothing is saved by eight of them.

use super::layout::{Pixels, Shape, TAPS};
use super::simd::{BLOCK, In, Out, Simd, unrolled, zeros};

/// out = x ∗ weight + bias, for one image: `x` planar, `out` as `to` says.
///
/// # Safety
/// The places have as many numbers as `s` and `to` say, and the machine has the instructions of `S`.
#[inline(always)]
pub(super) unsafe fn forward<S: Simd>(s: Shape, x: In, packed: In, bias: In, out: Out, to: Pixels) {
    let ob = s.output / BLOCK;
    let per_block = s.input * TAPS * BLOCK;
    let pieces = s.w.div_ceil(8);
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
                        x: x.add(y * (s.w + 2) + at),
                        row: s.w + 2,
                        plane: (s.h + 2) * (s.w + 2),
                        input: s.input,
                        weight: packed.add(o * per_block),
                        bias: bias.add(o * BLOCK),
                        out: out.add(o * to.plane + to.first + y * to.row + at * BLOCK),
                        weight_apart: per_block,
                        out_apart: to.plane,
                    };
                    if two {
                        pixels::<S, 2>(p, tile);
                    } else {
                        pixels::<S, 1>(p, tile);
                        if S::LANES < BLOCK {
                            let (weight, bias) = (tile.weight.add(S::LANES), tile.bias.add(S::LANES));
                            pixels::<S, 1>(p, Tile { weight, bias, out: tile.out.add(S::LANES), ..tile });
                        }
                    }
                }
                at += p;
                left -= p;
            }
        }
        o += 1 + usize::from(two);
    }
}

#[derive(Clone, Copy)]
struct Tile {
    x: In,
    row: usize,
    plane: usize,
    input: usize,
    weight: In,
    bias: In,
    out: Out,
    weight_apart: usize,
    out_apart: usize,
}

#[inline(always)]
unsafe fn pixels<S: Simd, const NB: usize>(p: usize, t: Tile) {
    // SAFETY: as `tile`.
    unsafe {
        match p {
            1 => tile::<S, 1, NB>(t),
            2 => tile::<S, 2, NB>(t),
            3 => tile::<S, 3, NB>(t),
            4 => tile::<S, 4, NB>(t),
            5 => tile::<S, 5, NB>(t),
            6 => tile::<S, 6, NB>(t),
            7 => tile::<S, 7, NB>(t),
            _ => tile::<S, 8, NB>(t),
        }
    }
}

/// P pixels × NB registers of output channels.
#[inline(always)]
unsafe fn tile<S: Simd, const P: usize, const NB: usize>(t: Tile) {
    // SAFETY: `forward` has set the places so that all of this is inside.
    unsafe {
        let mut acc: [[S::V; NB]; P] = zeros();
        unrolled!(J < NB, 2, {
            let bias = S::load(t.bias.add(J * BLOCK));
            unrolled!(K < P, 8, { acc[K][J] = bias });
        });
        let mut weight = t.weight;
        for i in 0..t.input {
            for y in 0..3 {
                let x = t.x.add(i * t.plane + y * t.row);
                unrolled!(X < 3, 3, {
                    let mut w: [S::V; NB] = zeros();
                    unrolled!(J < NB, 2, { w[J] = S::load(weight.add(X * BLOCK + J * t.weight_apart)) });
                    unrolled!(K < P, 8, {
                        let b = S::spread(x.add(X + K));
                        unrolled!(J < NB, 2, { acc[K][J] = S::fma(b, w[J], acc[K][J]) });
                    });
                });
                weight = weight.add(3 * BLOCK);
            }
        }
        unrolled!(K < P, 8, {
            unrolled!(J < NB, 2, { S::store(t.out.add(J * t.out_apart + K * BLOCK), acc[K][J]) });
        });
    }
}

/// Adds the gradient of the weights over one image to `packed`; `x` planar, `dy` blocked.
///
/// # Safety
/// As [`forward`].
#[inline(always)]
pub(super) unsafe fn weight_gradient<S: Simd>(s: Shape, x: In, dy: In, packed: Out) {
    let at = Pixels::blocked(s.h, s.w);
    let row = s.w + 2;
    for o in 0..s.output / BLOCK {
        for i in 0..s.input {
            for ky in 0..3 {
                let mut lane = 0;
                while lane < BLOCK {
                    // SAFETY: channel i, block o, three rows from ky on and the lanes from `lane` on.
                    unsafe {
                        let x = x.add(i * (s.h + 2) * row + ky * row);
                        let dy = dy.add(o * at.plane + at.first + lane);
                        let dw = packed.add(((o * s.input + i) * TAPS + ky * 3) * BLOCK + lane);
                        three_taps::<S>(s, x, row, dy, at.row, dw);
                    }
                    lane += S::LANES;
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn three_taps<S: Simd>(s: Shape, x: In, row: usize, dy: In, dy_row: usize, dw: Out) {
    // SAFETY: `weight_gradient` has set the places so that all of this is inside.
    unsafe {
        // Even and odd pixels apart: more sums at a time than the latency of one.
        let (mut even, mut odd): ([S::V; 3], [S::V; 3]) = (zeros(), zeros());
        let mut y = 0;
        while y < s.h {
            let (x, dy) = (x.add(y * row), dy.add(y * dy_row));
            let mut at = 0;
            while at + 1 < s.w {
                let (d, e) = (S::load(dy.add(at * BLOCK)), S::load(dy.add((at + 1) * BLOCK)));
                unrolled!(K < 3, 3, {
                    even[K] = S::fma(S::spread(x.add(at + K)), d, even[K]);
                    odd[K] = S::fma(S::spread(x.add(at + 1 + K)), e, odd[K]);
                });
                at += 2;
            }
            if at < s.w {
                let d = S::load(dy.add(at * BLOCK));
                unrolled!(K < 3, 3, { even[K] = S::fma(S::spread(x.add(at + K)), d, even[K]) });
            }
            y += 1;
        }
        unrolled!(K < 3, 3, {
            let dw = dw.add(K * BLOCK);
            S::store(dw, S::add(S::load(dw.read()), S::add(even[K], odd[K])));
        });
    }
}
