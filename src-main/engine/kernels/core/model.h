// What the tasks are told: shapes, addresses and sequences. Each struct is a run of 32-bit words that the host
// (model.ts, batch.ts) writes in this order. The host owns all buffers, and pads dimensions to multiples of 8 with zeros.
#pragma once
#include "gemm.h"

/** A decoder. Offsets are in floats from the start of `weights`, `gradient` and both packs alike. */
struct Model {
  int hidden, heads, kvHeads, headDim, inter, paddedVocab, layers;
  int vocab;             // without padding
  float inverseHidden;   // 1 / hidden size without padding
  float epsilon;         // of the norms
  float attentionScale;  // 1 / sqrt(head size without padding)
  const float *cosines, *sines;  // [positions, headDim / 2]
  float *weights, *gradient;
  float *forwardPack, *backwardPack;  // weights as right-hand sides of x W^T and of dy W
  int embedding, head, finalNorm;
  int firstLayer, layerSize;
  int norm1, qkv, qkvBias, out, norm2, gateUp, down;  // from the start of a layer; qkvBias -1 where there is none

  int queryDim() const { return heads * headDim; }
  int keyDim() const { return kvHeads * headDim; }
  int qkvDim() const { return queryDim() + 2 * keyDim(); }
  int layer(int l) const { return firstLayer + l * layerSize; }
};

/** Rows of one sequence in a batch. Its last `queries` rows predict `queries` targets, from `firstQuery` on. */
struct Sequence {
  int start, length, firstQuery, queries;
  float* cache;  // where a prompt's keys and values go, or null
};

/** Sequences end to end in the rows of shared matrices. */
struct Batch {
  const Model* model;
  const Sequence* sequences;
  int rows, queries;
  const int *tokens, *targets;  // [rows], [queries]
  float temperature;
  float* activations;  // see Activations
  int activationStride;  // floats from one layer's to the next; 0 where no backward pass follows
  float* finalRows;    // [rows, hidden]: output of the last layer
  float* normed;       // [queries, hidden]: after the final norm
  float* scale;        // [queries]: 1 / rms of the final norm
  float* statistics;   // [5, queries]: logprob, entropy, klUniform, top1, top2
  float* logSumExp;    // [queries]: of logits / temperature
  // Backward
  const float *dLogprob, *dEntropy;  // [queries]
  float* dNormed;                    // [queries, hidden]
  float* dRows;                      // [layers + 1, rows, hidden]: by the input of each layer, and by finalRows
  float* derivatives;                // see Derivatives
  int derivativeStride;
};

/** What the forward pass of a layer leaves behind. [rows, ...] each. */
struct Activations {
  float *in, *norm1, *qkv, *attended, *middle, *norm2, *gateUp, *gated, *logSumExp, *scale1, *scale2;

  static int perRow(const Model& m) {
    return 4 * m.hidden + m.qkvDim() + m.queryDim() + 3 * m.inter + m.heads + 2;
  }
};

/** Derivatives by a layer's intermediate results that weight gradients need. [rows, ...] each. */
struct Derivatives {
  float *middle, *gateUp, *qkv;

  static int perRow(const Model& m) { return m.hidden + 2 * m.inter + m.qkvDim(); }
};

INLINE Activations activationsOf(const Batch& b, int layer) {
  const Model& m = *b.model;
  float* p = b.activations + (long)layer * b.activationStride;
  auto take = [&](int width) {
    float* start = p;
    p += (long)b.rows * width;
    return start;
  };
  Activations a;
  a.in = take(m.hidden);
  a.norm1 = take(m.hidden);
  a.qkv = take(m.qkvDim());
  a.attended = take(m.queryDim());
  a.middle = take(m.hidden);
  a.norm2 = take(m.hidden);
  a.gateUp = take(2 * m.inter);
  a.gated = take(m.inter);
  a.logSumExp = take(m.heads);
  a.scale1 = take(1);
  a.scale2 = take(1);
  return a;
}

INLINE Derivatives derivativesOf(const Batch& b, int layer) {
  const Model& m = *b.model;
  float* p = b.derivatives + (long)layer * b.derivativeStride;
  return {p, p + (long)b.rows * m.hidden, p + (long)b.rows * (m.hidden + 2 * m.inter)};
}

/** Rows of logits that are worked on together: enough to pay for reading the head, few enough for the cache. */
INLINE int headRows(const Model& m) {
  int rows = (1 << 20) / m.paddedVocab;
  return rows < 16 ? 16 : smaller(rows, 64);
}

/** Query rows of attention that are worked on together. */
constexpr int kQueryRows = 32;
