// Statistics of softmax(logits / temperature), and the derivative by the logits.
#pragma once
#include "rows.h"

struct Softmax {
  float top;       // largest logit
  double sum;      // of exp((logit - top) / temperature)
  double weighted; // of exp(z) * z, z = (logit - top) / temperature
  double shifted;  // of z
  float second;    // second largest logit
};

/** Writes exp((logit - top) / temperature) to `e`, which may be the logits themselves; padding becomes 0. */
static Softmax exponentiate(const Model& m, float* e, const float* logits, float temperature) {
  const int whole = m.vocab / kLanes * kLanes;
  const float lowest = -__builtin_huge_valf();
  Float4 first = splat(lowest), second = first;
  for (int v = 0; v < whole; v += kLanes) {
    Float4 z = load(logits + v);
    second = maximum(second, minimum(first, z));
    first = maximum(first, z);
  }
  Softmax s = {lowest, 0, 0, 0, lowest};
  auto see = [&](float z) {
    if (z > s.top) {
      s.second = s.top;
      s.top = z;
    } else if (z > s.second) s.second = z;
  };
  for (int i = 0; i < kLanes; i++) {
    see(first[i]);
    see(second[i]);
  }
  for (int v = whole; v < m.vocab; v++) see(logits[v]);

  const float inverse = 1.f / temperature;
  // Single precision within a stretch, double across: large vocabularies lose no digits.
  constexpr int kStretch = 64 * kLanes;
  for (int from = 0; from < m.paddedVocab; from += kStretch) {
    int to = smaller(from + kStretch, m.paddedVocab);
    Float4 sum = splat(0), weighted = sum, shifted = sum;
    for (int v = from; v < to; v += kLanes) {
      Float4 z = (load(logits + v) - s.top) * inverse;
      Float4 x = exponential(z);
      if (v + kLanes > m.vocab)
        for (int i = 0; i < kLanes; i++)
          if (v + i >= m.vocab) x[i] = z[i] = 0;
      store(e + v, x);
      sum += x;
      weighted += x * z;
      shifted += z;
    }
    s.sum += sumOf(sum);
    s.weighted += sumOf(weighted);
    s.shifted += sumOf(shifted);
  }
  return s;
}

/** Statistics of a row for `token`, written `stride` floats apart. Returns the log-sum-exp of logits / temperature. */
static float describe(const Model& m, const Softmax& s, float logit, float temperature, float* statistics, int stride) {
  float inverse = 1.f / temperature, logSum = logarithm((float)s.sum);
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

/** Logits of `rows` normalised rows. [rows, paddedVocab] */
INLINE void project(const Model& m, float* logits, const float* normed, int rows) {
  gemm<false>(rows, m.paddedVocab, m.hidden, normed, m.hidden, 1, m.forwardPack + m.head, m.hidden, logits,
              m.paddedVocab);
}

/** Final norm of the queries of a sequence, which are its last rows. */
INLINE void normaliseQueries(const Batch& b, const Sequence& s) {
  const Model& m = *b.model;
  const float* in = b.finalRows + (long)(s.start + s.length - s.queries) * m.hidden;
  float* normed = b.normed + (long)s.firstQuery * m.hidden;
  for (int q = 0; q < s.queries; q++)
    normalise(m, normed + q * m.hidden, b.scale + s.firstQuery + q, in + q * m.hidden, m.weights + m.finalNorm);
}

/** Statistics of the normalised queries first .. end - 1. */
static void describeQueries(const Batch& b, int first, int end, float* logits) {
  const Model& m = *b.model;
  const int block = headRows(m);
  for (int from = first; from < end; from += block) {
    int rows = smaller(block, end - from);
    project(m, logits, b.normed + (long)from * m.hidden, rows);
    for (int r = 0; r < rows; r++) {
      float *row = logits + (long)r * m.paddedVocab, logit = row[b.targets[from + r]];
      Softmax softmax = exponentiate(m, row, row, b.temperature);
      b.logSumExp[from + r] = describe(m, softmax, logit, b.temperature, b.statistics + from + r, b.queries);
    }
  }
}

/**
 * Derivative of dLogprob * ln p(target) + dEntropy * H by the logits of queries first .. first + count - 1, to
 * `dLogits` [count, paddedVocab]; and by the normalised rows, to b.dNormed.
 * d ln p(t) / dz_v = 1[v = t] - p_v; dH / dz_v = -p_v (ln p_v + H); z = logits / temperature.
 */
static void headBackward(const Batch& b, int first, int count, float* dLogits) {
  const Model& m = *b.model;
  const float inverse = 1.f / b.temperature;
  project(m, dLogits, b.normed + (long)first * m.hidden, count);
  for (int r = 0; r < count; r++) {
    float* row = dLogits + (long)r * m.paddedVocab;
    int query = first + r;
    float byLogprob = b.dLogprob[query] * inverse, byEntropy = b.dEntropy[query] * inverse;
    float entropy = b.statistics[b.queries + query], lse = b.logSumExp[query];
    for (int v = 0; v < m.paddedVocab; v += kLanes) {
      Float4 logP = load(row + v) * inverse - lse;
      store(row + v, -exponential(logP) * (byLogprob + byEntropy * (logP + entropy)));
    }
    for (int v = m.vocab; v < m.paddedVocab; v++) row[v] = 0;
    row[b.targets[query]] += byLogprob;
  }
  gemm<false>(count, m.hidden, m.paddedVocab, dLogits, m.paddedVocab, 1, m.backwardPack + m.head, m.paddedVocab,
              b.dNormed + (long)first * m.hidden, m.hidden);
}
