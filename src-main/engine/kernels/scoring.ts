/** Teacher forcing: statistics of given responses, and the gradient of an objective of them, slice by slice. */
import { askObjective, isZero } from '../checks.ts';
import type { Objective, ObjectiveReport, Scored, TokenStats, TrainBatch } from '../engine.ts';
import { type Batch, type Input, layBatch, type Range, ranges, rowsOfSlice, taskRows } from './batch.ts';
import { type Matrix, matricesOf } from './layout.ts';
import type { Scope, Task } from './machine.ts';
import type { Model } from './model.ts';
import * as tasks from './tasks.ts';

/** Outputs of a matrix whose gradient is one task. */
const gradientOuts = 64;
/** Queries of one task of the head's backward pass, and the floats that derivatives by logits may take at a time. */
const headQueries = 64;
const logitFloats = 1 << 22;
/** Columns of the embedding whose gradient is one task. */
const embeddingColumns = 64;

export async function score(model: Model, sequences: readonly Scored[], temperature: number): Promise<TokenStats[]> {
  const stats: TokenStats[] = [];
  await model.prepare(longestOf(sequences), false);
  for (const [first, end] of slicesOf(model, sequences, false)) {
    const scope = model.machine.scope();
    try {
      const batch = layBatch(model, scope, sequences.slice(first, end).map(inputOf), temperature, false);
      await model.machine.run(batch.tasks.map((range) => tasks.forward(batch.struct, ...range)));
      for (let s = 0; s < end - first; s++) stats.push(batch.statsOf(s));
    } finally {
      scope.free();
    }
  }
  return stats;
}

export async function accumulate(
  model: Model,
  { sequences, temperature }: TrainBatch,
  objective: Objective,
): Promise<ObjectiveReport> {
  let loss = 0;
  await model.prepare(longestOf(sequences), true);
  for (const [first, end] of slicesOf(model, sequences, true)) {
    const scope = model.machine.scope();
    try {
      loss += await accumulateSlice(model, scope, sequences.slice(first, end), first, temperature, objective);
    } finally {
      scope.free();
    }
  }
  return { loss, tokens: sequences.reduce((sum, { response }) => sum + response.length, 0) };
}

async function accumulateSlice(
  model: Model,
  scope: Scope,
  sequences: readonly Scored[],
  offset: number,
  temperature: number,
  objective: Objective,
): Promise<number> {
  const { machine } = model;
  const batch = layBatch(model, scope, sequences.map(inputOf), temperature, true);
  await machine.run(batch.tasks.map((range) => tasks.forward(batch.struct, ...range)));
  const stats = sequences.map((_, s) => batch.statsOf(s));
  const { loss, derivatives } = askObjective(objective, stats, offset, sequences);

  machine.floats(batch.dEntropy, batch.queries).fill(0);
  for (const [s, { logprob, entropy }] of derivatives.entries()) {
    const query = batch.queryStarts[s] as number;
    machine.floats(batch.dLogprob + query * 4, logprob.length).set(logprob);
    if (entropy) machine.floats(batch.dEntropy + query * 4, entropy.length).set(entropy);
  }
  const active = stretches(derivatives.map((derivative) => !isZero(derivative)));
  if (active.length > 0) await backward(model, scope, batch, active);
  return loss;
}

/** Add the gradient of the sequences in `active` to the model's. */
async function backward(model: Model, scope: Scope, batch: Batch, active: readonly Range[]): Promise<void> {
  const { machine, config, layout } = model;
  const { core } = machine;
  machine.reserveScratch(core.scratchFloats(model.struct, 1, 1, gradientOuts));
  const lengths = Array.from(batch.rowStarts.subarray(1), (end, s) => end - (batch.rowStarts[s] as number));
  const gradientAt = ({ offset }: Matrix) => model.gradient + offset * 4;
  const { head, layers } = matricesOf(config, layout);

  const headTasks = await headBackward(model, scope, batch, active, head);

  const chunks = active.flatMap(([first, end]) =>
    ranges(lengths.slice(first, end), taskRows).map(([a, b]): Range => [first + a, first + b]),
  );
  const vectorBytes = core.vectorFloats(model.struct) * 4;
  const vectors = scope.take(chunks.length * vectorBytes);
  await machine.run([
    ...chunks.map(([first, end], i) => tasks.backward(batch.struct, first, end, vectors + i * vectorBytes)),
    ...headTasks,
  ]);

  const runs = writeRuns(
    model,
    scope,
    active.map(([first, end]) => {
      const row = batch.rowStarts[first] as number;
      return [row, row, (batch.rowStarts[end] as number) - row];
    }),
  );
  const { hidden, inter, qkvDim } = layout;
  const gradients = layers.flatMap((matrices, layer) => {
    const x = batch.activations(layer);
    const d = batch.derivatives(layer);
    const dOut = batch.dRows + (layer + 1) * batch.rows * hidden * 4;
    return [
      ...gradientTasks(matrices.gateUp, gradientAt(matrices.gateUp), d.gateUp, 2 * inter, x.norm2, runs),
      ...gradientTasks(matrices.down, gradientAt(matrices.down), dOut, hidden, x.gated, runs),
      ...gradientTasks(matrices.qkv, gradientAt(matrices.qkv), d.qkv, qkvDim, x.norm1, runs),
      ...gradientTasks(matrices.out, gradientAt(matrices.out), d.middle, hidden, x.attended, runs),
    ];
  });
  const embedding = Array.from({ length: Math.ceil(hidden / embeddingColumns) }, (_, i) =>
    tasks.embeddingGradient(
      batch.struct,
      runs.start,
      runs.count,
      i * embeddingColumns,
      Math.min(hidden, (i + 1) * embeddingColumns),
    ),
  );
  await machine.run([...gradients, ...embedding, tasks.vectorGradients(model.struct, vectors, chunks.length)]);
}

/** Derivatives by the normalised rows, and the head's gradient: its last tasks are returned, to be run with others. */
async function headBackward(
  model: Model,
  scope: Scope,
  batch: Batch,
  active: readonly Range[],
  head: Matrix,
): Promise<Task[]> {
  const { machine, layout } = model;
  // Blocks of queries whose derivatives by logits fit; each block is a list of stretches [query, count].
  const stretch = active.flatMap(([first, end]) => {
    const from = batch.queryStarts[first] as number;
    const to = batch.queryStarts[end] as number;
    return Array.from(
      { length: Math.ceil((to - from) / headQueries) },
      (_, i) => [from + i * headQueries, Math.min(headQueries, to - from - i * headQueries)] as const,
    );
  });
  const limit = Math.max(headQueries, Math.floor(logitFloats / layout.vocab));
  const counts = stretch.map(([, count]) => count);
  const blocks = ranges(counts, limit);
  const dLogits = scope.take(Math.min(limit, batch.queries) * layout.vocab * 4);
  let pending: Task[] = [];
  for (const [a, b] of blocks) {
    await machine.run(pending);
    let row = 0;
    const placed = stretch.slice(a, b).map(([query, count]) => {
      row += count;
      return [row - count, query, count] as const;
    });
    await machine.run(
      placed.map(([to, query, count]) =>
        tasks.headBackward(batch.struct, query, count, dLogits + to * layout.vocab * 4),
      ),
    );
    const runs = writeRuns(model, scope, placed);
    pending = gradientTasks(head, model.gradient + head.offset * 4, dLogits, layout.vocab, batch.normed, runs);
  }
  return pending;
}

interface Runs {
  readonly start: number;
  readonly count: number;
}

/** The core's `Run`s: [first row of the derivatives, first row of the inputs, rows], neighbours joined. */
function writeRuns(model: Model, scope: Scope, runs: readonly (readonly [number, number, number])[]): Runs {
  const joined: [number, number, number][] = [];
  for (const [dRow, row, count] of runs) {
    const last = joined.at(-1);
    if (last && last[0] + last[2] === dRow && last[1] + last[2] === row) last[2] += count;
    else joined.push([dRow, row, count]);
  }
  const start = scope.take(joined.length * 12);
  model.machine.ints(start, joined.length * 3).set(joined.flat());
  return { start, count: joined.length };
}

function gradientTasks(
  { out, in: width }: Matrix,
  gradient: number,
  dOut: number,
  dStride: number,
  x: number,
  runs: Runs,
): Task[] {
  return Array.from({ length: Math.ceil(out / gradientOuts) }, (_, i) => {
    const first = i * gradientOuts;
    return tasks.weightGradient({
      gradient: gradient + first * width * 4,
      outs: Math.min(gradientOuts, out - first),
      in: width,
      dOut: dOut + first * 4,
      dStride,
      x,
      runs: runs.start,
      runCount: runs.count,
    });
  });
}

/** Ranges of neighbouring items that are wanted. */
function stretches(wanted: readonly boolean[]): Range[] {
  const found: [number, number][] = [];
  for (const [i, want] of wanted.entries()) {
    if (!want) continue;
    const last = found.at(-1);
    if (last?.[1] === i) last[1] = i + 1;
    else found.push([i, i + 1]);
  }
  return found;
}

/** Prompt and response without its last token, which predicts nothing. */
function inputOf({ prompt, response }: Scored): Input {
  const tokens = new Int32Array(inputLength({ prompt, response }));
  tokens.set(prompt);
  tokens.set(response.subarray(0, Math.max(0, response.length - 1)), prompt.length);
  return { tokens, targets: response, cache: 0 };
}

function inputLength({ prompt, response }: Scored): number {
  return prompt.length + Math.max(0, response.length - 1);
}

function longestOf(sequences: readonly Scored[]): number {
  return Math.max(1, ...sequences.map(inputLength));
}

function slicesOf(model: Model, sequences: readonly Scored[], keep: boolean): Range[] {
  return ranges(sequences.map(inputLength), rowsOfSlice(model, keep));
}
