/**
 * Sequences as the core sees them: segments end to end in the rows of shared matrices, cut into tasks. A prompt that
 * several sequences share is one segment, which they all attend to.
 */
import type { Scored, TokenIds, TokenStats } from '../engine.ts';
import type { Scope } from './machine.ts';
import type { Model, Shape } from './model.ts';

/** Rows of one task: enough to reuse the weights, few enough that a slice makes work for every thread. */
const taskRows = { fewest: 64, most: 256 };
/** Tasks that a slice is cut into where it is large enough. */
const sliceTasks = 8;
/** Most rows of a prompt with its responses; beyond, some of the responses get a copy of the prompt. */
const groupRows = 512;
/** A stretch of rows. All of its tokens are read; the `queries` tokens of `targets` are predicted. */
export interface Segment {
  readonly tokens: TokenIds;
  /** Segment that comes before this one, itself without a prefix; null for none. */
  readonly prefix: number | null;
  /** The first is predicted by the prefix's last row, the others by the rows of this segment. */
  readonly targets: TokenIds;
  /** Address of a cache for its keys and values, or 0. */
  readonly cache: number;
}

/** Half-open range of segments. */
export type Range = readonly [first: number, end: number];

export interface Plan {
  readonly segments: readonly Segment[];
  /** Segments that must be in one task: prefixes with those that attend to them. */
  readonly units: readonly Range[];
  /** Segment of each sequence's response. */
  readonly responses: readonly number[];
}

export interface Batch {
  /** Address of the core's words about it. */
  readonly words: number;
  readonly tasks: readonly Range[];
  readonly finalRows: number;
  /** Shards of the vocabulary in the head's backward pass. */
  readonly headShards: number;
  readonly plan: Plan;
  readonly rowStarts: Int32Array;
  /** Statistics of a segment's targets. */
  statsOf(segment: number): TokenStats;
  /** Hand over a segment's derivatives. */
  derive(segment: number, logprob: Float32Array, entropy: Float32Array | undefined): void;
  /** Say which units the gradient is made of. @returns Their tasks. */
  activate(units: readonly Range[]): readonly Range[];
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

/** Segments of prompts without responses. */
export function planPrompts(prompts: readonly TokenIds[], caches: readonly number[]): Plan {
  const none = new Int32Array(0);
  return {
    segments: prompts.map((tokens, i) => ({ tokens, prefix: null, targets: none, cache: caches[i] as number })),
    units: prompts.map((_, i) => [i, i + 1]),
    responses: [],
  };
}

/** Equal prompts have equal keys. Those of a group are mostly one array, which is written out once. */
export function promptKeys(sequences: readonly Scored[]): string[] {
  const known = new Map<TokenIds, string>();
  return sequences.map(({ prompt }) => {
    const key = known.get(prompt) ?? prompt.join();
    known.set(prompt, key);
    return key;
  });
}

/** Segments of prompts with their responses; equal prompts come once. */
export function planScored(sequences: readonly Scored[]): Plan {
  const groups = new Map<string, number[]>();
  for (const [i, key] of promptKeys(sequences).entries()) {
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  }
  const segments: Segment[] = [];
  const units: Range[] = [];
  const responses = new Array<number>(sequences.length);
  for (const members of groups.values()) {
    const { prompt } = sequences[members[0] as number] as Scored;
    const sizes = members.map((i) => ownRows(sequences[i] as Scored));
    for (const [first, end] of ranges(sizes, Math.max(1, groupRows - prompt.length))) {
      const prefix = segments.length;
      segments.push({ tokens: prompt, prefix: null, targets: new Int32Array(0), cache: 0 });
      for (const i of members.slice(first, end)) {
        const { response } = sequences[i] as Scored;
        responses[i] = segments.length;
        // The last token predicts nothing.
        segments.push({
          tokens: response.subarray(0, ownRows({ prompt, response })),
          prefix,
          targets: response,
          cache: 0,
        });
      }
      units.push([prefix, segments.length]);
    }
  }
  return { segments, units, responses };
}

/** Rows of a sequence besides its prompt's: the last token predicts nothing. */
export function ownRows({ response }: Scored): number {
  return Math.max(0, response.length - 1);
}

/** Shards of the vocabulary in the head's backward pass: enough for every thread, few enough to sum. */
export function headShards({ config }: Pick<Shape, 'config'>): number {
  return config.vocabSize >= 4096 ? 8 : 4;
}

/** What a batch consists of, as counts. */
export interface Counts {
  readonly segments: number;
  readonly units: number;
  readonly rows: number;
  readonly queries: number;
}

/** Bytes of each block of a batch, in the order in which they are taken; null for one that it has not. */
export function batchBytes(shape: Shape, { segments, units, rows, queries }: Counts, keep: boolean) {
  const { config, layout, measures, recompute } = shape;
  const { hidden } = layout.sizes;
  const restLayers = keep && !recompute ? config.layers : 2;
  const backward = (bytes: number) => (keep ? bytes : null);
  return {
    tokens: rows * 4,
    targets: queries * 4,
    queryRows: queries * 4,
    records: segments * 7 * 8,
    inputs: (keep ? config.layers : 1) * rows * hidden * 4,
    rest: restLayers * rows * measures.activations * 4,
    finalRows: rows * hidden * 4,
    normed: queries * hidden * 4,
    scale: queries * 4,
    statistics: 5 * queries * 4,
    logSumExp: queries * 4,
    dLogprob: backward(queries * 4),
    dEntropy: backward(queries * 4),
    dNormed: backward(headShards(shape) * queries * hidden * 4),
    dOut: backward(3 * rows * hidden * 4),
    operands: backward(2 * rows * measures.operands * 4),
    activeRuns: backward(units * 8),
    activeQueries: backward(queries * 4),
    words: 27 * 8,
  };
}
export type BatchBlock = keyof ReturnType<typeof batchBytes>;

/** Rows of the tasks that a batch is cut into: at most so many, but a unit whole. */
export function rowsOfTasks(rows: number): number {
  return Math.max(taskRows.fewest, Math.min(taskRows.most, Math.ceil(rows / sliceTasks)));
}

/** Lay a batch out in `scope`. `keep`: a backward pass follows. */
export function layBatch(model: Model, scope: Scope, plan: Plan, temperature: number, keep: boolean): Batch {
  const { machine, recompute } = model;
  const { segments, units } = plan;
  const rowStarts = starts(segments.map(({ tokens }) => tokens.length));
  const queryStarts = starts(segments.map(({ targets }) => targets.length));
  const rows = rowStarts[segments.length] as number;
  const queries = queryStarts[segments.length] as number;
  const bytes = batchBytes(model, { segments: segments.length, units: units.length, rows, queries }, keep);
  const at = Object.fromEntries(
    Object.entries(bytes).map(([block, size]) => [block, size === null ? 0 : scope.take(size)]),
  ) as Record<BatchBlock, number>;
  const { tokens, targets, queryRows, finalRows, statistics, dLogprob, dEntropy, activeRuns, activeQueries } = at;
  const rowOf = (segment: number) => rowStarts[segment] as number;

  const records: number[] = [];
  for (const [s, segment] of segments.entries()) {
    const { prefix } = segment;
    const [row, query, count] = [rowOf(s), queryStarts[s] as number, segment.targets.length];
    machine.ints(tokens + row * 4, segment.tokens.length).set(segment.tokens);
    machine.ints(targets + query * 4, count).set(segment.targets);
    const prefixLength = prefix === null ? 0 : (segments[prefix] as Segment).tokens.length;
    const prefixStart = prefix === null ? 0 : rowOf(prefix);
    const asks = machine.ints(queryRows + query * 4, count);
    for (let i = 0; i < count; i++) asks[i] = i === 0 ? prefixStart + prefixLength - 1 : row + i - 1;
    records.push(row, segment.tokens.length, prefixStart, prefixLength, query, count, segment.cache);
  }

  machine.doubles(at.records, records.length).set(records);
  // In the order of the core's `Batch`.
  machine
    .doubles(at.words, bytes.words / 8)
    .set([
      ...[model.words, at.records, rows, queries, tokens, targets, queryRows, temperature],
      ...[keep ? 1 : 0, keep && !recompute ? 1 : 0, at.inputs, at.rest],
      ...[finalRows, at.normed, at.scale, statistics, at.logSumExp, dLogprob, dEntropy],
      ...[headShards(model), at.dNormed, at.dOut, at.operands, activeRuns, activeQueries, 0, 0],
    ]);
  if (keep) machine.floats(dEntropy, queries).fill(0);

  const limit = rowsOfTasks(rows);
  const tasksOf = (some: readonly Range[]): Range[] =>
    ranges(
      some.map(([first, end]) => rowOf(end) - rowOf(first)),
      limit,
    ).flatMap(([first, end]) => joined(some.slice(first, end)));
  const tasks = tasksOf(units);
  const rowsOfTask = Math.max(1, ...tasks.map(([first, end]) => rowOf(end) - rowOf(first)));
  const positions = Math.max(
    1,
    ...segments.map(
      ({ tokens, prefix }) => tokens.length + (prefix === null ? 0 : (segments[prefix] as Segment).tokens.length),
    ),
  );
  model.reachPosition(positions);
  machine.reserveScratch(machine.core.scratchFloats(model.words, rowsOfTask, positions, 1));

  const statistic = (index: number, s: number) => {
    const query = queryStarts[s] as number;
    return machine.floats(statistics + (index * queries + query) * 4, (queryStarts[s + 1] as number) - query).slice();
  };
  return {
    words: at.words,
    tasks,
    finalRows,
    headShards: headShards(model),
    plan,
    rowStarts,
    statsOf: (s) => ({
      logprob: statistic(0, s),
      entropy: statistic(1, s),
      klUniform: statistic(2, s),
      top1: statistic(3, s),
      top2: statistic(4, s),
    }),
    derive: (s, logprob, entropy) => {
      const query = queryStarts[s] as number;
      machine.floats(dLogprob + query * 4, logprob.length).set(logprob);
      if (entropy) machine.floats(dEntropy + query * 4, entropy.length).set(entropy);
    },
    activate: (active) => {
      const runs = joined(active).flatMap(([first, end]) => [rowOf(first), rowOf(end) - rowOf(first)]);
      machine.ints(activeRuns, runs.length).set(runs);
      let count = 0;
      for (const [first, end] of active) {
        const [start, length] = [
          queryStarts[first] as number,
          (queryStarts[end] as number) - (queryStarts[first] as number),
        ];
        machine.ints(activeQueries + count * 4, length).set(Int32Array.from({ length }, (_, i) => start + i));
        count += length;
      }
      machine.doubles(at.words + 25 * 8, 2).set([runs.length / 2, count]);
      return tasksOf(active);
    },
  };
}

/** Ranges of neighbours, without the borders between them. */
function joined(ranges: readonly Range[]): Range[] {
  const found: [number, number][] = [];
  for (const [first, end] of ranges) {
    const last = found.at(-1);
    if (last?.[1] === first) last[1] = end;
    else found.push([first, end]);
  }
  return found;
}

function starts(lengths: readonly number[]): Int32Array {
  const sums = new Int32Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) sums[i + 1] = (sums[i] as number) + length;
  return sums;
}
