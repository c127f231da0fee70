/**
 * Autoregressive sampling. Prompts are read once each, however many responses they have; then every thread has a batch
 * of responses, from which finished ones go and which waiting ones join, token by token.
 */
import { endTokens } from '../../model/config.ts';
import type { Generated, OnGenerated, Sampling, TokenIds } from '../engine.ts';
import { layBatch, planPrompts, type Range, ranges } from './batch.ts';
import type { Scope } from './machine.ts';
import type { Model, Shape } from './model.ts';
import { checkLogprobs } from './scoring.ts';
import { rowsOfSlice } from './slices.ts';
import * as tasks from './tasks.ts';

/** Floats of keys and values of the prompts that are answered together, and of the responses in all batches. */
export const roundFloats = 1 << 27;
/** Responses of a batch come in whole tiles of rows. */
const tileRows = 12;
const maxSlots = 60;
/** How long one call of the core should take, roughly: messages wait as long. */
const burstMs = 20;

export async function generate(
  model: Model,
  prompts: readonly TokenIds[],
  sampling: Sampling,
  onGenerated?: OnGenerated,
): Promise<Generated[]> {
  const generated: Generated[] = [];
  const sizes = prompts.map((prompt) => padded(prompt.length) * model.measures.cache);
  for (const [first, end] of ranges(sizes, roundFloats)) {
    const scope = model.machine.scope();
    try {
      generated.push(...(await generateRound(model, scope, prompts.slice(first, end), first, sampling, onGenerated)));
    } finally {
      scope.free();
    }
  }
  return generated;
}

/** How a round of `count` responses is decoded. @param longest Positions of the longest prompt with its response. */
export function decodingPlan(shape: Shape, threads: number, count: number, longest: number, maxNewTokens: number) {
  const capacity = padded(maxNewTokens);
  const fitting = Math.max(1, Math.floor(roundFloats / (threads * capacity * shape.measures.cache)));
  const slots = Math.min(slotsOf(shape, longest), fitting, Math.ceil(count / threads));
  const batches = Math.min(threads, Math.ceil(count / slots));
  // In the order in which they are taken.
  const bytes = {
    tokens: count * maxNewTokens * 4,
    statistics: count * 5 * maxNewTokens * 4,
    lengths: count * 4,
    next: 4,
    records: count * 4 * 8,
    slots: batches * slots * 4,
    cache: batches * slots * capacity * shape.measures.cache * 4,
    words: 18 * 8,
  };
  return { capacity, slots, batches, positions: longest + 32, bytes };
}

/** Bytes of a prompt's keys and values, and of the output of the last layer at its last token. */
export function prefixBytes({ layout, measures }: Shape, promptTokens: number): { cache: number; hidden: number } {
  return { cache: padded(promptTokens) * measures.cache * 4, hidden: layout.sizes.hidden * 4 };
}

/** @param offset Of these prompts among the call's: it names their streams of random numbers. */
async function generateRound(
  model: Model,
  scope: Scope,
  prompts: readonly TokenIds[],
  offset: number,
  sampling: Sampling,
  onGenerated?: OnGenerated,
): Promise<Generated[]> {
  const { machine, config } = model;
  const { maxNewTokens } = sampling;
  const count = prompts.length;
  const longest = Math.max(1, ...prompts.map((prompt) => prompt.length)) + maxNewTokens;
  model.reachPosition(longest);
  const prefixes = await prefill(model, scope, prompts);
  const records = prompts.flatMap((prompt, i) => {
    const { cache, hidden } = prefixes[i] as Prefix;
    return [cache, hidden, prompt.length, offset + i];
  });

  const { capacity, slots, batches, positions, bytes } = decodingPlan(
    model,
    machine.threads,
    count,
    longest,
    maxNewTokens,
  );
  const tokens = scope.take(bytes.tokens);
  const statistics = scope.take(bytes.statistics);
  const lengths = scope.ints(new Array(count).fill(0));
  const next = scope.ints([0]);
  const table = scope.words(records);
  const occupants = scope.ints(new Array(batches * slots).fill(-1));
  // In the order of the core's `Decoding`.
  const words = scope.words([
    ...[model.words, table, count, next, lengths, tokens, statistics, maxNewTokens],
    ...[sampling.topK, config.eosTokenId ?? -1, sampling.temperature, sampling.topP, ...seedWords(sampling.seed)],
    ...[slots, occupants, scope.take(bytes.cache), capacity],
  ]);
  machine.reserveScratch(machine.core.scratchFloats(model.words, 1, positions, slots));
  const responses = new Array<Generated | undefined>(count);
  const ends = endTokens(config);
  const looked = new Int32Array(count);
  const collect = () => {
    const reached = machine.ints(lengths, count).slice();
    for (let i = 0; i < count; i++) {
      if (responses[i] !== undefined || reached[i] === 0) continue;
      const drawn = machine.ints(tokens + i * maxNewTokens * 4, reached[i] as number);
      // The core knows one token that ends a response; after another one it has drawn a few too many.
      let at = looked[i] as number;
      while (at < drawn.length && !ends.has(drawn[at] as number)) at++;
      looked[i] = at;
      const finished = at < drawn.length;
      if (!finished && at < maxNewTokens) continue;
      const length = finished ? at + 1 : at;
      const own = drawn.slice(0, length);
      const slot = machine.ints(occupants, batches * slots).indexOf(i);
      if (slot >= 0) machine.ints(occupants, batches * slots)[slot] = -1;
      const all = machine.floats(statistics + i * 5 * maxNewTokens * 4, 5 * maxNewTokens);
      const statistic = (k: number) => all.slice(k * maxNewTokens, k * maxNewTokens + length);
      const stats = {
        logprob: statistic(0),
        entropy: statistic(1),
        klUniform: statistic(2),
        top1: statistic(3),
        top2: statistic(4),
      };
      checkLogprobs(model, stats.logprob, `response ${offset + i}`);
      const response = { tokens: own, finished, stats };
      responses[i] = response;
      onGenerated?.(offset + i, response);
    }
    return !responses.includes(undefined);
  };
  await decodeAll(model, words, batches, collect);
  return responses.filter((response) => response !== undefined);
}

/**
 * Responses of a batch. Each token reads all weights once a batch, and its own keys and values: a batch whose keys and
 * values weigh about twice the weights has most of what larger ones save, and may still fit a cache.
 */
function slotsOf({ layout, measures }: Shape, positions: number): number {
  const balanced = (2 * layout.size) / (positions * measures.cache);
  return Math.max(tileRows, Math.min(maxSlots, Math.round(balanced / tileRows) * tileRows));
}

/** Burst after burst, as many tokens at a time as keep this thread from being deaf for long. */
async function decodeAll({ machine }: Model, words: number, batches: number, done: () => boolean): Promise<void> {
  let steps = 1;
  while (!done()) {
    const since = performance.now();
    await machine.run(Array.from({ length: batches }, (_, batch) => tasks.decode(words, batch, steps)));
    const took = performance.now() - since;
    if (took < burstMs / 2) steps *= 2;
    else if (took > burstMs) steps = Math.max(1, Math.floor(steps / 2));
  }
}

interface Prefix {
  readonly cache: number;
  /** Output of the last layer at the last token. [hidden] */
  readonly hidden: number;
}

/** Keys and values of each prompt; equal prompts share them. */
async function prefill(model: Model, scope: Scope, prompts: readonly TokenIds[]): Promise<Prefix[]> {
  const { machine, layout } = model;
  const { hidden } = layout.sizes;
  const found = new Map<string, Prefix & { readonly prompt: TokenIds }>();
  const prefixes = prompts.map((prompt) => {
    const key = prompt.join();
    const known = found.get(key);
    if (known) return known;
    const bytes = prefixBytes(model, prompt.length);
    const prefix = { prompt, cache: scope.take(bytes.cache), hidden: scope.take(bytes.hidden) };
    found.set(key, prefix);
    return prefix;
  });
  const distinct = [...found.values()];
  const slices: Range[] = ranges(
    distinct.map(({ prompt }) => prompt.length),
    rowsOfSlice(model, false).most,
  );
  for (const [first, end] of slices) {
    const slice = machine.scope();
    try {
      const some = distinct.slice(first, end);
      const plan = planPrompts(
        some.map(({ prompt }) => prompt),
        some.map(({ cache }) => cache),
      );
      const batch = layBatch(model, slice, plan, 1, false);
      await machine.run(batch.tasks.map((range) => tasks.forward(batch.words, ...range)));
      for (const [i, prefix] of some.entries()) {
        const last = batch.finalRows + ((batch.rowStarts[i + 1] as number) - 1) * hidden * 4;
        machine.floats(prefix.hidden, hidden).set(machine.floats(last, hidden));
      }
    } finally {
      slice.free();
    }
  }
  return prefixes;
}

/** A seed as two 32-bit words. */
function seedWords(seed: number): [number, number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** Caches hold positions in whole vectors; see `cacheCapacity` in layers.h. */
export function padded(positions: number): number {
  return Math.ceil(positions / 16) * 16;
}
