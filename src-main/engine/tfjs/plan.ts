/**
 * What a tfjs engine will hold: its own transformer, optimizer and slices, run on shapes. Exact, but for a few hundred
 * bytes, for the tensors of backends whose memory lies in this process; those of a GPU make more on the way.
 */
import { type Adapter, adapterShapes } from '../../model/adapter.ts';
import type { ModelConfig } from '../../model/config.ts';
import { largestPart } from '../../model/stored-tensor.ts';
import { type Weights, weightShapes } from '../../model/weights.ts';
import type { Training } from '../engine.ts';
import { type Holding, Ledger, longest, type MemoryPlan, type Sequences, type Work } from '../memory.ts';
import { promptGroups } from './generation.ts';
import { Gradients } from './gradients.ts';
import { scoped } from './library.ts';
import { Optimizer } from './optimizer.ts';
import { packPrompts } from './packing.ts';
import { PlanOps } from './plan-ops.ts';
import { accumulate, score } from './scoring.ts';
import { ShapeTf } from './shapes.ts';
import { Transformer } from './transformer.ts';
import { WeightSet } from './weight.ts';

/** How much more the library's own heap grows to than its tensors take: gaps between them. Measured, test/bench/memory.bench.ts. */
const heapShare = 1.18;
/** Copies of logits in JavaScript that wait to be collected while tokens are drawn. Measured likewise. */
const logitCopies = 3;

export async function planMemory(
  config: ModelConfig,
  training: Training,
  work: Work,
  sliceTokens: number,
): Promise<MemoryPlan> {
  const ledger = new Ledger();
  const shapes = new ShapeTf(ledger);
  const tf = shapes.library;
  const transformer = new Transformer(config, new PlanOps(shapes, config, config.vocabSize), training.recompute);
  const { adapter } = training;
  shapes.part = 'weights';
  const weights = await WeightSet.upload(
    tf,
    config,
    without(weightShapes(config)),
    adapter && stateOf(config, adapter),
  );
  for (const [name, weight] of adapter ? weights.trained() : []) if (name) shapes.relabel(weight.value, 'adapter');
  shapes.part = 'moments';
  const optimizer = new Optimizer(transformer.ops, weights);
  const gradients = new Gradients(tf);
  const reference = work.reference ? weights.clone() : null;
  const host = new Map<string, Holding>();
  const outside = (phase: string, holding: Holding) => {
    const before = host.get(phase)?.cache ?? -1;
    if ((holding.cache ?? 0) > before) host.set(phase, holding);
  };

  shapes.part = 'activations';
  // Slices are alike: what the first ones take, the others take again.
  const some = (sequences: Sequences): Sequences => ({
    ...sequences,
    count: Math.min(sequences.count, Math.ceil((2 * sliceTokens) / work.promptTokens) + 1),
  });
  for (let step = 0; step < 2; step++) {
    ledger.enter('sampling');
    for (const sequences of work.generated) {
      const prompts = longest(sequences, work).map(({ prompt }) => prompt);
      const [[first, end] = [0, 0]] = promptGroups(config, prompts, work.responseTokens);
      const group = prompts.slice(first, end);
      const cache = transformer.ops.cache({} as never, 0, 0);
      outside('sampling', {
        cache:
          8 *
          config.layers *
          config.kvHeads *
          config.headDim *
          group.length *
          (work.promptTokens + work.responseTokens),
        copies: 4 * logitCopies * group.length * config.vocabSize,
      });
      await scoped(tf, async () => {
        const hidden = transformer.hidden(weights, packPrompts(group), cache);
        transformer.logits(weights, hidden);
      });
    }
    if (work.scored) {
      ledger.enter('scoring');
      const all = longest(some(work.scored), work);
      await scoped(tf, () => score(transformer, reference ?? weights, all, 1, sliceTokens));
    }
    if (!work.trained) continue;
    ledger.enter('updating');
    const batch = longest(some(work.trained), work);
    const derivatives = batch.map(({ response }) => ({ logprob: new Float32Array(response.length).fill(1) }));
    await scoped(tf, () =>
      accumulate(
        transformer,
        weights,
        { sequences: batch, temperature: 1 },
        (stats, offset) => ({ loss: 0, derivatives: derivatives.slice(offset, offset + stats.length) }),
        gradients,
        sliceTokens,
      ),
    );
    await scoped(tf, async () => {
      await optimizer.update(gradients, { ...noStep });
      gradients.clear();
    });
    for (const [, { value }] of reference?.trained() ?? []) shapes.relabel(value, 'reference');
  }
  ledger.enter('saving');
  return { phases: phasesOf(ledger, host, config, adapter), largest: ledger.largest, limit: null };
}

const noStep = { learningRate: 0, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, maxGradNorm: 0 };

/** The heap of the library is not given back, so every phase holds the most that any has, and its own besides. */
function phasesOf(
  ledger: Ledger,
  host: ReadonlyMap<string, Holding>,
  config: ModelConfig,
  adapter: Adapter | null,
): MemoryPlan['phases'] {
  const total = (shapes: ReadonlyMap<string, readonly number[]>) =>
    [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const elements = total(weightShapes(config));
  const part = largestPart(weightShapes(config));
  const low = adapter ? total(adapterShapes(config, adapter)) : 0;
  const used = (holding: Holding) => Object.values(holding).reduce((sum, bytes) => sum + bytes, 0);
  const most = heapShare * Math.max(...[...ledger.peaks.values()].map(used));
  return new Map(
    [...ledger.peaks].map(([phase, holding]) => {
      const { copies = 0, ...own } = host.get(phase) ?? {};
      // Of a checkpoint, some rows of weights and of both moments; with an adapter, a copy of it, and rows with it merged in.
      const saved = phase === 'saving' ? (adapter ? 8 * part + 4 * low : 12 * part) : 0;
      const reserve = phase === 'loading' ? 0 : Math.round(most - used(holding));
      // What the weights were uploaded from may wait to be collected for as long as there is memory.
      return [phase, { ...holding, reserve, ...own, copies: 4 * elements + copies + saved }];
    }),
  );
}

/** Tensors of these shapes without values: the plan looks at none. */
function without(shapes: ReadonlyMap<string, readonly number[]>): Weights {
  const data = new Float32Array(0);
  return new Map([...shapes].map(([name, shape]) => [name, { shape, data }]));
}

function stateOf(config: ModelConfig, adapter: Adapter) {
  return { adapter, weights: without(adapterShapes(config, adapter)) };
}
