/** Derivatives of every objective by finite differences over whole minibatches, ratios on either side of every bound. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectives } from '../../../src-main/objectives/index.ts';
import type { ObjectiveMember } from '../../../src-main/objectives/objective.ts';
import { defaultsOf, type OptionValues } from '../../../src-shared/options.ts';
import { minibatchLoss, type Response } from './minibatch.ts';

/** Numbers on a grid that float32 keeps exactly, so that a step of the differences is no rounding. */
const onGrid = (x: number) => Math.round(x * 4096) / 4096;
const STEP = 1 / 1024;
const TOLERANCE = 2e-4;

/** Log-ratios on both sides of each bound, further from it than the step, and within. */
function logRatios(options: OptionValues): number[] {
  const bounds = [1 - (options.clipLow as number), 1 + (options.clipHigh as number), options.dualClip as number];
  const logs = bounds.filter((b) => b > 0).map(Math.log);
  const near = logs.flatMap((b) => [b - 0.05, b + 0.05]).filter((x) => logs.every((b) => Math.abs(x - b) > 0.02));
  return [...near, 0, -0.01, 0.01].filter((x) => logs.every((b) => Math.abs(x - b) > 4 * STEP)).map(onGrid);
}

/** Whether the mean log-ratio of a response is on a bound, where there is no derivative. */
function isOnKink({ logprob, old }: Response, options: OptionValues): boolean {
  const mean = logprob.reduce((sum, lp, t) => sum + lp - (old[t] as number), 0) / logprob.length;
  return [1 - (options.clipLow as number), 1 + (options.clipHigh as number), options.dualClip as number]
    .filter((b) => b > 0)
    .some((b) => Math.abs(mean - Math.log(b)) < 4 * STEP);
}

function responses(options: OptionValues, advantages: fc.Arbitrary<number>): fc.Arbitrary<Response[]> {
  const token = fc.record({
    lp: fc.double({ min: -2.5, max: -0.05, noNaN: true }).map(onGrid),
    ratio: fc.constantFrom(...logRatios(options)),
    ref: fc.double({ min: -1, max: 1, noNaN: true }).map(onGrid),
    sampler: fc.double({ min: -1.2, max: 1.2, noNaN: true }).map(onGrid),
    entropy: fc.double({ min: 0.1, max: 2, noNaN: true }).map(onGrid),
  });
  const response = fc
    .tuple(fc.array(token, { minLength: 1, maxLength: 4 }), advantages)
    .map(([tokens, advantage]): Response => {
      const old = tokens.map(({ lp, ratio }) => lp - ratio);
      return {
        advantage,
        logprob: tokens.map(({ lp }) => lp),
        old,
        ref: tokens.map(({ lp, ref }) => lp + ref),
        sampled: tokens.map(({ sampler }, t) => (old[t] as number) + sampler),
        entropy: tokens.map(({ entropy }) => entropy),
        entropySampled: tokens.map(({ entropy }) => 2 - entropy),
      };
    });
  return fc.array(response, { minLength: 4, maxLength: 4 }).map((all) => all.map((r, i) => ({ ...r, group: i >> 1 })));
}

const moved = (values: readonly number[], t: number, by: number) => values.map((x, u) => (u === t ? x + by : x));

function check(objective: ObjectiveMember, changes: OptionValues, all: readonly Response[], weightIsConstant: boolean) {
  const { logprob, entropy } = minibatchLoss(objective, changes, all);
  const lossWith = (i: number, change: (r: Response) => Response) =>
    minibatchLoss(
      objective,
      changes,
      all.map((r, j) => (i === j ? change(r) : r)),
    ).loss;
  const slope = (i: number, change: (r: Response, by: number) => Response) =>
    (lossWith(i, (r) => change(r, STEP)) - lossWith(i, (r) => change(r, -STEP))) / (2 * STEP);
  all.forEach((response, i) => {
    response.logprob.forEach((_, t) => {
      const byLogprob = slope(i, (r, by) => ({
        ...r,
        logprob: moved(r.logprob, t, by),
        // What the ratio is taken against moves along where the ratio counts as a constant.
        ...(weightIsConstant ? { old: moved(r.old, t, by), sampled: moved(r.sampled ?? [], t, by) } : {}),
      }));
      expect(Math.abs((logprob[i]?.[t] as number) - byLogprob)).toBeLessThan(TOLERANCE);
      const byEntropy = slope(i, (r, by) => ({ ...r, entropy: moved(r.entropy ?? [], t, by) }));
      expect(Math.abs((entropy[i]?.[t] ?? 0) - byEntropy)).toBeLessThan(TOLERANCE);
    });
  });
}

const aggregations = [
  'token-mean',
  'group-token-mean',
  'seq-mean-token-mean',
  'seq-mean-token-sum',
  'seq-mean-token-sum-norm',
];
const signedAdvantage = fc.double({ min: -2, max: 2, noNaN: true });

describe.each(objectives.filter((o) => 'clipLow' in o.options))('$id', (objective) => {
  test('derivatives are the slopes of the loss', () => {
    const changes = fc.record({
      aggregation: fc.constantFrom(...aggregations),
      klCoefficient: fc.constantFrom(0, 0.2),
      klEstimator: fc.constantFrom('k1', 'k2', 'k3'),
      entropyCoefficient: fc.constantFrom(0, 0.05),
      importanceCap: fc.constantFrom(0, 1.5),
      positiveWeight: fc.constantFrom(1, 0.3),
      negativeWeight: fc.constantFrom(1, 0),
      topEntropyShare: fc.constantFrom(1, 0.5),
    });
    const defaults = defaultsOf(objective.options) as OptionValues;
    const weightIsConstant = defaults.clipOf === 'weight';
    fc.assert(
      fc.property(changes, responses(defaults, signedAdvantage), (o, all) => {
        fc.pre(!all.some((r) => defaults.ratio === 'sequence' && isOnKink(r, defaults)));
        check(objective, o as OptionValues, all, weightIsConstant);
      }),
      { numRuns: 60 },
    );
  });
});

test('derivatives with one advantage a token are the slopes of the loss', () => {
  const objective = objectives.find((o) => o.id === 'reinforce++') as ObjectiveMember;
  const defaults = defaultsOf(objective.options) as OptionValues;
  fc.assert(
    fc.property(responses(defaults, signedAdvantage), (all) => {
      const perToken = all.map((r, i) => ({ ...r, advantage: r.logprob.map((_, t) => (t - 1) * (i - 1.5)) }));
      check(objective, {}, perToken, false);
    }),
    { numRuns: 60 },
  );
});

describe.each(['likelihood', 'dpo'])('%s', (id) => {
  test('derivatives are the slopes of the loss', () => {
    const objective = objectives.find((o) => o.id === id) as ObjectiveMember;
    const grpo = defaultsOf((objectives[0] as ObjectiveMember).options) as OptionValues;
    fc.assert(
      fc.property(responses(grpo, fc.constant(1)), (all) => {
        // In each group of two the second is the rejected one.
        const paired = all.map((r, i) => ({ ...r, advantage: id === 'dpo' && i % 2 === 1 ? -1 : 1 }));
        check(objective, id === 'dpo' ? { beta: 0.7 } : {}, paired, false);
      }),
      { numRuns: 60 },
    );
  });
});
