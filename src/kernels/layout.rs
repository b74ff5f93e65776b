//! How numbers lie for the kernels, and the way there and back.
//!
//! A *blocked* image is `[C/8][H+2][W+2][8]` with a border of zeros: eight channels lie together, and no kernel has to ask
//! where the image ends. A *flat* one is `[C/8][H][W][8]`, for numbers that no convolution reads. A *planar* one is
//! `[C][H+2][W+2]` with the same border, for images of few channels. A batch is one after the other.

use super::simd::BLOCK;

/// Taps of a 3×3 convolution.
pub(super) const TAPS: usize = 9;

/// How large the images of a convolution are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Input channels: a multiple of 8, or any number of planar ones.
    pub input: usize,
    /// Output channels, a multiple of 8.
    pub output: usize,
    /// Rows of the result.
    pub h: usize,
    /// Columns of the result.
    pub w: usize,
    /// Rows and columns of the input.
    pub from: (usize, usize),
    /// Rows, and columns, of the weights: an odd number. The input is padded by half of it, rounded down.
    pub side: usize,
    /// Pixels from a window to the next.
    pub stride: usize,
}

impl Shape {
    /// A 3×3 convolution with stride 1.
    pub fn same(input: usize, output: usize, h: usize, w: usize) -> Self {
        Self { input, output, h, w, from: (h, w), side: 3, stride: 1 }
    }

    /// Another convolution of images of `from` rows and columns.
    pub fn of(input: usize, output: usize, from: (usize, usize), side: usize, stride: usize) -> Self {
        Self { input, output, h: from.0.div_ceil(stride), w: from.1.div_ceil(stride), from, side, stride }
    }

    /// Whether it is a 3×3 convolution with stride 1.
    pub fn is_same(&self) -> bool {
        self.side == 3 && self.stride == 1
    }

    /// Whether its input is planar.
    pub fn planar(&self) -> bool {
        !self.input.is_multiple_of(BLOCK)
    }

    /// Numbers of an input image, blocked or planar.
    pub fn bordered_input(&self) -> usize {
        self.input * (self.from.0 + 2) * (self.from.1 + 2)
    }

    /// Numbers of a blocked image of the output.
    pub fn bordered_output(&self) -> usize {
        self.output * (self.h + 2) * (self.w + 2)
    }

    /// Numbers of a flat image of the output.
    pub fn flat_output(&self) -> usize {
        self.output * self.h * self.w
    }

    /// Numbers of the weights.
    pub fn weights(&self) -> usize {
        self.output * self.input * self.side * self.side
    }

    /// The convolution that makes the gradient of the input from that of the output, if the two are as large.
    pub fn back(&self) -> Shape {
        Shape { input: self.output, output: self.input, ..*self }
    }
}

/// Where the pixels of a blocked or flat image are, in numbers.
#[derive(Clone, Copy)]
pub(super) struct Pixels {
    /// From a row to the next.
    pub row: usize,
    /// From eight channels to the next eight.
    pub plane: usize,
    /// From the beginning to the first pixel.
    pub first: usize,
}

impl Pixels {
    pub fn blocked(h: usize, w: usize) -> Self {
        let row = (w + 2) * BLOCK;
        Self { row, plane: (h + 2) * row, first: row + BLOCK }
    }

    pub fn flat(h: usize, w: usize) -> Self {
        Self { row: w * BLOCK, plane: h * w * BLOCK, first: 0 }
    }
}

/// Where the weight of output and input channel `o` and `i` and the first tap lies for the kernels of planar images, 8 numbers from
/// the next tap: they are `[O/8][I][9][8 out]`.
fn place(s: Shape, o: usize, i: usize) -> usize {
    (o / BLOCK * s.input + i) * TAPS * BLOCK + o % BLOCK
}

/// Weights `[O, I, 3, 3]` as the kernels of planar images read them.
pub(super) fn pack(s: Shape, weight: &[f32]) -> Vec<f32> {
    let mut packed = vec![0.0; weight.len()];
    for (k, taps) in weight.as_chunks::<TAPS>().0.iter().enumerate() {
        let at = place(s, k / s.input, k % s.input);
        for (tap, value) in taps.iter().enumerate() {
            packed[at + tap * BLOCK] = *value;
        }
    }
    packed
}

/// The inverse of [`pack`], for gradients.
pub(super) fn unpack(s: Shape, packed: &[f32]) -> Vec<f32> {
    let mut weight = vec![0.0; packed.len()];
    for (k, taps) in weight.as_chunks_mut::<TAPS>().0.iter_mut().enumerate() {
        let at = place(s, k / s.input, k % s.input);
        for (tap, value) in taps.iter_mut().enumerate() {
            *value = packed[at + tap * BLOCK];
        }
    }
    weight
}

/// One image `[C, H, W]` into a planar one, whose border is zero already.
pub(super) fn pad(s: Shape, image: &[f32], to: &mut [f32]) {
    let (h, w) = s.from;
    for (row, from) in image.chunks_exact(w).enumerate() {
        let at = (row / h * (h + 2) + row % h + 1) * (w + 2) + 1;
        to[at..at + w].copy_from_slice(from);
    }
}

/// One image `[C, H, W]` into a blocked one, whose border is zero already.
pub(super) fn block(channels: usize, h: usize, w: usize, image: &[f32], to: &mut [f32]) {
    let pixels = Pixels::blocked(h, w);
    for (c, plane) in image.chunks_exact(h * w).enumerate().take(channels) {
        for (y, from) in plane.chunks_exact(w).enumerate() {
            let at = c / BLOCK * pixels.plane + pixels.first + y * pixels.row + c % BLOCK;
            for (x, value) in from.iter().enumerate() {
                to[at + x * BLOCK] = *value;
            }
        }
    }
}

/// The inverse of [`block`].
#[cfg(test)]
pub(super) fn unblock(channels: usize, h: usize, w: usize, image: &[f32], to: &mut [f32]) {
    let pixels = Pixels::blocked(h, w);
    for (c, plane) in to.chunks_exact_mut(h * w).enumerate().take(channels) {
        for (y, to) in plane.chunks_exact_mut(w).enumerate() {
            let at = c / BLOCK * pixels.plane + pixels.first + y * pixels.row + c % BLOCK;
            for (x, value) in to.iter_mut().enumerate() {
                *value = image[at + x * BLOCK];
            }
        }
    }
}
