/** Teacher forcing: statistics of given responses, and the gradient of an objective of them, slice by slice. */
import { askObjective, isZero } from '../checks.ts';
import {
  EngineError,
  type Objective,
  type ObjectiveReport,
  type Scored,
  type TokenStats,
  type TrainBatch,
} from '../engine.ts';
import { type Batch, layBatch, planScored, type Range } from './batch.ts';
import type { Scope } from './machine.ts';
import type { Model } from './model.ts';
import { slicesOf } from './slices.ts';
import type { Task } from './tasks.ts';
import * as tasks from './tasks.ts';

/** Outputs of a matrix whose gradient is one task; at most kGradientOuts in gemm.h. */
export const gradientOuts = 256;
/** Columns of the embedding whose gradient is one task. */
export const embeddingColumns = 64;

export async function score(model: Model, sequences: readonly Scored[], temperature: number): Promise<TokenStats[]> {
  const stats: TokenStats[] = [];
  for (const [first, end] of slicesOf(model, sequences, false))
    await inScope(model, async (scope) => {
      const { stats: some } = await describe(model, scope, sequences.slice(first, end), first, temperature, false);
      stats.push(...some);
    });
  return stats;
}

export async function accumulate(
  model: Model,
  { sequences, temperature }: TrainBatch,
  objective: Objective,
): Promise<ObjectiveReport> {
  let loss = 0;
  // The gradient is asked for before the batch is laid out: the model is described with it from then on.
  void model.gradient;
  for (const [first, end] of slicesOf(model, sequences, true))
    await inScope(model, async (scope) => {
      const slice = sequences.slice(first, end);
      const { batch, stats } = await describe(model, scope, slice, first, temperature, true);
      const answer = askObjective(objective, stats, first, slice);
      loss += answer.loss;
      const { units, responses } = batch.plan;
      const wanted = new Set<number>();
      for (const [s, derivative] of answer.derivatives.entries()) {
        batch.derive(responses[s] as number, derivative.logprob, derivative.entropy);
        if (!isZero(derivative)) wanted.add(responses[s] as number);
      }
      const active = units.filter(([from, to]) => someIn(wanted, from, to));
      if (active.length > 0) await backward(model, scope, batch, active);
    });
  return { loss, tokens: sequences.reduce((sum, { response }) => sum + response.length, 0) };
}

async function describe(
  model: Model,
  scope: Scope,
  sequences: readonly Scored[],
  offset: number,
  temperature: number,
  keep: boolean,
): Promise<{ batch: Batch; stats: TokenStats[] }> {
  const batch = layBatch(model, scope, planScored(sequences), temperature, keep);
  await model.machine.run(batch.tasks.map((range) => tasks.forward(batch.words, ...range)));
  const stats = batch.plan.responses.map((segment) => batch.statsOf(segment));
  for (const [s, { logprob }] of stats.entries()) checkLogprobs(model, logprob, `sequence ${offset + s}`);
  return { batch, stats };
}

/** @throws EngineError that names the token, and the weight that is to blame where one is. */
export function checkLogprobs(model: Model, logprob: Float32Array, what: string): void {
  const bad = logprob.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const culprit = model.nonFinite();
  const reason = culprit === null ? "the policy's logits must be finite" : `weight ${culprit}`;
  throw new EngineError(`${what}, token ${bad}: log-prob is ${logprob[bad]}; ${reason}`);
}

/** Add the gradient of some units to the model's. */
async function backward(model: Model, scope: Scope, batch: Batch, active: readonly Range[]): Promise<void> {
  const { machine, config, layout, measures } = model;
  const chunks = batch.activate(active);
  const trainsAll = model.adapter === null;
  const vectorBytes = trainsAll ? measures.vectors * 4 : 0;
  const vectors = trainsAll ? scope.take(chunks.length * vectorBytes) : 0;

  await machine.run(Array.from({ length: batch.headShards }, (_, shard) => tasks.headBackward(batch.words, shard)));
  // One layer's weight gradients are made while the derivatives go on to the layer below.
  let pending: Task[] = [];
  for (let layer = config.layers - 1; layer >= 0; layer--) {
    await machine.run([
      ...chunks.map(([first, end], i) =>
        tasks.backwardLayer(batch.words, layer, first, end, trainsAll ? vectors + i * vectorBytes : 0),
      ),
      ...pending,
    ]);
    pending = gradientTasks(model, batch, layer);
  }
  if (trainsAll) {
    const columns = layout.sizes.hidden;
    for (let first = 0; first < columns; first += embeddingColumns)
      pending.push(tasks.embeddingGradient(batch.words, first, Math.min(columns, first + embeddingColumns)));
    pending.push(tasks.vectorGradients(model.words, vectors, chunks.length));
  }
  await machine.run(pending);
}

function gradientTasks(model: Model, batch: Batch, layer: number): Task[] {
  const matrices = model.layout.layers[layer]?.matrices;
  return tasks.layerMatrices.flatMap((name, which) => {
    if (model.adapter !== null)
      return model.adaptersOf(layer)[name].map((_, i) => tasks.adapterGradient(batch.words, layer, which, i));
    const out = matrices?.[name].out ?? 0;
    return Array.from({ length: Math.ceil(out / gradientOuts) }, (_, i) =>
      tasks.weightGradient(batch.words, layer, which, i * gradientOuts, Math.min(gradientOuts, out - i * gradientOuts)),
    );
  });
}

async function inScope(model: Model, body: (scope: Scope) => Promise<void>): Promise<void> {
  const scope = model.machine.scope();
  try {
    await body(scope);
  } finally {
    scope.free();
  }
}

function someIn(wanted: ReadonlySet<number>, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (wanted.has(i)) return true;
  return false;
}
