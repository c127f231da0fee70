import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type CollapseStep,
  collapseAlarms,
  collapseStep,
  collapseWatch,
} from '../../../src-main/diagnostics/collapse.ts';
import { collapseRates, collapseTruth, judgeRuns, rate } from '../../../src-main/diagnostics/collapse-rates.ts';
import { stream } from '../../../src-shared/random.ts';

const CAP = 1000;

/** A run of 100 steps, validated at every tenth, from its courses over time 0..1, with noise as of a batch. */
function run(
  seed: number,
  course: {
    readonly length?: (t: number) => number;
    readonly entropy?: (t: number) => number;
    readonly reward?: (t: number) => number;
    readonly accuracy?: ((t: number) => number) | null;
  },
): CollapseStep[] {
  const random = stream(seed, 'run');
  const { length = () => 400, entropy = () => 0.6, reward = () => 0.5, accuracy = () => 0.4 } = course;
  return Array.from({ length: 101 }, (_, step) => {
    const t = step / 100;
    const trained = step > 0;
    return {
      step,
      cap: CAP,
      length: trained ? Math.min(CAP, length(t) * (1 + 0.05 * random.normal())) : null,
      truncated: trained ? 0 : null,
      trajectoryEntropy: trained ? Math.max(0, entropy(t) * (1 + 0.05 * random.normal())) : null,
      reward: trained ? reward(t) + 0.03 * random.normal() : null,
      accuracy: accuracy !== null && step % 10 === 0 ? accuracy(t) + 0.01 * random.normal() : null,
      accuracyError: accuracy !== null && step % 10 === 0 ? 0.01 : null,
    };
  });
}
const after = (from: number, t: number) => Math.max(0, t - from) / (1 - from);

test('responses that shorten', () => {
  const steps = run(1, { length: (t) => 400 * (1 - 0.9 * after(0.4, t)), accuracy: (t) => 0.4 - 0.3 * after(0.4, t) });
  const [alarm, ...others] = collapseAlarms(steps);
  expect(others).toEqual([]);
  expect(alarm?.mode).toBe('short');
  // Half of 400 is passed at 0.4 + 0.6 x 0.5 / 0.9 = step 73.
  expect(alarm?.onset).toBeGreaterThanOrEqual(70);
  expect(alarm?.onset).toBeLessThanOrEqual(76);
  expect(alarm?.raisedAt).toBeGreaterThanOrEqual(alarm?.onset ?? 0);
  expect(alarm?.raisedAt).toBeLessThanOrEqual((alarm?.onset ?? 0) + 8);
  expect(alarm?.evidence.start).toBeCloseTo(400, -1.5);
});

test('responses that shorten while accuracy stays at its best are no collapse', () => {
  const shorter = (t: number) => 400 * (1 - 0.8 * after(0.2, t));
  expect(collapseAlarms(run(1, { length: shorter, accuracy: (t) => 0.4 + 0.3 * t }))).toEqual([]);
  // Without validation there is nothing to hold it back.
  expect(collapseAlarms(run(1, { length: shorter, accuracy: null })).map(({ mode }) => mode)).toEqual(['short']);
});

test('responses that run to the cap, with and without entropy', () => {
  const longer = (t: number) => (t < 0.5 ? 400 : 2000);
  const flat = collapseAlarms(run(2, { length: longer, entropy: (t) => (t < 0.5 ? 0.6 : 0.01), accuracy: null }));
  expect(flat.map(({ mode }) => mode)).toEqual(['cap']);
  expect(Math.abs((flat[0]?.onset ?? 0) - 50)).toBeLessThanOrEqual(1);
  expect(flat[0]?.raisedAt).toBeLessThanOrEqual(58);
  // Long reasoning is not collapse.
  expect(collapseAlarms(run(2, { length: longer, accuracy: null }))).toEqual([]);
});

test('a reward that rises while held-out accuracy falls', () => {
  const accuracy = (t: number) => (t <= 0.3 ? 0.4 + t / 3 : 0.5 - 0.6 * (t - 0.3));
  const hacked = collapseAlarms(run(3, { accuracy, reward: (t) => 0.5 + 0.3 * t }));
  expect(hacked.map(({ mode }) => mode)).toEqual(['hacking']);
  expect(hacked[0]?.onset).toBe(40);
  expect(hacked[0]?.raisedAt).toBeLessThanOrEqual(70);
  expect(hacked[0]?.why).toMatch(/step 30/);
  // Accuracy that falls without the reward: not this.
  expect(collapseAlarms(run(3, { accuracy }))).toEqual([]);
  // One bad validation.
  const once = (t: number) => (t === 0.6 ? 0.2 : 0.4);
  expect(collapseAlarms(run(3, { accuracy: once, reward: (t) => 0.5 + 0.3 * t }))).toEqual([]);
  // A reward that rises with accuracy.
  expect(collapseAlarms(run(3, { accuracy: (t) => 0.4 + 0.2 * t, reward: (t) => 0.5 + 0.3 * t }))).toEqual([]);
});

test('over many runs: collapse is found, noise is not', () => {
  const fall = (t: number) => 0.4 - 0.35 * after(0.3, t);
  const runs = Array.from({ length: 60 }, (_, i) =>
    i % 3 === 0
      ? { id: `hacking ${i}`, steps: run(i, { accuracy: fall, reward: (t) => 0.5 + 0.3 * t }) }
      : i % 3 === 1
        ? { id: `quiet ${i}`, steps: run(i, {}) }
        : // A quarter is lost: a fall, and no collapse.
          { id: `falls ${i}`, steps: run(i, { accuracy: (t) => 0.4 - 0.1 * t }) },
  );
  const rates = collapseRates(judgeRuns(runs));
  expect(rates.detected).toMatchObject({ count: 20, of: 20, high: 1 });
  expect(rates.falseAlarms).toMatchObject({ count: 0, of: 40, low: 0 });
  expect(rates.missed).toEqual([]);
  expect(rates.alarmLess).toHaveLength(20);
  // Accuracy falls from step 30 on, and half of it is lost at 0.3 + 0.7 x 0.2 / 0.35 = step 70, seen there or at 80: an
  // alarm needs two validations that are low, the first at 40.
  for (const less of rates.alarmLess) expect(less >= 50 - 80 - 10 && less <= 10, `${less}`).toBe(true);
  for (const less of rates.onsetLess) expect(less).toBeLessThanOrEqual(0);
});

test('the truth is what the last validations say', () => {
  const validated = (accuracy: readonly (number | null)[]) =>
    collapseTruth(
      run(1, {})
        .slice(0, accuracy.length)
        .map((s, i) => ({ ...s, accuracy: accuracy[i] ?? null })),
    );
  expect(validated([0.4, null, 0.3, 0.2, 0.1])).toEqual({ start: 0.4, end: 0.1, since: 3 });
  expect(validated([0.4, 0.1, 0.3, 0.2, null])).toEqual({ start: 0.4, end: 0.2, since: null });
  expect(validated([0.4, 0.1, 0.3, 0.2, 0.2])?.since).toBe(3);
  expect(validated([0.4, 0.5, 0.6])).toMatchObject({ end: 0.6, since: null });
  // Too few, and nothing to lose: 0.02 is below three errors of 0.01.
  expect(validated([0.4, 0])).toBeNull();
  expect(validated([0.02, 0, 0, 0])).toBeNull();
  expect(validated([0, 0, 0, 0])).toBeNull();
});

test('shares have the intervals of Clopper and Pearson (statsmodels 0.15.0)', () => {
  expect(rate(7, 9).low).toBeCloseTo(0.39990642628368783, 10);
  expect(rate(7, 9).high).toBeCloseTo(0.9718550265221018, 10);
  expect(rate(0, 12)).toMatchObject({ low: 0, high: expect.closeTo(0.2646484693970512, 10) });
  expect(rate(0, 0)).toMatchObject({ low: 0, high: 1 });
});

function recorded(file: string): CollapseStep[] {
  const path = join(import.meta.dirname, '..', '..', 'fixtures', 'collapse', file);
  const { cap, columns, rows } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly cap: number;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (number | null)[])[];
  };
  return rows.map((row) => {
    const values = columns.flatMap((name, i): [string, number][] => {
      const value = row[i] ?? null;
      return i === 0 || value === null ? [] : [[name, value]];
    });
    return collapseStep(row[0] ?? 0, Object.fromEntries(values), cap);
  });
}

test('recorded runs: token entropy collapses, the random reward only loses accuracy', () => {
  const [alarm] = collapseAlarms(recorded('token-entropy-2.json'));
  // Its best validation is at step 20; from step 70 on nearly nothing is solved.
  expect(alarm?.mode).toBe('hacking');
  expect(alarm?.onset).toBe(40);
  expect(alarm?.raisedAt).toBeLessThanOrEqual(70);
  expect(collapseAlarms(recorded('random-1.json'))).toEqual([]);
});

test('later steps change no alarm, nor do two watches differ', () => {
  const steps = recorded('token-entropy-2.json');
  const all = collapseAlarms(steps);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: steps.length }), (length) => {
      const early = collapseAlarms(steps.slice(0, length));
      expect(early).toEqual(all.filter(({ raisedAt }) => raisedAt <= (steps[length - 1]?.step ?? -1)));
    }),
  );
  for (const alarm of all) expect(alarm.onset).toBeLessThanOrEqual(alarm.raisedAt);
});

test('gaps are passed over; steps must rise', () => {
  const empty = { cap: CAP, length: null, truncated: null, trajectoryEntropy: null, reward: null, accuracy: null };
  const watch = collapseWatch();
  for (let step = 0; step < 50; step++) expect(watch.observe({ ...empty, accuracyError: null, step })).toEqual([]);
  expect(() => watch.observe({ ...empty, accuracyError: null, step: 49 })).toThrow(/step 49 after 49/);
});
