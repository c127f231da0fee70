/**
 * Sequences as the core sees them: segments end to end in the rows of shared matrices, cut into tasks. A prompt that
 * several sequences share is one segment, which they all attend to.
 */
import type { Scored, TokenIds, TokenStats } from '../engine.ts';
import type { Scope } from './machine.ts';
import type { Model } from './model.ts';

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

/** Segments of prompts with their responses; equal prompts come once. */
export function planScored(sequences: readonly Scored[]): Plan {
  const groups = new Map<string, number[]>();
  for (const [i, { prompt }] of sequences.entries()) {
    const key = prompt.join();
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
export function headShards({ config }: Model): number {
  return config.vocabSize >= 4096 ? 8 : 4;
}

/** Lay a batch out in `scope`. `keep`: a backward pass follows. */
export function layBatch(model: Model, scope: Scope, plan: Plan, temperature: number, keep: boolean): Batch {
  const { machine, config, layout, measures, recompute } = model;
  const { hidden } = layout.sizes;
  const { segments, units } = plan;
  const rowStarts = starts(segments.map(({ tokens }) => tokens.length));
  const queryStarts = starts(segments.map(({ targets }) => targets.length));
  const rows = rowStarts[segments.length] as number;
  const queries = queryStarts[segments.length] as number;
  const floats = (count: number) => scope.take(count * 4);
  const rowOf = (segment: number) => rowStarts[segment] as number;

  const tokens = scope.take(rows * 4);
  const targets = scope.take(queries * 4);
  const queryRows = scope.take(queries * 4);
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

  const finalRows = floats(rows * hidden);
  const restLayers = keep && !recompute ? config.layers : 2;
  const statistics = floats(5 * queries);
  const dLogprob = keep ? floats(queries) : 0;
  const dEntropy = keep ? floats(queries) : 0;
  const activeRuns = keep ? scope.take(units.length * 8) : 0;
  const activeQueries = keep ? scope.take(queries * 4) : 0;
  // In the order of the core's `Batch`.
  const words = scope.words([
    ...[model.words, scope.words(records), rows, queries, tokens, targets, queryRows, temperature],
    ...[keep ? 1 : 0, keep && !recompute ? 1 : 0],
    ...[floats((keep ? config.layers : 1) * rows * hidden), floats(restLayers * rows * measures.activations)],
    ...[finalRows, floats(queries * hidden), floats(queries), statistics, floats(queries), dLogprob, dEntropy],
    headShards(model),
    ...(keep ? [floats(headShards(model) * queries * hidden), floats(3 * rows * hidden)] : [0, 0]),
    ...[keep ? floats(2 * rows * measures.operands) : 0, activeRuns, activeQueries, 0, 0],
  ]);
  if (keep) machine.floats(dEntropy, queries).fill(0);

  const limit = Math.max(taskRows.fewest, Math.min(taskRows.most, Math.ceil(rows / sliceTasks)));
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
    words,
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
      machine.doubles(words + 25 * 8, 2).set([runs.length / 2, count]);
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
