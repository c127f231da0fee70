/** Expected values are from scipy 1.17.1 (t intervals, one-sided t tests) and statsmodels 0.15.0 (TTestPower, multipletests). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  detectableDifference,
  holm,
  independentEffect,
  intervalEquivalence,
  pairedEffect,
  pairedEquivalence,
  studentInterval,
} from '../../../src-main/stats/effects.ts';
import { pairedTTest } from '../../../src-main/stats/paired-tests.ts';
import { stream } from '../../../src-shared/random.ts';

const differences = [1.2, -0.4, 0.8, 2.1, -1.1, 0.3, 0.9, 1.7];

test('Student intervals', () => {
  const wide = studentInterval(differences);
  expect(wide?.low).toBeCloseTo(-0.1988821458935227, 12);
  expect(wide?.high).toBeCloseTo(1.5738821458935228, 12);
  const narrow = studentInterval(differences, 0.9);
  expect(narrow?.low).toBeCloseTo(-0.022684989607742456, 12);
  expect(narrow?.high).toBeCloseTo(1.3976849896077423, 12);
  expect(studentInterval([1])).toBeNull();
});

test('Cohen and Hedges, paired and independent', () => {
  const paired = pairedEffect(differences);
  expect(paired?.d).toBeCloseTo(0.6484385840613157, 12);
  expect(paired?.g).toBeCloseTo(0.5759450358104624, 12);
  const groups = [
    [0.1, 0.4, 0.4, 0.7, 0.9, 1.3, 1.3, 2.2],
    [0.2, 0.4, 0.5, 0.5, 0.6, 1.3, 0.05],
  ] as const;
  const independent = independentEffect(...groups);
  expect(independent?.d).toBeCloseTo(0.7182282936100186, 12);
  expect(independent?.g).toBeCloseTo(0.6758402319287473, 12);
  expect(pairedEffect([2, 2])).toBeNull();
  expect(independentEffect([1], [1, 2])).toBeNull();
});

test('equivalence: both one-sided tests, and the 90 % interval says the same', () => {
  expect(pairedEquivalence(differences, 1.5)?.p).toBeCloseTo(0.033430360723870005, 12);
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 2, maxLength: 10 }),
      fc.double({ min: 0.05, max: 3, noNaN: true }),
      (d, margin) => {
        const test = pairedEquivalence(d, margin);
        const interval = studentInterval(d, 0.9);
        // At the very edge the two may round apart.
        if (test === null || interval === null || Math.abs(test.p - 0.05) < 1e-9) return;
        expect(intervalEquivalence(interval, margin)).toBe(test.equivalent);
      },
    ),
  );
  expect(pairedEquivalence([0, 0, 0], 0.1)).toEqual({ p: 0, equivalent: true });
  expect(() => pairedEquivalence(differences, 0)).toThrow(/margin 0/);
});

test('detectable difference, in standard deviations of the differences', () => {
  expect(detectableDifference(1, 3)).toBeCloseTo(3.264043552819638, 6);
  expect(detectableDifference(1, 5)).toBeCloseTo(1.6819970833232674, 6);
  expect(detectableDifference(2, 10)).toBeCloseTo(2 * 0.9960019107624178, 5);
  // With as much power as there are false alarms, no difference at all is needed.
  expect(detectableDifference(1, 4, { power: 0.05 + 1e-9 })).toBeLessThan(0.001);
  expect(() => detectableDifference(1, 4, { power: 1 })).toThrow(/power 1; allowed is above alpha 0.05, up to 0.999/);
  expect(() => detectableDifference(1, 1)).toThrow(/n 1/);
});

test('a difference of that size is found as often as was asked for', () => {
  const n = 5;
  const shift = detectableDifference(1, n);
  const random = stream(6, 'power');
  const trials = 600;
  let found = 0;
  for (let i = 0; i < trials; i++) {
    const d = Array.from({ length: n }, () => shift + random.normal());
    if ((pairedTTest(d)?.p ?? 1) < 0.05) found++;
  }
  // Four standard errors.
  expect(Math.abs(found / trials - 0.8)).toBeLessThan(4 * Math.sqrt((0.8 * 0.2) / trials));
});

test('Holm', () => {
  const adjusted = holm([0.01, 0.04, 0.03, 0.005, 0.2]);
  for (const [i, p] of [0.04, 0.09, 0.09, 0.025, 0.2].entries()) expect(adjusted[i]).toBeCloseTo(p, 12);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }), (ps) => {
      const out = holm(ps);
      out.forEach((p, i) => {
        expect(p).toBeGreaterThanOrEqual(ps[i] as number);
        expect(p).toBeLessThanOrEqual(Math.min(1, ps.length * (ps[i] as number)) + 1e-12);
      });
      const order = ps.map((_, i) => i).sort((i, j) => (ps[i] as number) - (ps[j] as number));
      for (let i = 1; i < order.length; i++)
        expect(out[order[i] as number]).toBeGreaterThanOrEqual(out[order[i - 1] as number] as number);
    }),
  );
});
