import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  averageAccuracy,
  crossover,
  type ProblemCount,
  passAtKCurve,
  passRatio,
  signatureDiversity,
  supportChange,
} from '../../../src-main/diagnostics/accuracy.ts';
import { stream } from '../../../src-shared/random.ts';

const problems = (counts: readonly (readonly [passed: number, samples: number])[]): ProblemCount[] =>
  counts.map(([passed, samples], i) => ({ problemId: `p${i}`, samples, passed }));

test('avg@k and its error by problem', () => {
  const result = averageAccuracy(
    problems([
      [0, 4],
      [2, 4],
      [4, 4],
    ]),
  );
  expect(result).toEqual({ value: 0.5, standardError: 0.5 / Math.sqrt(3), problems: 3 });
  expect(averageAccuracy(problems([[1, 4]])).standardError).toBeNull();
  expect(() => averageAccuracy([])).toThrow(/empty/);
});

test('pass@k by hand: C(4-1,2)/C(4,2) = 1/2 fail', () => {
  const curve = passAtKCurve(
    problems([
      [1, 4],
      [4, 4],
    ]),
  );
  expect(curve.map(({ value }) => value)).toEqual([0.625, 0.75, 0.875, 1]);
  expect(
    passRatio(
      problems([
        [1, 8],
        [8, 8],
      ]),
      8,
    ),
  ).toBeCloseTo(1 / 0.5625, 12);
  expect(passRatio(problems([[0, 8]]))).toBeNull();
  expect(passRatio(problems([[1, 4]]), 8)).toBeNull();
  expect(passRatio(problems([[1, 4]]))).toBe(4);
  expect(passRatio([])).toBeNull();
});

const counts = fc
  .array(
    fc.integer({ min: 1, max: 12 }).chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n))),
    { minLength: 1, maxLength: 10 },
  )
  .map(problems);

test('pass@1 is avg@k; the curve rises and stays a share', () => {
  fc.assert(
    fc.property(counts, (all) => {
      const curve = passAtKCurve(all);
      expect(curve[0]?.value).toBeCloseTo(averageAccuracy(all).value, 12);
      curve.forEach(({ value }, i) => {
        expect(value >= (curve[i - 1]?.value ?? 0) - 1e-12 && value <= 1 + 1e-12).toBe(true);
      });
    }),
  );
});

test('errors by problem are those of repeated draws of problems; errors by sample would be too small', () => {
  const random = stream(8, 'clusters');
  const draw = () =>
    problems(
      Array.from({ length: 50 }, () => {
        const p = random.next() < 0.5 ? 0.05 : 0.95;
        return [Array.from({ length: 8 }, () => random.next() < p).filter(Boolean).length, 8] as const;
      }),
    );
  const draws = Array.from({ length: 300 }, () => averageAccuracy(draw()));
  const centre = draws.reduce((sum, { value }) => sum + value, 0) / draws.length;
  const spread = Math.sqrt(draws.reduce((sum, { value }) => sum + (value - centre) ** 2, 0) / (draws.length - 1));
  const stated = draws.reduce((sum, { standardError }) => sum + (standardError ?? 0), 0) / draws.length;
  expect(stated / spread).toBeGreaterThan(0.88);
  expect(stated / spread).toBeLessThan(1.12);
  expect(stated).toBeGreaterThan(2 * Math.sqrt(0.25 / 400));
});

test('crossover: from which k on the base is no worse', () => {
  const [trained, base] = [
    passAtKCurve(
      problems([
        [8, 8],
        [0, 8],
      ]),
    ),
    passAtKCurve(
      problems([
        [2, 8],
        [2, 8],
      ]),
    ),
  ];
  const at = crossover(trained, base) ?? 0;
  expect((trained[at - 1]?.value ?? 1) <= (base[at - 1]?.value ?? 0)).toBe(true);
  expect((trained[at - 2]?.value ?? 0) > (base[at - 2]?.value ?? 1)).toBe(true);
  expect(crossover(passAtKCurve(problems([[3, 3]])), passAtKCurve(problems([[1, 3]])))).toBe(3);
  expect(crossover(passAtKCurve(problems([[2, 3]])), passAtKCurve(problems([[0, 3]])))).toBeNull();
});

test('signatures: distinct share and entropy', () => {
  expect(signatureDiversity([['a', 'a', 'a', 'a']])).toEqual({ distinctShare: 0.25, entropy: 0 });
  const two = signatureDiversity([
    ['a', 'b'],
    ['a', 'a'],
  ]);
  expect(two.distinctShare).toBe(0.75);
  expect(two.entropy).toBeCloseTo(Math.log(2) / 2, 12);
  expect(() => signatureDiversity([[], []])).toThrow(RangeError);
});

test('support against a base', () => {
  const base = problems([
    [1, 8],
    [3, 8],
    [0, 8],
    [0, 8],
    [5, 8],
  ]);
  const trained = problems([
    [8, 8],
    [0, 8],
    [1, 8],
    [0, 8],
  ]);
  expect(supportChange(base, trained)).toEqual({ kept: ['p0'], lost: ['p1'], gained: ['p2'], neither: ['p3'] });
});
