// Work on weights: gradients from rows, the optimizer. Every output element belongs to one task and is summed in an order
// that the data alone decides, so results do not depend on the number of threads.
#pragma once
#include "layers.h"

/** The matrices of a layer, as the host numbers them. */
enum Which { kQkv, kOut, kGateUp, kDown };

/** What a matrix met in the forward pass and the derivative by its outputs. [rows, in], [rows, out] */
struct Factors {
  Weight weight;
  const float *x, *dy;

  Factors(const Batch& b, int l, int which) {
    const Layer layer = b.model.layer(l);
    const Activations a(b, l);
    const Operands o(b, l);
    switch (which) {
      case kQkv: weight = layer.qkv, x = o.norm1, dy = o.dQkv; break;
      case kOut: weight = layer.out, x = a.attended, dy = o.dMiddle; break;
      case kGateUp: weight = layer.gateUp, x = o.norm2, dy = o.dGateUp; break;
      default: weight = layer.down, x = o.gated, dy = b.dOutOf(l);
    }
  }
};

/** Calls `visit(first row, count)` for all active rows. */
template <class Visit>
INLINE void activeRuns(const Batch& b, Visit visit) {
  for (int i = 0; i < b.activeRunCount; i++) visit((Index)b.activeRuns[2 * i], b.activeRuns[2 * i + 1]);
}

/** Gradient of the outputs first .. first + outs - 1 of a layer's matrix. */
static void weightGradient(const Batch& b, int l, int which, int first, int outs, float* scratch) {
  const Factors f(b, l, which);
  const Matrix& w = f.weight.matrix;
  activeRuns(b, [&](Index row, int count) {
    multiplyGradient(w, first, outs, f.dy + row * w.out + first, w.out, f.x + row * w.in, w.in, count, scratch);
  });
}

/** Gradients of one adapter of a layer's matrix. */
static void adapterGradient(const Batch& b, int l, int which, int index, float* scratch) {
  const Factors f(b, l, which);
  const Operands o(b, l);
  const Matrix& w = f.weight.matrix;
  const Adapter adapter = f.weight.adapter(index);
  const Index width = b.model.adapterWidth;
  activeRuns(b, [&](Index row, int count) {
    const float *low = o.low + row * width + adapter.column, *dLow = o.dLow + row * width + adapter.column;
    const float* dy = f.dy + row * w.out + adapter.first;
    for (int o = 0; o < adapter.rank; o += kGradientOuts)
      multiplyGradient(adapter.a, o, smaller(kGradientOuts, adapter.rank - o), dLow + o, width, f.x + row * w.in, w.in, count,
                       scratch);
    for (int o = 0; o < adapter.outs; o += kGradientOuts)
      multiplyGradient(adapter.b, o, smaller(kGradientOuts, adapter.outs - o), dy + o, w.out, low, width, count, scratch);
  });
}

/** Add the tasks' gradients of norms and biases to the model's, in the order of the tasks. */
static void addVectorGradients(const Model& m, const float* vectors, int tasks) {
  for (int task = 0; task < tasks; task++) {
    add(m.finalNorm().gradient, vectors, m.hidden);
    vectors += m.hidden;
    for (int l = 0; l < m.layers; l++, vectors += layerVectorFloats(m)) {
      const Layer layer = m.layer(l);
      add(layer.norm1.gradient, vectors, m.hidden);
      add(layer.norm2.gradient, vectors + m.hidden, m.hidden);
      const float* ofQkv = vectors + 2 * m.hidden;
      if (layer.qkvBias.values) add(layer.qkvBias.gradient, ofQkv, m.qkvDim());
      if (!m.normsHeads) continue;
      add(layer.queryNorm.gradient, ofQkv + m.qkvDim(), m.headDim);
      add(layer.keyNorm.gradient, ofQkv + m.qkvDim() + m.headDim, m.headDim);
    }
  }
}

/** Add the derivatives by the embedded tokens to columns of the embedding's gradient. */
static void embeddingGradient(const Batch& b, int firstColumn, int endColumn) {
  const Model& m = b.model;
  float* gradient = m.embedding().gradient;
  const float* d = b.dOutOf(-1);
  activeRuns(b, [&](Index first, int count) {
    for (Index row = first; row < first + count; row++) {
      const int token = b.tokens[row];
      float* to = gradient + ((Index)(token / kPanel) * m.hidden * kPanel + token % kPanel);
      for (int c = firstColumn; c < endColumn; c++) to[(Index)c * kPanel] += d[row * m.hidden + c];
    }
  });
}

/** Sum of squares, in double precision. */
static double squaresOf(const float* values, Index n) {
  double sums[kLanes] = {};
  for (Index i = 0; i < n; i += kLanes)
    for (int lane = 0; lane < kLanes; lane++) sums[lane] += (double)values[i + lane] * values[i + lane];
  double total = 0;
  for (double sum : sums) total += sum;
  return total;
}

struct AdamW {
  float beta1, beta2, epsilon;
  float gradientScale;  // below 1 where the norm is clipped
  float stepSize;       // learning rate / (1 - beta1^t)
  float correction2;    // 1 / (1 - beta2^t)

  explicit AdamW(const double* w)
      : beta1((float)w[0]), beta2((float)w[1]), epsilon((float)w[2]), gradientScale((float)w[3]), stepSize((float)w[4]),
        correction2((float)w[5]) {}
};

/** One update of n weights; clears the gradient. `keep` = 1 - learning rate * weight decay. */
static void adamw(const AdamW& step, float keep, float* weight, float* gradient, float* m, float* v, Index n) {
  for (Index i = 0; i < n; i += kLanes) {
    Floats g = load(gradient + i) * step.gradientScale;
    Floats mean = load(m + i) * step.beta1 + g * (1.f - step.beta1);
    Floats square = load(v + i) * step.beta2 + g * g * (1.f - step.beta2);
    store(m + i, mean);
    store(v + i, square);
    store(gradient + i, splat(0));
    store(weight + i,
          load(weight + i) * keep - mean * step.stepSize / (squareRoot(square * step.correction2) + step.epsilon));
  }
}
