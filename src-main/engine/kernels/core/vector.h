// Four-wide float vectors and the few functions of them that the kernels need. Strict IEEE operations in a fixed order,
// nothing fused or relaxed: every machine computes the same bits. Buffers are padded, so loops have no remainders.
#pragma once
#include <stdint.h>
#include <wasm_simd128.h>

typedef float Float4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t Int4 __attribute__((vector_size(16), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

/** Floats in a vector; padded dimensions are multiples of twice this. */
constexpr int kLanes = 4;

INLINE Float4 load(const float* p) { return *(const Float4*)p; }
INLINE void store(float* p, Float4 v) { *(Float4*)p = v; }
INLINE Float4 splat(float x) { return (Float4){x, x, x, x}; }
INLINE Float4 maximum(Float4 a, Float4 b) { return (Float4)wasm_f32x4_pmax((v128_t)a, (v128_t)b); }
INLINE Float4 minimum(Float4 a, Float4 b) { return (Float4)wasm_f32x4_pmin((v128_t)a, (v128_t)b); }
INLINE Float4 squareRoot(Float4 a) { return (Float4)wasm_f32x4_sqrt((v128_t)a); }
INLINE float sumOf(Float4 v) { return (v[0] + v[1]) + (v[2] + v[3]); }

INLINE float largestOf(Float4 v) {
  float a = v[0] > v[1] ? v[0] : v[1], b = v[2] > v[3] ? v[2] : v[3];
  return a > b ? a : b;
}

INLINE int roundUp(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }
INLINE int smaller(int a, int b) { return a < b ? a : b; }

INLINE void zero(float* out, int n) { __builtin_memset(out, 0, (unsigned long)n * sizeof(float)); }
INLINE void copy(float* out, const float* in, int n) { __builtin_memcpy(out, in, (unsigned long)n * sizeof(float)); }

/**
 * exp(x), about 1 ulp (polynomial of Cephes' expf; rounding to whole powers of two by adding 1.5 * 2^23). 0 below -87
 * and finite (1.6e38) above 88; NaN stays NaN.
 */
INLINE Float4 exponential(Float4 x) {
  const Float4 rounder = splat(12582912.f);
  const Float4 clamped = minimum(maximum(x, splat(-87.f)), splat(88.f));
  Float4 shifted = clamped * 1.44269504f + rounder;
  Int4 power = (Int4)shifted - (Int4)rounder;
  Float4 whole = shifted - rounder;
  Float4 r = clamped - whole * 0.693359375f + whole * 2.12194440e-4f;
  Float4 p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.f;
  Float4 result = p * (Float4)((power + 127) << 23);
  // Minimum and maximum may drop a NaN, and the clamp leaves e^-87 where 0 is meant.
  Int4 keep = ~(x < splat(-87.f));
  Int4 isNan = x != x;
  return (Float4)(((Int4)result & keep) | (isNan & (Int4)splat(__builtin_nanf(""))));
}

/** ln(x) of a positive normal number, about 1 ulp (Cephes' logf). */
INLINE float logarithm(float x) {
  int32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  int32_t power = (bits >> 23) - 126;
  bits = (bits & 0x7fffff) | 0x3f000000;
  float m;
  __builtin_memcpy(&m, &bits, 4);
  if (m < 0.707106781f) {
    power--;
    m += m;
  }
  m -= 1.f;
  float square = m * m, y = 7.0376836292e-2f;
  y = y * m - 1.1514610310e-1f;
  y = y * m + 1.1676998740e-1f;
  y = y * m - 1.2420140846e-1f;
  y = y * m + 1.4249322787e-1f;
  y = y * m - 1.6668057665e-1f;
  y = y * m + 2.0000714765e-1f;
  y = y * m - 2.4999993993e-1f;
  y = y * m + 3.3333331174e-1f;
  y = y * m * square - 2.12194440e-4f * power - 0.5f * square;
  return m + y + 0.693359375f * power;
}
