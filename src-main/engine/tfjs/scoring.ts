/** Teacher forcing: statistics of given responses, and the gradient of an objective of them, in slices of bounded size. */

import type { ModelConfig } from '../../model/config.ts';
import { askObjective, isZero } from '../checks.ts';
import type { Objective, ObjectiveReport, Scored, TokenDerivative, TokenStats, TrainBatch } from '../engine.ts';
import type { Gradients } from './gradients.ts';
import { Head } from './head.ts';
import { scoped } from './library.ts';
import { inputLength, type PackedBatch, packScored } from './packing.ts';
import { type FlatStats, sliceStats } from './statistics.ts';
import type { Transformer } from './transformer.ts';
import type { WeightSet } from './weight.ts';

export async function score(
  transformer: Transformer,
  weights: WeightSet,
  sequences: readonly Scored[],
  temperature: number,
  sliceTokens: number,
): Promise<TokenStats[]> {
  const stats: TokenStats[] = [];
  for (const [start, end] of slices(transformer, sequences, sliceTokens)) {
    const slice = sequences.slice(start, end);
    await scoped(transformer.ops.tf, async () => {
      const batch = packScored(slice);
      stats.push(...splitStats(await scoreBatch(transformer, weights, slice, batch, temperature), batch));
    });
  }
  return stats;
}

export async function accumulate(
  transformer: Transformer,
  weights: WeightSet,
  { sequences, temperature }: TrainBatch,
  objective: Objective,
  gradients: Gradients,
  sliceTokens: number,
): Promise<ObjectiveReport> {
  let loss = 0;
  let tokens = 0;
  for (const [start, end] of slices(transformer, sequences, sliceTokens)) {
    const slice = sequences.slice(start, end);
    loss += await scoped(transformer.ops.tf, () =>
      accumulateSlice(transformer, weights, slice, start, temperature, objective, gradients),
    );
    tokens += slice.reduce((sum, { response }) => sum + response.length, 0);
  }
  return { loss, tokens };
}

async function accumulateSlice(
  transformer: Transformer,
  weights: WeightSet,
  sequences: readonly Scored[],
  offset: number,
  temperature: number,
  objective: Objective,
  gradients: Gradients,
): Promise<number> {
  const batch = packScored(sequences);
  if (batch.queries.rows === 0) return askObjective(objective, splitStats(noStats, batch), offset, sequences).loss;
  const { hidden, state } = transformer.forward(weights, batch);
  const head = new Head(transformer, weights, hidden, targetsOf(sequences), temperature);
  const stats = await head.statistics(true);
  const { loss, derivatives } = askObjective(objective, splitStats(stats, batch), offset, sequences);

  const needed = sequences.map((_, s) => s).filter((s) => !isZero(derivatives[s] as TokenDerivative));
  if (needed.length === 0) return loss;
  const neededRows = needed.reduce((sum, s) => sum + (batch.keys.lengths[s] as number), 0);
  // A backward pass costs two forward passes: repeating the forward pass for fewer rows pays below two thirds of them.
  if (3 * neededRows < 2 * batch.keys.rows) {
    const fewer = needed.map((s) => sequences[s] as Scored);
    const known = { loss: 0, derivatives: needed.map((s) => derivatives[s] as TokenDerivative) };
    await scoped(transformer.ops.tf, () =>
      accumulateSlice(transformer, weights, fewer, offset, temperature, () => known, gradients),
    );
    return loss;
  }
  const dLogprob = new Float32Array(batch.queries.rows);
  const dEntropy = new Float32Array(batch.queries.rows);
  for (const [s, derivative] of derivatives.entries()) {
    dLogprob.set(derivative.logprob, batch.queries.starts[s]);
    if (derivative.entropy) dEntropy.set(derivative.entropy, batch.queries.starts[s]);
  }
  const dHidden = head.backward(stats, dLogprob, dEntropy, gradients);
  transformer.backward(weights, state, dHidden, gradients);
  return loss;
}

async function scoreBatch(
  transformer: Transformer,
  weights: WeightSet,
  sequences: readonly Scored[],
  batch: PackedBatch,
  temperature: number,
): Promise<FlatStats> {
  if (batch.queries.rows === 0) return noStats;
  const hidden = transformer.hidden(weights, batch);
  return new Head(transformer, weights, hidden, targetsOf(sequences), temperature).statistics(false);
}

const none = new Float32Array(0);
const noStats: FlatStats = { logprob: none, entropy: none, klUniform: none, top1: none, top2: none };

function targetsOf(sequences: readonly Scored[]): Int32Array {
  return Int32Array.from(sequences.flatMap(({ response }) => [...response]));
}

function splitStats(stats: FlatStats, { queries }: PackedBatch): TokenStats[] {
  return Array.from(queries.lengths, (length, s) => {
    const start = queries.starts[s] as number;
    return sliceStats(stats, start, start + length);
  });
}

/** Elements of the largest tensor of a forward pass below the head: a row's widest vector, or all scores of attention. */
export function largestActivation(
  { hiddenSize, intermediateSize, heads, headDim }: ModelConfig,
  rows: number,
  sequences: number,
  longest: number,
): number {
  return Math.max(rows * Math.max(hiddenSize, intermediateSize, heads * headDim), sequences * heads * longest ** 2);
}

/** Ranges of sequences, in order, of at most `sliceTokens` rows each and no tensor that is too large, but at least one sequence. */
function slices({ config, ops }: Transformer, sequences: readonly Scored[], sliceTokens: number): [number, number][] {
  const ranges: [number, number][] = [];
  let start = 0;
  let rows = 0;
  let longest = 0;
  for (const [i, { prompt, response }] of sequences.entries()) {
    const length = inputLength(prompt, response);
    rows += length;
    longest = Math.max(longest, length);
    const fits = rows <= sliceTokens && largestActivation(config, rows, i - start + 1, longest) <= ops.mostFloats;
    if (fits || i === start) continue;
    ranges.push([start, i]);
    start = i;
    rows = length;
    longest = length;
  }
  if (start < sequences.length) ranges.push([start, sequences.length]);
  return ranges;
}
