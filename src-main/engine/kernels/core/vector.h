// Float vectors as wide as the machine's, and the few functions of them that the kernels need. Operations come in a fixed
// order, so one build computes the same bits whatever the number of threads. Buffers are padded: loops have no remainders.
#pragma once
#include <stdint.h>
#if defined(__wasm__)
#include <wasm_simd128.h>
#elif defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/** Distances in memory. */
typedef __PTRDIFF_TYPE__ Index;

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/**
 * Floats in a vector; vectors across a panel; rows of a tile. A tile's sums, a row of the panel and one broadcast must
 * fit the registers: 32 with AVX-512 and NEON, 16 with AVX2 and with the x86 that WebAssembly becomes.
 */
#if defined(__AVX512F__)
constexpr int kLanes = 16, kPanelVectors = 2, kTileRows = 12;
#elif defined(__AVX2__)
constexpr int kLanes = 8, kPanelVectors = 2, kTileRows = 6;
#elif defined(__aarch64__)
constexpr int kLanes = 4, kPanelVectors = 4, kTileRows = 6;
#else
constexpr int kLanes = 4, kPanelVectors = 4, kTileRows = 2;
#endif
/** Columns of a panel. Every dimension is padded to a multiple of it. */
constexpr int kPanel = kLanes * kPanelVectors;

typedef float Floats __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
typedef int32_t Ints __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

INLINE Floats load(const float* p) { return *(const Floats*)p; }
INLINE void store(float* p, Floats v) { *(Floats*)p = v; }

INLINE Floats splat(float x) {
#if defined(__AVX512F__)
  return (Floats)_mm512_set1_ps(x);
#elif defined(__AVX2__)
  return (Floats)_mm256_set1_ps(x);
#elif defined(__aarch64__)
  return (Floats)vdupq_n_f32(x);
#else
  return (Floats)wasm_f32x4_splat(x);
#endif
}

INLINE Floats squareRoot(Floats a) {
#if defined(__AVX512F__)
  return (Floats)_mm512_sqrt_ps((__m512)a);
#elif defined(__AVX2__)
  return (Floats)_mm256_sqrt_ps((__m256)a);
#elif defined(__aarch64__)
  return (Floats)vsqrtq_f32((float32x4_t)a);
#else
  return (Floats)wasm_f32x4_sqrt((v128_t)a);
#endif
}

/** a b + c, rounded once or twice as the build does it. */
INLINE Floats multiplyAdd(Floats a, Floats b, Floats c) {
#if defined(__wasm_relaxed_simd__)
  return (Floats)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c);
#else
  return a * b + c;
#endif
}

#if defined(__wasm__)
INLINE Floats maximum(Floats a, Floats b) { return (Floats)wasm_f32x4_pmax((v128_t)a, (v128_t)b); }
INLINE Floats minimum(Floats a, Floats b) { return (Floats)wasm_f32x4_pmin((v128_t)a, (v128_t)b); }
#else
INLINE Floats maximum(Floats a, Floats b) { return a < b ? b : a; }
INLINE Floats minimum(Floats a, Floats b) { return b < a ? b : a; }
#endif

/** v with its lanes rotated by `By`: half of them, then a quarter, ... bring every lane to the first. */
template <int By>
INLINE Floats rotated(Floats v) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(v, v, By % 16, (By + 1) % 16, (By + 2) % 16, (By + 3) % 16, (By + 4) % 16, (By + 5) % 16,
                                 (By + 6) % 16, (By + 7) % 16, (By + 8) % 16, (By + 9) % 16, (By + 10) % 16,
                                 (By + 11) % 16, (By + 12) % 16, (By + 13) % 16, (By + 14) % 16, (By + 15) % 16);
#elif defined(__AVX2__)
  return __builtin_shufflevector(v, v, By % 8, (By + 1) % 8, (By + 2) % 8, (By + 3) % 8, (By + 4) % 8, (By + 5) % 8,
                                 (By + 6) % 8, (By + 7) % 8);
#else
  return __builtin_shufflevector(v, v, By % 4, (By + 1) % 4, (By + 2) % 4, (By + 3) % 4);
#endif
}

/** Sum of the lanes, pairwise: in the same order for every compiler. */
INLINE float sumOf(Floats v) {
  if constexpr (kLanes > 8) v += rotated<8>(v);
  if constexpr (kLanes > 4) v += rotated<4>(v);
  v += rotated<2>(v);
  v += rotated<1>(v);
  return v[0];
}

INLINE float largestOf(Floats v) {
  if constexpr (kLanes > 8) v = maximum(v, rotated<8>(v));
  if constexpr (kLanes > 4) v = maximum(v, rotated<4>(v));
  v = maximum(v, rotated<2>(v));
  v = maximum(v, rotated<1>(v));
  return v[0];
}

/** The first `count` lanes of v, `rest` in the others. */
INLINE Floats firstLanes(Floats v, int count, Floats rest) {
#if defined(__AVX512F__)
  const Ints lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#elif defined(__AVX2__)
  const Ints lane = {0, 1, 2, 3, 4, 5, 6, 7};
#else
  const Ints lane = {0, 1, 2, 3};
#endif
  return lane < count ? v : rest;
}

INLINE int roundUp(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }
INLINE int smaller(int a, int b) { return a < b ? a : b; }
static constexpr int larger(int a, int b) { return a > b ? a : b; }

// n is a multiple of the lanes. Rows are short: a call of a library's function would take longer than the copy.

INLINE void zero(float* out, Index n) {
  for (Index i = 0; i < n; i += kLanes) store(out + i, splat(0));
}

INLINE void copy(float* out, const float* in, Index n) {
  for (Index i = 0; i < n; i += kLanes) store(out + i, load(in + i));
}

/** out += in. */
INLINE void add(float* out, const float* in, Index n) {
  for (Index i = 0; i < n; i += kLanes) store(out + i, load(out + i) + load(in + i));
}

/**
 * exp(x), about 1 ulp (polynomial of Cephes' expf; rounding to whole powers of two by adding 1.5 * 2^23). 0 below -87
 * and finite (1.6e38) above 88; NaN stays NaN.
 */
INLINE Floats exponential(Floats x) {
  const Floats rounder = splat(12582912.f);
  const Floats clamped = minimum(maximum(x, splat(-87.f)), splat(88.f));
  Floats shifted = multiplyAdd(clamped, splat(1.44269504f), rounder);
  Ints power = (Ints)shifted - (Ints)rounder;
  Floats whole = shifted - rounder;
  Floats r = multiplyAdd(whole, splat(-0.693359375f), clamped);
  r = multiplyAdd(whole, splat(2.12194440e-4f), r);
  Floats p = splat(1.9875691500e-4f);
  p = multiplyAdd(p, r, splat(1.3981999507e-3f));
  p = multiplyAdd(p, r, splat(8.3334519073e-3f));
  p = multiplyAdd(p, r, splat(4.1665795894e-2f));
  p = multiplyAdd(p, r, splat(1.6666665459e-1f));
  p = multiplyAdd(p, r, splat(5.0000001201e-1f));
  p = multiplyAdd(p, r * r, r) + 1.f;
  Floats result = p * (Floats)((power + 127) << 23);
  // Minimum and maximum may drop a NaN, and the clamp leaves e^-87 where 0 is meant.
  Ints keep = ~(x < splat(-87.f));
  Ints isNan = x != x;
  return (Floats)(((Ints)result & keep) | (isNan & (Ints)splat(__builtin_nanf(""))));
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

/** Swap the blocks off the diagonal of each 2 Step x 2 Step block that a and b are two of the rows of. */
template <int Step>
INLINE void exchange(Floats& a, Floats& b) {
#define FIRST(i) ((i) & Step ? kLanes + (i)-Step : (i))
#define SECOND(i) ((i) & Step ? kLanes + (i) : (i) + Step)
#define FOUR_LANES(lane, i) lane(i), lane(i + 1), lane(i + 2), lane(i + 3)
#if defined(__AVX512F__)
#define ALL_LANES(lane) FOUR_LANES(lane, 0), FOUR_LANES(lane, 4), FOUR_LANES(lane, 8), FOUR_LANES(lane, 12)
#elif defined(__AVX2__)
#define ALL_LANES(lane) FOUR_LANES(lane, 0), FOUR_LANES(lane, 4)
#else
#define ALL_LANES(lane) FOUR_LANES(lane, 0)
#endif
  const Floats first = __builtin_shufflevector(a, b, ALL_LANES(FIRST));
  b = __builtin_shufflevector(a, b, ALL_LANES(SECOND));
  a = first;
#undef FIRST
#undef SECOND
#undef FOUR_LANES
#undef ALL_LANES
}

template <int Step>
INLINE void exchangeAll(Floats* rows) {
  UNROLL for (int i = 0; i < kLanes; i++)
    if (!(i & Step)) exchange<Step>(rows[i], rows[i + Step]);
}

/** The kLanes x kLanes block at `in` (rows `inStride` apart), transposed to `out` (rows `outStride` apart). */
INLINE void transposeBlock(float* out, Index outStride, const float* in, Index inStride) {
  Floats rows[kLanes];
  UNROLL for (int i = 0; i < kLanes; i++) rows[i] = load(in + i * inStride);
  if constexpr (kLanes > 8) exchangeAll<8>(rows);
  if constexpr (kLanes > 4) exchangeAll<4>(rows);
  exchangeAll<2>(rows);
  exchangeAll<1>(rows);
  UNROLL for (int i = 0; i < kLanes; i++) store(out + i * outStride, rows[i]);
}
