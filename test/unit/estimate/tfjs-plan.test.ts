/** That a tfjs engine makes the tensors that were planned, in every phase, but for a few of some values. */
import { describe, expect, it } from 'vitest';
import { adapterTargets, fullTraining, type Training } from '../../../src-main/engine/engine.ts';
import { bytesOf, longest, type Phase, type Work } from '../../../src-main/engine/memory.ts';
import { loadTf } from '../../../src-main/engine/tfjs/library.ts';
import { planMemory } from '../../../src-main/engine/tfjs/plan.ts';
import { tfjsWasm } from '../../../src-main/engine/tfjs/wasm.ts';
import type { ModelConfig } from '../../../src-main/model/config.ts';

const model: ModelConfig = {
  ...{ vocabSize: 300, hiddenSize: 32, intermediateSize: 80, layers: 2, heads: 4, kvHeads: 2, headDim: 8 },
  ...{ ropeTheta: 1e4, normEpsilon: 1e-5, maxPositions: 200, qkvBias: false, qkNorm: false, tiedEmbeddings: true },
  ...{ bosTokenId: null, eosTokenId: 1e9 },
};
const other = { ...model, qkvBias: true, tiedEmbeddings: false, kvHeads: 4, vocabSize: 2000, layers: 3 };
const normed = { ...model, qkNorm: true, headDim: 12 };
const adapter = { rank: 3, alpha: 8, targets: adapterTargets, seed: 1 };
const step = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 0.5 };
const sliceTokens = 1024;

const missing = await tfjsWasm.unavailable();

describe.skipIf(missing !== null)(`tfjs-wasm ${missing ?? ''}`, () => {
  it.each<[string, ModelConfig, Training, boolean]>([
    ['all weights', model, fullTraining, false],
    ['all weights with a reference', other, fullTraining, true],
    ['recomputing', model, { ...fullTraining, recompute: true }, true],
    ['all weights, norms of heads among them', normed, fullTraining, true],
    ['an adapter under norms of heads, recomputing', normed, { ...fullTraining, adapter, recompute: true }, false],
    ['an adapter', other, { ...fullTraining, adapter }, false],
    ['an adapter with a reference', model, { ...fullTraining, adapter }, true],
  ])('holds what was planned: %s', async (_, config, training, withReference) => {
    const sequences = { count: 24, groupSize: 4 };
    const work: Work = {
      ...{ promptTokens: 40, responseTokens: 30, generated: [sequences], trained: sequences },
      ...{ scored: withReference ? sequences : null, reference: withReference },
    };
    const engine = await tfjsWasm.create(config, 1, training);
    const most = watchTensors();
    const reference = withReference ? await engine.freeze() : null;
    const batch = longest(sequences, work);
    const seen: Partial<Record<Phase, number>> = {};
    for (let i = 0; i < 2; i++) {
      const note = (phase: Phase) => {
        seen[phase] = Math.max(seen[phase] ?? 0, most.take());
      };
      most.take();
      const sampling = { temperature: 1, topP: 1, topK: 0, maxNewTokens: work.responseTokens, seed: 1 };
      await engine.generate(
        batch.map(({ prompt }) => prompt),
        sampling,
      );
      note('sampling');
      if (reference) {
        await reference.score(batch, 1);
        note('scoring');
      }
      const derivative = { logprob: new Float32Array(work.responseTokens).fill(1e-3) };
      await engine.accumulate({ sequences: batch, temperature: 1 }, (stats) => ({
        loss: 0,
        derivatives: stats.map(() => derivative),
      }));
      await engine.update(step);
      note('updating');
    }
    const { phases } = await planMemory(config, training, work, sliceTokens);
    const planned = Object.fromEntries(
      [...phases].flatMap(([phase, { reserve: _r, copies: _c, cache: _k, ...tensors }]) =>
        phase in seen ? [[phase, bytesOf(tensors)]] : [],
      ),
    );
    most.stop();
    reference?.dispose();
    engine.dispose();
    expect(Object.keys(planned).sort()).toEqual(Object.keys(seen).sort());
    for (const [phase, bytes] of Object.entries(planned))
      expect(Math.abs(bytes - (seen[phase as Phase] ?? 0)), phase).toBeLessThan(1024);
  });
});

/** The most bytes of tensors since it was last asked. tfjs keeps only what there is now. */
function watchTensors(): { take(): number; stop(): void } {
  const { state } = loadTf().engine() as unknown as { state: { numBytes: number } };
  let now = state.numBytes;
  let most = now;
  Object.defineProperty(state, 'numBytes', {
    configurable: true,
    get: () => now,
    set: (value: number) => {
      now = value;
      most = Math.max(most, value);
    },
  });
  return {
    take: () => {
      const taken = most;
      most = now;
      return taken;
    },
    stop: () =>
      void Object.defineProperty(state, 'numBytes', {
        configurable: true,
        writable: true,
        enumerable: true,
        value: now,
      }),
  };
}
