/** Life of an engine on the CPU kernels: its moments, its copies, its end, and its layout of the weights. */
import { describe, expect, it } from 'vitest';
import { adapterTargets, EngineError } from '../../../src-main/engine/engine.ts';
import { kernelsFactories } from '../../../src-main/engine/kernels/index.ts';
import { adapterLayoutOf, gather, layoutOf, type Space, scatter } from '../../../src-main/engine/kernels/layout.ts';
import { adapterShapes } from '../../../src-main/model/adapter.ts';
import type { Weights } from '../../../src-main/model/weights.ts';
import { stream } from '../../../src-shared/random.ts';
import { expectClose, largestOf } from '../../conformance/expectations.ts';
import { gradientOf, linear, newFolder, randomDerivatives, sequences, snapshot } from '../../conformance/fixtures.ts';
import { describeBuilds, engineOf, even, lively, odd, plain, step, using } from './kernels-fixtures.ts';

describe.each(kernelsFactories)('$id', ({ id, load, unavailable }) => {
  it('starts with fresh moments from any folder', async ({ skip }) => {
    const reason = await unavailable();
    if (reason !== null) skip(`${id}: ${reason}`);
    const dir = await newFolder();
    await using(engineOf(even), async (engine) => {
      const batch = sequences(even, [[3, 4]]);
      await engine.accumulate({ sequences: batch, temperature: 1 }, linear(randomDerivatives(batch)));
      await engine.update(step);
      await engine.save(dir);
    });
    const loaded = await load(dir);
    const { optimizer } = await snapshot(loaded);
    expect(loaded.device.engine).toBe(id);
    loaded.dispose();
    expect(optimizer?.updates).toBe(0);
    for (const { data } of optimizer?.m.values() ?? []) expect(largestOf(data)).toBe(0);
  });
});

describeBuilds((options) => {
  it('refuses work once disposed, but not that of its frozen copies', async () => {
    const engine = engineOf(even, options);
    const batch = sequences(even, [[3, 4]]);
    const frozen = await engine.freeze();
    const before = await engine.score(batch, 1);
    engine.dispose();
    engine.dispose();
    await expect(engine.score(batch, 1)).rejects.toThrow(EngineError);
    await expect(engine.generate([Int32Array.of(1)], plain)).rejects.toThrow(EngineError);
    await expect(engine.update(step)).rejects.toThrow(EngineError);
    expect(await frozen.score(batch, 1)).toEqual(before);
    frozen.dispose();
    await expect(frozen.score(batch, 1)).rejects.toThrow(EngineError);
  });

  it('lets calls one after the other, in the order in which they were made', () =>
    using(engineOf(even, options), async (engine) => {
      const batch = sequences(even, [[3, 4]]);
      const [before] = await engine.score(batch, 1);
      const calls = [
        engine.score(batch, 1),
        engine.accumulate({ sequences: batch, temperature: 1 }, linear(randomDerivatives(batch))),
        engine.update(step),
        engine.score(batch, 1),
      ] as const;
      const [first, , , last] = await Promise.all(calls);
      expect(first[0]).toEqual(before);
      expect(last[0]).not.toEqual(before);
    }));

  it('does nothing for no sequences, and has nothing to say of empty responses', () =>
    using(engineOf(even, options), async (engine) => {
      const none = () => ({ loss: 0, derivatives: [] });
      expect(await engine.score([], 1)).toEqual([]);
      expect(await engine.generate([], plain)).toEqual([]);
      expect(await engine.accumulate({ sequences: [], temperature: 1 }, none)).toEqual({ loss: 0, tokens: 0 });
      expect(await engine.update(step)).toEqual({ gradNorm: 0 });
      const [stats] = await engine.score(sequences(even, [[5, 0]]), 1);
      expect(stats?.logprob).toEqual(new Float32Array(0));
    }));

  it('adds the gradients of calls in which some sequences have none', () =>
    using(engineOf(even, options), async (engine) => {
      const batch = sequences(
        even,
        Array.from({ length: 12 }, (_, i) => [4 + i, 3 + i] as const),
      );
      const derivatives = randomDerivatives(batch);
      const only = (wanted: (s: number) => boolean) =>
        derivatives.map((d, s) => (wanted(s) ? d : { logprob: d.logprob.map(() => 0) }));
      const whole = await gradientOf(engine, batch, derivatives, 1);
      for (const wanted of [(s: number) => s % 3 === 0, (s: number) => s % 3 !== 0])
        await engine.accumulate({ sequences: batch, temperature: 1 }, linear(only(wanted)));
      await engine.update({ ...step, learningRate: 0, beta1: 0, maxGradNorm: 0 });
      const sum = (await snapshot(engine)).optimizer?.m;
      for (const [tensor, { data }] of whole)
        expectClose(sum?.get(tensor)?.data, data, 1e-5 * largestOf(data) + 1e-7, tensor);
    }));
});

describe('layout', () => {
  const adapter = { rank: 5, alpha: 1, targets: adapterTargets, seed: 1 };
  const random = stream('layout');
  const lowRank: Weights = new Map(
    [...adapterShapes(odd, adapter)].map(([name, shape]) => {
      const elements = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: Float32Array.from({ length: elements }, () => random.normal()) }];
    }),
  );

  describe.each([16, 32])('in panels of %i', (panel) => {
    it.each<[string, Space, Weights]>([
      ['weights', layoutOf(odd, panel), lively(odd)],
      ['tied weights', layoutOf(even, panel), lively(even)],
      ['an adapter', adapterLayoutOf(odd, adapter, panel), lowRank],
    ])('takes %s in, each element to a place of its own, and gives them back', (_, space, tensors) => {
      const buffer = new Float32Array(space.size).fill(Number.NaN);
      for (const [name, { data }] of tensors)
        scatter(space, name, data, 0, (at, value) => {
          expect(buffer[at]).toBeNaN();
          buffer[at] = value;
        });
      for (const mostRows of [3, Number.POSITIVE_INFINITY])
        for (const [name, { data }] of tensors) {
          const back: number[] = [];
          const room = (length: number) => new Float32Array(length + 2);
          for (const part of gather(space, name, (at) => buffer[at] as number, room, mostRows)) back.push(...part);
          expect(Float32Array.from(back), name).toEqual(data);
        }
      expect([...space.tensors].map(([name, { shape }]) => [name, shape])).toEqual(
        [...tensors].map(([name, { shape }]) => [name, shape]),
      );
      const elements = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
      expect(buffer.filter((value) => !Number.isNaN(value)).length).toBe(elements);
    });
  });
});
