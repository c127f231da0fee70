// Matrix products. The right-hand side is packed into panels of 8 columns first; an output element is always summed
// over k in ascending order, whatever the tile it falls into, so a row's result does not depend on its neighbours.
#pragma once
#include "vector.h"

constexpr int kPanel = 8;
constexpr int kTileRows = 4;
/** The left-hand side's rows that one panel meets before the next panel comes: what stays in L2 while panels pass. */
constexpr int kBlockBytes = 128 * 1024;

/** 4 x 4 block at `in` (rows `stride` apart), transposed to `out` (rows 8 apart). */
INLINE void transpose4(float* out, const float* in, int stride) {
  Float4 a = load(in), b = load(in + stride), c = load(in + 2 * stride), d = load(in + 3 * stride);
  Float4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  store(out, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
  store(out + kPanel, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
  ab = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(out + 2 * kPanel, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
  store(out + 3 * kPanel, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
}

/** Pack b[K, N] (rows `stride` apart, N a multiple of 8) into N / 8 panels [K, 8]. */
static void packRows(float* out, const float* b, int stride, int K, int N) {
  for (int n = 0; n < N; n += kPanel)
    for (int k = 0; k < K; k++, out += kPanel) {
      const float* row = b + k * stride + n;
      store(out, load(row));
      store(out + kLanes, load(row + kLanes));
    }
}

/** Pack the transpose of b[N, K] (rows `stride` apart, K a multiple of 4) into panels [K, 8]; columns beyond N are 0. */
static void packTransposed(float* out, const float* b, int stride, int K, int N) {
  for (int n = 0; n < N; n += kPanel, out += K * kPanel)
    for (int half = 0; half < kPanel; half += kLanes) {
      const float* rows = b + (n + half) * stride;
      if (n + half + kLanes <= N)
        for (int k = 0; k < K; k += kLanes) transpose4(out + k * kPanel + half, rows + k, stride);
      else
        for (int k = 0; k < K; k++)
          for (int i = 0; i < kLanes; i++)
            out[k * kPanel + half + i] = n + half + i < N ? rows[i * stride + k] : 0.f;
    }
}

/** Rows x 8 outputs. a[i, k] lies at i * rowStride + k * stepStride. */
template <int Rows, bool Add>
static __attribute__((noinline)) void tile(int K, const float* a, int rowStride, int stepStride, const float* panel,
                                           float* c, int ldc) {
  Float4 left[Rows], right[Rows];
#pragma unroll
  for (int i = 0; i < Rows; i++) left[i] = right[i] = splat(0);
  for (int k = 0; k < K; k++, a += stepStride, panel += kPanel) {
    Float4 b0 = load(panel), b1 = load(panel + kLanes);
#pragma unroll
    for (int i = 0; i < Rows; i++) {
      Float4 x = splat(a[i * rowStride]);
      left[i] += x * b0;
      right[i] += x * b1;
    }
  }
#pragma unroll
  for (int i = 0; i < Rows; i++, c += ldc) {
    store(c, Add ? load(c) + left[i] : left[i]);
    store(c + kLanes, Add ? load(c + kLanes) + right[i] : right[i]);
  }
}

/**
 * c[M, N] = a b, or += with Add. N a multiple of 8. `panelRows` is the K with which b was packed: at least this K.
 */
template <bool Add>
static void gemm(int M, int N, int K, const float* a, int rowStride, int stepStride, const float* panels, int panelRows,
                 float* c, int ldc) {
  int block = kBlockBytes / (K * (int)sizeof(float)) / kTileRows * kTileRows;
  if (block < 4 * kTileRows) block = 4 * kTileRows;
  for (int first = 0; first < M; first += block) {
    int end = smaller(first + block, M);
    for (int n = 0; n < N; n += kPanel) {
      const float* panel = panels + (long)n * panelRows;
      int i = first;
      for (; i + kTileRows <= end; i += kTileRows)
        tile<kTileRows, Add>(K, a + (long)i * rowStride, rowStride, stepStride, panel, c + (long)i * ldc + n, ldc);
      const float* rest = a + (long)i * rowStride;
      float* out = c + (long)i * ldc + n;
      switch (end - i) {
        case 1: tile<1, Add>(K, rest, rowStride, stepStride, panel, out, ldc); break;
        case 2: tile<2, Add>(K, rest, rowStride, stepStride, panel, out, ldc); break;
        case 3: tile<3, Add>(K, rest, rowStride, stepStride, panel, out, ldc); break;
      }
    }
  }
}
