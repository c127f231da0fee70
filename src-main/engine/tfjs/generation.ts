/** Autoregressive sampling: prefill of a group of prompts, then one token a sequence and step until all have ended. */
import { type Random, stream } from '../../../src-shared/random.ts';
import { endTokens, type ModelConfig } from '../../model/config.ts';
import type { Generated, OnGenerated, Sampling, TokenIds } from '../engine.ts';
import { scoped } from './library.ts';
import type { KvCache } from './ops.ts';
import { packPrompts } from './packing.ts';
import { drawToken } from './sampler.ts';
import { largestActivation } from './scoring.ts';
import { Distribution, emptyStats, type FlatStats, sliceStats } from './statistics.ts';
import type { Transformer } from './transformer.ts';
import type { WeightSet } from './weight.ts';

/** Limits of one group of prompts that is generated together. */
const maxCacheFloats = 1 << 27;
const maxPromptTokens = 1 << 14;
const maxLogits = 1 << 24;

interface Sequence {
  readonly index: number;
  readonly random: Random;
  /** Position of the token drawn last. */
  position: number;
  readonly tokens: Int32Array;
  readonly stats: FlatStats;
  count: number;
  finished: boolean;
}

export async function generate(
  transformer: Transformer,
  weights: WeightSet,
  prompts: readonly TokenIds[],
  sampling: Sampling,
  onGenerated?: OnGenerated,
): Promise<Generated[]> {
  const generated: Generated[] = [];
  const { config, ops } = transformer;
  for (const [start, end] of promptGroups(config, prompts, sampling.maxNewTokens, ops.mostFloats)) {
    const group = prompts.slice(start, end);
    const sequences = group.map((prompt, i) => newSequence(start + i, prompt, sampling));
    await scoped(transformer.ops.tf, () => generateGroup(transformer, weights, group, sequences, sampling));
    for (const { index, tokens, stats, count, finished } of sequences) {
      const response = { tokens: tokens.slice(0, count), finished, stats: sliceStats(stats, 0, count) };
      generated.push(response);
      onGenerated?.(index, response);
    }
  }
  return generated;
}

function newSequence(index: number, prompt: TokenIds, { seed, maxNewTokens }: Sampling): Sequence {
  return {
    index,
    random: stream(seed, index),
    position: prompt.length - 1,
    tokens: new Int32Array(maxNewTokens),
    stats: emptyStats(maxNewTokens),
    count: 0,
    finished: false,
  };
}

async function generateGroup(
  transformer: Transformer,
  weights: WeightSet,
  prompts: readonly TokenIds[],
  sequences: readonly Sequence[],
  sampling: Sampling,
): Promise<void> {
  const { ops, config } = transformer;
  const batch = packPrompts(prompts);
  const longest = Math.max(...batch.keys.lengths);
  const cache = ops.cache(batch.keys, config.layers, longest + sampling.maxNewTokens);
  try {
    const distribution = new Distribution(config.vocabSize);
    const ends = endTokens(config);
    let active = [...sequences];
    let logits = await scoped(ops.tf, async () =>
      (await ops.read(transformer.logits(weights, transformer.hidden(weights, batch, cache)))).slice(),
    );
    for (;;) {
      for (const [row, sequence] of active.entries()) draw(distribution, logits, row, sequence, sampling, ends);
      active = dropEnded(active, cache);
      if (active.length === 0) return;
      logits = await scoped(ops.tf, async () => {
        const tokens = Int32Array.from(active, (sequence) => sequence.tokens[sequence.count - 1] as number);
        const positions = Int32Array.from(active, (sequence) => sequence.position);
        return (
          await ops.read(transformer.logits(weights, transformer.step(weights, tokens, positions, cache)))
        ).slice();
      });
    }
  } finally {
    cache.dispose();
  }
}

function draw(
  distribution: Distribution,
  logits: Float32Array,
  row: number,
  sequence: Sequence,
  sampling: Sampling,
  ends: ReadonlySet<number>,
): void {
  const { temperature } = sampling;
  const offset = row * distribution.probabilities.length;
  distribution.load(logits, offset, temperature);
  const token = drawToken(distribution.probabilities, sampling, sequence.random.next());
  distribution.describe(sequence.stats, sequence.count, (logits[offset + token] as number) / temperature);
  sequence.tokens[sequence.count++] = token;
  sequence.position++;
  sequence.finished = ends.has(token);
}

function dropEnded(active: Sequence[], cache: KvCache): Sequence[] {
  const rows = [...active.keys()].filter((row) => {
    const { finished, count, tokens } = active[row] as Sequence;
    return !finished && count < tokens.length;
  });
  if (rows.length === active.length) return active;
  if (rows.length > 0) cache.keep(Int32Array.from(rows));
  return rows.map((row) => active[row] as Sequence);
}

/**
 * Ranges of prompts, in order, whose cache, prompt tokens and logits stay within the limits, and none of whose tensors
 * has more than `mostFloats` elements, unless a prompt alone has them.
 */
export function promptGroups(
  config: ModelConfig,
  prompts: readonly TokenIds[],
  maxNewTokens: number,
  mostFloats = Number.POSITIVE_INFINITY,
): [number, number][] {
  const floatsPerPosition = 2 * config.layers * config.kvHeads * config.headDim;
  const logits = Math.min(maxLogits, mostFloats);
  const groups: [number, number][] = [];
  let start = 0;
  let tokens = 0;
  let longest = 0;
  for (const [i, prompt] of prompts.entries()) {
    tokens += prompt.length;
    longest = Math.max(longest, prompt.length);
    const count = i - start + 1;
    const cacheFloats = count * (longest + maxNewTokens) * floatsPerPosition;
    const fits = cacheFloats <= maxCacheFloats && tokens <= maxPromptTokens && count * config.vocabSize <= logits;
    const largest = Math.max(largestActivation(config, tokens, count, longest), cacheFloats / (2 * config.layers));
    if ((fits && largest <= mostFloats) || count === 1) continue;
    groups.push([start, i]);
    start = i;
    tokens = prompt.length;
    longest = prompt.length;
  }
  if (start < prompts.length) groups.push([start, prompts.length]);
  return groups;
}
