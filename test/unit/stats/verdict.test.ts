import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accuracyError, allOf, type Claim, judge, realDifference } from '../../../src-main/stats/verdict.ts';

const verdict = (claim: Claim, perSeed: readonly number[]) => judge(claim, { perSeed }).verdict;

test('a difference is real above 1.5 points and above two standard errors', () => {
  expect(accuracyError(0.5, 100, 4)).toBeCloseTo(0.025, 12);
  expect(realDifference(0.005)).toBe(0.015);
  expect(realDifference(0.025)).toBe(0.05);
});

test('a rise: shown, refuted, or open', () => {
  const rise = { form: 'above', delta: 0.02 } as const;
  expect(verdict(rise, [0.05, 0.06, 0.055])).toBe('SAME');
  // Real, yet too small to be what is claimed.
  expect(verdict(rise, [0.004, 0.005, 0.006])).toBe('DIFFERENT');
  expect(verdict(rise, [-0.05, -0.06, -0.055])).toBe('DIFFERENT');
  // The mean is large enough, the interval is not sure of its sign.
  expect(judge(rise, { perSeed: [0.001, 0.08, 0.03] })).toMatchObject({
    verdict: 'INCONCLUSIVE',
    // 3.264 standard deviations of 0.03995 (statsmodels 0.15.0, TTestPower).
    why: expect.stringMatching(/allows both; with 3 seeds only differences of at least 0\.13/),
  });
});

test('sign, limits, margins', () => {
  expect(verdict({ form: 'above', delta: 0 }, [0.1, 0.12, 0.11])).toBe('SAME');
  expect(verdict({ form: 'above', delta: 0 }, [-0.1, -0.12, -0.11])).toBe('DIFFERENT');
  expect(verdict({ form: 'above', delta: 0 }, [0, 0, 0])).toBe('DIFFERENT');
  expect(verdict({ form: 'at-most', limit: 0.5 }, [0.2, 0.25, 0.3])).toBe('SAME');
  expect(verdict({ form: 'at-most', limit: 0.5 }, [0.9, 0.95, 1])).toBe('DIFFERENT');
  expect(verdict({ form: 'at-least', limit: 0.95 }, [0.99, 1, 1])).toBe('SAME');
  expect(verdict({ form: 'at-least', limit: 0.95 }, [0.1, 0.12, 0.1])).toBe('DIFFERENT');
  expect(verdict({ form: 'within', margin: 0.02 }, [0.001, -0.002, 0.003])).toBe('SAME');
  expect(verdict({ form: 'within', margin: 0.02 }, [0.08, 0.09, 0.085])).toBe('DIFFERENT');
  expect(verdict({ form: 'beyond', margin: 0.1 }, [-0.3, -0.31, -0.32])).toBe('SAME');
  expect(verdict({ form: 'beyond', margin: 0.1 }, [0.01, 0.0, -0.01])).toBe('DIFFERENT');
});

test('differences are held to 95 % intervals, one-sided limits to 90 %', () => {
  // Mean 0.1, standard error 0.0289: above 0 by 2.92 of these, not by 4.30 (Student t, 2 degrees of freedom).
  expect(verdict({ form: 'above', delta: 0.02 }, [0.05, 0.1, 0.15])).toBe('INCONCLUSIVE');
  expect(verdict({ form: 'at-least', limit: 0 }, [0.05, 0.1, 0.15])).toBe('SAME');
});

test('nothing is concluded from fewer than three seeds, without controls, or from a policy that solves nothing', () => {
  const claim = { form: 'above', delta: 0.02 } as const;
  const perSeed = [0.05, 0.06, 0.055];
  expect(verdict(claim, [0.05])).toBe('INCONCLUSIVE');
  expect(verdict(claim, [0.05, 0.05])).toBe('INCONCLUSIVE');
  expect(judge(claim, { perSeed: [] })).toMatchObject({ verdict: 'INCONCLUSIVE', why: '0 of at least 3 seeds' });
  expect(judge(claim, { perSeed }, { missingControls: ['GRPO'] })).toMatchObject({
    verdict: 'INCONCLUSIVE',
    why: 'no runs of GRPO beside',
  });
  expect(judge(claim, { perSeed }, { base: { accuracy: 0.01, error: 0.005 } }).verdict).toBe('INCONCLUSIVE');
  expect(judge(claim, { perSeed }, { base: { accuracy: 0.2, error: 0.005 } }).verdict).toBe('SAME');
});

test('seeds that disagree leave it open, however sure the mean', () => {
  const odd = [...Array(20).fill(0.05), -0.01];
  expect(judge({ form: 'above', delta: 0.02 }, { perSeed: odd })).toMatchObject({
    verdict: 'INCONCLUSIVE',
    why: expect.stringMatching(/1 of 21 seeds disagree/),
  });
});

const seeds = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 0, maxLength: 8 });
const forms = fc
  .double({ min: 0.001, max: 0.5, noNaN: true })
  .chain((at) =>
    fc.constantFrom<Claim>(
      { form: 'above', delta: at },
      { form: 'at-most', limit: at },
      { form: 'at-least', limit: at },
      { form: 'within', margin: at },
      { form: 'beyond', margin: at },
    ),
  );

test('the same numbers never show both a claim and its opposite', () => {
  fc.assert(
    fc.property(seeds, fc.double({ min: 0.01, max: 0.5, noNaN: true }), (perSeed, at) => {
      const [most, least] = [
        verdict({ form: 'at-most', limit: at }, perSeed),
        verdict({ form: 'at-least', limit: at }, perSeed),
      ];
      if (new Set(perSeed).size > 1) expect(most === 'SAME' && least === 'SAME').toBe(false);
      const [within, beyond] = [
        verdict({ form: 'within', margin: at }, perSeed),
        verdict({ form: 'beyond', margin: at }, perSeed),
      ];
      expect(within === 'SAME' && beyond === 'SAME').toBe(false);
      if (within === 'DIFFERENT') expect(beyond).not.toBe('DIFFERENT');
    }),
  );
});

test('order of seeds is nothing, and SAME needs three of them', () => {
  fc.assert(
    fc.property(seeds, forms, (perSeed, claim) => {
      const result = judge(claim, { perSeed });
      expect(judge(claim, { perSeed: [...perSeed].reverse() }).verdict).toBe(result.verdict);
      if (perSeed.length < 3) expect(result.verdict).toBe('INCONCLUSIVE');
    }),
  );
});

test('a claim in parts', () => {
  expect(allOf(['SAME', 'SAME'])).toBe('SAME');
  expect(allOf(['SAME', 'INCONCLUSIVE'])).toBe('INCONCLUSIVE');
  expect(allOf(['INCONCLUSIVE', 'DIFFERENT'])).toBe('DIFFERENT');
  expect(allOf([])).toBe('INCONCLUSIVE');
});
