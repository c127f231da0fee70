// Causal grouped-query attention of one sequence, and its derivative. Probabilities are never kept: the backward pass
// makes them again from the log-sum-exp of each row (Dao et al., FlashAttention, arXiv 2205.14135).
#pragma once
#include "rows.h"

INLINE int forwardAttentionFloats(const Model& m, int length) {
  int padded = roundUp(length, kPanel);
  return padded * (2 * m.headDim + kQueryRows);
}

INLINE int backwardAttentionFloats(const Model& m, int length) {
  int padded = roundUp(length, kPanel);
  return padded * (3 * m.headDim + 2 * kQueryRows) + 2 * kQueryRows * m.headDim;
}

/** Softmax over the first `count` scores, zeros in the rest up to `width`; returns the log-sum-exp. */
INLINE float causalSoftmax(float* scores, int count, int width, float scale) {
  for (int j = count; j < width; j++) scores[j] = -1e30f;
  Float4 largest = splat(-1e30f);
  for (int j = 0; j < width; j += kLanes) largest = maximum(largest, load(scores + j));
  float top = largestOf(largest);
  Float4 sums = splat(0);
  for (int j = 0; j < width; j += kLanes) {
    Float4 e = exponential((load(scores + j) - top) * scale);
    store(scores + j, e);
    sums += e;
  }
  float sum = sumOf(sums), inverse = 1.f / sum;
  for (int j = 0; j < width; j += kLanes) store(scores + j, load(scores + j) * inverse);
  return top * scale + logarithm(sum);
}

/** qkv: [length, qkvDim], rotated. out: [length, queryDim]. logSumExp: [length, heads]. */
static void attend(const Model& m, const float* qkv, int length, float* out, float* logSumExp, float* scratch) {
  const int dim = m.headDim, wide = m.qkvDim(), padded = roundUp(length, kPanel), group = m.heads / m.kvHeads;
  float *keys = scratch, *values = keys + padded * dim, *scores = values + padded * dim;
  for (int kv = 0; kv < m.kvHeads; kv++) {
    packTransposed(keys, qkv + m.queryDim() + kv * dim, wide, dim, length);
    packRows(values, qkv + m.queryDim() + m.keyDim() + kv * dim, wide, length, dim);
    for (int head = kv * group; head < (kv + 1) * group; head++)
      for (int first = 0; first < length; first += kQueryRows) {
        int rows = smaller(kQueryRows, length - first), seen = first + rows, width = roundUp(seen, kPanel);
        gemm<false>(rows, width, dim, qkv + (long)first * wide + head * dim, wide, 1, keys, dim, scores, padded);
        for (int r = 0; r < rows; r++)
          logSumExp[(first + r) * m.heads + head] =
              causalSoftmax(scores + r * padded, first + r + 1, width, m.attentionScale);
        gemm<false>(rows, dim, seen, scores, padded, 1, values, length,
                    out + (long)first * m.queryDim() + head * dim, m.queryDim());
      }
  }
}

/** dQkv = derivative by the rotated qkv, from dOut. Shapes as in `attend`. */
static void attendBackward(const Model& m, const float* qkv, int length, const float* out, const float* logSumExp,
                           const float* dOut, float* dQkv, float* scratch) {
  const int dim = m.headDim, wide = m.qkvDim(), padded = roundUp(length, kPanel), group = m.heads / m.kvHeads;
  const int queryDim = m.queryDim();
  float *keysAcross = scratch, *valuesAcross = keysAcross + padded * dim, *keys = valuesAcross + padded * dim;
  float *p = keys + padded * dim, *d = p + kQueryRows * padded;
  float *queries = d + kQueryRows * padded, *dOuts = queries + kQueryRows * dim;
  for (int kv = 0; kv < m.kvHeads; kv++) {
    const float *k = qkv + queryDim + kv * dim, *v = k + m.keyDim();
    float *dK = dQkv + queryDim + kv * dim, *dV = dK + m.keyDim();
    packTransposed(keysAcross, k, wide, dim, length);
    packTransposed(valuesAcross, v, wide, dim, length);
    packRows(keys, k, wide, length, dim);
    for (int t = 0; t < length; t++) {
      zero(dK + (long)t * wide, dim);
      zero(dV + (long)t * wide, dim);
    }
    for (int head = kv * group; head < (kv + 1) * group; head++)
      for (int first = 0; first < length; first += kQueryRows) {
        int rows = smaller(kQueryRows, length - first), seen = first + rows, width = roundUp(seen, kPanel);
        const float* q = qkv + (long)first * wide + head * dim;
        const float* dO = dOut + (long)first * queryDim + head * dim;
        gemm<false>(rows, width, dim, q, wide, 1, keysAcross, dim, p, padded);
        gemm<false>(rows, width, dim, dO, queryDim, 1, valuesAcross, dim, d, padded);
        for (int r = 0; r < rows; r++) {
          float *pr = p + r * padded, *dr = d + r * padded;
          const float *o = out + (long)(first + r) * queryDim + head * dim, *g = dO + (long)r * queryDim;
          Float4 products = splat(0);
          for (int i = 0; i < dim; i += kLanes) products += load(o + i) * load(g + i);
          float mean = sumOf(products), lse = logSumExp[(first + r) * m.heads + head];
          for (int j = first + r + 1; j < width; j++) pr[j] = -1e30f;
          for (int j = 0; j < width; j += kLanes) {
            Float4 e = exponential(load(pr + j) * m.attentionScale - lse);
            store(pr + j, e);
            store(dr + j, (load(dr + j) - mean) * e * m.attentionScale);
          }
        }
        gemm<false>(rows, dim, seen, d, padded, 1, keys, length, dQkv + (long)first * wide + head * dim, wide);
        packRows(queries, q, wide, rows, dim);
        packRows(dOuts, dO, queryDim, rows, dim);
        gemm<true>(seen, dim, rows, d, 1, padded, queries, rows, dK, wide);
        gemm<true>(seen, dim, rows, p, 1, padded, dOuts, rows, dV, wide);
      }
  }
}
