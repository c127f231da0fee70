/** Sequences as the core sees them: end to end in the rows of shared matrices, cut into slices and tasks. */
import type { TokenIds, TokenStats } from '../engine.ts';
import { floatWord, type Scope } from './machine.ts';
import type { Model } from './model.ts';

/** Rows of one task: enough to reuse the weights, few enough that a batch makes work for every thread. */
export const taskRows = 128;
/** Rows of one forward (and backward) pass, and the floats that its intermediate results may take. */
const sliceRows = 2048;
const sliceFloats = 1 << 25;

/** What a forward pass reads of one sequence: all but the last of its tokens predict the next. */
export interface Input {
  readonly tokens: TokenIds;
  /** Tokens to describe, predicted by the last `targets.length` rows. */
  readonly targets: TokenIds;
  /** Address of a cache for its keys and values, or 0. */
  readonly cache: number;
}

/** Half-open range of sequences. */
export type Range = readonly [first: number, end: number];

export interface Batch {
  /** Address of the core's `Batch`. */
  readonly struct: number;
  readonly rows: number;
  readonly queries: number;
  /** First row and first query of each sequence, and their totals at the end. [S + 1] */
  readonly rowStarts: Int32Array;
  readonly queryStarts: Int32Array;
  /** Ranges of sequences that make one task each. */
  readonly tasks: readonly Range[];
  readonly finalRows: number;
  readonly normed: number;
  readonly activations: (layer: number) => Record<'norm1' | 'attended' | 'norm2' | 'gated', number>;
  /** Addresses that only a backward pass uses; 0 without one. */
  readonly dLogprob: number;
  readonly dEntropy: number;
  readonly dRows: number;
  readonly derivatives: (layer: number) => Record<'middle' | 'gateUp' | 'qkv', number>;
  statsOf(sequence: number): TokenStats;
}

/** Ranges of items of at most `limit` together, but at least one item each. */
export function ranges(sizes: readonly number[], limit: number): Range[] {
  const found: Range[] = [];
  let first = 0;
  let sum = 0;
  for (const [i, size] of sizes.entries()) {
    if (i > first && sum + size > limit) {
      found.push([first, i]);
      first = i;
      sum = 0;
    }
    sum += size;
  }
  if (first < sizes.length) found.push([first, sizes.length]);
  return found;
}

/** Rows that fit into one slice. Independent of the machine, so that every machine adds up in the same order. */
export function rowsOfSlice(model: Model, keep: boolean): number {
  const { core } = model.machine;
  const { layers } = model.config;
  const perRow =
    (keep ? layers : 1) * core.activationFloats(model.struct) +
    (keep ? layers * core.derivativeFloats(model.struct) : 0);
  return Math.max(taskRows, Math.min(sliceRows, Math.floor(sliceFloats / perRow)));
}

/** Lay a batch out in `scope`. `keep`: a backward pass follows. */
export function layBatch(
  model: Model,
  scope: Scope,
  inputs: readonly Input[],
  temperature: number,
  keep: boolean,
): Batch {
  const { machine, config, layout } = model;
  const { core } = machine;
  const rowStarts = starts(inputs.map(({ tokens }) => tokens.length));
  const queryStarts = starts(inputs.map(({ targets }) => targets.length));
  const rows = rowStarts[inputs.length] as number;
  const queries = queryStarts[inputs.length] as number;
  const floats = (count: number) => scope.take(count * 4);

  const struct = scope.take(20 * 4);
  const sequences = scope.take(inputs.length * 5 * 4);
  const tokens = scope.take(rows * 4);
  const targets = scope.take(queries * 4);
  for (const [s, input] of inputs.entries()) {
    const row = rowStarts[s] as number;
    const query = queryStarts[s] as number;
    machine.ints(tokens + row * 4, input.tokens.length).set(input.tokens);
    machine.ints(targets + query * 4, input.targets.length).set(input.targets);
    machine.ints(sequences + s * 20, 5).set([row, input.tokens.length, query, input.targets.length, input.cache]);
  }

  const { hidden, inter, queryDim, qkvDim } = layout;
  const activationFloats = rows * core.activationFloats(model.struct);
  const activations = floats(activationFloats * (keep ? config.layers : 1));
  const finalRows = floats(rows * hidden);
  const normed = floats(queries * hidden);
  const scale = floats(queries);
  const statistics = floats(5 * queries);
  const logSumExp = floats(queries);
  const dLogprob = keep ? floats(queries) : 0;
  const dEntropy = keep ? floats(queries) : 0;
  const dNormed = keep ? floats(queries * hidden) : 0;
  const dRows = keep ? floats((config.layers + 1) * rows * hidden) : 0;
  const derivativeFloats = rows * core.derivativeFloats(model.struct);
  const derivatives = keep ? floats(derivativeFloats * config.layers) : 0;
  machine
    .ints(struct, 20)
    .set([
      ...[model.struct, sequences, rows, queries, tokens, targets, floatWord(temperature)],
      ...[activations, keep ? activationFloats : 0, finalRows, normed, scale, statistics, logSumExp],
      ...[dLogprob, dEntropy, dNormed, dRows, derivatives, derivativeFloats],
    ]);

  const lengths = inputs.map((input) => input.tokens.length);
  const tasks = ranges(lengths, taskRows);
  const longest = Math.max(1, ...lengths);
  machine.reserveScratch(core.scratchFloats(model.struct, Math.max(taskRows, longest), longest, 0));
  const statistic = (index: number, s: number) =>
    machine
      .floats(
        statistics + (index * queries + (queryStarts[s] as number)) * 4,
        (queryStarts[s + 1] as number) - (queryStarts[s] as number),
      )
      .slice();
  return {
    struct,
    rows,
    queries,
    rowStarts,
    queryStarts,
    tasks,
    finalRows,
    normed,
    dLogprob,
    dEntropy,
    dRows,
    // Order and widths as in `activationsOf` and `derivativesOf` in model.h.
    activations: (layer) => {
      const start = activations + layer * activationFloats * 4;
      const norm1 = start + rows * hidden * 4;
      const attended = norm1 + rows * (hidden + qkvDim) * 4;
      const norm2 = attended + rows * (queryDim + hidden) * 4;
      return { norm1, attended, norm2, gated: norm2 + rows * (hidden + 2 * inter) * 4 };
    },
    derivatives: (layer) => {
      const middle = derivatives + layer * derivativeFloats * 4;
      const gateUp = middle + rows * hidden * 4;
      return { middle, gateUp, qkv: gateUp + rows * 2 * inter * 4 };
    },
    statsOf: (s) => ({
      logprob: statistic(0, s),
      entropy: statistic(1, s),
      klUniform: statistic(2, s),
      top1: statistic(3, s),
      top2: statistic(4, s),
    }),
  };
}

function starts(lengths: readonly number[]): Int32Array {
  const sums = new Int32Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) sums[i + 1] = (sums[i] as number) + length;
  return sums;
}
