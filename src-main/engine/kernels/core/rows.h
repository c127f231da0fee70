// Operations on single rows, and their derivatives: normalisation, rotary positions, SwiGLU, adapters.
#pragma once
#include "model.h"

INLINE float inverseRms(const Norm& n, const float* in) {
  Floats squares = splat(0);
  for (int i = 0; i < n.size; i += kLanes) squares = multiplyAdd(load(in + i), load(in + i), squares);
  return 1.f / __builtin_sqrtf(sumOf(squares) * n.inverseSize + n.epsilon);
}

/** out = in / rms(in) * weight, by a known 1 / rms. */
INLINE void normaliseBy(const Norm& n, float* out, const float* in, float s) {
  for (int i = 0; i < n.size; i += kLanes) store(out + i, load(in + i) * s * load(n.weight + i));
}

/** The same; returns 1 / rms. */
INLINE float normalise(const Norm& n, float* out, const float* in) {
  const float s = inverseRms(n, in);
  normaliseBy(n, out, in, s);
  return s;
}

/** dIn = residual + derivative by `in`; adds to dWeight. `residual` and `dWeight` may be null, dIn may be dOut. */
INLINE void normaliseBackward(const Norm& n, float* dIn, const float* residual, float* dWeight, const float* dOut,
                              const float* in, float s) {
  Floats products = splat(0);
  for (int i = 0; i < n.size; i += kLanes) {
    Floats d = load(dOut + i), x = load(in + i);
    products += d * load(n.weight + i) * x;
    if (dWeight) store(dWeight + i, load(dWeight + i) + d * x * s);
  }
  float common = sumOf(products) * s * s * s * n.inverseSize;
  for (int i = 0; i < n.size; i += kLanes) {
    Floats d = load(dOut + i) * load(n.weight + i) * s - load(in + i) * common;
    store(dIn + i, residual ? load(residual + i) + d : d);
  }
}

/** Rotate one head at `position`: dimension i with i + headDim / 2. Direction -1 is the inverse, which is the derivative. */
INLINE void rotate(const Model& m, float* head, int position, float direction) {
  int half = m.headDim / 2;
  const float *cosines = m.cosines + (Index)position * half, *sines = m.sines + (Index)position * half;
  for (int i = 0; i < half; i += kLanes) {
    Floats a = load(head + i), b = load(head + half + i), c = load(cosines + i), s = load(sines + i) * direction;
    store(head + i, a * c - b * s);
    store(head + half + i, a * s + b * c);
  }
}

/** The norm of each head of q and k, in place. `plain` takes them as they were, or is null. */
static void normaliseHeads(const Model& m, const Layer& layer, float* qkv, float* plain) {
  if (plain) copy(plain, qkv, m.normedDim());
  for (int h = 0; h < m.heads + m.kvHeads; h++) {
    float* head = qkv + h * m.headDim;
    normalise(m.headNorm(h < m.heads ? layer.queryNorm : layer.keyNorm), head, head);
  }
}

/** Its derivative, in place; adds to the gradients of both weights, one after the other, or null. */
static void normaliseHeadsBackward(const Model& m, const Layer& layer, float* dQkv, float* dWeights, const float* plain) {
  for (int h = 0; h < m.heads + m.kvHeads; h++) {
    const bool isKey = h >= m.heads;
    const Norm norm = m.headNorm(isKey ? layer.keyNorm : layer.queryNorm);
    float *d = dQkv + h * m.headDim, *dWeight = dWeights ? dWeights + (isKey ? m.headDim : 0) : nullptr;
    const float* in = plain + h * m.headDim;
    normaliseBackward(norm, d, nullptr, dWeight, d, in, inverseRms(norm, in));
  }
}

/** Add the bias, normalise the heads, then rotate queries and keys of one row. `plain` as for `normaliseHeads`. */
INLINE void finishQkv(const Model& m, const Layer& layer, float* qkv, float* plain, int position) {
  if (layer.qkvBias.values) add(qkv, layer.qkvBias.values, m.qkvDim());
  if (m.normsHeads) normaliseHeads(m, layer, qkv, plain);
  for (int h = 0; h < m.heads + m.kvHeads; h++) rotate(m, qkv + h * m.headDim, position, 1.f);
}

/** out = silu(gate) * up, where gateUp = [gate, up]. */
INLINE void swiglu(const Model& m, float* out, const float* gateUp) {
  for (int i = 0; i < m.inter; i += kLanes) {
    Floats gate = load(gateUp + i);
    store(out + i, gate / (exponential(-gate) + 1.f) * load(gateUp + m.inter + i));
  }
}

/** dGateUp from the derivative by the output, which may lie in its first half; the output is made again into `gated`. */
INLINE void swigluBackward(const Model& m, float* dGateUp, float* gated, const float* dOut, const float* gateUp) {
  for (int i = 0; i < m.inter; i += kLanes) {
    Floats gate = load(gateUp + i), up = load(gateUp + m.inter + i), d = load(dOut + i);
    Floats sigmoid = 1.f / (exponential(-gate) + 1.f), silu = gate * sigmoid;
    store(gated + i, silu * up);
    store(dGateUp + i, d * up * (sigmoid + silu * (1.f - sigmoid)));
    store(dGateUp + m.inter + i, d * silu);
  }
}

/** low[rows, rank] = scale * x A^T of one adapter, rows `adapterWidth` apart. */
static void project(const Model& m, const Adapter& adapter, int rows, const float* x, Index ldx, float* low, float* scratch) {
  float* own = low + adapter.column;
  multiplyForward<false>(adapter.a, rows, x, ldx, 0, adapter.rank, own, m.adapterWidth, scratch);
  for (int r = 0; r < rows; r++)
    for (int i = 0; i < adapter.rank; i += kLanes) {
      float* p = own + (Index)r * m.adapterWidth + i;
      store(p, load(p) * adapter.scale);
    }
}

/** y[rows, out] = x W^T with its adapters, or += with Add. `low` [rows, adapterWidth] is overwritten. */
template <bool Add>
static void apply(const Model& m, const Weight& w, int rows, const float* x, float* y, float* low, float* scratch) {
  const Matrix& matrix = w.matrix;
  multiplyForward<Add>(matrix, rows, x, matrix.in, 0, matrix.out, y, matrix.out, scratch);
  for (int i = 0; i < w.adapterCount; i++) {
    const Adapter adapter = w.adapter(i);
    project(m, adapter, rows, x, matrix.in, low, scratch);
    multiplyForward<true>(adapter.b, rows, low + adapter.column, m.adapterWidth, 0, adapter.outs, y + adapter.first,
                          matrix.out, scratch);
  }
}

/** dx[rows, in] = dy W with its adapters. Where there are any, `low` and `dLow` become factors of their gradients. */
static void applyBackward(const Model& m, const Weight& w, int rows, const float* x, const float* dy, float* dx, Index ldx,
                          float* low, float* dLow, float* scratch) {
  const Matrix& matrix = w.matrix;
  multiplyBackward<false>(matrix, rows, dy, matrix.out, 0, matrix.out, dx, ldx, scratch);
  for (int i = 0; i < w.adapterCount; i++) {
    const Adapter adapter = w.adapter(i);
    project(m, adapter, rows, x, matrix.in, low, scratch);
    float* own = dLow + adapter.column;
    multiplyBackward<false>(adapter.b, rows, dy + adapter.first, matrix.out, 0, adapter.outs, own, m.adapterWidth,
                            scratch);
    for (int r = 0; r < rows; r++)
      for (int j = 0; j < adapter.rank; j += kLanes) {
        float* p = own + (Index)r * m.adapterWidth + j;
        store(p, load(p) * adapter.scale);
      }
    multiplyBackward<true>(adapter.a, rows, own, m.adapterWidth, 0, adapter.rank, dx, ldx, scratch);
  }
}
