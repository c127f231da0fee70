// Causal grouped-query attention of one sequence with its prefix, and its derivative. Probabilities are never kept: the
// backward pass makes them again from the log-sum-exp of each row (Dao et al., FlashAttention, arXiv 2205.14135).
#pragma once
#include "rows.h"

INLINE Index forwardAttentionFloats(const Model& m, int positions) {
  return (Index)roundUp(positions, kPanel) * (3 * m.headDim + kQueryRows);
}

INLINE Index backwardAttentionFloats(const Model& m, int positions) {
  return (Index)roundUp(positions, kPanel) * (6 * m.headDim + 2 * kQueryRows) + 2 * kQueryRows * m.headDim;
}

/** Softmax over the first `count` scores, zeros in the rest up to `width`; returns the log-sum-exp. */
INLINE float causalSoftmax(float* scores, int count, int width, float scale) {
  const int whole = count / kLanes * kLanes, covered = roundUp(count, kLanes);
  if (whole < count) store(scores + whole, firstLanes(load(scores + whole), count - whole, splat(-1e30f)));
  Floats largest = splat(-1e30f);
  for (int j = 0; j < covered; j += kLanes) largest = maximum(largest, load(scores + j));
  const float top = largestOf(largest);
  Floats sums = splat(0);
  for (int j = 0; j < covered; j += kLanes) {
    Floats e = exponential((load(scores + j) - top) * scale);
    store(scores + j, e);
    sums += e;
  }
  const float sum = sumOf(sums), inverse = 1.f / sum;
  for (int j = 0; j < covered; j += kLanes) store(scores + j, load(scores + j) * inverse);
  for (int j = covered; j < width; j += kLanes) store(scores + j, splat(0));
  return top * scale + logarithm(sum);
}

/** The columns `column` .. column + headDim - 1 of prefix and sequence, one after the other. [positions, headDim] */
INLINE void collect(const Model& m, const Sequence& s, const float* qkv, int column, float* out) {
  const Index wide = m.qkvDim();
  for (int t = 0; t < s.prefixLength; t++, out += m.headDim) copy(out, qkv + (s.prefixStart + t) * wide + column, m.headDim);
  for (int t = 0; t < s.length; t++, out += m.headDim) copy(out, qkv + (s.start + t) * wide + column, m.headDim);
}

/** The inverse of `collect`, adding. */
INLINE void distribute(const Model& m, const Sequence& s, float* qkv, int column, const float* in) {
  const Index wide = m.qkvDim();
  for (int t = 0; t < s.prefixLength; t++, in += m.headDim) add(qkv + (s.prefixStart + t) * wide + column, in, m.headDim);
  for (int t = 0; t < s.length; t++, in += m.headDim) add(qkv + (s.start + t) * wide + column, in, m.headDim);
}

/** qkv: [rows, qkvDim] of the batch, rotated. out: [rows, queryDim]. logSumExp: [rows, heads]. */
static void attend(const Model& m, const Sequence& s, const float* qkv, float* out, float* logSumExp, float* scratch) {
  const int dim = m.headDim, positions = s.positions(), padded = roundUp(positions, kPanel), group = m.heads / m.kvHeads;
  const Index wide = m.qkvDim();
  float *keys = scratch, *values = keys + (Index)padded * dim, *plain = values + (Index)padded * dim;
  float* scores = plain + (Index)padded * dim;
  for (int kv = 0; kv < m.kvHeads; kv++) {
    collect(m, s, qkv, m.queryDim() + kv * dim, plain);
    packTransposed(keys, plain, dim, dim, positions);
    collect(m, s, qkv, m.queryDim() + m.keyDim() + kv * dim, plain);
    packRows(values, plain, dim, positions, dim);
    for (int head = kv * group; head < (kv + 1) * group; head++)
      for (int first = 0; first < s.length; first += kQueryRows) {
        const int rows = smaller(kQueryRows, s.length - first), seen = s.prefixLength + first + rows;
        const int width = roundUp(seen, kPanel);
        const Index row = s.start + first;
        gemm<false>(rows, width, dim, qkv + row * wide + head * dim, wide, 1, keys, dim, scores, padded);
        for (int r = 0; r < rows; r++)
          logSumExp[(row + r) * m.heads + head] =
              causalSoftmax(scores + (Index)r * padded, s.prefixLength + first + r + 1, width, m.attentionScale);
        gemm<false>(rows, dim, seen, scores, padded, 1, values, positions, out + row * m.queryDim() + head * dim,
                    m.queryDim());
      }
  }
}

/**
 * dQkv = derivative by the rotated qkv, from dOut: rows of the batch, except that `dOut` starts at row `firstRow`.
 * Writes the sequence's queries, and adds to its and its prefix's keys and values.
 */
static void attendBackward(const Model& m, const Sequence& s, const float* qkv, const float* out, const float* logSumExp,
                           const float* dOut, Index firstRow, float* dQkv, float* scratch) {
  const int dim = m.headDim, positions = s.positions(), padded = roundUp(positions, kPanel), group = m.heads / m.kvHeads;
  const int queryDim = m.queryDim();
  const Index wide = m.qkvDim(), matrix = (Index)padded * dim;
  float *keysAcross = scratch, *valuesAcross = keysAcross + matrix, *keys = valuesAcross + matrix, *plain = keys + matrix;
  float *dK = plain + matrix, *dV = dK + matrix, *p = dV + matrix, *d = p + (Index)kQueryRows * padded;
  float *queries = d + (Index)kQueryRows * padded, *dOuts = queries + kQueryRows * dim;
  for (int kv = 0; kv < m.kvHeads; kv++) {
    const int keyColumn = queryDim + kv * dim, valueColumn = keyColumn + m.keyDim();
    collect(m, s, qkv, keyColumn, plain);
    packTransposed(keysAcross, plain, dim, dim, positions);
    packRows(keys, plain, dim, positions, dim);
    collect(m, s, qkv, valueColumn, plain);
    packTransposed(valuesAcross, plain, dim, dim, positions);
    zero(dK, 2 * matrix);
    for (int head = kv * group; head < (kv + 1) * group; head++)
      for (int first = 0; first < s.length; first += kQueryRows) {
        const int rows = smaller(kQueryRows, s.length - first), seen = s.prefixLength + first + rows;
        const int width = roundUp(seen, kPanel);
        const Index row = s.start + first;
        const float* q = qkv + row * wide + head * dim;
        const float* dO = dOut + (row - firstRow) * queryDim + head * dim;
        gemm<false>(rows, width, dim, q, wide, 1, keysAcross, dim, p, padded);
        gemm<false>(rows, width, dim, dO, queryDim, 1, valuesAcross, dim, d, padded);
        for (int r = 0; r < rows; r++) {
          float *pr = p + (Index)r * padded, *dr = d + (Index)r * padded;
          const float *o = out + (row + r) * queryDim + head * dim, *g = dO + (Index)r * queryDim;
          Floats products = splat(0);
          for (int i = 0; i < dim; i += kLanes) products += load(o + i) * load(g + i);
          const float mean = sumOf(products), lse = logSumExp[(row + r) * m.heads + head];
          const int count = s.prefixLength + first + r + 1, whole = count / kLanes * kLanes;
          if (whole < count) store(pr + whole, firstLanes(load(pr + whole), count - whole, splat(-1e30f)));
          for (int j = 0; j < count; j += kLanes) {
            Floats e = exponential(load(pr + j) * m.attentionScale - lse);
            store(pr + j, e);
            store(dr + j, (load(dr + j) - mean) * e * m.attentionScale);
          }
          for (int j = roundUp(count, kLanes); j < width; j += kLanes) {
            store(pr + j, splat(0));
            store(dr + j, splat(0));
          }
        }
        gemm<false>(rows, dim, seen, d, padded, 1, keys, positions, dQkv + row * wide + head * dim, wide);
        packRows(queries, q, wide, rows, dim);
        packRows(dOuts, dO, queryDim, rows, dim);
        gemm<true>(seen, dim, rows, d, 1, padded, queries, rows, dK, dim);
        gemm<true>(seen, dim, rows, p, 1, padded, dOuts, rows, dV, dim);
      }
    distribute(m, s, dQkv, keyColumn, dK);
    distribute(m, s, dQkv, valueColumn, dV);
  }
}
