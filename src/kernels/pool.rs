//! The 3×3 max pool with stride 2 and padding 1 of blocked images after a ReLU: where no number is negative, the border of zeros is
//! as good as none.

use super::layout::Pixels;
use super::simd::{BLOCK, In, Kernel, Out, Simd, dispatch, unrolled, zeros};

/// Rows and columns of the result.
pub(super) fn size((h, w): (usize, usize)) -> (usize, usize) {
    (h.div_ceil(2), w.div_ceil(2))
}

/// Blocked images of `side` rows and columns, to blocked images of [`size`].
pub(super) fn forward(side: (usize, usize), x: &[f32]) -> Vec<f32> {
    let pool = Pool::new(side, x);
    let mut out = vec![0.0; pool.planes * pool.to.plane];
    dispatch(Forward { pool, x, out: &mut out });
    out
}

/// The gradient of `x` from that of the result, of which the first of the largest numbers of a window gets it. What the border gets
/// nobody reads.
pub(super) fn backward(side: (usize, usize), x: &[f32], dout: &[f32]) -> Vec<f32> {
    let pool = Pool::new(side, x);
    assert!(dout.len() == pool.planes * pool.to.plane);
    let mut dx = vec![0.0; x.len()];
    dispatch(Backward { pool, x, dout, dx: &mut dx });
    dx
}

#[derive(Clone, Copy)]
struct Pool {
    planes: usize,
    size: (usize, usize),
    from: Pixels,
    to: Pixels,
}

impl Pool {
    fn new(side: (usize, usize), x: &[f32]) -> Self {
        let size = size(side);
        let (from, to) = (Pixels::blocked(side.0, side.1), Pixels::blocked(size.0, size.1));
        assert!(side.0 > 0 && side.1 > 0 && x.len().is_multiple_of(from.plane));
        Self { planes: x.len() / from.plane, size, from, to }
    }

    /// Calls `work` with where each window begins and where its largest number is written, for the lanes from `lane` on.
    #[inline(always)]
    fn each(self, mut work: impl FnMut(usize, usize), lane: usize) {
        for plane in 0..self.planes {
            for y in 0..self.size.0 {
                for x in 0..self.size.1 {
                    let to = plane * self.to.plane + self.to.first + y * self.to.row + x * BLOCK;
                    work(plane * self.from.plane + 2 * y * self.from.row + 2 * x * BLOCK + lane, to + lane);
                }
            }
        }
    }
}

/// A window's numbers, and the largest.
#[inline(always)]
unsafe fn window<S: Simd>(x: In, row: usize) -> ([[S::V; 3]; 3], S::V) {
    // SAFETY: the window's rows are in the image with its border.
    unsafe {
        let mut numbers: [[S::V; 3]; 3] = zeros();
        let mut top = S::load(x);
        unrolled!(Y < 3, 3, {
            unrolled!(X < 3, 3, {
                numbers[Y][X] = S::load(x.add(Y * row + X * BLOCK));
                top = S::max(top, numbers[Y][X]);
            });
        });
        (numbers, top)
    }
}

struct Forward<'a> {
    pool: Pool,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (x, out) = (In::new(self.x), Out::new(self.out));
        let mut lane = 0;
        while lane < BLOCK {
            self.pool.each(
                #[inline(always)]
                // SAFETY: lanes of pixels that there are.
                |from, to| unsafe { S::store(out.add(to), window::<S>(x.add(from), self.pool.from.row).1) },
                lane,
            );
            lane += S::LANES;
        }
    }
}

struct Backward<'a> {
    pool: Pool,
    x: &'a [f32],
    dout: &'a [f32],
    dx: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (x, dout, dx) = (In::new(self.x), In::new(self.dout), Out::new(self.dx));
        let row = self.pool.from.row;
        let mut lane = 0;
        while lane < BLOCK {
            self.pool.each(
                #[inline(always)]
                // SAFETY: lanes of pixels that there are.
                |from, to| unsafe {
                    let (numbers, top) = window::<S>(x.add(from), row);
                    let mut left = S::load(dout.add(to));
                    unrolled!(Y < 3, 3, {
                        unrolled!(X < 3, 3, {
                            let d = S::unless_less(numbers[Y][X], top, left);
                            left = S::sub(left, d);
                            let dx = dx.add(from + Y * row + X * BLOCK);
                            S::store(dx, S::add(S::load(dx.read()), d));
                        });
                    });
                },
                lane,
            );
            lane += S::LANES;
        }
    }
}
