// What the tasks are told: shapes, addresses and sequences. The host writes all of it as doubles ("words"), which hold
// counts, addresses in the arena and numbers alike, in the order of the readers below (tables.ts, batch.ts). The host
// owns all buffers, and pads every dimension to whole panels with zeros, which training keeps zero.
#pragma once
#include "gemm.h"

#if defined(__wasm__)
/** Where the arena starts: addresses are offsets into WebAssembly's memory. */
constexpr uintptr_t arena = 0;
#else
static thread_local uintptr_t arena;
#endif

/** The address that a word says; null for 0. */
template <class T>
INLINE T* at(double word) {
  return word == 0 ? nullptr : (T*)(arena + (uintptr_t)word);
}

/** scale * B A, added to the outputs first .. first + outs - 1 of a matrix. */
struct Adapter {
  Matrix a, b;  // [rank, in], [outs, rank]
  int rank, first, outs;
  float scale;
  int column;  // of its first value in rows of all the layer's adapter values
};

struct Weight {
  Matrix matrix;
  const double* adapters;  // records
  int adapterCount;

  Adapter adapter(int i) const {
    const double* w = adapters + i * 9;
    int rank = (int)w[4], first = (int)w[5], outs = (int)w[6];
    return {{at<float>(w[0]), nullptr, at<float>(w[1]), rank, matrix.in},
            {at<float>(w[2]), nullptr, at<float>(w[3]), outs, rank},
            rank, first, outs, (float)w[7], (int)w[8]};
  }
};

/** Weights of a norm, or a bias. */
struct Vector {
  const float* values;  // null where the model has none
  float* gradient;      // null where it is frozen
};

struct Layer {
  Weight qkv, out, gateUp, down;
  Vector norm1, norm2, qkvBias, queryNorm, keyNorm;
};

/** An RMS norm over stretches of `size` values. */
struct Norm {
  const float* weight;
  int size;
  float inverseSize;  // of the values that are no padding
  float epsilon;
};

/** A decoder. */
struct Model {
  int hidden, heads, kvHeads, headDim, inter, paddedVocab, layers;
  int vocab;             // without padding
  float inverseHidden;   // 1 / hidden size without padding
  float epsilon;         // of the norms
  float attentionScale;  // 1 / sqrt(head size without padding)
  int adapterWidth;      // ranks of a layer's adapters together
  const float *cosines, *sines;  // [positions, headDim / 2]
  const double *weights, *vectors;  // records: embedding, head, layer by layer; final norm, layer by layer
  float inverseHeadDim;  // 1 / head size without padding
  bool normsHeads;       // each head of q and k has a norm, before it is rotated

  explicit Model(const double* w)
      : hidden((int)w[0]), heads((int)w[1]), kvHeads((int)w[2]), headDim((int)w[3]), inter((int)w[4]),
        paddedVocab((int)w[5]), layers((int)w[6]), vocab((int)w[7]), inverseHidden((float)w[8]), epsilon((float)w[9]),
        attentionScale((float)w[10]), adapterWidth((int)w[11]), cosines(at<float>(w[12])), sines(at<float>(w[13])),
        weights(at<double>(w[14])), vectors(at<double>(w[15])), inverseHeadDim((float)w[16]), normsHeads(w[17] != 0) {}

  int queryDim() const { return heads * headDim; }
  int keyDim() const { return kvHeads * headDim; }
  int qkvDim() const { return queryDim() + 2 * keyDim(); }
  /** Values of a row that have the norms of heads: its queries and keys, or none. */
  int normedDim() const { return normsHeads ? queryDim() + keyDim() : 0; }

  Weight weight(int i) const {
    const double* w = weights + i * 7;
    return {{at<float>(w[0]), at<uint16_t>(w[1]), at<float>(w[2]), (int)w[3], (int)w[4]}, at<double>(w[5]), (int)w[6]};
  }
  Vector vector(int i) const { return {at<float>(vectors[2 * i]), at<float>(vectors[2 * i + 1])}; }

  Matrix embedding() const { return weight(0).matrix; }
  Matrix head() const { return weight(1).matrix; }
  Vector finalNorm() const { return vector(0); }
  Layer layer(int l) const {
    const int w = 2 + 4 * l, v = 1 + 5 * l;
    return {weight(w), weight(w + 1), weight(w + 2), weight(w + 3), vector(v),
            vector(v + 1), vector(v + 2), vector(v + 3), vector(v + 4)};
  }

  Norm rowNorm(const Vector& v) const { return {v.values, hidden, inverseHidden, epsilon}; }
  Norm headNorm(const Vector& v) const { return {v.values, headDim, inverseHeadDim, epsilon}; }
};

/** The row of a token. `out` [hidden] */
INLINE void embed(const Model& m, const Matrix& table, int token, float* out) {
  const Index at = (Index)(token / kPanel) * m.hidden * kPanel + token % kPanel;
  if (table.floats)
    for (int i = 0; i < m.hidden; i++) out[i] = table.floats[at + (Index)i * kPanel];
  else
    for (int i = 0; i < m.hidden; i++) ((uint32_t*)out)[i] = (uint32_t)table.halves[at + (Index)i * kPanel] << 16;
}

/**
 * Neighbouring rows that hold a stretch of text. It attends to itself and to an earlier sequence, its prefix, which
 * several may share: the prompt of a group. Its queries are firstQuery .. firstQuery + queries - 1.
 */
struct Sequence {
  int start, length, prefixStart, prefixLength, firstQuery, queries;
  float* cache;  // where a prompt's keys and values go, or null
  int positions() const { return prefixLength + length; }
};

/** Sequences end to end in the rows of shared matrices. A query is a row whose next token is asked for. */
struct Batch {
  Model model;
  const double* sequences;
  int rows, queries;
  const int *tokens, *targets, *queryRows;  // [rows], [queries], [queries]
  float temperature;
  bool keepsInputs, keepsRest;  // of every layer, for the backward pass
  float *inputs, *rest;         // see Activations
  float *finalRows, *normed, *scale;  // output of the last layer [rows, hidden]; its norm and 1 / rms of the queries
  float *statistics, *logSumExp;      // [5, queries]: logprob, entropy, klUniform, top1, top2; of logits / temperature
  // Backward
  const float *dLogprob, *dEntropy;  // [queries]
  int headShards;
  float* dNormed;    // [headShards, queries, hidden]: each shard's part
  float* dOut;       // [3, rows, hidden]: by the outputs of three neighbouring layers
  float* operands;   // see Operands; of two neighbouring layers
  // What the gradient is made of: pairs of a first row and a count, and queries, both in order.
  const int *activeRuns, *activeQueries;
  int activeRunCount, activeQueryCount;

  explicit Batch(const double* w)
      : model(at<double>(w[0])), sequences(at<double>(w[1])), rows((int)w[2]), queries((int)w[3]),
        tokens(at<int>(w[4])), targets(at<int>(w[5])), queryRows(at<int>(w[6])), temperature((float)w[7]),
        keepsInputs(w[8] != 0), keepsRest(w[9] != 0), inputs(at<float>(w[10])), rest(at<float>(w[11])),
        finalRows(at<float>(w[12])), normed(at<float>(w[13])), scale(at<float>(w[14])), statistics(at<float>(w[15])),
        logSumExp(at<float>(w[16])), dLogprob(at<float>(w[17])), dEntropy(at<float>(w[18])), headShards((int)w[19]),
        dNormed(at<float>(w[20])), dOut(at<float>(w[21])), operands(at<float>(w[22])), activeRuns(at<int>(w[23])),
        activeQueries(at<int>(w[24])), activeRunCount((int)w[25]), activeQueryCount((int)w[26]) {}

  Sequence sequence(int i) const {
    const double* w = sequences + i * 7;
    return {(int)w[0], (int)w[1], (int)w[2], (int)w[3], (int)w[4], (int)w[5], at<float>(w[6])};
  }
  /** Derivatives by the output of layer `l`; by the embedded tokens for -1. */
  float* dOutOf(int l) const { return dOut + (Index)((l + 1) % 3) * rows * model.hidden; }
};

/** Hands out the matrices [rows, width] of a buffer, one after the other. */
struct Carver {
  float* p;
  Index rows;
  float* take(int width) {
    float* start = p;
    p += rows * width;
    return start;
  }
};

/** What the forward pass of a layer leaves behind. [rows, ...] each. */
struct Activations {
  float *in, *qkv, *attended, *middle, *gateUp, *logSumExp, *scale1, *scale2;
  float* plain;  // queries and keys before the norms of heads

  /** Of all but `in`. */
  static int restPerRow(const Model& m) {
    return m.qkvDim() + m.queryDim() + m.hidden + 2 * m.inter + m.heads + 2 + m.normedDim();
  }

  Activations(const Batch& b, int layer) {
    const Model& m = b.model;
    in = b.inputs + (b.keepsInputs ? (Index)layer * b.rows * m.hidden : 0);
    // Two layers' where they are not kept: one layer's gradients are made while another's are made again.
    Carver c = {b.rest + (Index)(b.keepsRest ? layer : layer % 2) * b.rows * restPerRow(m), b.rows};
    qkv = c.take(m.qkvDim());
    attended = c.take(m.queryDim());
    middle = c.take(m.hidden);
    gateUp = c.take(2 * m.inter);
    logSumExp = c.take(m.heads);
    scale1 = c.take(1);
    scale2 = c.take(1);
    plain = c.take(m.normedDim());
  }
};

/** The factors of a layer's weight gradients, besides those that the forward pass kept. [rows, ...] each. */
struct Operands {
  float *norm1, *norm2, *gated, *dMiddle, *dGateUp, *dQkv, *low, *dLow;  // low: A x of all adapters, scaled; its derivative

  static int perRow(const Model& m) { return 3 * m.hidden + 3 * m.inter + m.qkvDim() + 2 * m.adapterWidth; }

  Operands(const Batch& b, int layer) {
    const Model& m = b.model;
    Carver c = {b.operands + (Index)(layer % 2) * b.rows * perRow(m), b.rows};
    norm1 = c.take(m.hidden);
    norm2 = c.take(m.hidden);
    gated = c.take(m.inter);
    dMiddle = c.take(m.hidden);
    dGateUp = c.take(2 * m.inter);
    dQkv = c.take(m.qkvDim());
    low = c.take(m.adapterWidth);
    dLow = c.take(m.adapterWidth);
  }
};

/** Query rows of attention that are worked on together: whole tiles of every build. */
constexpr int kQueryRows = 24;
/** Vocabulary entries and queries whose logits exist at a time in a pass over the head. */
constexpr int kHeadColumns = 256;
constexpr int kHeadRows = 256;
