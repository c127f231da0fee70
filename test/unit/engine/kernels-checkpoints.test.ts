/** A run may change its engine: what one of them saves, the others go on from, optimizer moments included. */
import { describe, expect, it } from 'vitest';
import type { PolicyEngine, TokenStats } from '../../../src-main/engine/engine.ts';
import { engines } from '../../../src-main/engine/index.ts';
import { expectStats } from '../../conformance/expectations.ts';
import {
  linear,
  policies,
  policyFolder,
  ragged,
  randomDerivatives,
  savedFolder,
  sequences,
} from '../../conformance/fixtures.ts';
import { step } from './kernels-fixtures.ts';

const ids = ['kernels-wasm', 'kernels-native', 'tfjs-wasm'];
const candidates = await Promise.all(
  engines
    .filter(({ id }) => ids.includes(id))
    .map(async (factory) => ({ factory, reason: await factory.unavailable() })),
);
const pairs = candidates.flatMap((from) =>
  candidates
    .filter((to) => to !== from)
    .map((to) => {
      const missing = [from, to].find(({ reason }) => reason !== null);
      const why = missing ? ` (${missing.factory.id} cannot run here: ${missing.reason})` : '';
      return { title: `${from.factory.id} to ${to.factory.id}${why}`, from: from.factory, to: to.factory, missing };
    }),
);

describe.each(policies)('a checkpoint of a policy of $name', ({ config }) => {
  const batch = sequences(config, ragged);
  const train = async (engine: PolicyEngine, updates: number) => {
    for (let update = 0; update < updates; update++) {
      await engine.accumulate({ sequences: batch, temperature: 1 }, linear(randomDerivatives(batch, update)));
      await engine.update(step);
    }
  };

  for (const { title, from, to, missing } of pairs)
    it.skipIf(missing !== undefined)(`goes from ${title}`, async () => {
      const dir = await policyFolder(config);
      const saver = await from.load(dir);
      const restorer = await to.load(dir);
      await train(saver, 3);
      const folder = await savedFolder(saver);
      await restorer.restore(folder);
      const before = await saver.score(batch, 1);
      for (const [s, stats] of (await restorer.score(batch, 1)).entries())
        expectStats(stats, before[s] as TokenStats, 1e-4);

      for (const engine of [saver, restorer]) await train(engine, 1);
      const after = await saver.score(batch, 1);
      for (const [s, stats] of (await restorer.score(batch, 1)).entries())
        expectStats(stats, after[s] as TokenStats, 1e-3);

      // Fresh moments lead elsewhere: the agreement is theirs.
      const fresh = await to.load(folder);
      await train(fresh, 1);
      const [elsewhere] = await fresh.score(batch, 1);
      expect(Math.abs((elsewhere?.logprob[0] ?? 0) - (after[0]?.logprob[0] ?? 0))).toBeGreaterThan(1e-2);
      for (const engine of [saver, restorer, fresh]) engine.dispose();
    });
});
