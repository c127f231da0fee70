import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Arm } from '../../../src-main/comparison/arms.ts';
import { measureEffect, verdictOn } from '../../../src-main/comparison/effect.ts';
import { compareFinal } from '../../../src-main/comparison/final.ts';
import { compareFinalInputSchema, finalComparisonSchema } from '../../../src-shared/comparison.ts';
import { stream } from '../../../src-shared/random.ts';
import { runStore } from '../../fixtures/compared-runs.ts';

const random = () => stream(1, 'test');
const arm = (...values: [seed: number, value: number][]): Arm => ({ values: new Map(values), scores: null, steps: [] });
const high = arm([1, 0.736], [2, 0.729], [3, 0.741]);
const low = arm([1, 0.532], [2, 0.548], [3, 0.51]);

describe('over seeds', () => {
  test('same seeds are pairs: scipy 1.17.1 (ttest_rel), statsmodels 0.15.0 (TTestPower), Hedges by his formula', () => {
    const of = measureEffect(high, low, 0.03, random);
    expect(of).toMatchObject({ pairedBy: 'seed', seeds: 3, intervalOf: 't over seeds', seedInterval: null });
    expect(of.effect).toBeCloseTo(0.20533333333333334, 12);
    expect(of.interval?.low).toBeCloseTo(0.14316368215958508, 10);
    expect(of.interval?.high).toBeCloseTo(0.2675029845070815, 10);
    expect(of.test?.p).toBeCloseTo(0.004915345850731569, 10);
    expect(of.effectSize).toBeCloseTo(4.6289422050687765, 8);
    expect(of.detectable).toBeCloseTo(0.08168808360939762, 6);
    expect(verdictOn(of, of.test?.p ?? null, null).verdict).toBe('DIFFERENT');
  });

  test('other seeds are not: Welch, as scipy 1.17.1 has it', () => {
    const other = arm([7, 0.532], [8, 0.548], [9, 0.51]);
    const of = measureEffect(high, other, 0.03, random);
    expect(of).toMatchObject({ pairedBy: 'none', seeds: 3, test: { method: "Welch's t over seeds" } });
    expect(of.interval?.low).toBeCloseTo(0.16271949457274482, 10);
    expect(of.test?.p).toBeCloseTo(0.0013355685820550362, 10);
    expect(verdictOn(of, 0.01, null).verdict).toBe('DIFFERENT');
  });

  test('one shared seed of several makes no pairs', () => {
    expect(measureEffect(high, arm([3, 0.5], [4, 0.5], [5, 0.6]), null, random).pairedBy).toBe('none');
    expect(measureEffect(high, arm([2, 0.5], [3, 0.5], [5, 0.6]), null, random)).toMatchObject({
      pairedBy: 'seed',
      seeds: 2,
    });
  });
});

describe('verdicts', () => {
  test('SAME within the margin, with three seeds at least', () => {
    const near = arm([1, 0.735], [2, 0.73], [3, 0.74]);
    expect(verdictOn(measureEffect(high, near, 0.03, random), 1, null).verdict).toBe('SAME');
    const two = measureEffect(arm([1, 0.5], [2, 0.5]), arm([1, 0.5], [2, 0.5]), 0.03, random);
    expect(verdictOn(two, 1, null)).toEqual({ verdict: 'INCONCLUSIVE', why: '2 of at least 3 seeds' });
  });

  test('INCONCLUSIVE says what could have been seen', () => {
    const noisy = arm([1, 0.5], [2, 0.9], [3, 0.7]);
    const { verdict, why } = verdictOn(measureEffect(high, noisy, 0.03, random), 1, null);
    expect(verdict).toBe('INCONCLUSIVE');
    expect(why).toMatch(/with 3 seeds only differences of at least 0\.\d+ could be seen/);
  });

  test('never DIFFERENT where the 95 % interval reaches into the margin, though the 90 % one does not', () => {
    const spread = measureEffect(arm([1, 0.2], [2, 0.5], [3, 0.3]), arm([1, 0], [2, 0], [3, 0]), 0.03, random);
    expect(spread.narrow?.low).toBeGreaterThan(0.03);
    expect(spread.wide?.low).toBeLessThan(0.03);
    expect(verdictOn(spread, 0.04, null).verdict).toBe('INCONCLUSIVE');
  });

  test('without a margin never SAME, and DIFFERENT only after the correction', () => {
    const of = measureEffect(high, low, null, random);
    expect(verdictOn(of, 0.01, null).verdict).toBe('DIFFERENT');
    expect(verdictOn(of, 0.2, null).verdict).toBe('INCONCLUSIVE');
    expect(verdictOn(measureEffect(high, high, null, random), 1, null).verdict).toBe('INCONCLUSIVE');
  });

  test('what is not comparable is not judged', () => {
    const of = measureEffect(high, low, 0.03, random);
    expect(verdictOn(of, 0.01, 'prompt template')).toEqual({
      verdict: 'INCONCLUSIVE',
      why: 'not comparable: prompt template',
    });
  });

  test('the other way round it is the same with the other sign', () => {
    const arms = fc
      .array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })), {
        minLength: 1,
        maxLength: 6,
      })
      .map((pairs) => [
        arm(...pairs.map(([a], i): [number, number] => [i, a])),
        arm(...pairs.map(([, b], i): [number, number] => [i, b])),
      ]);
    fc.assert(
      fc.property(arms, fc.double({ min: 0.01, max: 0.5, noNaN: true }), ([a, b], margin) => {
        if (a === undefined || b === undefined) return;
        const [there, back] = [measureEffect(a, b, margin, random), measureEffect(b, a, margin, random)];
        expect(there.effect).toBeCloseTo(-back.effect, 12);
        expect(there.test?.p ?? 1).toBeCloseTo(back.test?.p ?? 1, 9);
        expect(verdictOn(there, 1, null).verdict).toBe(verdictOn(back, 1, null).verdict);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the table of a store', () => {
  const input = (runIds: readonly string[], more: object = {}) => compareFinalInputSchema.parse({ runIds, ...more });

  async function threeSeeds() {
    const made = await runStore();
    // Thirty problems; one group solves two samples more of every third.
    const passed = (seed: number, more: number) =>
      Array.from({ length: 30 }, (_, i) => ((i + seed) % 3) + (i % 3 === 0 ? more : 0));
    const ids = [1, 2, 3].flatMap((seed) => [
      made.addRun({ seed, passed: { 0: passed(seed, 0), 10: passed(seed, 0) } }),
      made.addRun({ seed, reward: 'random', passed: { 0: passed(seed, 0), 10: passed(seed, 2) } }),
    ]);
    return { ...made, ids };
  }

  test('bootstrap over seeds and problems, where the samples are stored', async () => {
    const { store, ids } = await threeSeeds();
    const of = await compareFinal(store, input(ids, { metrics: ['eval/avg@k', 'eval/pass@k'] }));
    expect(finalComparisonSchema.parse(of)).toEqual(of);
    expect(of.reference.label).toBe('unit-tests');
    const [accuracy, pass] = of.effects;
    expect(accuracy).toMatchObject({
      metric: 'eval/avg@k',
      intervalOf: 'hierarchical bootstrap',
      pairedBy: 'seed',
      seeds: 3,
      steps: { group: [10, 10, 10], reference: [10, 10, 10] },
    });
    // Two of four samples of a third of the problems: 1/6 in every seed, so that over seeds nothing varies.
    expect(accuracy?.effect).toBeCloseTo(1 / 6, 12);
    expect(accuracy?.seedInterval?.low).toBeCloseTo(1 / 6, 9);
    // Problems vary: 0.5 with chance 1/3, so the standard error of 90 draws is 0.0248.
    const width = (accuracy?.interval?.high ?? 0) - (accuracy?.interval?.low ?? 0);
    expect(width).toBeGreaterThan(2 * 1.96 * 0.0248 * 0.8);
    expect(width).toBeLessThan(2 * 1.96 * 0.0248 * 1.2);
    expect(pass?.intervalOf).toBe('hierarchical bootstrap');
    const again = await compareFinal(store, input(ids));
    expect(again.effects[0]?.interval).toEqual(accuracy?.interval);
  });

  test('samples that do not give the logged accuracy are not believed', async () => {
    const { store, addRun } = await runStore();
    const passed = { 0: [1, 2, 3, 4] };
    const ids = [addRun({ passed, metrics: { 0: { 'eval/avg@k': 0.9 } } }), addRun({ reward: 'random', passed })];
    expect((await compareFinal(store, input(ids))).effects[0]).toMatchObject({ interval: null, intervalOf: null });
  });

  test('p values of the whole table are corrected together (Holm by hand)', async () => {
    const { store, addRun } = await runStore();
    const run = (reward: string, seed: number, length: number, words: number) =>
      addRun({ reward, seed, metrics: { 0: { 'eval/length': length, 'eval/thinking-words': words } } });
    const ids = [
      ...[10, 11, 12].map((length, i) => run('unit-tests', i, length, 1 + i / 7)),
      ...[20, 22, 21].map((length, i) => run('random', i, length, 1.3 + i / 9)),
      ...[12, 10, 13].map((length, i) => run('constant', i, length, 1.1)),
    ];
    const { effects } = await compareFinal(store, input(ids, { metrics: ['eval/length', 'eval/thinking-words'] }));
    const ps = effects.map(({ test: of }) => of?.p ?? Number.NaN);
    expect(ps).toHaveLength(4);
    const ascending = ps.toSorted((x, y) => x - y);
    // Times 4, 3, 2 and 1, and never less than the one before.
    const holm: number[] = [];
    for (const [i, p] of ascending.entries()) holm.push(Math.max(holm.at(-1) ?? 0, Math.min(1, (4 - i) * p)));
    for (const { test: of } of effects) expect(of?.pHolm).toBeCloseTo(holm[ascending.indexOf(of?.p ?? -1)] ?? -1, 12);
    expect(effects[0]?.margin).toBeNull();
  });

  test('a margin that is given; the default is the larger of 1.5 points and two standard errors', async () => {
    const { store, ids } = await threeSeeds();
    const own = await compareFinal(store, input(ids, { margins: { 'eval/avg@k': 0.4 } }));
    expect(own.effects[0]).toMatchObject({ margin: 0.4, verdict: 'SAME' });
    const { margin } = (await compareFinal(store, input(ids))).effects[0] ?? {};
    // The option says 256 problems of four samples; values are 0.25 and 0.25 + 1/6.
    const p = 0.25 + 1 / 6;
    expect(margin).toBeCloseTo(2 * Math.sqrt((p * (1 - p)) / 1024), 9);
  });

  test('at a common step, at a step, and against a pinned run', async () => {
    const { store, addRun } = await runStore();
    const line = (...values: number[]) =>
      Object.fromEntries(values.map((value, i) => [10 * i, { 'eval/avg@k': value }]));
    const [a, b] = [addRun({ metrics: line(0.1, 0.2, 0.9) }), addRun({ reward: 'random', metrics: line(0.1, 0.4) })];
    const at = async (when: unknown) => (await compareFinal(store, input([a, b], { at: when }))).effects[0];
    expect((await at('last'))?.effect).toBeCloseTo(-0.5, 12);
    expect(await at('common')).toMatchObject({ steps: { group: [10], reference: [10] } });
    expect((await at('common'))?.effect).toBeCloseTo(0.2, 12);
    expect((await at(0))?.effect).toBeCloseTo(0, 12);
    expect(await at(5)).toBeUndefined();
    const pinned = await compareFinal(store, input([a, b], { reference: { runId: b } }));
    expect(pinned.reference).toMatchObject({ key: b, label: '#2 Test' });
    expect(pinned.effects.map(({ effect }) => effect)).toEqual([expect.closeTo(0.5, 12)]);
    await expect(compareFinal(store, input([a, b], { reference: { group: 'x' } }))).rejects.toThrow('no such group');
  });

  test('another validation is not judged, and says why', async () => {
    const { store, addRun } = await runStore();
    const passed = { 0: [1, 2, 3, 4] };
    const ids = [1, 2, 3].flatMap((seed) => [
      addRun({ seed, passed }),
      addRun({
        seed,
        passed,
        config: (config) => ({ ...config, evaluation: { ...config.evaluation, temperature: 0.2 } }),
      }),
    ]);
    const { effects, issues } = await compareFinal(store, input(ids));
    expect(issues[0]).toMatchObject({ aspect: 'decoding', severity: 'differs' });
    expect(effects[0]).toMatchObject({
      verdict: 'INCONCLUSIVE',
      why: 'not comparable: decoding of the validation',
    });
  });
});
