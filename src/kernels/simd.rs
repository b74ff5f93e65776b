//! Four or eight numbers at a time, on whatever the machine has.
//!
//! Kernels are generic over [`Simd`] and `#[inline(always)]`; [`dispatch`] calls them from inside a function that has the
//! `target_feature` which the instructions need. Natively it chooses at run time. WebAssembly cannot: there a module is
//! compiled for what a browser has.

/// Channels that lie together in memory, and the unit of all widths here.
pub(super) const BLOCK: usize = 8;

/// Where a kernel reads. Bare pointers; in the crate's own tests they know their slice and every access is held against it.
#[derive(Clone, Copy)]
pub(super) struct In {
    at: *const f32,
    #[cfg(test)]
    slice: (*const f32, usize),
}

/// Where a kernel writes, and reads what it wrote.
#[derive(Clone, Copy)]
pub(super) struct Out {
    at: *mut f32,
    #[cfg(test)]
    slice: (*const f32, usize),
}

impl In {
    /// The beginning of `values`, which have to live as long as it is used.
    #[inline(always)]
    pub fn new(values: &[f32]) -> Self {
        Self {
            at: values.as_ptr(),
            #[cfg(test)]
            slice: (values.as_ptr(), values.len()),
        }
    }

    /// # Safety
    /// The new place is in the slice, or at its end.
    #[inline(always)]
    pub unsafe fn add(mut self, count: usize) -> Self {
        #[cfg(test)]
        check(self.slice, self.at, count);
        // SAFETY: the caller's promise is that of `add`.
        self.at = unsafe { self.at.add(count) };
        self
    }

    /// # Safety
    /// There is a number, and the slice still lives.
    #[inline(always)]
    pub unsafe fn number(self) -> f32 {
        // SAFETY: the caller's promise.
        unsafe { *self.get(1) }
    }

    /// # Safety
    /// There are `count` numbers from here to the end of the slice, and it still lives.
    #[inline(always)]
    unsafe fn get(self, count: usize) -> *const f32 {
        let _ = count;
        #[cfg(test)]
        check(self.slice, self.at, count);
        self.at
    }
}

impl Out {
    /// The beginning of `values`, which nobody else may use as long as it is used.
    #[inline(always)]
    pub fn new(values: &mut [f32]) -> Self {
        Self {
            at: values.as_mut_ptr(),
            #[cfg(test)]
            slice: (values.as_ptr(), values.len()),
        }
    }

    /// The beginning of what `values` has room for. What was not written may not be read.
    #[inline(always)]
    pub fn room(values: &mut Vec<f32>) -> Self {
        Self {
            at: values.as_mut_ptr(),
            #[cfg(test)]
            slice: (values.as_ptr(), values.capacity()),
        }
    }

    /// # Safety
    /// As [`In::add`].
    #[inline(always)]
    pub unsafe fn add(mut self, count: usize) -> Self {
        #[cfg(test)]
        check(self.slice, self.at, count);
        // SAFETY: the caller's promise is that of `add`.
        self.at = unsafe { self.at.add(count) };
        self
    }

    /// # Safety
    /// There is a number, and the slice still lives.
    #[inline(always)]
    pub unsafe fn put(self, number: f32) {
        // SAFETY: the caller's promise.
        unsafe { *self.get(1) = number }
    }

    /// The same place, to read.
    #[inline(always)]
    pub fn read(self) -> In {
        In {
            at: self.at,
            #[cfg(test)]
            slice: self.slice,
        }
    }

    /// # Safety
    /// As [`In::get`].
    #[inline(always)]
    unsafe fn get(self, count: usize) -> *mut f32 {
        let _ = count;
        #[cfg(test)]
        check(self.slice, self.at, count);
        self.at
    }
}

#[cfg(test)]
fn check((start, len): (*const f32, usize), at: *const f32, count: usize) {
    let offset = (at as usize - start as usize) / size_of::<f32>();
    assert!(offset + count <= len, "a kernel is at {offset} and wants {count} more of {len}");
}

/// `body` for K = 0, 1 and so on below N, which is at most the literal, written out: then what is indexed by K is in registers
/// also where the compiler leaves loops as they are, as it does for a small module and in a debug build.
macro_rules! unrolled {
    ($k:ident < $n:expr, 2, $body:block) => { unrolled!(@ $k $n, $body, 0 1) };
    ($k:ident < $n:expr, 3, $body:block) => { unrolled!(@ $k $n, $body, 0 1 2) };
    ($k:ident < $n:expr, 4, $body:block) => { unrolled!(@ $k $n, $body, 0 1 2 3) };
    ($k:ident < $n:expr, 8, $body:block) => { unrolled!(@ $k $n, $body, 0 1 2 3 4 5 6 7) };
    (@ $k:ident $n:expr, $body:block, $($value:literal)*) => {
        $(if $value < $n {
            const $k: usize = $value;
            $body
        })*
    };
}
pub(super) use unrolled;

/// Registers, all zero.
///
/// # Safety
/// `A` is a register of some [`Simd`], or an array of them.
#[inline(always)]
pub(super) unsafe fn zeros<A>() -> A {
    // SAFETY: zero bits are the number zero in each lane. An array expression would be a loop in memory.
    unsafe { std::mem::zeroed() }
}

/// What kernels are written in.
///
/// # Safety
/// Of all functions: the machine has the instructions, as it does inside [`dispatch`]. Of those that take a place: there are
/// [`Simd::LANES`] numbers, of [`Simd::spread`] one.
pub(super) trait Simd: Copy {
    /// A register.
    type V: Copy;
    /// Numbers in a register: 4 or 8.
    const LANES: usize;
    /// Whether there are 32 registers of 8, which allows a register block of twice the size.
    const WIDE: bool;
    /// Pixels of a register block of the convolution, at most 8.
    const PIXELS: usize;
    /// Places of a register block of a product of matrices, at most 8, each with two registers of output channels.
    const PAIRS: usize;
    unsafe fn load(at: In) -> Self::V;
    unsafe fn store(at: Out, v: Self::V);
    /// One number in all lanes.
    unsafe fn spread(at: In) -> Self::V;
    unsafe fn zero() -> Self::V;
    /// acc + a · b, in one rounding where the machine has that.
    unsafe fn fma(a: Self::V, b: Self::V, acc: Self::V) -> Self::V;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    /// The larger, and NaN where one is.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// max(a, 0), and NaN of NaN.
    unsafe fn relu(a: Self::V) -> Self::V;
    /// `v`, but zero where a ≤ 0.
    unsafe fn unless_negative(a: Self::V, v: Self::V) -> Self::V;
    /// `v`, but zero where a < b.
    unsafe fn unless_less(a: Self::V, b: Self::V, v: Self::V) -> Self::V;
}

/// Work for [`dispatch`].
pub(super) trait Kernel {
    /// To be marked `#[inline(always)]`, so that it is compiled for the instructions of `S`.
    ///
    /// # Safety
    /// The machine has them.
    unsafe fn run<S: Simd>(self);
}

/// No intrinsics: for machines that none of the others fits.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[derive(Clone, Copy)]
struct Portable;

/// Eight results of the same expression.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
macro_rules! each {
    (|$i:ident| $e:expr) => {
        std::array::from_fn(
            #[inline(always)]
            |$i| $e,
        )
    };
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
impl Simd for Portable {
    type V = [f32; 8];
    const LANES: usize = 8;
    const WIDE: bool = false;
    const PIXELS: usize = 4;
    const PAIRS: usize = 4;

    #[inline(always)]
    unsafe fn load(at: In) -> Self::V {
        // SAFETY: the caller's promise.
        unsafe { at.get(8).cast::<Self::V>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(at: Out, v: Self::V) {
        // SAFETY: the caller's promise.
        unsafe { at.get(8).cast::<Self::V>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn spread(at: In) -> Self::V {
        // SAFETY: the caller's promise.
        unsafe { [*at.get(1); 8] }
    }
    #[inline(always)]
    unsafe fn zero() -> Self::V {
        [0.0; 8]
    }
    #[inline(always)]
    unsafe fn fma(a: Self::V, b: Self::V, acc: Self::V) -> Self::V {
        each!(|i| acc[i] + a[i] * b[i])
    }
    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        each!(|i| a[i] + b[i])
    }
    #[inline(always)]
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
        each!(|i| a[i] - b[i])
    }
    #[inline(always)]
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
        each!(|i| a[i] * b[i])
    }
    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        each!(|i| if a[i] >= b[i] || a[i].is_nan() { a[i] } else { b[i] })
    }
    #[inline(always)]
    unsafe fn relu(a: Self::V) -> Self::V {
        each!(|i| if a[i] < 0.0 { 0.0 } else { a[i] })
    }
    #[inline(always)]
    unsafe fn unless_negative(a: Self::V, v: Self::V) -> Self::V {
        each!(|i| if a[i] <= 0.0 { 0.0 } else { v[i] })
    }
    #[inline(always)]
    unsafe fn unless_less(a: Self::V, b: Self::V, v: Self::V) -> Self::V {
        each!(|i| if a[i] < b[i] { 0.0 } else { v[i] })
    }
}

#[cfg(target_arch = "x86_64")]
#[path = "x86.rs"]
mod x86;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "wasm.rs"]
mod wasm;

/// Runs `kernel` with the best instructions there are.
#[inline]
pub(super) fn dispatch<K: Kernel>(kernel: K) {
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    wasm::run(kernel);
    #[cfg(target_arch = "x86_64")]
    if let Some(kernel) = x86::run(kernel) {
        // SAFETY: it uses no instructions of its own.
        unsafe { kernel.run::<Portable>() }
    }
    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
    // SAFETY: it uses no instructions of its own.
    unsafe {
        kernel.run::<Portable>()
    }
}

/// Tests try the instructions of older machines, too.
#[cfg(test)]
pub(super) mod testing {
    use std::cell::Cell;

    /// None of them, and without the 32 registers of AVX-512VL.
    pub const LEVELS: [usize; 2] = [0, 1];

    thread_local!(static LEVEL: Cell<usize> = const { Cell::new(usize::MAX) });

    pub fn level() -> usize {
        LEVEL.get()
    }

    /// What `work` gives where this thread has no better instructions.
    pub fn with_level<T>(level: usize, work: impl FnOnce() -> T) -> T {
        LEVEL.set(level);
        let done = work();
        LEVEL.set(usize::MAX);
        done
    }
}
