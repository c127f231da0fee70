// The fused CPU core: every task that a thread may be given, and the loop that takes tasks from a shared queue. No libc,
// no allocation. Built by resources/kernels/build.mjs.
#include "decode.h"
#include "weights.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

/** tasks.ts knows these numbers and the order of each task's words. */
enum Operation {
  kForward = 1,
  kHeadBackward,
  kBackward,
  kWeightGradient,
  kVectorGradients,
  kEmbeddingGradient,
  kPackForward,
  kPackBackward,
  kSquares,
  kAdamW,
  kDecode,
};

constexpr int kTaskWords = 16;

struct Queue {
  int left, done;   // tasks not yet taken, tasks finished
  int epoch, stop;  // for the sleeping workers; see worker.mjs
  const int (*tasks)[kTaskWords];
  float* scratch;     // of all threads
  int scratchFloats;  // of one
};

template <class T>
static T* at(int address) {
  return (T*)(uintptr_t)(uint32_t)address;
}

INLINE float asFloat(int word) {
  float x;
  __builtin_memcpy(&x, &word, 4);
  return x;
}

static void perform(const int* t, float* scratch) {
  switch (t[0]) {
    case kForward: return forward(*at<Batch>(t[1]), t[2], t[3], scratch);
    case kHeadBackward: return headBackward(*at<Batch>(t[1]), t[2], t[3], at<float>(t[4]));
    case kBackward: return backward(*at<Batch>(t[1]), t[2], t[3], at<float>(t[4]), scratch);
    case kWeightGradient:
      return weightGradient(at<float>(t[1]), t[2], t[3], at<float>(t[4]), t[5], at<float>(t[6]), at<Run>(t[7]), t[8],
                            scratch);
    case kVectorGradients: return addVectorGradients(*at<Model>(t[1]), at<float>(t[2]), t[3]);
    case kEmbeddingGradient: return embeddingGradient(*at<Batch>(t[1]), at<Run>(t[2]), t[3], t[4], t[5]);
    case kPackForward: return packForward(at<float>(t[1]), at<float>(t[2]), t[3], t[4], t[5]);
    case kPackBackward: return packBackward(at<float>(t[1]), at<float>(t[2]), t[3], t[4], t[5], t[6]);
    case kSquares: *at<double>(t[1]) = squaresOf(at<float>(t[2]), t[3]); return;
    case kAdamW:
      return adamw(*at<AdamW>(t[1]), asFloat(t[2]), at<float>(t[3]), at<float>(t[4]), at<float>(t[5]), at<float>(t[6]),
                   t[7]);
    case kDecode: return decode(*at<Decoding>(t[1]), t[2], t[3], scratch);
  }
  __builtin_trap();
}

/** Perform tasks until none is left. Whoever takes them, each writes only outputs of its own. */
EXPORT(work) void work(Queue* queue, int thread) {
  for (;;) {
    // One word holds both the count and the next task: a late worker can take a task of the next job, never a stale one.
    int left = __atomic_fetch_sub(&queue->left, 1, __ATOMIC_SEQ_CST);
    if (left <= 0) return;
    perform(queue->tasks[left - 1], queue->scratch + (long)thread * queue->scratchFloats);
    __atomic_fetch_add(&queue->done, 1, __ATOMIC_SEQ_CST);
  }
}

/** Scratch of one thread in floats, for tasks of at most `rows` rows and sequences of at most `longest`. */
EXPORT(scratchFloats) int scratchFloats(const Model* model, int rows, int longest, int gradientOuts) {
  const Model& m = *model;
  int widest = m.inter > m.hidden ? m.inter : m.hidden;
  if (m.queryDim() > widest) widest = m.queryDim();
  const int needs[] = {forwardFloats(m, longest), backwardFloats(m, rows, longest),
                       weightGradientFloats(gradientOuts, widest), decodeFloats(m, rows, longest)};
  int most = 0;
  for (int need : needs)
    if (need > most) most = need;
  return roundUp(most, 16);
}

EXPORT(activationFloats) int activationFloats(const Model* model) { return Activations::perRow(*model); }
EXPORT(derivativeFloats) int derivativeFloats(const Model* model) { return Derivatives::perRow(*model); }
EXPORT(vectorFloats) int vectorFloats(const Model* model) { return vectorGradientFloats(*model); }
EXPORT(cacheFloats) int cacheFloatsPerPosition(const Model* model) { return 2 * model->layers * model->keyDim(); }

/** c[M, N] = a[M, K] b[K, N], for tests; `panels` has room for b. N and K multiples of 8. */
EXPORT(multiply) void multiply(int M, int N, int K, const float* a, const float* b, float* panels, float* c) {
  packRows(panels, b, N, K, N);
  gemm<false>(M, N, K, a, K, 1, panels, K, c, N);
}
