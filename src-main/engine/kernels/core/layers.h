// The decoder over whole sequences: forward pass with its intermediate results, and backward pass down to the
// derivatives that weight gradients are made of. A task covers the rows of neighbouring sequences.
#pragma once
#include "attention.h"
#include "head.h"

/** The rows of sequences first .. end - 1. */
struct Span {
  int row, rows, longest;
};

INLINE Span spanOf(const Batch& b, int first, int end) {
  Span span = {b.sequences[first].start, 0, 0};
  for (int s = first; s < end; s++) {
    int length = b.sequences[s].length;
    span.rows += length;
    if (length > span.longest) span.longest = length;
  }
  return span;
}

/** Floats of one sequence's keys and values in one layer and head: keys [headDim, capacity], values [capacity, headDim]. */
INLINE int cacheFloats(const Model& m, int capacity) { return 2 * m.headDim * capacity; }

/** Write position `t` of every key/value head of `layer` into a cache. `qkv` is that position's row, rotated. */
INLINE void remember(const Model& m, float* cache, int capacity, int layer, int t, const float* qkv) {
  for (int kv = 0; kv < m.kvHeads; kv++) {
    float* keys = cache + (long)(layer * m.kvHeads + kv) * cacheFloats(m, capacity);
    float* values = keys + m.headDim * capacity;
    const float *k = qkv + m.queryDim() + kv * m.headDim, *v = k + m.keyDim();
    for (int i = 0; i < m.headDim; i++) keys[i * capacity + t] = k[i];
    copy(values + t * m.headDim, v, m.headDim);
  }
}

/** mlp(norm(in)) + in, for `rows` rows. */
INLINE void feedForward(const Model& m, int layer, int rows, const float* in, float* norm, float* scale, float* gateUp,
                        float* gated, float* out) {
  const float *w = m.weights + m.layer(layer), *pack = m.forwardPack + m.layer(layer);
  for (int r = 0; r < rows; r++) normalise(m, norm + r * m.hidden, scale + r, in + r * m.hidden, w + m.norm2);
  gemm<false>(rows, 2 * m.inter, m.hidden, norm, m.hidden, 1, pack + m.gateUp, m.hidden, gateUp, 2 * m.inter);
  for (int r = 0; r < rows; r++) swiglu(m, gated + (long)r * m.inter, gateUp + (long)r * 2 * m.inter);
  copy(out, in, rows * m.hidden);
  gemm<true>(rows, m.hidden, m.inter, gated, m.inter, 1, pack + m.down, m.inter, out, m.hidden);
}

/** Floats of scratch that `forward` needs. */
INLINE int forwardFloats(const Model& m, int longest) {
  int attention = forwardAttentionFloats(m, longest), logits = headRows(m) * m.paddedVocab;
  return attention > logits ? attention : logits;
}

/** Everything up to the statistics of the queries, for sequences first .. end - 1. */
static void forward(const Batch& b, int first, int end, float* scratch) {
  const Model& m = *b.model;
  const Span span = spanOf(b, first, end);
  const int rows = span.rows;
  const long row = span.row;
  float* x = activationsOf(b, 0).in + row * m.hidden;
  for (int r = 0; r < rows; r++)
    copy(x + r * m.hidden, m.weights + m.embedding + (long)b.tokens[row + r] * m.hidden, m.hidden);

  for (int l = 0; l < m.layers; l++) {
    const Activations a = activationsOf(b, l);
    const float *w = m.weights + m.layer(l), *pack = m.forwardPack + m.layer(l);
    const float* in = a.in + row * m.hidden;
    float *norm1 = a.norm1 + row * m.hidden, *qkv = a.qkv + row * m.qkvDim();
    float *attended = a.attended + row * m.queryDim(), *middle = a.middle + row * m.hidden;
    for (int r = 0; r < rows; r++)
      normalise(m, norm1 + r * m.hidden, a.scale1 + row + r, in + r * m.hidden, w + m.norm1);
    gemm<false>(rows, m.qkvDim(), m.hidden, norm1, m.hidden, 1, pack + m.qkv, m.hidden, qkv, m.qkvDim());
    for (int s = first; s < end; s++) {
      const Sequence& q = b.sequences[s];
      float* own = a.qkv + (long)q.start * m.qkvDim();
      for (int t = 0; t < q.length; t++) {
        finishQkv(m, l, own + t * m.qkvDim(), t);
        if (q.cache) remember(m, q.cache, roundUp(q.length, kLanes), l, t, own + t * m.qkvDim());
      }
      attend(m, own, q.length, a.attended + (long)q.start * m.queryDim(), a.logSumExp + (long)q.start * m.heads,
             scratch);
    }
    copy(middle, in, rows * m.hidden);
    gemm<true>(rows, m.hidden, m.queryDim(), attended, m.queryDim(), 1, pack + m.out, m.queryDim(), middle, m.hidden);
    float* out = (l + 1 < m.layers ? activationsOf(b, l + 1).in : b.finalRows) + row * m.hidden;
    feedForward(m, l, rows, middle, a.norm2 + row * m.hidden, a.scale2 + row, a.gateUp + row * 2 * m.inter,
                a.gated + row * m.inter, out);
  }
  for (int s = first; s < end; s++) normaliseQueries(b, b.sequences[s]);
  const Sequence& last = b.sequences[end - 1];
  describeQueries(b, b.sequences[first].firstQuery, last.firstQuery + last.queries, scratch);
}

/** Gradients of the small tensors, one set a task: per layer norm1, norm2 and the qkv bias; then the final norm. */
INLINE int vectorGradientFloats(const Model& m) { return m.layers * (2 * m.hidden + m.qkvDim()) + m.hidden; }

/** Floats of scratch that `backward` needs. */
INLINE int backwardFloats(const Model& m, int rows, int longest) {
  return rows * (m.inter + m.hidden + m.queryDim()) + backwardAttentionFloats(m, longest);
}

/** From b.dNormed down to b.dRows[0], for sequences first .. end - 1; `vectors` takes gradients of small tensors. */
static void backward(const Batch& b, int first, int end, float* vectors, float* scratch) {
  const Model& m = *b.model;
  const Span span = spanOf(b, first, end);
  const int rows = span.rows;
  const long row = span.row, matrix = (long)b.rows * m.hidden;
  float *dGated = scratch, *dNorm = dGated + (long)rows * m.inter, *dAttended = dNorm + (long)rows * m.hidden;
  float* attention = dAttended + (long)rows * m.queryDim();
  const int vectorsPerLayer = 2 * m.hidden + m.qkvDim();
  zero(vectors, vectorGradientFloats(m));

  for (int s = first; s < end; s++) {
    const Sequence& q = b.sequences[s];
    const int silent = q.length - q.queries;
    float* d = b.dRows + m.layers * matrix + (long)q.start * m.hidden;
    zero(d, silent * m.hidden);
    for (int i = 0; i < q.queries; i++) {
      const long at = (long)(silent + i) * m.hidden, query = q.firstQuery + i;
      normaliseBackward(m, d + at, nullptr, vectors + m.layers * vectorsPerLayer, b.dNormed + query * m.hidden,
                        b.finalRows + (long)q.start * m.hidden + at, b.scale[query], m.weights + m.finalNorm);
    }
  }

  for (int l = m.layers - 1; l >= 0; l--) {
    const Activations a = activationsOf(b, l);
    const Derivatives d = derivativesOf(b, l);
    const float *w = m.weights + m.layer(l), *pack = m.backwardPack + m.layer(l);
    float* small = vectors + l * vectorsPerLayer;
    const float* dOut = b.dRows + (l + 1) * matrix + row * m.hidden;
    float *dIn = b.dRows + l * matrix + row * m.hidden, *dMiddle = d.middle + row * m.hidden;
    float *dGateUp = d.gateUp + row * 2 * m.inter, *dQkv = d.qkv + row * m.qkvDim();

    gemm<false>(rows, m.inter, m.hidden, dOut, m.hidden, 1, pack + m.down, m.hidden, dGated, m.inter);
    for (int r = 0; r < rows; r++)
      swigluBackward(m, dGateUp + (long)r * 2 * m.inter, dGated + (long)r * m.inter,
                     a.gateUp + (row + r) * 2 * m.inter);
    gemm<false>(rows, m.hidden, 2 * m.inter, dGateUp, 2 * m.inter, 1, pack + m.gateUp, 2 * m.inter, dNorm, m.hidden);
    for (int r = 0; r < rows; r++)
      normaliseBackward(m, dMiddle + r * m.hidden, dOut + r * m.hidden, small + m.hidden, dNorm + r * m.hidden,
                        a.middle + (row + r) * m.hidden, a.scale2[row + r], w + m.norm2);

    gemm<false>(rows, m.queryDim(), m.hidden, dMiddle, m.hidden, 1, pack + m.out, m.hidden, dAttended, m.queryDim());
    for (int s = first; s < end; s++) {
      const Sequence& q = b.sequences[s];
      float* own = d.qkv + (long)q.start * m.qkvDim();
      attendBackward(m, a.qkv + (long)q.start * m.qkvDim(), q.length, a.attended + (long)q.start * m.queryDim(),
                     a.logSumExp + (long)q.start * m.heads, dAttended + (q.start - row) * m.queryDim(), own, attention);
      for (int t = 0; t < q.length; t++)
        for (int h = 0; h < m.heads + m.kvHeads; h++) rotate(m, own + t * m.qkvDim() + h * m.headDim, t, -1.f);
    }
    if (m.qkvBias >= 0) {
      float* dBias = small + 2 * m.hidden;
      for (int r = 0; r < rows; r++)
        for (int i = 0; i < m.qkvDim(); i += kLanes) store(dBias + i, load(dBias + i) + load(dQkv + r * m.qkvDim() + i));
    }
    gemm<false>(rows, m.hidden, m.qkvDim(), dQkv, m.qkvDim(), 1, pack + m.qkv, m.qkvDim(), dNorm, m.hidden);
    for (int r = 0; r < rows; r++)
      normaliseBackward(m, dIn + r * m.hidden, dMiddle + r * m.hidden, small, dNorm + r * m.hidden,
                        a.in + (row + r) * m.hidden, a.scale1[row + r], w + m.norm1);
  }
}
