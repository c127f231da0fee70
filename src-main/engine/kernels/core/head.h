// Statistics of softmax(logits / temperature) in one pass over tiles of the vocabulary, and the derivative by the logits,
// tile by tile: logits of all queries never exist together.
#pragma once
#include "rows.h"

/** Sums over the logits seen so far, relative to the largest of them. */
struct Softmax {
  float top, second;  // largest logits
  int count;
  double sum;         // of exp(z), z = (logit - top) / temperature
  double weighted;    // of exp(z) * z
  double shifted;     // of z
};

INLINE Softmax emptySoftmax() {
  const float lowest = -__builtin_huge_valf();
  return {lowest, lowest, 0, 0, 0, 0};
}

/**
 * Take `count` more logits in. Writes exp((logit - top so far) / temperature) to `e`, which may be the logits
 * themselves; what lies behind them up to a whole vector becomes 0.
 */
static void observe(Softmax& s, const float* logits, int count, float inverse, float* e) {
  const Floats lowest = splat(-__builtin_huge_valf());
  Floats first = lowest, second = lowest;
  for (int v = 0; v < count; v += kLanes) {
    Floats z = load(logits + v);
    if (v + kLanes > count) z = firstLanes(z, count - v, lowest);
    second = maximum(second, minimum(first, z));
    first = maximum(first, z);
  }
  const float before = s.top, top = largestOf(first);
  // The second largest is a lane's second where it has the largest, unless two lanes have that.
  const Ints isTop = first == splat(top);
  const float below = largestOf(isTop ? second : first);
  const float next = sumOf(isTop ? splat(1) : splat(0)) > 1 ? top : below;
  s.second = top > s.top ? (s.top > next ? s.top : next) : (top > s.second ? top : s.second);
  s.top = top > s.top ? top : s.top;
  if (s.count > 0 && s.top > before) {
    // z of what was seen shrinks by `rise`: exp(z) by a factor, its products with z accordingly.
    const double rise = ((double)s.top - before) * inverse;
    const double factor = exponential(splat((float)-rise))[0];
    s.weighted = factor * (s.weighted - rise * s.sum);
    s.sum *= factor;
    s.shifted -= rise * s.count;
  }
  s.count += count;

  // Single precision within a stretch, double across: large vocabularies lose no digits.
  constexpr int kStretch = 256;
  for (int from = 0; from < count; from += kStretch) {
    const int to = smaller(from + kStretch, count);
    Floats sum = splat(0), weighted = sum, shifted = sum;
    for (int v = from; v < to; v += kLanes) {
      Floats z = (load(logits + v) - s.top) * inverse;
      Floats x = exponential(z);
      if (v + kLanes > count) {
        x = firstLanes(x, count - v, splat(0));
        z = firstLanes(z, count - v, splat(0));
      }
      store(e + v, x);
      sum += x;
      weighted += x * z;
      shifted += z;
    }
    s.sum += sumOf(sum);
    s.weighted += sumOf(weighted);
    s.shifted += sumOf(shifted);
  }
}

/** Statistics for a token with this logit, written `stride` floats apart. Returns the log-sum-exp of logits / temperature. */
static float describe(const Model& m, const Softmax& s, float logit, float inverse, float* statistics, int stride) {
  // logarithm takes numbers alone.
  float logSum = s.sum == s.sum ? logarithm((float)s.sum) : (float)s.sum;
  float logprob = (logit - s.top) * inverse - logSum;
  float entropy = logSum - (float)(s.weighted / s.sum);
  float fromUniform = logSum - (float)(s.shifted / m.vocab) - logarithm((float)m.vocab);
  float gap = (s.second - s.top) * inverse;
  statistics[0] = logprob > 0 ? 0 : logprob;
  statistics[stride] = entropy < 0 ? 0 : entropy;
  statistics[2 * stride] = fromUniform < 0 ? 0 : fromUniform;
  statistics[3 * stride] = (float)(1 / s.sum);
  statistics[4 * stride] = m.vocab > 1 ? exponential(splat(gap))[0] / (float)s.sum : 0;
  return s.top * inverse + logSum;
}

/** Floats of scratch that `describeQueries` needs. */
constexpr int kDescribeFloats = kHeadRows * (kHeadColumns + sizeof(Softmax) / sizeof(float) + 1) + kProductFloats;

/** Final norm and statistics of the queries first .. end - 1. */
static void describeQueries(const Batch& b, int first, int end, float* scratch) {
  const Model& m = b.model;
  const Matrix head = m.head();
  const Norm norm = m.rowNorm(m.finalNorm());
  const float inverse = 1.f / b.temperature;
  Softmax* sums = (Softmax*)scratch;
  float *chosen = scratch + kHeadRows * sizeof(Softmax) / sizeof(float), *logits = chosen + kHeadRows;
  float* product = logits + kHeadRows * kHeadColumns;
  for (int from = first; from < end; from += kHeadRows) {
    const int rows = smaller(kHeadRows, end - from);
    for (int r = 0; r < rows; r++) {
      const int query = from + r;
      b.scale[query] =
          normalise(norm, b.normed + (Index)query * m.hidden, b.finalRows + (Index)b.queryRows[query] * m.hidden);
      sums[r] = emptySoftmax();
    }
    for (int v = 0; v < m.paddedVocab; v += kHeadColumns) {
      const int width = smaller(kHeadColumns, m.paddedVocab - v), real = smaller(width, m.vocab - v);
      multiplyForward<false>(head, rows, b.normed + (Index)from * m.hidden, m.hidden, v, width, logits, kHeadColumns,
                             product);
      for (int r = 0; r < rows; r++) {
        float* row = logits + (Index)r * kHeadColumns;
        const int target = b.targets[from + r] - v;
        if (target >= 0 && target < real) chosen[r] = row[target];
        if (real > 0) observe(sums[r], row, real, inverse, row);
      }
    }
    for (int r = 0; r < rows; r++)
      b.logSumExp[from + r] = describe(m, sums[r], chosen[r], inverse, b.statistics + from + r, b.queries);
  }
}

/** Floats of scratch that `headBackward` needs. */
constexpr int kHeadBackwardFloats = kHeadRows * kHeadColumns + larger(kProductFloats, kGradientFloats);

/**
 * One shard of the vocabulary, for all active queries: its part of the derivative by the normalised rows, to b.dNormed,
 * and the head's gradient. The loss changes by dLogprob * d ln p(target) + dEntropy * dH, where
 * d ln p(t) / dz_v = 1[v = t] - p_v; dH / dz_v = -p_v (ln p_v + H); z = logits / temperature.
 */
static void headBackward(const Batch& b, int shard, float* scratch) {
  const Model& m = b.model;
  const Matrix head = m.head();
  const float inverse = 1.f / b.temperature;
  const int tiles = (m.paddedVocab + kHeadColumns - 1) / kHeadColumns;
  // Shards of whole panels, spread over small vocabularies too.
  const int share = tiles >= b.headShards ? (tiles + b.headShards - 1) / b.headShards * kHeadColumns
                                          : roundUp((m.paddedVocab + b.headShards - 1) / b.headShards, kPanel);
  const int start = smaller(shard * share, m.paddedVocab), end = smaller(start + share, m.paddedVocab);
  float *logits = scratch, *product = scratch + kHeadRows * kHeadColumns;
  float* dNormed = b.dNormed + (Index)shard * b.queries * m.hidden;
  for (int from = 0; from < b.activeQueryCount; from += kHeadRows) {
    const int rows = smaller(kHeadRows, b.activeQueryCount - from);
    const int* queries = b.activeQueries + from;
    if (start == end)
      for (int r = 0; r < rows; r++) zero(dNormed + (Index)(from + r) * m.hidden, m.hidden);
    for (int v = start; v < end; v += kHeadColumns) {
      const int width = smaller(kHeadColumns, end - v);
      // Queries that are neighbours are one product.
      auto stretches = [&](auto visit) {
        for (int r = 0, length; r < rows; r += length) {
          length = 1;
          while (r + length < rows && queries[r + length] == queries[r] + length) length++;
          visit(logits + (Index)r * kHeadColumns, b.normed + (Index)queries[r] * m.hidden, length);
        }
      };
      stretches([&](float* some, const float* normed, int length) {
        multiplyForward<false>(head, length, normed, m.hidden, v, width, some, kHeadColumns, product);
      });
      for (int r = 0; r < rows; r++) {
        float* row = logits + (Index)r * kHeadColumns;
        const int query = queries[r], target = b.targets[query] - v;
        const float byLogprob = b.dLogprob[query] * inverse, byEntropy = b.dEntropy[query] * inverse;
        const float entropy = b.statistics[b.queries + query], lse = b.logSumExp[query];
        for (int i = 0; i < width; i += kLanes) {
          Floats logP = load(row + i) * inverse - lse;
          store(row + i, -exponential(logP) * (byLogprob + byEntropy * (logP + entropy)));
        }
        for (int i = larger(0, m.vocab - v); i < width; i++) row[i] = 0;
        if (target >= 0 && target < width) row[target] += byLogprob;
      }
      float* to = dNormed + (Index)from * m.hidden;
      if (v == start) multiplyBackward<false>(head, rows, logits, kHeadColumns, v, width, to, m.hidden, product);
      else multiplyBackward<true>(head, rows, logits, kHeadColumns, v, width, to, m.hidden, product);
      if (head.gradient)
        stretches([&](const float* some, const float* normed, int length) {
          multiplyGradient(head, v, width, some, kHeadColumns, normed, m.hidden, length, product);
        });
    }
  }
}
