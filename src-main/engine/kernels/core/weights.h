// Work on weights: packing, gradients from rows, the optimizer. Every output element belongs to one task and is summed
// in an order that the data alone decides, so results do not depend on the number of threads.
#pragma once
#include "layers.h"

/** Neighbouring rows that take part in a weight gradient. */
struct Run {
  int dRow, row, count;  // first row in the derivatives and in the inputs
};

constexpr int kGradientRows = 256;

/** Floats of scratch that `weightGradient` needs. */
INLINE int weightGradientFloats(int outs, int in) { return kGradientRows * (in + roundUp(outs, kPanel)); }

/** gradient[outs, in] += dOut[rows, outs]^T x[rows, in] over the rows of `runs`. Rows of dOut are `dStride` apart. */
static void weightGradient(float* gradient, int outs, int in, const float* dOut, int dStride, const float* x,
                           const Run* runs, int count, float* scratch) {
  float* columns = scratch + (long)kGradientRows * in;
  for (int r = 0; r < count; r++)
    for (int from = 0; from < runs[r].count; from += kGradientRows) {
      int rows = smaller(kGradientRows, runs[r].count - from);
      packRows(scratch, x + (long)(runs[r].row + from) * in, in, rows, in);
      packRows(columns, dOut + (long)(runs[r].dRow + from) * dStride, dStride, rows, outs);
      for (int n = 0; n < in; n += kPanel)
        for (int o = 0; o < outs; o += kTileRows)
          tile<kTileRows, true>(rows, columns + (long)(o / kPanel) * rows * kPanel + o % kPanel, 1, kPanel,
                                scratch + (long)n * rows, gradient + (long)o * in + n, in);
    }
}

/** Add the tasks' gradients of norms and biases to the model's, in the order of the tasks. */
static void addVectorGradients(const Model& m, const float* vectors, int tasks) {
  auto add = [](float* to, const float* from, int n) {
    for (int i = 0; i < n; i += kLanes) store(to + i, load(to + i) + load(from + i));
  };
  const int size = vectorGradientFloats(m), perLayer = 2 * m.hidden + m.qkvDim();
  for (int task = 0; task < tasks; task++, vectors += size) {
    for (int l = 0; l < m.layers; l++) {
      float* to = m.gradient + m.layer(l);
      const float* from = vectors + l * perLayer;
      add(to + m.norm1, from, m.hidden);
      add(to + m.norm2, from + m.hidden, m.hidden);
      if (m.qkvBias >= 0) add(to + m.qkvBias, from + 2 * m.hidden, m.qkvDim());
    }
    add(m.gradient + m.finalNorm, vectors + m.layers * perLayer, m.hidden);
  }
}

/** Add the derivatives by the input rows to the columns first .. end - 1 of the embedding's gradient. */
static void embeddingGradient(const Batch& b, const Run* runs, int count, int first, int end) {
  const Model& m = *b.model;
  for (int r = 0; r < count; r++)
    for (int row = runs[r].row; row < runs[r].row + runs[r].count; row++) {
      float* to = m.gradient + m.embedding + (long)b.tokens[row] * m.hidden;
      const float* from = b.dRows + (long)row * m.hidden;
      for (int i = first; i < end; i += kLanes) store(to + i, load(to + i) + load(from + i));
    }
}

/** Pack a weight [out, in] as the right-hand side of x W^T, outputs first .. end - 1. */
static void packForward(float* pack, const float* weight, int in, int first, int end) {
  packTransposed(pack + (long)first * in, weight + (long)first * in, in, in, end - first);
}

/** Pack a weight [out, in] as the right-hand side of dy W, inputs first .. end - 1. */
static void packBackward(float* pack, const float* weight, int out, int in, int first, int end) {
  packRows(pack + (long)first * out, weight + first, in, out, end - first);
}

/** Sum of squares, in double precision. */
static double squaresOf(const float* values, int n) {
  double sums[kLanes] = {0, 0, 0, 0};
  for (int i = 0; i < n; i += kLanes) {
    Float4 x = load(values + i);
    for (int lane = 0; lane < kLanes; lane++) sums[lane] += (double)x[lane] * x[lane];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

struct AdamW {
  float beta1, beta2, epsilon;
  float gradientScale;              // below 1 where the norm is clipped
  float stepSize;                   // learning rate / (1 - beta1^t)
  float correction2;                // 1 / (1 - beta2^t)
};

/** One update of n weights; clears the gradient. `keep` = 1 - learning rate * weight decay. */
static void adamw(const AdamW& step, float keep, float* weight, float* gradient, float* m, float* v, int n) {
  for (int i = 0; i < n; i += kLanes) {
    Float4 g = load(gradient + i) * step.gradientScale;
    Float4 mean = load(m + i) * step.beta1 + g * (1.f - step.beta1);
    Float4 square = load(v + i) * step.beta2 + g * g * (1.f - step.beta2);
    store(m + i, mean);
    store(v + i, square);
    store(gradient + i, splat(0));
    store(weight + i,
          load(weight + i) * keep - mean * step.stepSize / (squareRoot(square * step.correction2) + step.epsilon));
  }
}
