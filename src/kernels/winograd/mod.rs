//! 3×3 convolution, stride 1, padding 1, of blocked images with fewer multiplications: F(2×2, 3×3) of Lavin and Gray, "Fast
//! Algorithms for Convolutional Neural Networks" (2015).
//!
//! A tile of 2×2 results takes 4×4 numbers of each input channel. Both are transformed, in each direction by the rows of
//!
//! ```text
//!      1  0 -1  0          1    0    0
//! Bᵀ = 0  1  1  0     G =  1/2  1/2  1/2     Aᵀ = 1  1  1  0
//!      0 -1  1  0          1/2 -1/2  1/2          0  1 -1 -1
//!      0  1  0 -1          0    0    1
//! ```
//!
//! so that the convolution becomes out = Aᵀ[(G w Gᵀ) ⊙ (Bᵀ x B)]A: for each of the 16 positions of a tile a product of matrices,
//! 16 multiplications where the definition has 36. The gradient of the weights is Gᵀ[(A dout Aᵀ) ⊙ (Bᵀ x B)]G, summed over the
//! tiles; that of the input is a convolution again.

mod weights;

use std::cell::Cell;

use super::layout::{Pixels, Shape};
use super::matrix::{self, Sizes};
use super::simd::{BLOCK, In, Out, Simd, unrolled, zeros};
pub(super) use weights::{pack, pack_back, unpack, weights};

/// Numbers of a transformed tile.
const POSITIONS: usize = 16;

/// Tiles that are transformed before they are multiplied, if there are as many: what they take stays in the second-level cache,
/// and that of one position in the first.
const TILES_AT_ONCE: usize = 64;

/// Between two positions, so that those of a tile are not all in the same set of the cache.
const GAP: usize = 2 * BLOCK;

/// Whether it is of use: with less than two rows and columns it multiplies more than the definition.
pub(super) fn fits(s: Shape) -> bool {
    !s.planar() && s.h > 1 && s.w > 1
}

/// As many images as are worked on at once.
pub(super) fn images_at_once(s: Shape) -> usize {
    (TILES_AT_ONCE / (s.h.div_ceil(2) * s.w.div_ceil(2))).max(1)
}

/// A few images' tiles.
#[derive(Clone, Copy)]
struct Tiles {
    images: usize,
    rows: usize,
    columns: usize,
}

impl Tiles {
    fn at_once(s: Shape, images: usize) -> Self {
        Self { images: images_at_once(s).min(images), rows: s.h.div_ceil(2), columns: s.w.div_ceil(2) }
    }

    fn count(&self) -> usize {
        self.images * self.rows * self.columns
    }

    /// From a position to the next, of so many channels.
    fn apart(&self, channels: usize) -> usize {
        self.count() * channels + GAP
    }

    /// Calls `work` with image, row, column and number of each tile.
    #[inline(always)]
    fn each(self, mut work: impl FnMut(usize, usize, usize, usize)) {
        let mut tile = 0;
        for image in 0..self.images {
            for y in 0..self.rows {
                for x in 0..self.columns {
                    work(image, y, x, tile);
                    tile += 1;
                }
            }
        }
    }

    /// All positions' products.
    fn sizes(&self, s: Shape) -> Sizes {
        let apart = self.count() * BLOCK;
        Sizes { blocks: (s.input / BLOCK, s.output / BLOCK), places: self.count(), apart: (apart, apart) }
    }
}

thread_local!(static ROOM: Cell<Room> = const { Cell::new(Room { inputs: Vec::new(), results: Vec::new() }) });

/// Room for transformed tiles, which every layer of a thread uses again: what was there before is still in it.
#[derive(Default)]
struct Room {
    inputs: Vec<f32>,
    results: Vec<f32>,
}

impl Room {
    fn take(s: Shape, tiles: Tiles) -> Self {
        let mut room = ROOM.take();
        for (room, channels) in [(&mut room.inputs, s.input), (&mut room.results, s.output)] {
            let needed = POSITIONS * tiles.apart(channels);
            if room.len() < needed {
                room.resize(needed, 0.0);
            }
        }
        room
    }

    fn give_back(self) {
        ROOM.set(self);
    }
}

/// out = x ∗ weight + bias, for a few images: `x` blocked, `packed` as [`pack`] gives it, each image of `out` as `to` says.
///
/// # Safety
/// The places have as many numbers as `s` and `to` say, and the machine has the instructions of `S`.
#[inline(always)]
pub(super) unsafe fn forward<S: Simd>(s: Shape, images: usize, x: In, packed: In, bias: In, out: Out, to: Pixels) {
    let ob = s.output / BLOCK;
    let mut tiles = Tiles::at_once(s, images);
    let mut room = Room::take(s, tiles);
    let (transformed, products) = (Out::new(&mut room.inputs), Out::new(&mut room.results));
    let mut n = 0;
    while n < images {
        tiles.images = tiles.images.min(images - n);
        // SAFETY: images n to n + tiles.images of both; the room is as large as these tiles want.
        unsafe {
            let (x, out) = (x.add(n * s.bordered_input()), out.add(n * ob * to.plane));
            inputs::<S>(s, tiles, x, transformed);
            let (from, into) = (tiles.apart(s.input), tiles.apart(s.output));
            for position in 0..POSITIONS {
                let (x, out) = (transformed.add(position * from), products.add(position * into));
                matrix::product::<S>(tiles.sizes(s), x.read(), packed.add(position * s.input * s.output), out);
            }
            results::<S>(s, tiles, products.read(), bias, out, to);
        }
        n += tiles.images;
    }
    room.give_back();
}

/// Adds the gradient of the weights over `images` to `packed`; `x` and `dy` blocked.
///
/// # Safety
/// As [`forward`].
#[inline(always)]
pub(super) unsafe fn weight_gradient<S: Simd>(s: Shape, images: usize, x: In, dy: In, packed: Out) {
    let mut tiles = Tiles::at_once(s, images);
    let mut room = Room::take(s, tiles);
    let (transformed, gradients) = (Out::new(&mut room.inputs), Out::new(&mut room.results));
    let mut n = 0;
    while n < images {
        tiles.images = tiles.images.min(images - n);
        // SAFETY: images n to n + tiles.images of both; the room is as large as these tiles want.
        unsafe {
            let (x, dy) = (x.add(n * s.bordered_input()), dy.add(n * s.bordered_output()));
            inputs::<S>(s, tiles, x, transformed);
            result_gradients::<S>(s, tiles, dy, gradients);
            let (from, into) = (tiles.apart(s.input), tiles.apart(s.output));
            for position in 0..POSITIONS {
                let (x, dy) = (transformed.add(position * from), gradients.add(position * into));
                let dw = packed.add(position * s.input * s.output);
                matrix::weight_gradient::<S>(tiles.sizes(s), x.read(), dy.read(), dw);
            }
        }
        n += tiles.images;
    }
    room.give_back();
}

/// What stands for rows of which all is zero, or beyond the image.
static NOTHING: [f32; 4 * BLOCK] = [0.0; 4 * BLOCK];

/// Bᵀ x B of each tile.
#[inline(always)]
unsafe fn inputs<S: Simd>(s: Shape, tiles: Tiles, x: In, to: Out) {
    let from = Pixels::blocked(s.h, s.w);
    let apart = tiles.apart(s.input);
    for part in 0..s.input / S::LANES {
        let (block, lane) = (part * S::LANES / BLOCK, part * S::LANES % BLOCK);
        tiles.each(
            #[inline(always)]
            |image, y, column, tile| {
                // SAFETY: rows 2y to 2y + 3 of the bordered image, of which those below the last pixel are not read. A column
                // more than there is begins the next row, whose border is zero.
                unsafe {
                    let first = x.add((image * (s.input / BLOCK) + block) * from.plane + 2 * column * BLOCK + lane);
                    let mut rows = [In::new(&NOTHING); 4];
                    unrolled!(R < 4, 4, {
                        if 2 * y + R <= s.h {
                            rows[R] = first.add((2 * y + R) * from.row);
                        }
                    });
                    let to = to.add((block * tiles.count() + tile) * BLOCK + lane);
                    let mut t: [[S::V; 4]; 4] = zeros();
                    unrolled!(C < 4, 4, {
                        let at = C * BLOCK;
                        let (a, b) = (S::load(rows[0].add(at)), S::load(rows[1].add(at)));
                        let (c, d) = (S::load(rows[2].add(at)), S::load(rows[3].add(at)));
                        t[0][C] = S::sub(a, c);
                        t[1][C] = S::add(b, c);
                        t[2][C] = S::sub(c, b);
                        t[3][C] = S::sub(b, d);
                    });
                    unrolled!(R < 4, 4, {
                        let [a, b, c, d] = t[R];
                        let to = to.add(4 * R * apart);
                        S::store(to, S::sub(a, c));
                        S::store(to.add(apart), S::add(b, c));
                        S::store(to.add(2 * apart), S::sub(c, b));
                        S::store(to.add(3 * apart), S::sub(b, d));
                    });
                }
            },
        );
    }
}

/// out = Aᵀ m A + bias of each tile.
#[inline(always)]
unsafe fn results<S: Simd>(s: Shape, tiles: Tiles, m: In, bias: In, out: Out, to: Pixels) {
    let apart = tiles.apart(s.output);
    for part in 0..s.output / S::LANES {
        let (block, lane) = (part * S::LANES / BLOCK, part * S::LANES % BLOCK);
        tiles.each(
            #[inline(always)]
            |image, y, column, tile| {
                // SAFETY: only pixels that the image has are written.
                unsafe {
                    let m = m.add((block * tiles.count() + tile) * BLOCK + lane);
                    let mut t: [[S::V; 4]; 2] = zeros();
                    unrolled!(C < 4, 4, {
                        let m = m.add(C * apart);
                        let (a, b) = (S::load(m), S::load(m.add(4 * apart)));
                        let (c, d) = (S::load(m.add(8 * apart)), S::load(m.add(12 * apart)));
                        t[0][C] = S::add(S::add(a, b), c);
                        t[1][C] = S::sub(S::sub(b, c), d);
                    });
                    let bias = S::load(bias.add(block * BLOCK + lane));
                    let out = out.add((image * (s.output / BLOCK) + block) * to.plane + to.first + lane);
                    unrolled!(R < 2, 2, {
                        if 2 * y + R < s.h {
                            let out = out.add((2 * y + R) * to.row + 2 * column * BLOCK);
                            let [a, b, c, d] = t[R];
                            S::store(out, S::add(S::add(S::add(a, b), c), bias));
                            if 2 * column + 1 < s.w {
                                S::store(out.add(BLOCK), S::add(S::sub(S::sub(b, c), d), bias));
                            }
                        }
                    });
                }
            },
        );
    }
}

/// A dy Aᵀ of each tile.
#[inline(always)]
unsafe fn result_gradients<S: Simd>(s: Shape, tiles: Tiles, dy: In, to: Out) {
    let from = Pixels::blocked(s.h, s.w);
    let apart = tiles.apart(s.output);
    for part in 0..s.output / S::LANES {
        let (block, lane) = (part * S::LANES / BLOCK, part * S::LANES % BLOCK);
        tiles.each(
            #[inline(always)]
            |image, y, column, tile| {
                // SAFETY: after the last row and the last column comes the border, which is zero.
                unsafe {
                    let dy = dy.add((image * (s.output / BLOCK) + block) * from.plane + from.first + lane);
                    let dy = dy.add(2 * y * from.row + 2 * column * BLOCK);
                    let to = to.add((block * tiles.count() + tile) * BLOCK + lane);
                    let zero = S::zero();
                    let mut t: [[S::V; 2]; 4] = zeros();
                    unrolled!(C < 2, 2, {
                        let (a, b) = (S::load(dy.add(C * BLOCK)), S::load(dy.add(from.row + C * BLOCK)));
                        t[0][C] = a;
                        t[1][C] = S::add(a, b);
                        t[2][C] = S::sub(a, b);
                        t[3][C] = S::sub(zero, b);
                    });
                    unrolled!(R < 4, 4, {
                        let [a, b] = t[R];
                        let to = to.add(4 * R * apart);
                        S::store(to, a);
                        S::store(to.add(apart), S::add(a, b));
                        S::store(to.add(2 * apart), S::sub(a, b));
                        S::store(to.add(3 * apart), S::sub(zero, b));
                    });
                }
            },
        );
    }
}
