import fc from 'fast-check';
import { expect, test } from 'vitest';
import { actionReward, sequenceMeans, type TokenSeries, tokenMeans } from '../../../src-main/diagnostics/tokens.ts';

/** Statistics of next-token distributions, from their definitions, with the first token sampled. */
function seriesOf(distributions: readonly (readonly number[])[]): TokenSeries {
  const of = (f: (p: readonly number[]) => number) => distributions.map(f);
  const sorted = (p: readonly number[]) => p.toSorted((a, b) => b - a);
  return {
    logprob: of((p) => Math.log(p[0] as number)),
    entropy: of((p) => -p.reduce((sum, q) => sum + q * Math.log(q), 0)),
    klUniform: of((p) => p.reduce((sum, q) => sum + Math.log(1 / p.length / q) / p.length, 0)),
    top1: of((p) => sorted(p)[0] as number),
    top2: of((p) => sorted(p)[1] as number),
  };
}

const short = seriesOf([[0.5, 0.25, 0.25]]);
const long = seriesOf([
  [0.9, 0.05, 0.05],
  [0.2, 0.7, 0.1],
  [1 / 3, 1 / 3, 1 / 3],
]);

test('token means weigh tokens alike, sequence means responses', () => {
  const tokens = tokenMeans([short, long]);
  expect(tokens.trajectoryEntropy).toBeCloseTo(
    -(Math.log(0.5) + Math.log(0.9) + Math.log(0.2) + Math.log(1 / 3)) / 4,
    12,
  );
  expect(tokens.disparity).toBeCloseTo((0.25 + 0.85 + 0.5 + 0) / 4, 12);
  expect(sequenceMeans(short).tokenEntropy).toBeCloseTo(1.5 * Math.log(2), 12);
  expect(sequenceMeans(short).selfCertainty).toBeCloseTo((Math.log(2 / 3) + 2 * Math.log(4 / 3)) / 3, 12);
  expect(() => tokenMeans([])).toThrow(/no token/);
});

test('action reward is minus trajectory entropy times length over the cap', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.double({ min: -9, max: 0, noNaN: true }), { minLength: 1, maxLength: 6 }), { minLength: 1 }),
      (all) => {
        const responses = all.map((logprob) => ({ ...short, logprob }));
        const tokens = all.flat().length;
        const nll = -all.flat().reduce((sum, l) => sum + l, 0) / tokens;
        expect(actionReward(responses, 8)).toBeCloseTo((-nll * (tokens / all.length)) / 8, 10);
      },
    ),
  );
  expect(() => actionReward([short], 0)).toThrow(/longest response 0/);
});
