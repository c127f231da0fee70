/** Autoregressive sampling. Prompts are read once each, however many responses they have; then one token a step for all. */
import { type Random, stream } from '../../../src-shared/random.ts';
import { EngineError, type Generated, type Sampling, type TokenIds, type TokenStats } from '../engine.ts';
import { type Input, layBatch, type Range, ranges, rowsOfSlice, taskRows } from './batch.ts';
import { floatWord, type Scope } from './machine.ts';
import type { Model } from './model.ts';
import * as tasks from './tasks.ts';

/** Floats of keys and values of the responses that are generated together. */
const roundFloats = 1 << 27;
const statNames = ['logprob', 'entropy', 'klUniform', 'top1', 'top2'] as const;
const responseBytes = 40;

/** Responses to one prompt. */
interface Group {
  readonly prompt: TokenIds;
  readonly first: number;
  readonly count: number;
}

export async function generate(model: Model, prompts: readonly TokenIds[], sampling: Sampling): Promise<Generated[]> {
  const longest = Math.max(1, ...prompts.map((prompt) => prompt.length)) + sampling.maxNewTokens;
  await model.prepare(longest, false);
  const { machine } = model;
  const generated: Generated[] = [];
  const perPosition = machine.core.cacheFloats(model.struct);
  const sizes = prompts.map((prompt) => (padded(prompt.length) + padded(sampling.maxNewTokens)) * perPosition);
  for (const round of ranges(sizes, roundFloats)) {
    const scope = machine.scope();
    try {
      generated.push(...(await generateRound(model, scope, prompts, round, sampling, longest)));
    } finally {
      scope.free();
    }
  }
  return generated;
}

async function generateRound(
  model: Model,
  scope: Scope,
  prompts: readonly TokenIds[],
  round: Range,
  sampling: Sampling,
  longest: number,
): Promise<Generated[]> {
  const { machine, config } = model;
  const { maxNewTokens } = sampling;
  const groups = groupsOf(prompts, round);
  const prefixes = await prefill(model, scope, groups, longest);
  const count = round[1] - round[0];
  const responses = scope.take(count * responseBytes);
  const tokens = scope.take(count * maxNewTokens * 4);
  const statistics = scope.take(count * 5 * maxNewTokens * 4);
  const ownCapacity = padded(maxNewTokens);
  const ownFloats = machine.core.cacheFloats(model.struct) * ownCapacity;
  for (const [g, group] of groups.entries()) {
    const { cache, hidden } = prefixes[g] as Prefix;
    for (let i = group.first - round[0]; i < group.first - round[0] + group.count; i++)
      // Word for word the core's `Response`, after its uniform number.
      machine
        .ints(responses + i * responseBytes + 8, 8)
        .set([
          ...[cache, hidden, scope.take(ownFloats * 4), statistics + i * 5 * maxNewTokens * 4],
          ...[tokens + i * maxNewTokens * 4, group.prompt.length, ownCapacity, 0],
        ]);
  }
  const random = Array.from({ length: count }, (_, i): Random => stream(sampling.seed, round[0] + i));
  const lengths = await decodeAll(model, scope, responses, tokens, random, sampling);
  return Array.from(lengths, (length, i): Generated => {
    const own = machine.ints(tokens + i * maxNewTokens * 4, length).slice();
    const stats = machine.floats(statistics + i * 5 * maxNewTokens * 4, 5 * maxNewTokens);
    return {
      tokens: own,
      finished: own[length - 1] === config.eosTokenId,
      stats: statsOf(stats, maxNewTokens, length, round[0] + i),
    };
  });
}

/** @returns Tokens of each response. */
async function decodeAll(
  model: Model,
  scope: Scope,
  responses: number,
  tokens: number,
  random: readonly Random[],
  { temperature, topK, topP, maxNewTokens }: Sampling,
): Promise<Int32Array> {
  const { machine, config } = model;
  const lengths = new Int32Array(random.length);
  const activeStart = scope.take(random.length * 4);
  const decoding = scope.take(32);
  machine.ints(decoding, 6).set([model.struct, responses, activeStart, maxNewTokens, topK, floatWord(temperature)]);
  machine.doubles(decoding + 24, 1)[0] = topP;
  let active = random.map((_, i) => i);
  for (let step = 0; step < maxNewTokens && active.length > 0; step++) {
    machine.ints(activeStart, active.length).set(active);
    for (const i of active) machine.doubles(responses + i * responseBytes, 1)[0] = (random[i] as Random).next();
    const rows = Math.min(taskRows, padded(Math.ceil(active.length / (2 * machine.threads))));
    await machine.run(
      Array.from({ length: Math.ceil(active.length / rows) }, (_, t) =>
        tasks.decode(decoding, t * rows, Math.min(active.length, (t + 1) * rows)),
      ),
    );
    const drawn = machine.ints(tokens, random.length * maxNewTokens);
    for (const i of active) lengths[i] = step + 1;
    active = active.filter((i) => drawn[i * maxNewTokens + step] !== config.eosTokenId);
  }
  return lengths;
}

interface Prefix {
  readonly cache: number;
  /** Output of the last layer at the last token. [hidden] */
  readonly hidden: number;
}

async function prefill(model: Model, scope: Scope, groups: readonly Group[], longest: number): Promise<Prefix[]> {
  const { machine, layout } = model;
  const { core } = machine;
  const perPosition = core.cacheFloats(model.struct);
  const prefixes = groups.map(({ prompt }) => ({
    cache: scope.take(perPosition * padded(prompt.length) * 4),
    hidden: scope.take(layout.hidden * 4),
  }));
  const lengths = groups.map(({ prompt }) => prompt.length);
  for (const [first, end] of ranges(lengths, rowsOfSlice(model, false))) {
    const slice = machine.scope();
    try {
      const inputs = groups.slice(first, end).map(
        ({ prompt }, i): Input => ({
          tokens: prompt,
          targets: new Int32Array(0),
          cache: (prefixes[first + i] as Prefix).cache,
        }),
      );
      const batch = layBatch(model, slice, inputs, 1, false);
      await machine.run(batch.tasks.map((range) => tasks.forward(batch.struct, ...range)));
      for (let i = 0; i < end - first; i++) {
        const last = batch.finalRows + ((batch.rowStarts[i + 1] as number) - 1) * layout.hidden * 4;
        machine.floats((prefixes[first + i] as Prefix).hidden, layout.hidden).set(machine.floats(last, layout.hidden));
      }
    } finally {
      slice.free();
    }
  }
  machine.reserveScratch(core.scratchFloats(model.struct, taskRows, longest + 8, 0));
  return prefixes;
}

/** Runs of equal prompts among prompts `first .. end - 1`. */
function groupsOf(prompts: readonly TokenIds[], [first, end]: Range): Group[] {
  const groups: Group[] = [];
  for (let i = first; i < end; i++) {
    const prompt = prompts[i] as TokenIds;
    const last = groups.at(-1);
    if (last && equal(last.prompt, prompt)) groups[groups.length - 1] = { ...last, count: last.count + 1 };
    else groups.push({ prompt, first: i, count: 1 });
  }
  return groups;
}

function equal(a: TokenIds, b: TokenIds): boolean {
  return a === b || (a.length === b.length && a.every((token, i) => token === b[i]));
}

function statsOf(all: Float32Array, stride: number, length: number, response: number): TokenStats {
  const [logprob, entropy, klUniform, top1, top2] = statNames.map((_, k) =>
    all.slice(k * stride, k * stride + length),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const bad = logprob.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new EngineError(
      `response ${response}, token ${bad}: log-prob is ${logprob[bad]}; the policy's logits must be finite`,
    );
  return { logprob, entropy, klUniform, top1, top2 };
}

/** Caches hold positions in fours. */
function padded(positions: number): number {
  return Math.ceil(positions / 4) * 4;
}
