use core::arch::x86_64::*;

use super::{In, Kernel, Out, Simd};

/// AVX2 and FMA; `Avx<true>` has the 32 registers of AVX-512VL too.
#[derive(Clone, Copy)]
struct Avx<const WIDE: bool>;

// SAFETY, of every block: the trait asks its callers for the instructions, and for the numbers at a place.
impl<const WIDE_: bool> Simd for Avx<WIDE_> {
    type V = __m256;
    const LANES: usize = 8;
    const WIDE: bool = WIDE_;
    const PIXELS: usize = 8;
    const PAIRS: usize = if WIDE_ { 8 } else { 6 };

    #[inline(always)]
    unsafe fn load(at: In) -> __m256 {
        unsafe { _mm256_loadu_ps(at.get(8)) }
    }
    #[inline(always)]
    unsafe fn store(at: Out, v: __m256) {
        unsafe { _mm256_storeu_ps(at.get(8), v) }
    }
    #[inline(always)]
    unsafe fn spread(at: In) -> __m256 {
        unsafe { _mm256_broadcast_ss(&*at.get(1)) }
    }
    #[inline(always)]
    unsafe fn zero() -> __m256 {
        unsafe { _mm256_setzero_ps() }
    }
    #[inline(always)]
    unsafe fn fma(a: __m256, b: __m256, acc: __m256) -> __m256 {
        unsafe { _mm256_fmadd_ps(a, b, acc) }
    }
    #[inline(always)]
    unsafe fn add(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn max(a: __m256, b: __m256) -> __m256 {
        // Where one is NaN the instruction gives its second operand, so that only a NaN in `a` is lost.
        unsafe { _mm256_blendv_ps(_mm256_max_ps(a, b), a, _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a)) }
    }
    #[inline(always)]
    unsafe fn relu(a: __m256) -> __m256 {
        unsafe { _mm256_max_ps(_mm256_setzero_ps(), a) }
    }
    #[inline(always)]
    unsafe fn unless_negative(a: __m256, v: __m256) -> __m256 {
        unsafe { _mm256_and_ps(_mm256_cmp_ps::<_CMP_NLE_UQ>(a, _mm256_setzero_ps()), v) }
    }
    #[inline(always)]
    unsafe fn unless_less(a: __m256, b: __m256, v: __m256) -> __m256 {
        unsafe { _mm256_and_ps(_mm256_cmp_ps::<_CMP_NLT_UQ>(a, b), v) }
    }
}

/// Runs `kernel` where the machine has these instructions, else gives it back.
pub(super) fn run<K: Kernel>(kernel: K) -> Option<K> {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512vl");
    #[cfg(test)]
    let (avx2, avx512) = (avx2 && super::testing::level() > 0, avx512 && super::testing::level() > 1);
    if avx2 && avx512 {
        // SAFETY: detected; `avx512vl` is nowhere without `avx512f`.
        unsafe { wide(kernel) };
    } else if avx2 {
        // SAFETY: detected.
        unsafe { narrow(kernel) };
    } else {
        return Some(kernel);
    }
    None
}

/// # Safety
/// The machine has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
unsafe fn narrow<K: Kernel>(kernel: K) {
    unsafe { kernel.run::<Avx<false>>() }
}

/// # Safety
/// The machine has AVX2, FMA and AVX-512VL.
#[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
unsafe fn wide<K: Kernel>(kernel: K) {
    unsafe { kernel.run::<Avx<true>>() }
}
