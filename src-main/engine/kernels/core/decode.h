// Sampling: a batch takes waiting responses in, advances all of them token by token with cached keys and values, and
// lets finished ones go at once. What a response becomes does not depend on its neighbours.
#pragma once
#include "layers.h"
#include "sample.h"

struct Response {
  const float* prompt;        // cache, which several may share
  const float* promptHidden;  // finalRows of the prompt's last token
  int promptLength, index;    // index: of its stream of random numbers
};

struct Decoding {
  Model model;
  const double* responses;
  int count;
  int *next, *lengths;  // the first response that waits; tokens of each so far
  int* tokens;          // [count, maxNewTokens]
  float* statistics;    // [count, 5, maxNewTokens]
  int maxNewTokens, topK, eos;
  float temperature;
  double topP;
  uint32_t seedLow, seedHigh;
  int slots;        // of each batch
  int* occupants;   // [batches, slots]: response of a slot, or -1
  float* caches;    // [batches, slots]: keys and values of the response in a slot
  int capacity;     // positions of one

  explicit Decoding(const double* w)
      : model(at<double>(w[0])), responses(at<double>(w[1])), count((int)w[2]), next(at<int>(w[3])),
        lengths(at<int>(w[4])), tokens(at<int>(w[5])), statistics(at<float>(w[6])), maxNewTokens((int)w[7]),
        topK((int)w[8]), eos((int)w[9]), temperature((float)w[10]), topP(w[11]), seedLow((uint32_t)w[12]),
        seedHigh((uint32_t)w[13]), slots((int)w[14]), occupants(at<int>(w[15])), caches(at<float>(w[16])),
        capacity((int)w[17]) {}

  Response response(int i) const {
    const double* w = responses + i * 4;
    return {at<float>(w[0]), at<float>(w[1]), (int)w[2], (int)w[3]};
  }
  float* cache(int batch, int slot) const {
    return caches + ((Index)batch * slots + slot) * model.layers * model.kvHeads * cacheFloats(model, capacity);
  }
};

/** Raw scores q k of `count` positions, in vectors: what lies beyond `count` is undefined. */
INLINE void scoreKeys(const Model& m, float* scores, const float* q, const float* keys, int capacity, int count) {
  int j = 0;
  for (; j + 4 * kLanes <= count; j += 4 * kLanes) {
    Floats a = splat(0), b = a, c = a, d = a;
    for (int i = 0; i < m.headDim; i++) {
      const float* k = keys + (Index)i * capacity + j;
      Floats x = splat(q[i]);
      a = multiplyAdd(x, load(k), a);
      b = multiplyAdd(x, load(k + kLanes), b);
      c = multiplyAdd(x, load(k + 2 * kLanes), c);
      d = multiplyAdd(x, load(k + 3 * kLanes), d);
    }
    store(scores + j, a);
    store(scores + j + kLanes, b);
    store(scores + j + 2 * kLanes, c);
    store(scores + j + 3 * kLanes, d);
  }
  for (; j < count; j += kLanes) {
    Floats a = splat(0);
    for (int i = 0; i < m.headDim; i++) a = multiplyAdd(splat(q[i]), load(keys + (Index)i * capacity + j), a);
    store(scores + j, a);
  }
}

INLINE void addValues(const Model& m, float* out, const float* weights, const float* values, int count) {
  for (int i = 0; i < m.headDim; i += 2 * kLanes) {
    // Two sums each, of even and of odd positions, so that additions need not wait for one another.
    Floats a = load(out + i), b = load(out + i + kLanes), c = splat(0), d = c;
    const float* v = values + i;
    int t = 0;
    for (; t + 2 <= count; t += 2, v += 2 * m.headDim) {
      Floats x = splat(weights[t]), y = splat(weights[t + 1]);
      a = multiplyAdd(x, load(v), a);
      b = multiplyAdd(x, load(v + kLanes), b);
      c = multiplyAdd(y, load(v + m.headDim), c);
      d = multiplyAdd(y, load(v + m.headDim + kLanes), d);
    }
    if (t < count) {
      Floats x = splat(weights[t]);
      a = multiplyAdd(x, load(v), a);
      b = multiplyAdd(x, load(v + kLanes), b);
    }
    store(out + i, a + c);
    store(out + i + kLanes, b + d);
  }
}

/** Attention of one new token, whose keys and values are in the cache already, over prompt and `count` own tokens. */
static void attendCached(const Model& m, const Response& r, const float* own, int capacity, int count, int layer,
                         const float* qkv, float* out, float* scores) {
  const int promptCapacity = cacheCapacity(r.promptLength);
  for (int head = 0; head < m.heads; head++) {
    const int at = layer * m.kvHeads + head / (m.heads / m.kvHeads);
    const float* promptKeys = r.prompt + (Index)at * cacheFloats(m, promptCapacity);
    const float* ownKeys = own + (Index)at * cacheFloats(m, capacity);
    const float* q = qkv + head * m.headDim;
    float* ownScores = scores + promptCapacity;
    scoreKeys(m, scores, q, promptKeys, promptCapacity, r.promptLength);
    for (int j = r.promptLength; j < promptCapacity; j++) scores[j] = -1e30f;
    scoreKeys(m, ownScores, q, ownKeys, capacity, count);
    const int seen = promptCapacity + count;
    causalSoftmax(scores, seen, roundUp(seen, kLanes), m.attentionScale);
    float* to = out + head * m.headDim;
    zero(to, m.headDim);
    addValues(m, to, scores, promptKeys + (Index)m.headDim * promptCapacity, r.promptLength);
    addValues(m, to, ownScores, ownKeys + (Index)m.headDim * capacity, count);
  }
}

/** Rows whose logits, over the whole vocabulary, exist at a time. */
INLINE int drawnRows(const Model& m) { return larger(16, smaller(64, (1 << 20) / m.paddedVocab)); }

/** Floats of scratch that `decode` needs, for prompts and responses of at most `positions` tokens together. */
INLINE Index decodeFloats(const Model& m, int slots, int positions) {
  Index perRow = 3 * m.hidden + m.qkvDim() + m.queryDim() + 3 * m.inter + m.adapterWidth + 2;
  return slots * perRow + roundUp(positions, kPanel) + 64 + (Index)(drawnRows(m) + 2) * m.paddedVocab + kProductFloats + 256;
}

/** Advance a batch by at most `steps` tokens. */
static void decode(const Decoding& g, int batch, int steps, float* scratch) {
  const Model& m = g.model;
  const Matrix embedding = m.embedding(), headMatrix = m.head();
  const Norm finalNorm = m.rowNorm(m.finalNorm());
  const float inverse = 1.f / g.temperature;
  int* occupants = g.occupants + batch * g.slots;
  auto take = [&](Index floats) {
    float* start = scratch;
    scratch += roundUp((int)floats, 16);
    return start;
  };
  const Index n = g.slots;
  float *x = take(n * m.hidden), *norm = take(n * m.hidden), *middle = take(n * m.hidden);
  float *qkv = take(n * m.qkvDim()), *attended = take(n * m.queryDim());
  float *gateUp = take(n * 2 * m.inter), *gated = take(n * m.inter), *low = take(n * m.adapterWidth);
  float* logits = take((Index)drawnRows(m) * m.paddedVocab);
  float* e = take(m.paddedVocab);
  int *heap = (int*)take(m.paddedVocab), *order = (int*)take(n);
  float *product = take(kProductFloats), *scores = scratch;

  zero(e, m.paddedVocab);

  for (int step = 0; step < steps; step++) {
    for (int slot = 0; slot < g.slots; slot++)
      if (occupants[slot] < 0 && *g.next < g.count) {
        const int taken = __atomic_fetch_add(g.next, 1, __ATOMIC_SEQ_CST);
        if (taken < g.count) occupants[slot] = taken;
      }
    // Those that have tokens first; new ones start from what the prompt's last token became.
    int rows = 0, running = 0;
    for (int pass = 0; pass < 2; pass++) {
      for (int slot = 0; slot < g.slots; slot++)
        if (occupants[slot] >= 0 && (g.lengths[occupants[slot]] > 0) == (pass == 0)) order[rows++] = slot;
      if (pass == 0) running = rows;
    }
    if (rows == 0) return;
    for (int r = 0; r < rows; r++) {
      const int i = occupants[order[r]], length = g.lengths[i];
      if (length > 0) embed(m, embedding, g.tokens[(Index)i * g.maxNewTokens + length - 1], x + (Index)r * m.hidden);
      else copy(x + (Index)r * m.hidden, g.response(i).promptHidden, m.hidden);
    }
    for (int l = 0; l < m.layers && running > 0; l++) {
      const Layer layer = m.layer(l);
      for (int r = 0; r < running; r++)
        normalise(m.rowNorm(layer.norm1), norm + (Index)r * m.hidden, x + (Index)r * m.hidden);
      apply<false>(m, layer.qkv, running, norm, qkv, low, product);
      for (int r = 0; r < running; r++) {
        const int i = occupants[order[r]], length = g.lengths[i];
        const Response response = g.response(i);
        float *row = qkv + (Index)r * m.qkvDim(), *own = g.cache(batch, order[r]);
        finishQkv(m, layer, row, nullptr, response.promptLength + length - 1);
        remember(m, own, g.capacity, l, length - 1, row);
        attendCached(m, response, own, g.capacity, length, l, row, attended + (Index)r * m.queryDim(), scores);
      }
      copy(middle, x, (Index)running * m.hidden);
      apply<true>(m, layer.out, running, attended, middle, low, product);
      for (int r = 0; r < running; r++)
        normalise(m.rowNorm(layer.norm2), norm + (Index)r * m.hidden, middle + (Index)r * m.hidden);
      apply<false>(m, layer.gateUp, running, norm, gateUp, low, product);
      for (int r = 0; r < running; r++) swiglu(m, gated + (Index)r * m.inter, gateUp + (Index)r * 2 * m.inter);
      copy(x, middle, (Index)running * m.hidden);
      apply<true>(m, layer.down, running, gated, x, low, product);
    }
    const int block = drawnRows(m);
    for (int from = 0; from < rows; from += block) {
      const int count = smaller(block, rows - from);
      for (int r = 0; r < count; r++) normalise(finalNorm, norm + (Index)r * m.hidden, x + (Index)(from + r) * m.hidden);
      multiplyForward<false>(headMatrix, count, norm, m.hidden, 0, m.paddedVocab, logits, m.paddedVocab, product);
      for (int r = 0; r < count; r++) {
        const int slot = order[from + r], i = occupants[slot], length = g.lengths[i];
        const float* row = logits + (Index)r * m.paddedVocab;
        Softmax softmax = emptySoftmax();
        observe(softmax, row, m.vocab, inverse, e);
        const double uniform = uniformOf(g.seedLow, g.seedHigh, (uint32_t)g.response(i).index, (uint32_t)length);
        const int token = draw(m, e, softmax.sum, g.topK, g.topP, uniform, heap);
        describe(m, softmax, row[token], inverse, g.statistics + (Index)i * 5 * g.maxNewTokens + length, g.maxNewTokens);
        g.tokens[(Index)i * g.maxNewTokens + length] = token;
        g.lengths[i] = length + 1;
        if (token == g.eos || length + 1 == g.maxNewTokens) occupants[slot] = -1;
      }
    }
  }
}
