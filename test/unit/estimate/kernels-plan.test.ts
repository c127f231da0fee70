/** That the kernels take exactly the memory that was worked out for them, block by block. */
import { describe, expect, it } from 'vitest';
import { adapterTargets, fullTraining, type ReferencePolicy, type Training } from '../../../src-main/engine/engine.ts';
import type { KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import type { Machine } from '../../../src-main/engine/kernels/machine.ts';
import { planMemory } from '../../../src-main/engine/kernels/plan.ts';
import { longest, type Work } from '../../../src-main/engine/memory.ts';
import { modelLimits } from '../../../src-main/model/config.ts';
import { linear } from '../../conformance/fixtures.ts';
import { describeBuilds, engineOf, even, odd, step, using } from '../engine/kernels-fixtures.ts';

const machineOf = (engine: KernelsEngine) => (engine as unknown as { machine: Machine }).machine;

/** Two steps as the training loop makes them. */
async function steps(engine: KernelsEngine, work: Work, reference: ReferencePolicy | null): Promise<void> {
  // No token ends a response: every one gets as long as it may.
  const sampling = { temperature: 1, topP: 1, topK: 0, maxNewTokens: work.responseTokens, seed: 1 };
  for (let i = 0; i < 2; i++) {
    for (const sequences of work.generated)
      await engine.generate(
        longest(sequences, work).map(({ prompt }) => prompt),
        sampling,
      );
    if (work.scored) await (reference ?? engine).score(longest(work.scored, work), 1);
    const batch = work.trained ? longest(work.trained, work) : [];
    const derivatives = batch.map(({ response }) => ({ logprob: new Float32Array(response.length).fill(1e-3) }));
    await engine.accumulate({ sequences: batch, temperature: 1 }, linear(derivatives));
    await engine.update(step);
  }
}

const adapter = { rank: 5, alpha: 8, targets: adapterTargets, seed: 1 };
const trainings: readonly [string, Training][] = [
  ['all weights', fullTraining],
  ['all weights, recomputing', { ...fullTraining, recompute: true }],
  ['an adapter', { ...fullTraining, adapter }],
  ['an adapter on bfloat16', { adapter, recompute: true, frozenPrecision: 'bfloat16' }],
];

describeBuilds((options) => {
  describe.each(trainings)('with %s', (_, training) => {
    it.each<[string, typeof odd, number, Work]>([
      [
        'small and odd',
        { ...odd, eosTokenId: 1e9 },
        1,
        {
          ...{ promptTokens: 5, responseTokens: 7, reference: true, scored: { count: 6, groupSize: 3 } },
          generated: [{ count: 6, groupSize: 3 }],
          trained: { count: 6, groupSize: 3 },
        },
      ],
      [
        'norms of heads',
        { ...odd, qkvBias: false, qkNorm: true, eosTokenId: 1e9 },
        2,
        {
          ...{ promptTokens: 9, responseTokens: 12, reference: false, scored: { count: 8, groupSize: 4 } },
          generated: [{ count: 8, groupSize: 4 }],
          trained: { count: 8, groupSize: 4 },
        },
      ],
      [
        'many slices, two threads',
        { ...even, vocabSize: 5000, layers: 3, maxPositions: 400, eosTokenId: 1e9 },
        2,
        {
          ...{ promptTokens: 37, responseTokens: 90, reference: false, scored: null },
          generated: [
            { count: 40, groupSize: 4 },
            { count: 24, groupSize: 2 },
          ],
          trained: { count: 40, groupSize: 4 },
        },
      ],
    ])('%s: as planned to the byte', (_name, config, threads, work) =>
      using(engineOf(config, { ...options, threads }, training), async (engine) => {
        const reference = work.reference ? await engine.freeze() : null;
        await steps(engine, work, reference);
        // The start of the arena differs between the builds of WebAssembly; the plan is for the one that is used.
        const plan = planMemory(options.kind, config, training, work, threads);
        const saved = plan.phases.get('saving');
        const held = Object.entries(saved ?? {}).reduce((sum, [part, n]) => sum + (part === 'copies' ? 0 : n), 0);
        expect(plan.limit?.bytes).toBe(machineOf(engine).mostBytes);
        expect(held).toBe(plan.limit?.bytes);
        expect(held - (saved?.reserve ?? 0)).toBe(machineOf(engine).bytes);
        reference?.dispose();
      }),
    );
  });
});

describe('a policy as large as a configuration may ask for', () => {
  it('is planned in a moment, in little memory', () => {
    const { vocabSize, hiddenSize, intermediateSize, layers, heads, headDim, maxPositions } = modelLimits;
    const sizes = { vocabSize, hiddenSize, intermediateSize, layers, heads, headDim, maxPositions };
    const config = { ...odd, ...sizes, kvHeads: heads, qkvBias: false, qkNorm: true, tiedEmbeddings: true };
    const sequences = { count: 8, groupSize: 4 };
    const work: Work = {
      ...{ promptTokens: 16, responseTokens: 16, reference: false, scored: null },
      ...{ generated: [sequences], trained: sequences },
    };
    const before = process.memoryUsage().rss;
    const { phases } = planMemory('wasm', config, fullTraining, work, 2);
    expect(process.memoryUsage().rss - before).toBeLessThan(600e6);
    // Per layer q, k, v and o of 2^22 by 2^16, and three matrices of 2^18 by 2^16; the embedding; vectors beside them.
    const matrices = 1000 * (4 * 2 ** 38 + 3 * 2 ** 34) + 2 ** 37;
    expect((phases.get('loading')?.weights ?? 0) / (4 * matrices)).toBeCloseTo(1, 5);
  });
});
