// Drawing a token: a counter-based generator, and inverse transform sampling with top-k and top-p.
#pragma once
#include "model.h"

/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the four words of `counter`
 * become random ones, decided by them and the key alone.
 */
INLINE void philox(uint32_t counter[4], uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; round++, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u) {
    uint64_t a = (uint64_t)0xD2511F53u * counter[0], b = (uint64_t)0xCD9E8D57u * counter[2];
    uint32_t second = (uint32_t)b, fourth = (uint32_t)a;
    counter[0] = (uint32_t)(b >> 32) ^ counter[1] ^ key0;
    counter[2] = (uint32_t)(a >> 32) ^ counter[3] ^ key1;
    counter[1] = second;
    counter[3] = fourth;
  }
}

/** Uniform in [0, 1), 53 bits, for token `position` of sequence `index`. */
INLINE double uniformOf(uint32_t seedLow, uint32_t seedHigh, uint32_t index, uint32_t position) {
  uint32_t words[4] = {position, index, 0, 0};
  philox(words, seedLow, seedHigh);
  return ((double)(words[0] >> 5) * 67108864. + (double)(words[1] >> 6)) / 9007199254740992.;
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
  const int count = size;
  int last = 0;
  double mass = 0;
  if (cutsK) {
    const int kept = smaller(topK, size);
    total = 0;
    for (int i = 0; i < kept; i++) total += e[last = pop()];
    if (topP >= 1) return last;
    for (int i = 0; i < kept; i++) {
      last = heap[count - 1 - i];
      mass += e[last];
      if (mass >= topP * total) break;
    }
    return last;
  }
  for (int i = 0; i < count; i++) {
    mass += e[last = pop()];
    if (mass >= topP * total) break;
  }
  return last;
}

/** Entries whose mass is summed at a time. */
constexpr int kDrawStretch = 64;

/** Draw by inverse transform: tokens are walked by id until their mass exceeds `uniform` times the whole. */
static int drawAny(const Model& m, const float* e, double uniform) {
  // Padding weighs nothing, so whole stretches may be summed.
  auto massOf = [&](int from) {
    const int to = smaller(from + kDrawStretch, m.paddedVocab);
    Floats mass = splat(0);
    for (int v = from; v < to; v += kLanes) mass += load(e + v);
    return (double)sumOf(mass);
  };
  double total = 0;
  for (int v = 0; v < m.paddedVocab; v += kDrawStretch) total += massOf(v);
  const double threshold = uniform * total;
  double before = 0;
  int drawn = 0;
  for (int from = 0; from < m.paddedVocab; from += kDrawStretch) {
    const double mass = massOf(from);
    const bool here = before + mass > threshold;
    if (here || mass > 0) {
      double reached = before;
      for (int v = from; v < smaller(from + kDrawStretch, m.vocab); v++) {
        if (!(e[v] > 0)) continue;
        drawn = v;
        reached += e[v];
        if (here && reached > threshold) break;
      }
    }
    if (here) break;
    before += mass;
  }
  return drawn;
}

/** The same among the tokens that top-k and top-p keep. `heap` is scratch for vocab ids. */
static int draw(const Model& m, const float* e, double sum, int topK, double topP, double uniform, int* heap) {
  if (!(topP < 1 || (topK > 0 && topK < m.vocab))) return drawAny(m, e, uniform);
  const int last = lastKept(m, e, sum, topK, topP, heap);
  auto keeps = [&](int v) { return e[v] > 0 && (v == last || precedes(e, v, last)); };
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
