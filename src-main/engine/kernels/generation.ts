/**
 * Autoregressive sampling. Prompts are read once each, however many responses they have; then every thread has a batch
 * of responses, from which finished ones go and which waiting ones join, token by token.
 */
import type { Generated, OnGenerated, Sampling, TokenIds } from '../engine.ts';
import { layBatch, planPrompts, type Range, ranges } from './batch.ts';
import type { Scope } from './machine.ts';
import type { Model } from './model.ts';
import { checkLogprobs } from './scoring.ts';
import { rowsOfSlice } from './slices.ts';
import * as tasks from './tasks.ts';

/** Floats of keys and values of the prompts that are answered together, and of the responses in all batches. */
const roundFloats = 1 << 27;
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

  const capacity = padded(maxNewTokens);
  const fitting = Math.max(1, Math.floor(roundFloats / (machine.threads * capacity * model.measures.cache)));
  const slots = Math.min(slotsOf(model, longest), fitting, Math.ceil(count / machine.threads));
  const batches = Math.min(machine.threads, Math.ceil(count / slots));
  const tokens = scope.take(count * maxNewTokens * 4);
  const statistics = scope.take(count * 5 * maxNewTokens * 4);
  const lengths = scope.ints(new Array(count).fill(0));
  const next = scope.ints([0]);
  // In the order of the core's `Decoding`.
  const words = scope.words([
    ...[model.words, scope.words(records), count, next, lengths, tokens, statistics, maxNewTokens],
    ...[sampling.topK, config.eosTokenId ?? -1, sampling.temperature, sampling.topP, ...seedWords(sampling.seed)],
    ...[slots, scope.ints(new Array(batches * slots).fill(-1))],
    ...[scope.take(batches * slots * capacity * model.measures.cache * 4), capacity],
  ]);
  machine.reserveScratch(machine.core.scratchFloats(model.words, 1, longest + 32, slots));
  const responses = new Array<Generated | undefined>(count);
  const collect = () => {
    const reached = machine.ints(lengths, count).slice();
    for (let i = 0; i < count; i++) {
      const length = reached[i] as number;
      if (responses[i] !== undefined || length === 0) continue;
      const own = machine.ints(tokens + i * maxNewTokens * 4, length).slice();
      const finished = own[length - 1] === config.eosTokenId;
      if (!finished && length < maxNewTokens) continue;
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
function slotsOf({ layout, measures }: Model, positions: number): number {
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
  const { machine, layout, measures } = model;
  const { hidden } = layout.sizes;
  const found = new Map<string, Prefix & { readonly prompt: TokenIds }>();
  const prefixes = prompts.map((prompt) => {
    const key = prompt.join();
    const known = found.get(key);
    if (known) return known;
    const cache = scope.take(padded(prompt.length) * measures.cache * 4);
    const prefix = { prompt, cache, hidden: scope.take(hidden * 4) };
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
function padded(positions: number): number {
  return Math.ceil(positions / 16) * 16;
}
