// The decoder over whole sequences: forward pass with what it leaves behind, and backward pass, layer by layer, down to
// the factors of the weight gradients. A task covers the rows of neighbouring sequences, prefixes with their users.
#pragma once
#include "attention.h"
#include "head.h"

/** The rows and queries of sequences first .. end - 1. */
struct Span {
  int row, rows, query, endQuery;

  Span(const Batch& b, int first, int end) {
    const Sequence a = b.sequence(first), z = b.sequence(end - 1);
    row = a.start;
    rows = z.start + z.length - a.start;
    query = a.firstQuery;
    endQuery = z.firstQuery + z.queries;
  }
};

/** Floats of one sequence's keys and values in one layer and head: keys [headDim, capacity], values [capacity, headDim]. */
INLINE Index cacheFloats(const Model& m, int capacity) { return (Index)2 * m.headDim * capacity; }

/** Write position `t` of every key/value head of `layer` into a cache. `qkv` is that position's row, rotated. */
INLINE void remember(const Model& m, float* cache, int capacity, int layer, int t, const float* qkv) {
  for (int kv = 0; kv < m.kvHeads; kv++) {
    float* keys = cache + (Index)(layer * m.kvHeads + kv) * cacheFloats(m, capacity);
    float* values = keys + (Index)m.headDim * capacity;
    const float *k = qkv + m.queryDim() + kv * m.headDim, *v = k + m.keyDim();
    for (int i = 0; i < m.headDim; i++) keys[(Index)i * capacity + t] = k[i];
    copy(values + (Index)t * m.headDim, v, m.headDim);
  }
}

/** Positions of a prompt's cache. */
INLINE int cacheCapacity(int positions) { return roundUp(positions, 16); }

/** Floats of scratch that `forwardLayer` needs. */
INLINE Index layerFloats(const Model& m, int rows, int positions) {
  Index wide = (Index)rows * (m.hidden + m.inter + m.adapterWidth) + kProductFloats, attention = forwardAttentionFloats(m, positions);
  return wide > attention ? wide : attention;
}

/** One layer on sequences first .. end - 1, from its activations' `in` to `out` [rows of the span, hidden], null for none. */
static void forwardLayer(const Batch& b, int l, int first, int end, float* out, float* scratch) {
  const Model& m = b.model;
  const Span span(b, first, end);
  const Activations a(b, l);
  const Layer layer = m.layer(l);
  const int rows = span.rows;
  const Index row = span.row;
  float *norm = scratch, *gated = norm + (Index)rows * m.hidden, *low = gated + (Index)rows * m.inter;
  float* product = low + (Index)rows * m.adapterWidth;
  const float* in = a.in + row * m.hidden;
  float *qkv = a.qkv + row * m.qkvDim(), *middle = a.middle + row * m.hidden, *gateUp = a.gateUp + row * 2 * m.inter;

  for (int r = 0; r < rows; r++)
    a.scale1[row + r] = normalise(m.rowNorm(layer.norm1), norm + (Index)r * m.hidden, in + (Index)r * m.hidden);
  apply<false>(m, layer.qkv, rows, norm, qkv, low, product);
  for (int s = first; s < end; s++) {
    const Sequence q = b.sequence(s);
    for (int t = 0; t < q.length; t++) {
      float* own = a.qkv + (Index)(q.start + t) * m.qkvDim();
      finishQkv(m, layer, own, a.plain + (Index)(q.start + t) * m.normedDim(), q.prefixLength + t);
      if (q.cache) remember(m, q.cache, cacheCapacity(q.length), l, t, own);
    }
    attend(m, q, a.qkv, a.attended, a.logSumExp, scratch);
  }
  copy(middle, in, (Index)rows * m.hidden);
  apply<true>(m, layer.out, rows, a.attended + row * m.queryDim(), middle, low, product);

  for (int r = 0; r < rows; r++)
    a.scale2[row + r] = normalise(m.rowNorm(layer.norm2), norm + (Index)r * m.hidden, middle + (Index)r * m.hidden);
  apply<false>(m, layer.gateUp, rows, norm, gateUp, low, product);
  if (!out) return;
  for (int r = 0; r < rows; r++) swiglu(m, gated + (Index)r * m.inter, gateUp + (Index)r * 2 * m.inter);
  copy(out, middle, (Index)rows * m.hidden);
  apply<true>(m, layer.down, rows, gated, out, low, product);
}

/** Everything up to the statistics of the queries, for sequences first .. end - 1. */
static void forward(const Batch& b, int first, int end, float* scratch) {
  const Model& m = b.model;
  const Span span(b, first, end);
  const Matrix embedding = m.embedding();
  float* x = Activations(b, 0).in;
  for (int row = span.row; row < span.row + span.rows; row++) embed(m, embedding, b.tokens[row], x + (Index)row * m.hidden);
  for (int l = 0; l < m.layers; l++) {
    float* out = l + 1 < m.layers ? Activations(b, l + 1).in : b.finalRows;
    forwardLayer(b, l, first, end, out + (Index)span.row * m.hidden, scratch);
  }
  describeQueries(b, span.query, span.endQuery, scratch);
}

/** Gradients of a layer's small tensors: norm1, norm2, the qkv bias, and the norms of heads where there are any. */
INLINE Index layerVectorFloats(const Model& m) { return 2 * m.hidden + m.qkvDim() + (m.normsHeads ? 2 * m.headDim : 0); }

/** Gradients of all small tensors, one set a task: the final norm, then layer by layer. */
INLINE Index vectorGradientFloats(const Model& m) { return m.hidden + m.layers * layerVectorFloats(m); }

/** Floats of scratch that `backwardLayer` needs. */
INLINE Index backwardFloats(const Model& m, int rows, int positions) {
  Index attention = backwardAttentionFloats(m, positions);
  return (Index)rows * (m.hidden + m.queryDim()) + (attention > kProductFloats ? attention : kProductFloats);
}

/** From the shards of b.dNormed to the derivative by the last layer's output, for sequences first .. end - 1. */
static void finalNormBackward(const Batch& b, int first, int end, float* gradient, float* scratch) {
  const Model& m = b.model;
  const Span span(b, first, end);
  float* d = b.dOutOf(m.layers - 1);
  zero(d + (Index)span.row * m.hidden, (Index)span.rows * m.hidden);
  const Norm norm = m.rowNorm(m.finalNorm());
  // Active queries are in order: find the first of this span.
  int low = 0, high = b.activeQueryCount;
  while (low < high) {
    int middle = (low + high) / 2;
    if (b.activeQueries[middle] < span.query) low = middle + 1;
    else high = middle;
  }
  for (int i = low; i < b.activeQueryCount && b.activeQueries[i] < span.endQuery; i++) {
    const int query = b.activeQueries[i];
    const Index row = (Index)b.queryRows[query] * m.hidden;
    copy(scratch, b.dNormed + (Index)i * m.hidden, m.hidden);
    for (int shard = 1; shard < b.headShards; shard++)
      add(scratch, b.dNormed + ((Index)shard * b.queries + i) * m.hidden, m.hidden);
    normaliseBackward(norm, d + row, d + row, gradient, scratch, b.finalRows + row, b.scale[query]);
  }
}

/** From dOutOf(l) to dOutOf(l - 1), for sequences first .. end - 1; `vectors` takes gradients of small tensors, or is null. */
static void backwardLayer(const Batch& b, int l, int first, int end, float* vectors, float* scratch) {
  const Model& m = b.model;
  const Span span(b, first, end);
  const Activations a(b, l);
  const Operands o(b, l);
  const Layer layer = m.layer(l);
  const int rows = span.rows;
  const Index row = span.row;
  float* small = vectors ? vectors + m.hidden + l * layerVectorFloats(m) : nullptr;
  if (l == m.layers - 1) {
    if (vectors) zero(vectors, vectorGradientFloats(m));
    finalNormBackward(b, first, end, vectors, scratch);
  }
  if (!b.keepsRest) forwardLayer(b, l, first, end, nullptr, scratch);

  float *dNorm = scratch, *dAttended = dNorm + (Index)rows * m.hidden, *rest = dAttended + (Index)rows * m.queryDim();
  const float *in = a.in + row * m.hidden, *middle = a.middle + row * m.hidden, *dOut = b.dOutOf(l) + row * m.hidden;
  const float* gateUp = a.gateUp + row * 2 * m.inter;
  float *norm1 = o.norm1 + row * m.hidden, *norm2 = o.norm2 + row * m.hidden, *gated = o.gated + row * m.inter;
  float *dMiddle = o.dMiddle + row * m.hidden, *dGateUp = o.dGateUp + row * 2 * m.inter, *dQkv = o.dQkv + row * m.qkvDim();
  float *low = o.low + row * m.adapterWidth, *dLow = o.dLow + row * m.adapterWidth;
  float* dIn = b.dOutOf(l - 1) + row * m.hidden;

  // Only adapters need the input of `down` here; for its own gradient it is made again below.
  if (layer.down.adapterCount > 0)
    for (int r = 0; r < rows; r++) swiglu(m, gated + (Index)r * m.inter, gateUp + (Index)r * 2 * m.inter);
  // The derivative by `gated` comes into the first half of each row of dGateUp, which is then made from it.
  applyBackward(m, layer.down, rows, gated, dOut, dGateUp, 2 * m.inter, low, dLow, rest);
  for (int r = 0; r < rows; r++) {
    float* d = dGateUp + (Index)r * 2 * m.inter;
    swigluBackward(m, d, gated + (Index)r * m.inter, d, gateUp + (Index)r * 2 * m.inter);
  }
  for (int r = 0; r < rows; r++)
    normaliseBy(m.rowNorm(layer.norm2), norm2 + (Index)r * m.hidden, middle + (Index)r * m.hidden, a.scale2[row + r]);
  applyBackward(m, layer.gateUp, rows, norm2, dGateUp, dNorm, m.hidden, low, dLow, rest);
  for (int r = 0; r < rows; r++)
    normaliseBackward(m.rowNorm(layer.norm2), dMiddle + (Index)r * m.hidden, dOut + (Index)r * m.hidden,
                      small ? small + m.hidden : nullptr, dNorm + (Index)r * m.hidden, middle + (Index)r * m.hidden,
                      a.scale2[row + r]);

  applyBackward(m, layer.out, rows, a.attended + row * m.queryDim(), dMiddle, dAttended, m.queryDim(), low, dLow, rest);
  for (int r = 0; r < rows; r++) zero(dQkv + (Index)r * m.qkvDim() + m.queryDim(), 2 * m.keyDim());
  for (int s = first; s < end; s++)
    attendBackward(m, b.sequence(s), a.qkv, a.attended, a.logSumExp, dAttended, row, o.dQkv, rest);
  for (int s = first; s < end; s++) {
    const Sequence q = b.sequence(s);
    for (int t = 0; t < q.length; t++)
      for (int h = 0; h < m.heads + m.kvHeads; h++)
        rotate(m, o.dQkv + (Index)(q.start + t) * m.qkvDim() + h * m.headDim, q.prefixLength + t, -1.f);
  }
  if (m.normsHeads)
    for (int r = 0; r < rows; r++)
      normaliseHeadsBackward(m, layer, dQkv + (Index)r * m.qkvDim(), small ? small + 2 * m.hidden + m.qkvDim() : nullptr,
                             a.plain + (row + r) * m.normedDim());
  if (small && layer.qkvBias.values)
    for (int r = 0; r < rows; r++) add(small + 2 * m.hidden, dQkv + (Index)r * m.qkvDim(), m.qkvDim());
  for (int r = 0; r < rows; r++)
    normaliseBy(m.rowNorm(layer.norm1), norm1 + (Index)r * m.hidden, in + (Index)r * m.hidden, a.scale1[row + r]);
  applyBackward(m, layer.qkv, rows, norm1, dQkv, dNorm, m.hidden, low, dLow, rest);
  for (int r = 0; r < rows; r++)
    normaliseBackward(m.rowNorm(layer.norm1), dIn + (Index)r * m.hidden, dMiddle + (Index)r * m.hidden, small,
                      dNorm + (Index)r * m.hidden, in + (Index)r * m.hidden, a.scale1[row + r]);
}
