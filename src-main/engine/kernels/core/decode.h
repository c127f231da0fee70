// One sampling step of a set of sequences: the decoder on their last tokens with cached keys and values, then a draw.
#pragma once
#include "layers.h"

/** A response that is being generated. The prompt's cache may be shared by several. */
struct Response {
  double uniform;             // in [0, 1): this step's draw
  const float* prompt;        // cache
  const float* promptHidden;  // finalRows of the prompt's last token
  float* own;                 // cache of the response's tokens
  float* statistics;          // [5, maxNewTokens]
  int* tokens;                // [maxNewTokens]
  int promptLength, ownCapacity, count;
};

struct Decoding {
  const Model* model;
  Response* responses;
  const int* active;  // indices of the responses that go on
  int maxNewTokens, topK;
  float temperature;
  double topP;
};

/** Raw scores q k of `count` positions, in fours: what lies beyond `count` is undefined. */
INLINE void scoreKeys(const Model& m, float* scores, const float* q, const float* keys, int capacity, int count) {
  int j = 0;
  for (; j + 4 * kLanes <= count; j += 4 * kLanes) {
    Float4 a = splat(0), b = a, c = a, d = a;
    for (int i = 0; i < m.headDim; i++) {
      const float* k = keys + i * capacity + j;
      Float4 x = splat(q[i]);
      a += x * load(k);
      b += x * load(k + kLanes);
      c += x * load(k + 2 * kLanes);
      d += x * load(k + 3 * kLanes);
    }
    store(scores + j, a);
    store(scores + j + kLanes, b);
    store(scores + j + 2 * kLanes, c);
    store(scores + j + 3 * kLanes, d);
  }
  for (; j < count; j += kLanes) {
    Float4 a = splat(0);
    for (int i = 0; i < m.headDim; i++) a += splat(q[i]) * load(keys + i * capacity + j);
    store(scores + j, a);
  }
}

INLINE void addValues(const Model& m, float* out, const float* weights, const float* values, int count) {
  for (int i = 0; i < m.headDim; i += 2 * kLanes) {
    Float4 a = load(out + i), b = load(out + i + kLanes);
    for (int t = 0; t < count; t++) {
      Float4 x = splat(weights[t]);
      a += x * load(values + t * m.headDim + i);
      b += x * load(values + t * m.headDim + i + kLanes);
    }
    store(out + i, a);
    store(out + i + kLanes, b);
  }
}

/** Attention of one new token, whose keys and values are in the cache already, over prompt and response. */
static void attendCached(const Model& m, const Response& r, int layer, const float* qkv, float* out, float* scores) {
  const int promptCapacity = roundUp(r.promptLength, kLanes), ownCount = r.count;
  for (int head = 0; head < m.heads; head++) {
    const int at = layer * m.kvHeads + head / (m.heads / m.kvHeads);
    const float* promptKeys = r.prompt + (long)at * cacheFloats(m, promptCapacity);
    const float* ownKeys = r.own + (long)at * cacheFloats(m, r.ownCapacity);
    const float* q = qkv + head * m.headDim;
    float* ownScores = scores + promptCapacity;
    scoreKeys(m, scores, q, promptKeys, promptCapacity, r.promptLength);
    for (int j = r.promptLength; j < promptCapacity; j++) scores[j] = -1e30f;
    scoreKeys(m, ownScores, q, ownKeys, r.ownCapacity, ownCount);
    const int count = promptCapacity + ownCount;
    causalSoftmax(scores, count, roundUp(count, kLanes), m.attentionScale);
    float* to = out + head * m.headDim;
    zero(to, m.headDim);
    addValues(m, to, scores, promptKeys + m.headDim * promptCapacity, r.promptLength);
    addValues(m, to, ownScores, ownKeys + m.headDim * r.ownCapacity, ownCount);
  }
}

/** Whether token a comes before b: more likely, or as likely with the lower id. */
INLINE bool precedes(const float* e, int a, int b) { return e[a] > e[b] || (e[a] == e[b] && a < b); }

/** Restore a heap, the first token on top, after its element `i` changed. */
static void siftDown(const float* e, int* heap, int size, int i) {
  int moving = heap[i];
  for (;;) {
    int child = 2 * i + 1;
    if (child >= size) break;
    if (child + 1 < size && precedes(e, heap[child + 1], heap[child])) child++;
    if (!precedes(e, heap[child], moving)) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = moving;
}

/** The last token, in order of likelihood, that top-k and then top-p keep. `heap` holds vocab ids. */
static int lastKept(const Model& m, const float* e, double sum, int topK, double topP, int* heap) {
  const bool cutsK = topK > 0 && topK < m.vocab;
  // Tokens this unlikely together weigh less than 1 - topP and cannot be in the nucleus.
  const float floor = cutsK ? 0 : (float)((1 - topP) / m.vocab * sum * 0.999);
  int size = 0;
  for (int v = 0; v < m.vocab; v++)
    if (e[v] >= floor) heap[size++] = v;
  for (int i = size / 2 - 1; i >= 0; i--) siftDown(e, heap, size, i);
  // Popped tokens gather behind the shrinking heap.
  auto pop = [&] {
    int top = heap[0];
    heap[0] = heap[--size];
    heap[size] = top;
    siftDown(e, heap, size, 0);
    return top;
  };
  double total = sum;
  int count = size;
  if (cutsK) {
    const int kept = smaller(topK, size);
    total = 0;
    int last = 0;
    for (int i = 0; i < kept; i++) total += e[last = pop()];
    if (topP >= 1) return last;
    double mass = 0;
    for (int i = 0; i < kept; i++) {
      last = heap[count - 1 - i];
      mass += e[last];
      if (mass >= topP * total) break;
    }
    return last;
  }
  int last = 0;
  double mass = 0;
  for (int i = 0; i < count; i++) {
    mass += e[last = pop()];
    if (mass >= topP * total) break;
  }
  return last;
}

/** Draw by inverse transform: kept tokens are walked by id until their mass exceeds `uniform` times the kept mass. */
static int draw(const Model& m, const float* e, double sum, int topK, double topP, double uniform, int* heap) {
  const bool cuts = topP < 1 || (topK > 0 && topK < m.vocab);
  const int last = cuts ? lastKept(m, e, sum, topK, topP, heap) : 0;
  auto keeps = [&](int v) { return e[v] > 0 && (!cuts || v == last || precedes(e, v, last)); };
  double total = 0;
  for (int v = 0; v < m.vocab; v++)
    if (keeps(v)) total += e[v];
  const double threshold = uniform * total;
  double mass = 0;
  int drawn = 0;
  for (int v = 0; v < m.vocab; v++) {
    if (!keeps(v)) continue;
    drawn = v;
    mass += e[v];
    if (mass > threshold) break;
  }
  return drawn;
}

/** Floats of scratch that `decode` needs for `rows` responses of at most `positions` tokens with their prompts. */
INLINE int decodeFloats(const Model& m, int rows, int positions) {
  int perRow = 3 * m.hidden + m.qkvDim() + m.queryDim() + 3 * m.inter + 1;
  return rows * perRow + roundUp(positions, kLanes) + 3 * kLanes + (headRows(m) + 2) * m.paddedVocab;
}

/** The next token of the active responses first .. end - 1. */
static void decode(const Decoding& g, int first, int end, float* scratch) {
  const Model& m = *g.model;
  const int rows = end - first;
  auto take = [&](long floats) {
    float* start = scratch;
    scratch += floats;
    return start;
  };
  float *x = take((long)rows * m.hidden), *norm = take((long)rows * m.hidden), *middle = take((long)rows * m.hidden);
  float *qkv = take((long)rows * m.qkvDim()), *attended = take((long)rows * m.queryDim());
  float *gateUp = take((long)rows * 2 * m.inter), *gated = take((long)rows * m.inter), *scale = take(rows);
  float* logits = take((long)headRows(m) * m.paddedVocab);
  float* e = take(m.paddedVocab);
  int* heap = (int*)take(m.paddedVocab);
  float* scores = scratch;
  auto response = [&](int row) -> Response& { return g.responses[g.active[first + row]]; };

  // All active responses have equally many tokens: none before the first step.
  const bool afterPrompt = response(0).count == 0;
  for (int r = 0; r < rows; r++) {
    const Response& s = response(r);
    const float* from = m.weights + m.embedding;
    copy(x + r * m.hidden, afterPrompt ? s.promptHidden : from + (long)s.tokens[s.count - 1] * m.hidden, m.hidden);
  }
  for (int l = 0; l < m.layers && !afterPrompt; l++) {
    const float *w = m.weights + m.layer(l), *pack = m.forwardPack + m.layer(l);
    for (int r = 0; r < rows; r++) normalise(m, norm + r * m.hidden, scale, x + r * m.hidden, w + m.norm1);
    gemm<false>(rows, m.qkvDim(), m.hidden, norm, m.hidden, 1, pack + m.qkv, m.hidden, qkv, m.qkvDim());
    for (int r = 0; r < rows; r++) {
      const Response& s = response(r);
      float* row = qkv + (long)r * m.qkvDim();
      finishQkv(m, l, row, s.promptLength + s.count - 1);
      remember(m, s.own, s.ownCapacity, l, s.count - 1, row);
      attendCached(m, s, l, row, attended + (long)r * m.queryDim(), scores);
    }
    copy(middle, x, rows * m.hidden);
    gemm<true>(rows, m.hidden, m.queryDim(), attended, m.queryDim(), 1, pack + m.out, m.queryDim(), middle, m.hidden);
    feedForward(m, l, rows, middle, norm, scale, gateUp, gated, x);
  }

  const int block = headRows(m);
  for (int from = 0; from < rows; from += block) {
    int count = smaller(block, rows - from);
    for (int r = 0; r < count; r++)
      normalise(m, norm + r * m.hidden, scale, x + (from + r) * m.hidden, m.weights + m.finalNorm);
    project(m, logits, norm, count);
    for (int r = 0; r < count; r++) {
      Response& s = response(from + r);
      const float* row = logits + (long)r * m.paddedVocab;
      Softmax softmax = exponentiate(m, e, row, g.temperature);
      int token = draw(m, e, softmax.sum, g.topK, g.topP, s.uniform, heap);
      describe(m, softmax, row[token], g.temperature, s.statistics + s.count, g.maxNewTokens);
      s.tokens[s.count++] = token;
    }
  }
}
