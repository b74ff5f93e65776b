//! Every other convolution: with a stride, of another side than three, of images of one row or column. What the taps see of a few
//! places is gathered into columns; the rest is a product of matrices.
//!
//! A tap that never sees a pixel, as most of images of one pixel, is left out.

use super::layout::{Pixels, Shape};
use super::matrix::{self, Sizes};
use super::simd::{BLOCK, In, Out, Simd, unrolled};

/// Places, pixels of the results of a few images, that are gathered at once: their columns stay in the second-level cache.
const PLACES: usize = 64;

/// Instead of a pixel's place in the image.
const OUTSIDE: usize = usize::MAX;

/// Taps along one side that see a pixel: the window of result `k` begins at `k · stride − side / 2`.
fn seeing(s: Shape, results: usize, pixels: usize) -> impl Iterator<Item = usize> + Clone {
    (0..s.side).filter(move |tap| (0..results).any(|k| seen(s, k, *tap, pixels).is_some()))
}

/// The pixel that the tap of a result sees, along one side.
fn seen(s: Shape, result: usize, tap: usize, pixels: usize) -> Option<usize> {
    (result * s.stride + tap).checked_sub(s.side / 2).filter(|pixel| *pixel < pixels)
}

/// Row and column of each tap that sees a pixel.
fn taps(s: Shape) -> Vec<(usize, usize)> {
    let columns = seeing(s, s.w, s.from.1);
    seeing(s, s.h, s.from.0).flat_map(|y| columns.clone().map(move |x| (y, x))).collect()
}

/// Length of a column: blocked, all channels of a tap after those of the tap before; planar, all taps of a channel.
fn length(s: Shape, taps: usize) -> usize {
    (s.input * taps).next_multiple_of(BLOCK)
}

/// Numbers of the packed weights.
pub(super) fn weights(s: Shape) -> usize {
    length(s, taps(s).len()) * s.output
}

/// As many images as have the places.
pub(super) fn images_at_once(s: Shape) -> usize {
    (PLACES / (s.h * s.w)).max(1)
}

/// Weights for [`forward`]: `[O/8][column/8][8 of a column][8 out]`.
pub(super) fn pack(s: Shape, weight: &[f32]) -> Vec<f32> {
    Weights::new(s, false).pack(weight)
}

/// Weights for [`input_gradient`]: `[column/8][O/8][8 out][8 of a column]`.
pub(super) fn pack_back(s: Shape, weight: &[f32]) -> Vec<f32> {
    Weights::new(s, true).pack(weight)
}

/// The inverse of [`pack`], for gradients.
pub(super) fn unpack(s: Shape, packed: &[f32]) -> Vec<f32> {
    let weights = Weights::new(s, false);
    let mut weight = vec![0.0; s.weights()];
    let (from, to) = (In::new(packed), Out::new(&mut weight));
    // SAFETY: both are as large as they have to be for `each`.
    weights.each(|at, packed| unsafe { eight(from.add(packed), 1, to.add(at), weights.row) });
    weight
}

/// Which weights lie where.
struct Weights {
    /// Numbers of an output channel's weights.
    row: usize,
    outputs: usize,
    /// Place of each number of a column among them.
    column: Vec<usize>,
    back: bool,
}

impl Weights {
    fn new(s: Shape, back: bool) -> Self {
        let taps = taps(s);
        let channels = 0..s.input;
        let place = |i: usize, (y, x): (usize, usize)| (i * s.side + y) * s.side + x;
        let column = if s.planar() {
            channels.flat_map(|i| taps.iter().map(move |tap| place(i, *tap))).collect()
        } else {
            taps.iter().flat_map(|tap| channels.clone().map(|i| place(i, *tap))).collect()
        };
        Self { row: s.input * s.side * s.side, outputs: s.output, column, back }
    }

    fn length(&self) -> usize {
        self.column.len().next_multiple_of(BLOCK)
    }

    /// From a packed weight to that of the next output channel.
    fn apart(&self) -> usize {
        if self.back { BLOCK } else { 1 }
    }

    /// Calls `work` for each eight output channels of each number of a column: with the first one's place in `[O, I, side, side]`, and
    /// with that among the packed.
    #[inline(always)]
    fn each(&self, mut work: impl FnMut(usize, usize)) {
        let blocks = self.outputs / BLOCK;
        for block in 0..blocks {
            for (k, at) in self.column.iter().enumerate() {
                let packed = match self.back {
                    true => (k / BLOCK * blocks + block) * BLOCK * BLOCK + k % BLOCK,
                    false => (block * self.length() + k) * BLOCK,
                };
                work(block * BLOCK * self.row + at, packed);
            }
        }
    }

    fn pack(&self, weight: &[f32]) -> Vec<f32> {
        assert!(weight.len() == self.row * self.outputs && self.outputs.is_multiple_of(BLOCK));
        let mut packed = vec![0.0; self.length() * self.outputs];
        let (from, to) = (In::new(weight), Out::new(&mut packed));
        // SAFETY: both are as large as they have to be for `each`.
        self.each(|at, packed| unsafe { eight(from.add(at), self.row, to.add(packed), self.apart()) });
        packed
    }
}

/// Copies eight numbers, so far apart.
///
/// # Safety
/// There are as many.
#[inline(always)]
unsafe fn eight(from: In, from_apart: usize, to: Out, to_apart: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        unrolled!(K < 8, 8, { to.add(K * to_apart).put(from.add(K * from_apart).number()) });
    }
}

/// A few places of a few images, and room for their columns.
struct Columns {
    s: Shape,
    taps: Vec<(usize, usize)>,
    /// Of all images.
    places: usize,
    /// How many come before those at hand.
    first: usize,
    count: usize,
    /// Image, row and column of those at hand.
    at_hand: [(usize, usize, usize); PLACES],
    inputs: Vec<f32>,
    results: Vec<f32>,
}

impl Columns {
    fn new(s: Shape, images: usize) -> Self {
        let taps = taps(s);
        let places = images * s.h * s.w;
        let count = PLACES.min(places);
        let (inputs, results) = (vec![0.0; length(s, taps.len()) * count], vec![0.0; s.output * count]);
        Self { s, taps, places, first: 0, count: 0, at_hand: [(0, 0, 0); PLACES], inputs, results }
    }

    /// Takes the next places at hand, if there are any left.
    fn next(&mut self) -> bool {
        self.first += self.count;
        self.count = PLACES.min(self.places - self.first);
        let Shape { h, w, .. } = self.s;
        for (place, at) in (self.first..self.first + self.count).zip(&mut self.at_hand) {
            *at = (place / (h * w), place / w % h, place % w);
        }
        self.count > 0
    }

    /// Of the product of columns with weights.
    fn sizes(&self) -> Sizes {
        let apart = self.count * BLOCK;
        let length = length(self.s, self.taps.len());
        Sizes { blocks: (length / BLOCK, self.s.output / BLOCK), places: self.count, apart: (apart, apart) }
    }

    /// Where each place's pixel of a tap begins in the bordered images, of pixels so wide; [`OUTSIDE`] beyond the image.
    fn seen(&self, tap: (usize, usize), row: usize, pixel: usize) -> [usize; PLACES] {
        let s = self.s;
        let (border, image) = (s.side / 2, s.bordered_input());
        let mut found = [OUTSIDE; PLACES];
        for (found, (n, y, x)) in found.iter_mut().zip(&self.at_hand[..self.count]) {
            let (y, x) = (y * s.stride + tap.0, x * s.stride + tap.1);
            if y >= border && y < s.from.0 + border && x >= border && x < s.from.1 + border {
                *found = n * image + (y + 1 - border) * row + (x + 1 - border) * pixel;
            }
        }
        found
    }

    /// The columns of the images `x`.
    ///
    /// # Safety
    /// There are as many, and the machine has the instructions of `S`.
    #[inline(always)]
    unsafe fn gather<S: Simd>(&mut self, x: In) {
        let Shape { input, from: (h, w), .. } = self.s;
        let pixels = Pixels::blocked(h, w);
        let mut inputs = std::mem::take(&mut self.inputs);
        let to = Out::new(&mut inputs);
        for (tap, at) in self.taps.iter().enumerate() {
            // SAFETY: lanes of columns at hand, and of pixels that the images have.
            unsafe {
                if self.s.planar() {
                    let seen = self.seen(*at, w + 2, 1);
                    for i in 0..input {
                        let k = i * self.taps.len() + tap;
                        let to = to.add(k / BLOCK * self.count * BLOCK + k % BLOCK);
                        copy_each(&seen[..self.count], x.add(i * (h + 2) * (w + 2)), to);
                    }
                } else {
                    let seen = self.seen(*at, pixels.row, BLOCK);
                    let mut i = 0;
                    while i < input {
                        let to = to.add((tap * input + i) / BLOCK * self.count * BLOCK + i % BLOCK);
                        let x = x.add(i / BLOCK * pixels.plane + i % BLOCK);
                        for (place, seen) in seen[..self.count].iter().enumerate() {
                            let v = if *seen == OUTSIDE { S::zero() } else { S::load(x.add(*seen)) };
                            S::store(to.add(place * BLOCK), v);
                        }
                        i += S::LANES;
                    }
                }
            }
        }
        self.inputs = inputs;
    }

    /// Where each place's pixel lies in the results of all images.
    fn written(&self, to: Pixels) -> [usize; PLACES] {
        let mut found = [0; PLACES];
        for (found, (image, y, x)) in found.iter_mut().zip(&self.at_hand[..self.count]) {
            *found = image * self.s.output / BLOCK * to.plane + to.first + y * to.row + x * BLOCK;
        }
        found
    }

    /// Calls `work` with where the lanes of each place's results lie here and in the results of all images, and with their channel.
    #[inline(always)]
    fn each_result(&self, to: Pixels, lanes: usize, mut work: impl FnMut(usize, usize, usize)) {
        let written = self.written(to);
        let mut c = 0;
        while c < self.s.output {
            for (place, written) in written.iter().enumerate().take(self.count) {
                let here = (c / BLOCK * self.count + place) * BLOCK + c % BLOCK;
                work(here, written + c / BLOCK * to.plane + c % BLOCK, c);
            }
            c += lanes;
        }
    }

    /// The gradients of the results, of blocked `dy`.
    ///
    /// # Safety
    /// As [`Columns::gather`].
    #[inline(always)]
    unsafe fn gather_results<S: Simd>(&mut self, dy: In) {
        let mut results = std::mem::take(&mut self.results);
        let to = Out::new(&mut results);
        self.each_result(
            Pixels::blocked(self.s.h, self.s.w),
            S::LANES,
            #[inline(always)]
            // SAFETY: lanes of places at hand, and of their pixels.
            |here, there, _| unsafe { S::store(to.add(here), S::load(dy.add(there))) },
        );
        self.results = results;
    }
}

/// A number of each place's pixel, zero beyond the image.
///
/// # Safety
/// Each is there, as are so many eights from `to` on.
#[inline(always)]
unsafe fn copy_each(seen: &[usize], x: In, to: Out) {
    for (place, seen) in seen.iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { to.add(place * BLOCK).put(if *seen == OUTSIDE { 0.0 } else { x.add(*seen).number() }) }
    }
}

/// out = x ∗ weight + bias, for a few images: `x` blocked or planar, `packed` as [`pack`] gives it, each image of `out` as `to` says.
///
/// # Safety
/// The places have as many numbers as `s` and `to` say, and the machine has the instructions of `S`.
#[inline(always)]
pub(super) unsafe fn forward<S: Simd>(s: Shape, images: usize, x: In, packed: In, bias: In, out: Out, to: Pixels) {
    let mut columns = Columns::new(s, images);
    while columns.next() {
        // SAFETY: the room is as large as the sizes say.
        unsafe {
            columns.gather::<S>(x);
            let products = Out::new(&mut columns.results);
            matrix::product::<S>(columns.sizes(), In::new(&columns.inputs), packed, products);
        }
        let products = In::new(&columns.results);
        columns.each_result(
            to,
            S::LANES,
            #[inline(always)]
            // SAFETY: lanes of places at hand, and of their pixels.
            |here, there, c| unsafe {
                S::store(out.add(there), S::add(S::load(products.add(here)), S::load(bias.add(c))));
            },
        );
    }
}

/// Adds the gradient of the weights over `images` to `packed`; `x` as in [`forward`], `dy` blocked.
///
/// # Safety
/// As [`forward`].
#[inline(always)]
pub(super) unsafe fn weight_gradient<S: Simd>(s: Shape, images: usize, x: In, dy: In, packed: Out) {
    let mut columns = Columns::new(s, images);
    while columns.next() {
        // SAFETY: the room is as large as the sizes say.
        unsafe {
            columns.gather::<S>(x);
            columns.gather_results::<S>(dy);
            let (inputs, results) = (In::new(&columns.inputs), In::new(&columns.results));
            matrix::weight_gradient::<S>(columns.sizes(), inputs, results, packed);
        }
    }
}

/// Adds the gradient of `images` blocked inputs to `dx`, whose border it leaves alone; `dy` blocked, `packed` as [`pack_back`] gives it.
///
/// # Safety
/// As [`forward`].
#[inline(always)]
pub(super) unsafe fn input_gradient<S: Simd>(s: Shape, images: usize, dy: In, packed: In, dx: Out) {
    let mut columns = Columns::new(s, images);
    let pixels = Pixels::blocked(s.from.0, s.from.1);
    while columns.next() {
        let Sizes { blocks: (input, output), places, apart } = columns.sizes();
        let sizes = Sizes { blocks: (output, input), places, apart };
        // SAFETY: the room is as large as the sizes say.
        unsafe {
            columns.gather_results::<S>(dy);
            let (results, gradients) = (In::new(&columns.results), Out::new(&mut columns.inputs));
            matrix::product::<S>(sizes, results, packed, gradients);
        }
        let gradients = In::new(&columns.inputs);
        for (tap, at) in columns.taps.iter().enumerate() {
            let seen = columns.seen(*at, pixels.row, BLOCK);
            let mut c = 0;
            while c < s.input {
                // SAFETY: lanes of places at hand, and of pixels that the images have.
                unsafe {
                    let from = gradients.add((tap * s.input + c) / BLOCK * columns.count * BLOCK + c % BLOCK);
                    let dx = dx.add(c / BLOCK * pixels.plane + c % BLOCK);
                    for (place, seen) in seen.iter().enumerate().take(columns.count) {
                        if *seen != OUTSIDE {
                            let dx = dx.add(*seen);
                            S::store(dx, S::add(S::load(dx.read()), S::load(from.add(place * BLOCK))));
                        }
                    }
                }
                c += S::LANES;
            }
        }
    }
}
