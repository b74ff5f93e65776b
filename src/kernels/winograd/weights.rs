//! The weights of a convolution, transformed and back, eight output channels at a time. In the browser each part of a batch
//! wants this anew, so it must not take long.

use super::super::layout::{Shape, TAPS};
use super::super::simd::{BLOCK, In, Kernel, Out, Simd, dispatch, unrolled, zeros};
use super::POSITIONS;

/// Numbers of the transformed weights.
pub(in super::super) fn weights(s: Shape) -> usize {
    s.input * s.output * POSITIONS
}

/// Weights `[O, I, 3, 3]`, transformed: at each position as [`product`](super::matrix::product) reads them.
pub(in super::super) fn pack(s: Shape, weight: &[f32]) -> Vec<f32> {
    packed(s, weight, [s.input * TAPS, TAPS], false)
}

/// The same for [`Shape::back`].
pub(in super::super) fn pack_back(s: Shape, weight: &[f32]) -> Vec<f32> {
    packed(s.back(), weight, [TAPS, s.input * TAPS], true)
}

fn packed(s: Shape, weight: &[f32], apart: [usize; 2], turned: bool) -> Vec<f32> {
    let mut packed = vec![0.0; weights(s)];
    dispatch(Pack { s, weight, apart, turned, packed: &mut packed });
    packed
}

/// The gradient of the weights `[O, I, 3, 3]` from that of the transformed ones.
pub(in super::super) fn unpack(s: Shape, packed: &[f32]) -> Vec<f32> {
    let mut weight = vec![0.0; s.weights()];
    dispatch(Unpack { s, packed, weight: &mut weight });
    weight
}

/// Where the first of eight output channels `o` and input channel `i` is at the first position.
fn place(s: Shape, o: usize, i: usize) -> usize {
    o * s.input + i * BLOCK
}

struct Pack<'a> {
    s: Shape,
    weight: &'a [f32],
    /// From an output channel to the next, and from an input channel to the next.
    apart: [usize; 2],
    /// Whether each kernel is turned by half a turn: in the other direction, a tap looks to the opposite side.
    turned: bool,
    packed: &'a mut [f32],
}

impl Kernel for Pack<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Pack { s, weight, apart: [per_o, per_i], turned, packed } = self;
        let to = Out::new(packed);
        let half = [0.5];
        for o in (0..s.output).step_by(BLOCK) {
            for i in 0..s.input {
                let mut taps = [[0.0; BLOCK]; TAPS];
                for lane in 0..BLOCK {
                    let kernel = &weight[(o + lane) * per_o + i * per_i..][..TAPS];
                    for (tap, value) in kernel.iter().enumerate() {
                        taps[if turned { TAPS - 1 - tap } else { tap }][lane] = *value;
                    }
                }
                let mut lane = 0;
                while lane < BLOCK {
                    // SAFETY: `taps` has eight lanes each, and `packed` 16 positions of all channels.
                    unsafe {
                        let (taps, half) = (In::new(taps.as_flattened()), S::spread(In::new(&half)));
                        let mut t: [[S::V; 3]; 4] = zeros();
                        unrolled!(X < 3, 3, {
                            let mut column: [S::V; 3] = zeros();
                            unrolled!(Y < 3, 3, { column[Y] = S::load(taps.add((3 * Y + X) * BLOCK + lane)) });
                            let four = four::<S>(column, half);
                            unrolled!(Y < 4, 4, { t[Y][X] = four[Y] });
                        });
                        let to = to.add(place(s, o, i) + lane);
                        unrolled!(Y < 4, 4, {
                            let four = four::<S>(t[Y], half);
                            unrolled!(X < 4, 4, { S::store(to.add((4 * Y + X) * s.input * s.output), four[X]) });
                        });
                    }
                    lane += S::LANES;
                }
            }
        }
    }
}

/// G w of three numbers.
#[inline(always)]
unsafe fn four<S: Simd>([a, b, c]: [S::V; 3], half: S::V) -> [S::V; 4] {
    // SAFETY: the caller's promise.
    unsafe {
        let outer = S::add(a, c);
        [a, S::mul(half, S::add(outer, b)), S::mul(half, S::sub(outer, b)), c]
    }
}

struct Unpack<'a> {
    s: Shape,
    packed: &'a [f32],
    weight: &'a mut [f32],
}

impl Kernel for Unpack<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Unpack { s, packed, weight } = self;
        let from = In::new(packed);
        let half = [0.5];
        for o in (0..s.output).step_by(BLOCK) {
            for i in 0..s.input {
                let mut taps = [[0.0; BLOCK]; TAPS];
                let mut lane = 0;
                while lane < BLOCK {
                    // SAFETY: as in `Pack`.
                    unsafe {
                        let half = S::spread(In::new(&half));
                        let from = from.add(place(s, o, i) + lane);
                        let mut t: [[S::V; 4]; 3] = zeros();
                        unrolled!(X < 4, 4, {
                            let mut column: [S::V; 4] = zeros();
                            unrolled!(Y < 4, 4, { column[Y] = S::load(from.add((4 * Y + X) * s.input * s.output)) });
                            let three = three::<S>(column, half);
                            unrolled!(Y < 3, 3, { t[Y][X] = three[Y] });
                        });
                        let to = Out::new(taps.as_flattened_mut());
                        unrolled!(Y < 3, 3, {
                            let three = three::<S>(t[Y], half);
                            unrolled!(X < 3, 3, { S::store(to.add((3 * Y + X) * BLOCK + lane), three[X]) });
                        });
                    }
                    lane += S::LANES;
                }
                for lane in 0..BLOCK {
                    let kernel = &mut weight[((o + lane) * s.input + i) * TAPS..][..TAPS];
                    for (tap, value) in kernel.iter_mut().enumerate() {
                        *value = taps[tap][lane];
                    }
                }
            }
        }
    }
}

/// Gᵀ u of four numbers.
#[inline(always)]
unsafe fn three<S: Simd>([a, b, c, d]: [S::V; 4], half: S::V) -> [S::V; 3] {
    // SAFETY: the caller's promise.
    unsafe {
        let middle = S::mul(half, S::add(b, c));
        [S::add(a, middle), S::mul(half, S::sub(b, c)), S::add(middle, d)]
    }
}
