use core::arch::wasm32::*;

use super::{In, Kernel, Out, Simd};

/// simd128, with the fused multiply-add of relaxed SIMD if the module is compiled for it.
#[derive(Clone, Copy)]
struct Wasm;

// SAFETY, of every block: a browser without these instructions does not load the module, and the trait asks its callers for
// the numbers at a place.
impl Simd for Wasm {
    type V = v128;
    const LANES: usize = 4;
    const WIDE: bool = false;
    const PIXELS: usize = 4;
    const PAIRS: usize = 4;

    #[inline(always)]
    unsafe fn load(at: In) -> v128 {
        unsafe { v128_load(at.get(4).cast()) }
    }
    #[inline(always)]
    unsafe fn store(at: Out, v: v128) {
        unsafe { v128_store(at.get(4).cast(), v) }
    }
    #[inline(always)]
    unsafe fn spread(at: In) -> v128 {
        unsafe { v128_load32_splat(at.get(1).cast()) }
    }
    #[inline(always)]
    unsafe fn zero() -> v128 {
        f32x4_splat(0.0)
    }
    #[inline(always)]
    unsafe fn fma(a: v128, b: v128, acc: v128) -> v128 {
        #[cfg(feature = "relaxed-simd")]
        return f32x4_relaxed_madd(a, b, acc);
        #[cfg(not(feature = "relaxed-simd"))]
        f32x4_add(acc, f32x4_mul(a, b))
    }
    #[inline(always)]
    unsafe fn add(a: v128, b: v128) -> v128 {
        f32x4_add(a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: v128, b: v128) -> v128 {
        f32x4_sub(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: v128, b: v128) -> v128 {
        f32x4_mul(a, b)
    }
    #[inline(always)]
    unsafe fn max(a: v128, b: v128) -> v128 {
        f32x4_max(a, b)
    }
    #[inline(always)]
    unsafe fn relu(a: v128) -> v128 {
        // Unlike `max` one instruction on x86, and NaN of NaN.
        f32x4_pmax(a, f32x4_splat(0.0))
    }
    #[inline(always)]
    unsafe fn unless_negative(a: v128, v: v128) -> v128 {
        v128_andnot(v, f32x4_le(a, f32x4_splat(0.0)))
    }
    #[inline(always)]
    unsafe fn unless_less(a: v128, b: v128, v: v128) -> v128 {
        v128_andnot(v, f32x4_lt(a, b))
    }
}

pub(super) fn run<K: Kernel>(kernel: K) {
    // SAFETY: see above.
    unsafe { with_instructions(kernel) }
}

// By attribute and not by a flag for all crates: macerator 0.5.2, of burn, does not compile with relaxed SIMD.
/// # Safety
/// The browser has these instructions, or the module would not be running.
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "simd128,relaxed-simd"))]
#[cfg_attr(not(feature = "relaxed-simd"), target_feature(enable = "simd128"))]
unsafe fn with_instructions<K: Kernel>(kernel: K) {
    unsafe { kernel.run::<Wasm>() }
}
