// Matrix products. The right-hand side comes in panels of kPanel columns; an output element is always summed over k in
// ascending order, whatever the tile it falls into, so a row's result does not depend on its neighbours.
#pragma once
#include "vector.h"

/** Steps of k that one tile takes: what keeps a panel and the tile's rows near the core. */
constexpr int kSteps = 512;

/** Floats in a cache line, or in what comes nearest to one. */
constexpr int kLine = 16;

/**
 * A panel that will be wanted next, in blocks [kPanel, kPanel] that lie `stride` floats apart. Tiles bring it into the
 * second-level cache line by line while they compute: the first tile of a panel would wait for memory otherwise.
 */
struct Ahead {
  const float* start;
  Index stride;
};

/** Rows x kPanel outputs. a[i, k] lies at i * rowStride + k * stepStride. */
template <int Rows, bool Add>
static __attribute__((noinline)) void tile(int K, const float* a, Index rowStride, Index stepStride, const float* panel,
                                           Ahead ahead, float* c, Index ldc) {
  Floats sums[Rows][kPanelVectors];
  UNROLL for (int i = 0; i < Rows; i++)
    UNROLL for (int v = 0; v < kPanelVectors; v++) sums[i][v] = splat(0);
  for (int k = 0; k < K; k++, a += stepStride, panel += kPanel) {
    __builtin_prefetch(ahead.start + (k / kPanel) * ahead.stride + k % kPanel * kPanel, 0, 2);
    Floats b[kPanelVectors];
    UNROLL for (int v = 0; v < kPanelVectors; v++) b[v] = load(panel + v * kLanes);
    UNROLL for (int i = 0; i < Rows; i++) {
      Floats x = splat(a[i * rowStride]);
      UNROLL for (int v = 0; v < kPanelVectors; v++) sums[i][v] = multiplyAdd(x, b[v], sums[i][v]);
    }
  }
  UNROLL for (int i = 0; i < Rows; i++)
    UNROLL for (int v = 0; v < kPanelVectors; v++) {
      float* to = c + i * ldc + v * kLanes;
      store(to, Add ? load(to) + sums[i][v] : sums[i][v]);
    }
}

/** One panel's columns for M rows: whole tiles, then smaller ones. */
template <bool Add>
INLINE void column(int M, int K, const float* a, Index rowStride, Index stepStride, const float* panel, Ahead ahead, float* c,
                   Index ldc) {
  int i = 0;
  // Each tile fetches one line of every row ahead; when all are, what is there anyway.
  auto next = [&] {
    const int line = i / kTileRows * kLine;
    return line < kPanel ? Ahead{ahead.start + line, ahead.stride} : Ahead{panel, kPanel * kPanel};
  };
  for (; i + kTileRows <= M; i += kTileRows)
    tile<kTileRows, Add>(K, a + i * rowStride, rowStride, stepStride, panel, next(), c + i * ldc, ldc);
  if constexpr (kTileRows > 8)
    for (; i + 8 <= M; i += 8) tile<8, Add>(K, a + i * rowStride, rowStride, stepStride, panel, next(), c + i * ldc, ldc);
  if constexpr (kTileRows > 4)
    for (; i + 4 <= M; i += 4) tile<4, Add>(K, a + i * rowStride, rowStride, stepStride, panel, next(), c + i * ldc, ldc);
  if constexpr (kTileRows > 2)
    for (; i + 2 <= M; i += 2) tile<2, Add>(K, a + i * rowStride, rowStride, stepStride, panel, next(), c + i * ldc, ldc);
  if (i < M) tile<1, Add>(K, a + i * rowStride, rowStride, stepStride, panel, next(), c + i * ldc, ldc);
}

/** Pack b[K, N] (rows `stride` apart) into N / kPanel panels [K, kPanel]. */
static void packRows(float* out, const float* b, Index stride, int K, int N) {
  for (int n = 0; n < N; n += kPanel)
    for (int k = 0; k < K; k++, out += kPanel) copy(out, b + k * stride + n, kPanel);
}

/** Pack the transpose of b[N, K] (rows `stride` apart, K whole panels) into panels [K, kPanel]; columns beyond N are 0. */
static void packTransposed(float* out, const float* b, Index stride, int K, int N) {
  for (int n = 0; n < N; n += kPanel, out += (Index)K * kPanel)
    for (int i = 0; i < kPanel; i += kLanes) {
      const float* rows = b + (n + i) * stride;
      if (n + i + kLanes <= N)
        for (int k = 0; k < K; k += kLanes) transposeBlock(out + (Index)k * kPanel + i, kPanel, rows + k, stride);
      else
        for (int k = 0; k < K; k++)
          for (int j = 0; j < kLanes; j++) out[(Index)k * kPanel + i + j] = n + i + j < N ? rows[j * stride + k] : 0.f;
    }
}

/** c[M, N] = a b, or += with Add. N a multiple of kPanel. `panelRows` is the K with which b was packed: at least this K. */
template <bool Add>
static void gemm(int M, int N, int K, const float* a, Index rowStride, Index stepStride, const float* panels,
                 Index panelRows, float* c, Index ldc) {
  for (int k = 0; k < K; k += kSteps) {
    const int steps = smaller(kSteps, K - k);
    for (int n = 0; n < N; n += kPanel) {
      const float *from = a + k * stepStride, *panel = panels + n * panelRows + (Index)k * kPanel;
      const Ahead here = {panel, kPanel * kPanel};
      if (Add || k > 0) column<true>(M, steps, from, rowStride, stepStride, panel, here, c + n, ldc);
      else column<false>(M, steps, from, rowStride, stepStride, panel, here, c + n, ldc);
    }
  }
}

/**
 * A weight [out, in] in panels: out / kPanel of them, [in, kPanel] each, so that x W^T reads it as it lies. Frozen ones
 * may be bfloat16, the upper halves of floats.
 */
struct Matrix {
  const float* floats;      // null where it is bfloat16
  const uint16_t* halves;
  float* gradient;          // in the same panels; null where it is frozen
  int out, in;
};

/** `steps` rows of panel `p` from row `k` on, as floats: where they lie, or widened into `scratch`. */
INLINE const float* panelOf(const Matrix& w, int p, int k, int steps, float* scratch) {
  const Index at = ((Index)p * w.in + k) * kPanel;
  if (w.floats) return w.floats + at;
  const uint16_t* from = w.halves + at;
  for (int i = 0; i < steps * kPanel; i++) ((uint32_t*)scratch)[i] = (uint32_t)from[i] << 16;
  return scratch;
}

/** Floats of scratch that products with weights need: one panel of kSteps rows. */
constexpr int kPanelFloats = kSteps * kPanel;

/** y[M, outs] = x[M, in] W^T, or += with Add, for the outputs first .. first + outs - 1 of W. */
template <bool Add>
static void multiplyForward(const Matrix& w, int M, const float* x, Index ldx, int first, int outs, float* y, Index ldy,
                            float* scratch) {
  for (int k = 0; k < w.in; k += kSteps) {
    const int steps = smaller(kSteps, w.in - k);
    for (int n = 0; n < outs; n += kPanel) {
      const float* panel = panelOf(w, (first + n) / kPanel, k, steps, scratch);
      const Ahead ahead = {w.floats && n + kPanel < outs ? panel + (Index)w.in * kPanel : panel, kPanel * kPanel};
      if (Add || k > 0) column<true>(M, steps, x + k, ldx, 1, panel, ahead, y + n, ldy);
      else column<false>(M, steps, x + k, ldx, 1, panel, ahead, y + n, ldy);
    }
  }
}

/**
 * dx[M, in] = dy[M, outs] W, or += with Add, for the outputs first .. first + outs - 1 of W. The panels of this product
 * are made from W's block by block: a second copy of the weights would cost more than these transposes do.
 */
template <bool Add>
static void multiplyBackward(const Matrix& w, int M, const float* dy, Index ldy, int first, int outs, float* dx, Index ldx,
                             float* scratch) {
  float* widened = scratch + kPanelFloats;
  for (int k = 0; k < outs; k += kSteps) {
    const int steps = smaller(kSteps, outs - k);
    for (int n = 0; n < w.in; n += kPanel) {
      for (int o = 0; o < steps; o += kPanel) {
        const float* block = panelOf(w, (first + k + o) / kPanel, n, kPanel, widened);
        for (int i = 0; i < kPanel; i += kLanes)
          for (int j = 0; j < kPanel; j += kLanes)
            transposeBlock(scratch + (o + j) * kPanel + i, kPanel, block + i * kPanel + j, kPanel);
      }
      // The next panel is made of the blocks that lie behind this one's.
      const float* next = w.floats + ((Index)((first + k) / kPanel) * w.in + n + kPanel) * kPanel;
      const Ahead ahead = w.floats && n + kPanel < w.in ? Ahead{next, (Index)w.in * kPanel} : Ahead{scratch, kPanel * kPanel};
      if (Add || k > 0) column<true>(M, steps, dy + k, ldy, 1, scratch, ahead, dx + n, ldx);
      else column<false>(M, steps, dy + k, ldy, 1, scratch, ahead, dx + n, ldx);
    }
  }
}
/** Floats of scratch that `multiplyBackward` needs; enough for `multiplyForward` too. */
constexpr int kProductFloats = kPanelFloats + kPanel * kPanel;

/** Rows that a gradient's product sums at a time, and the most outputs of one call. */
constexpr int kGradientRows = 256;
constexpr int kGradientOuts = 256;

/** Floats of scratch that `multiplyGradient` needs. */
constexpr int kGradientFloats = kGradientRows * kGradientOuts;

/**
 * gradient of W += dy^T x over `count` rows of W's inputs `x` and of the outputs first .. first + outs - 1, `dy`. The
 * rows of dy are packed, as they may lie a power of two apart and would drive each other out of the cache; x is read as
 * it lies.
 */
static void multiplyGradient(const Matrix& w, int first, int outs, const float* dy, Index ldy, const float* x, Index ldx,
                             int count, float* scratch) {
  for (int from = 0; from < count; from += kGradientRows) {
    const int K = smaller(kGradientRows, count - from);
    for (int k = 0; k < K; k++)
      for (int n = 0; n < outs; n += kPanel)
        copy(scratch + (Index)n * K + (Index)k * kPanel, dy + (from + k) * ldy + n, kPanel);
    for (int n = 0; n < outs; n += kPanel) {
      const float* panel = scratch + (Index)n * K;
      column<true>(w.in, K, x + from * ldx, 1, ldx, panel, {panel, kPanel * kPanel}, w.gradient + (Index)(first + n) * w.in,
                   kPanel);
    }
  }
}
