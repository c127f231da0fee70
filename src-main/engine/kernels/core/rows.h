// Operations on single rows, and their derivatives: normalisation, rotary positions, SwiGLU.
#pragma once
#include "model.h"

/** out = in / rms(in) * weight; `scale` takes 1 / rms. */
INLINE void normalise(const Model& m, float* out, float* scale, const float* in, const float* weight) {
  Float4 squares = splat(0);
  for (int i = 0; i < m.hidden; i += kLanes) squares += load(in + i) * load(in + i);
  float s = 1.f / __builtin_sqrtf(sumOf(squares) * m.inverseHidden + m.epsilon);
  for (int i = 0; i < m.hidden; i += kLanes) store(out + i, load(in + i) * s * load(weight + i));
  *scale = s;
}

/** dIn = residual + derivative by `in`; adds to dWeight. `residual` may be null. */
INLINE void normaliseBackward(const Model& m, float* dIn, const float* residual, float* dWeight, const float* dOut,
                              const float* in, float s, const float* weight) {
  Float4 products = splat(0);
  for (int i = 0; i < m.hidden; i += kLanes) {
    Float4 d = load(dOut + i), x = load(in + i);
    products += d * load(weight + i) * x;
    store(dWeight + i, load(dWeight + i) + d * x * s);
  }
  float common = sumOf(products) * s * s * s * m.inverseHidden;
  for (int i = 0; i < m.hidden; i += kLanes) {
    Float4 d = load(dOut + i) * load(weight + i) * s - load(in + i) * common;
    store(dIn + i, residual ? load(residual + i) + d : d);
  }
}

/** Rotate one head at `position`: dimension i with i + headDim / 2. Direction -1 is the inverse, which is the derivative. */
INLINE void rotate(const Model& m, float* head, int position, float direction) {
  int half = m.headDim / 2;
  const float *cosines = m.cosines + (long)position * half, *sines = m.sines + (long)position * half;
  for (int i = 0; i < half; i += kLanes) {
    Float4 a = load(head + i), b = load(head + half + i), c = load(cosines + i), s = load(sines + i) * direction;
    store(head + i, a * c - b * s);
    store(head + half + i, a * s + b * c);
  }
}

/** Add the bias, then rotate queries and keys of one row. */
INLINE void finishQkv(const Model& m, int layer, float* qkv, int position) {
  if (m.qkvBias >= 0) {
    const float* bias = m.weights + m.layer(layer) + m.qkvBias;
    for (int i = 0; i < m.qkvDim(); i += kLanes) store(qkv + i, load(qkv + i) + load(bias + i));
  }
  for (int h = 0; h < m.heads + m.kvHeads; h++) rotate(m, qkv + h * m.headDim, position, 1.f);
}

/** out = silu(gate) * up, where gateUp = [gate, up]. */
INLINE void swiglu(const Model& m, float* out, const float* gateUp) {
  for (int i = 0; i < m.inter; i += kLanes) {
    Float4 gate = load(gateUp + i);
    store(out + i, gate / (exponential(-gate) + 1.f) * load(gateUp + m.inter + i));
  }
}

INLINE void swigluBackward(const Model& m, float* dGateUp, const float* dOut, const float* gateUp) {
  for (int i = 0; i < m.inter; i += kLanes) {
    Float4 gate = load(gateUp + i), up = load(gateUp + m.inter + i), d = load(dOut + i);
    Float4 sigmoid = 1.f / (exponential(-gate) + 1.f), silu = gate * sigmoid;
    store(dGateUp + i, d * up * (sigmoid + silu * (1.f - sigmoid)));
    store(dGateUp + m.inter + i, d * silu);
  }
}
