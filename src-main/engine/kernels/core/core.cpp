// The fused CPU core: every task that a thread may be given, and the loop that takes tasks from a shared queue. No libc,
// no allocation: the host owns the arena that all addresses point into. resources/kernels/build.mjs compiles it to
// WebAssembly, and once for each level of a processor.
#include "decode.h"
#include "weights.h"

#if defined(__wasm__)
#define EXPORT(type, name) extern "C" __attribute__((export_name(#name))) type name
#else
#if defined(_WIN32)
#define VISIBLE __declspec(dllexport)
#else
#define VISIBLE __attribute__((visibility("default")))
#endif
// One library holds several builds, told apart by their level.
#define JOIN(a, b) a##_##b
#define LEVEL_NAME(level, name) JOIN(level, name)
#define EXPORT(type, name) extern "C" VISIBLE type LEVEL_NAME(LEVEL, name)
#endif

/** tasks.ts knows these numbers and the order of each task's words. */
enum Operation {
  kForward = 1,
  kHeadBackward,
  kBackwardLayer,
  kWeightGradient,
  kAdapterGradient,
  kVectorGradients,
  kEmbeddingGradient,
  kSquares,
  kAdamW,
  kDecode,
};

constexpr int kTaskWords = 8;

struct Queue {
  int left, done;   // tasks not yet taken, tasks finished
  int epoch, stop;  // for the sleeping workers; see worker.mjs
  double tasks, scratch, scratchFloats;  // addresses; floats of one thread
};

static void perform(const double* t, float* scratch) {
  auto word = [&](int i) { return (int)t[i]; };
  auto batch = [&] { return Batch(at<double>(t[1])); };
  switch ((int)t[0]) {
    case kForward: return forward(batch(), word(2), word(3), scratch);
    case kHeadBackward: return headBackward(batch(), word(2), scratch);
    case kBackwardLayer: return backwardLayer(batch(), word(2), word(3), word(4), at<float>(t[5]), scratch);
    case kWeightGradient: return weightGradient(batch(), word(2), word(3), word(4), word(5), scratch);
    case kAdapterGradient: return adapterGradient(batch(), word(2), word(3), word(4), scratch);
    case kVectorGradients: return addVectorGradients(Model(at<double>(t[1])), at<float>(t[2]), word(3));
    case kEmbeddingGradient: return embeddingGradient(batch(), word(2), word(3));
    case kSquares: *at<double>(t[1]) = squaresOf(at<float>(t[2]), (Index)t[3]); return;
    case kAdamW:
      return adamw(AdamW(at<double>(t[1])), (float)t[2], at<float>(t[3]), at<float>(t[4]), at<float>(t[5]),
                   at<float>(t[6]), (Index)t[7]);
    case kDecode: return decode(Decoding(at<double>(t[1])), word(2), word(3), scratch);
  }
  __builtin_trap();
}

INLINE void enter(double base) {
#if defined(__wasm__)
  (void)base;
#else
  arena = (uintptr_t)base;
#endif
}

/** Perform tasks until none is left. Whoever takes them, each writes only outputs of its own. */
EXPORT(void, work)(double base, double queueAt, int thread) {
  enter(base);
  Queue* queue = at<Queue>(queueAt);
  for (;;) {
    // One word holds both the count and the next task: a late worker can take a task of the next job, never a stale one.
    int left = __atomic_fetch_sub(&queue->left, 1, __ATOMIC_SEQ_CST);
    if (left <= 0) return;
    perform(at<double>(queue->tasks) + (Index)(left - 1) * kTaskWords,
            at<float>(queue->scratch) + (Index)(thread * queue->scratchFloats));
    __atomic_fetch_add(&queue->done, 1, __ATOMIC_SEQ_CST);
  }
}

/** Scratch of one thread in floats, for tasks of at most `rows` rows, sequences of at most `positions`, and `slots`. */
EXPORT(double, scratchFloats)(double base, double model, int rows, int positions, int slots) {
  enter(base);
  const Model m(at<double>(model));
  const Index needs[] = {layerFloats(m, rows, positions), backwardFloats(m, rows, positions), kDescribeFloats,
                        kHeadBackwardFloats,             kGradientFloats,                    decodeFloats(m, slots, positions)};
  Index most = 0;
  for (Index need : needs)
    if (need > most) most = need;
  return (double)((most + 63) / 64 * 64);
}

/** Floats of a row's activations and of its operands, of one task's small gradients, and of a cache's position. */
EXPORT(void, measure)(double base, double model, double out) {
  enter(base);
  const Model m(at<double>(model));
  double* floats = at<double>(out);
  floats[0] = Activations::restPerRow(m);
  floats[1] = Operands::perRow(m);
  floats[2] = (double)vectorGradientFloats(m);
  floats[3] = 2. * m.layers * m.keyDim();
}

/** Columns of a panel. */
EXPORT(int, panel)() { return kPanel; }

/** c[M, N] = a[M, K] b[K, N] `times` over, for tests and for measuring the machine. `panels` has room for b; N whole panels. */
EXPORT(void, product)(double base, int M, int N, int K, double a, double b, double panels, double c, int times) {
  enter(base);
  packRows(at<float>(panels), at<float>(b), N, K, N);
  for (int i = 0; i < times; i++) gemm<false>(M, N, K, at<float>(a), K, 1, at<float>(panels), K, at<float>(c), N);
}

/** The four words of `counter` become random ones; for tests. */
EXPORT(void, random)(double base, double counter, int key0, int key1) {
  enter(base);
  philox(at<uint32_t>(counter), (uint32_t)key0, (uint32_t)key1);
}
