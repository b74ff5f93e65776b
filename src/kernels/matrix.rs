//! Products of matrices whose rows are blocked like images: n places `[C/8][n][8]`, with as many numbers as wanted between two
//! blocks. The weights are `[O/8][I/8][8 in][8 out]`.

use super::simd::{BLOCK, In, Out, Simd, unrolled, zeros};

/// Places that a gradient sums in one register: a long sum in one place loses a digit.
const PLACES_OF_A_SUM: usize = 64;

/// How large a product is, and how the blocks of its rows lie.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Blocks of input and of output channels.
    pub blocks: (usize, usize),
    pub places: usize,
    /// From a block of input, or output, channels to the next.
    pub apart: (usize, usize),
}

impl Sizes {
    fn per_output(&self) -> usize {
        self.blocks.0 * BLOCK * BLOCK
    }
}

/// out = x · weight.
///
/// # Safety
/// The places have as many numbers as `sizes` says, and the machine has the instructions of `S`.
#[inline(always)]
pub(super) unsafe fn product<S: Simd>(sizes: Sizes, x: In, weight: In, out: Out) {
    let (_, ob) = sizes.blocks;
    let mut o = 0;
    while o < ob {
        let two = S::LANES == BLOCK && o + 1 < ob;
        let most = if S::LANES < BLOCK || two { most::<S, 2>() } else { most::<S, 1>() };
        let pieces = sizes.places.div_ceil(most);
        let (mut at, mut left) = (0, sizes.places);
        for piece in 0..pieces {
            let p = left.div_ceil(pieces - piece);
            // SAFETY: places `at` to `at + p`, block o (and o + 1 if two) < ob.
            unsafe {
                let tile = Tile {
                    x: x.add(at * BLOCK),
                    lines: sizes.blocks.0,
                    x_apart: sizes.apart.0,
                    weight: weight.add(o * sizes.per_output()),
                    out: out.add(o * sizes.apart.1 + at * BLOCK),
                    weight_apart: if two { sizes.per_output() } else { S::LANES },
                    out_apart: if two { sizes.apart.1 } else { S::LANES },
                };
                if S::LANES < BLOCK || two {
                    places::<S, 2>(p, tile);
                } else {
                    places::<S, 1>(p, tile);
                }
            }
            at += p;
            left -= p;
        }
        o += 1 + usize::from(two);
    }
}

#[derive(Clone, Copy)]
struct Tile {
    x: In,
    lines: usize,
    x_apart: usize,
    weight: In,
    out: Out,
    weight_apart: usize,
    out_apart: usize,
}

/// Places of a register block with NB registers of output channels.
const fn most<S: Simd, const NB: usize>() -> usize {
    if NB == 2 { S::PAIRS } else { S::PIXELS }
}

#[inline(always)]
unsafe fn places<S: Simd, const NB: usize>(p: usize, t: Tile) {
    // SAFETY: as `tile`.
    unsafe {
        match p {
            1 => tile::<S, 1, NB>(t),
            2 => tile::<S, 2, NB>(t),
            3 => tile::<S, 3, NB>(t),
            4 => tile::<S, 4, NB>(t),
            // Else these were in the module that needs no more than four, too.
            5 if most::<S, NB>() > 4 => tile::<S, 5, NB>(t),
            6 if most::<S, NB>() > 4 => tile::<S, 6, NB>(t),
            7 if most::<S, NB>() > 6 => tile::<S, 7, NB>(t),
            8 if most::<S, NB>() > 6 => tile::<S, 8, NB>(t),
            _ => {}
        }
    }
}

/// P places × NB registers of output channels.
#[inline(always)]
unsafe fn tile<S: Simd, const P: usize, const NB: usize>(t: Tile) {
    // SAFETY: `product` has set the places so that all of this is inside.
    unsafe {
        let mut acc: [[S::V; NB]; P] = zeros();
        let (mut line, mut weight) = (t.x, t.weight);
        // In WebAssembly kept from the compiler: written out, all loads come before the multiply-adds, and there are not
        // registers enough.
        let steps = if cfg!(target_arch = "wasm32") { std::hint::black_box(BLOCK) } else { BLOCK };
        let mut lines = t.lines;
        loop {
            let (mut x, mut left) = (line, steps);
            loop {
                let mut w: [S::V; NB] = zeros();
                unrolled!(J < NB, 2, { w[J] = S::load(weight.add(J * t.weight_apart)) });
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
            lines -= 1;
            if lines == 0 {
                break;
            }
            line = line.add(t.x_apart);
        }
        unrolled!(K < P, 8, {
            unrolled!(J < NB, 2, { S::store(t.out.add(J * t.out_apart + K * BLOCK), acc[K][J]) });
        });
    }
}

/// Adds to `dweight` the gradient of the weights.
///
/// # Safety
/// As [`product`].
#[inline(always)]
pub(super) unsafe fn weight_gradient<S: Simd>(sizes: Sizes, x: In, dout: In, dweight: Out) {
    let (ib, ob) = sizes.blocks;
    let mut o = 0;
    while o < ob {
        let two = S::WIDE && o + 1 < ob;
        for i in 0..ib {
            let mut at = 0;
            while at < sizes.places {
                // SAFETY: places `at` to `at + places`, blocks i and o (and o + 1 if two).
                unsafe {
                    let sum = Sum {
                        x: x.add(i * sizes.apart.0 + at * BLOCK),
                        dout: dout.add(o * sizes.apart.1 + at * BLOCK),
                        dweight: dweight.add(o * sizes.per_output() + i * BLOCK * BLOCK),
                        places: PLACES_OF_A_SUM.min(sizes.places - at),
                        dout_apart: if two { sizes.apart.1 } else { S::LANES },
                        dweight_apart: if two { sizes.per_output() } else { S::LANES },
                    };
                    if two {
                        outer::<S, 8, 2>(sum);
                    } else if S::LANES < BLOCK {
                        outer::<S, 4, 2>(sum);
                        outer::<S, 4, 2>(Sum { x: sum.x.add(4), dweight: sum.dweight.add(4 * BLOCK), ..sum });
                    } else {
                        outer::<S, 8, 1>(sum);
                    }
                }
                at += PLACES_OF_A_SUM;
            }
        }
        o += 1 + usize::from(two);
    }
}

#[derive(Clone, Copy)]
struct Sum {
    x: In,
    dout: In,
    dweight: Out,
    places: usize,
    dout_apart: usize,
    dweight_apart: usize,
}

/// Sum over the places of the outer products of I input channels and NB registers of output channels.
#[inline(always)]
unsafe fn outer<S: Simd, const I: usize, const NB: usize>(sum: Sum) {
    // SAFETY: `weight_gradient` has set the places so that all of this is inside.
    unsafe {
        let mut acc: [[S::V; NB]; I] = zeros();
        let (mut x, mut dout, mut left) = (sum.x, sum.dout, sum.places);
        loop {
            let mut d: [S::V; NB] = zeros();
            unrolled!(J < NB, 2, { d[J] = S::load(dout.add(J * sum.dout_apart)) });
            unrolled!(K < I, 8, {
                let b = S::spread(x.add(K));
                unrolled!(J < NB, 2, { acc[K][J] = S::fma(b, d[J], acc[K][J]) });
            });
            left -= 1;
            if left == 0 {
                break;
            }
            x = x.add(BLOCK);
            dout = dout.add(BLOCK);
        }
        unrolled!(K < I, 8, {
            unrolled!(J < NB, 2, {
                let dweight = sum.dweight.add(J * sum.dweight_apart + K * BLOCK);
                S::store(dweight, S::add(S::load(dweight.read()), acc[K][J]));
            });
        });
    }
}
