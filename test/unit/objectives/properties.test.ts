/** Examples by hand, limits and invariances of the objectives. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectives } from '../../../src-main/objectives/index.ts';
import type { ObjectiveMember } from '../../../src-main/objectives/objective.ts';
import {
  groupTokenWeights,
  klEstimate,
  topEntropyMasks,
  truncatedImportance,
} from '../../../src-main/objectives/pieces.ts';
import { defaultsOf, type OptionValues } from '../../../src-shared/options.ts';
import { minibatchLoss, type Response, sequenceOf, statsOf } from './minibatch.ts';

function member(id: string): ObjectiveMember {
  const found = objectives.find((o) => o.id === id);
  if (found === undefined) throw new Error(`there is no objective ${id}`);
  return found;
}
const optionsOf = (id: string, changes: OptionValues = {}) =>
  ({ ...defaultsOf(member(id).options), ...changes }) as OptionValues;

const expectRows = (actual: readonly (readonly number[])[], expected: readonly (readonly number[])[], digits = 6) =>
  expected.forEach((r, i) => {
    r.forEach((value, t) => {
      expect(actual[i]?.[t]).toBeCloseTo(value, digits);
    });
  });

/** Ratios 2 and 1 of a response with A = 1, ratio 1/2 of one with A = -1. */
const doubled: Response = { advantage: 1, logprob: [-0.5, -1], old: [-0.5 - Math.LN2, -1] };
const halved: Response = { advantage: -1, logprob: [-2], old: [-2 + Math.LN2] };

describe('by hand', () => {
  test('grpo: 2 is clipped to 1.2, 1/2 to 0.8', () => {
    const { loss, logprob, clipped } = minibatchLoss(member('grpo'), {}, [doubled, halved]);
    expect(loss).toBeCloseTo((-(1.2 + 1) / 2 + 0.8) / 2, 6);
    expectRows(logprob, [[0, -1 / 4], [0]]);
    expect(clipped).toBe(2);
  });

  test('dapo: the upper bound is 1.28, and every token weighs a third', () => {
    const { loss, logprob } = minibatchLoss(member('dapo'), {}, [doubled, halved]);
    expect(loss).toBeCloseTo((-1.28 - 1 + 0.8) / 3, 6);
    expectRows(logprob, [[0, -1 / 3], [0]]);
  });

  test('dr-grpo: sums over two responses of at most 8 tokens', () => {
    const { loss, logprob } = minibatchLoss(member('dr-grpo'), {}, [doubled, halved]);
    expect(loss).toBeCloseTo((-1.2 - 1 + 0.8) / 16, 6);
    expectRows(logprob, [[0, -1 / 16], [0]]);
  });

  test('bnpo: a mean over the tokens of each group, then over groups', () => {
    const other: Response = { ...halved, group: 1 };
    const { loss } = minibatchLoss(member('bnpo'), {}, [doubled, halved, other]);
    expect(loss).toBeCloseTo(((-1.2 - 1 + 0.8) / 3 + 0.8) / 2, 6);
  });

  test('gspo: one ratio, the geometric mean sqrt(2), moved alike by both tokens', () => {
    const { loss, logprob } = minibatchLoss(member('gspo'), { clipHigh: 1 }, [doubled]);
    expect(loss).toBeCloseTo(-Math.SQRT2, 6);
    expectRows(logprob, [[-Math.SQRT2 / 2, -Math.SQRT2 / 2]]);
    expectRows(minibatchLoss(member('gspo'), {}, [doubled]).logprob, [[0, 0]]);
  });

  test('cispo: ratios are constant weights, bounded by 1.5 here', () => {
    const { loss, logprob, clipped } = minibatchLoss(member('cispo'), { clipHigh: 0.5 }, [doubled, halved]);
    expect(loss).toBeCloseTo((-1.5 * -0.5 - 1 * -1 + 0.5 * -2) / 3, 6);
    expectRows(logprob, [[-1.5 / 3, -1 / 3], [0.5 / 3]]);
    expect(clipped).toBe(1);
  });

  test('raft++: min(ratio, clip(ratio)) of a correct response', () => {
    const { loss, logprob } = minibatchLoss(member('raft++'), {}, [doubled]);
    expect(loss).toBeCloseTo(-(1.2 + 1) / 2, 6);
    expectRows(logprob, [[0, -1 / 2]]);
  });

  test('likelihood: mean of -ln pi over the tokens', () => {
    const { loss, logprob } = minibatchLoss(member('likelihood'), {}, [doubled]);
    expect(loss).toBeCloseTo(0.75, 6);
    expectRows(logprob, [[-1 / 2, -1 / 2]]);
  });

  test('dpo: -ln sigmoid(beta (D_w - D_l)), and the slope is shared out to both', () => {
    const chosen: Response = { advantage: 1, logprob: [-1, -1], old: [-1, -1], ref: [-1.5, -1.5] };
    const rejected: Response = { advantage: -1, logprob: [-2], old: [-2], ref: [-1] };
    const { loss, logprob } = minibatchLoss(member('dpo'), { beta: 0.5 }, [chosen, rejected]);
    const margin = 0.5 * (1 - -1);
    expect(loss).toBeCloseTo(Math.log(1 + Math.exp(-margin)), 6);
    const slope = 0.5 / (1 + Math.exp(margin));
    expectRows(logprob, [[-slope, -slope], [slope]]);
  });

  test('dpo measures what TRL logs: rewards, margin, accuracy, log-probs, once a pair', () => {
    const chosen: Response = { advantage: 1, logprob: [-1, -1], old: [-1, -1], ref: [-1.5, -1.5] };
    const rejected: Response = { advantage: -1, logprob: [-2], old: [-2], ref: [-1] };
    const sequences = [chosen, rejected].map(sequenceOf);
    const options = optionsOf('dpo', { beta: 0.5 });
    const related = member('dpo').relate?.(sequences, options);
    const [ofChosen, ofRejected] = [chosen, rejected].map((r, i) => {
      const sequence = { ...(sequences[i] as (typeof sequences)[number]), related: related?.[i] ?? {} };
      const normalisation = { sequences: 2, tokens: 3, maxNewTokens: 8 };
      return member('dpo').sequenceLoss(statsOf(r.logprob, r.logprob), sequence, normalisation, options).tally.own;
    });
    expect(ofChosen).toEqual({
      'train/chosen-reward': [0.5, 1],
      'train/chosen-logprob': [-2, 1],
      'train/reward-margin': [1, 1],
      'train/preference-accuracy': [1, 1],
    });
    expect(ofRejected).toEqual({ 'train/rejected-reward': [-0.5, 1], 'train/rejected-logprob': [-2, 1] });
  });

  test('likelihood counts the tokens that were the likeliest', () => {
    const sampled = sequenceOf({ advantage: 1, logprob: [-0.5, -2, -1], old: [-0.5, -2, -1] });
    const stats = statsOf([-0.5, -2, -1], [0, 0, 0]);
    stats.top1.set([Math.exp(-0.5), 0.5, Math.exp(-1)]);
    const { tally } = member('likelihood').sequenceLoss(
      stats,
      sampled,
      { sequences: 1, tokens: 3, maxNewTokens: 8 },
      {},
    );
    expect(tally.own).toEqual({ 'train/token-accuracy': [2, 3] });
  });

  test('dpo leaves a response without a partner alone, and another group’s are no partner', () => {
    const lonely: Response = { advantage: 1, logprob: [-1], old: [-1], ref: [-1], group: 1 };
    const pair: Response[] = [
      { advantage: 1, logprob: [-1], old: [-1], ref: [-1.2] },
      { advantage: -1, logprob: [-1], old: [-1], ref: [-1] },
    ];
    const all = minibatchLoss(member('dpo'), {}, [lonely, ...pair]);
    expect(all.loss).toBeCloseTo(minibatchLoss(member('dpo'), {}, pair).loss, 12);
    expect(all.logprob[0]).toEqual([0]);
    const sequences = [lonely, ...pair].map(sequenceOf);
    const related = member('dpo').relate?.(sequences, optionsOf('dpo'));
    expect(
      sequences.map((s, i) => member('dpo').isIdle({ ...s, related: related?.[i] ?? {} }, optionsOf('dpo'))),
    ).toEqual([true, false, false]);
  });

  test('weights of signs scale the advantage, and 0 makes a response idle', () => {
    const { logprob } = minibatchLoss(member('grpo'), { positiveWeight: 0.1, clipHigh: 9 }, [doubled]);
    expectRows(logprob, [[-0.1, -0.05]]);
    const positive = sequenceOf(doubled);
    expect(member('grpo').isIdle(positive, optionsOf('grpo', { positiveWeight: 0 }))).toBe(true);
    expect(member('grpo').isIdle(positive, optionsOf('grpo', { negativeWeight: 0 }))).toBe(false);
  });

  test('truncated importance sampling weights the policy’s term, not the KL term', () => {
    expect(truncatedImportance(-1, -1 - Math.log(3), 2)).toBe(2);
    expect(truncatedImportance(-1, -1 + Math.LN2, 2)).toBeCloseTo(0.5, 12);
    const response: Response = { advantage: 1, logprob: [-1], old: [-1], sampled: [-1 + Math.LN2], ref: [-1] };
    const one = minibatchLoss(member('dapo'), { importanceCap: 2 }, [response]);
    expect([one.loss, one.logprob[0]?.[0]]).toEqual([expect.closeTo(-0.5, 6), expect.closeTo(-0.5, 6)]);
    const shifted = { ...response, ref: [-1.5] };
    const kl = klEstimate('k3', -1, -1.5);
    expect(minibatchLoss(member('dapo'), { importanceCap: 2, klCoefficient: 1 }, [shifted]).loss).toBeCloseTo(
      -0.5 + kl.value,
      6,
    );
  });

  test('KL estimators', () => {
    const d = 0.5;
    expect(klEstimate('k1', -1, -1 - d)).toEqual({ value: d, slope: 1 });
    expect(klEstimate('k2', -1, -1 - d)).toEqual({ value: d ** 2 / 2, slope: d });
    expect(klEstimate('k3', -1, -1 - d)).toEqual({ value: Math.exp(-d) + d - 1, slope: 1 - Math.exp(-d) });
    // Far from the reference k3 is bounded by 10, and flat.
    expect(klEstimate('k3', -9, -1)).toEqual({ value: 10, slope: 0 });
  });

  test('KL in the reward is a penalty of each token, and none of the loss', () => {
    const objective = member('reinforce++');
    const options = optionsOf('reinforce++', { klCoefficient: 0.5 });
    const penalty = objective.penalty?.(options);
    expect(Array.from(penalty?.(Float32Array.of(-1, -2), Float32Array.of(-1.5, -1)) ?? [])).toEqual([0.25, -0.5]);
    const response: Response = { advantage: 0, logprob: [-1], old: [-1], ref: [-3] };
    expect(minibatchLoss(objective, { klCoefficient: 0.5 }, [response]).loss).toBeCloseTo(0, 12);
    expect(member('grpo').penalty?.(optionsOf('grpo', { klCoefficient: 0.5 }))).toBeNull();
    expect(objective.penalty?.(optionsOf('reinforce++'))).toBeNull();
  });

  test('the highest entropies of the minibatch are kept', () => {
    const masks = topEntropyMasks([Float32Array.of(0.1, 2, 0.2), Float32Array.of(1.5, 0.3)], 0.4);
    // Five tokens, quantile 0.6: place 2.4 of 0.1 0.2 0.3 1.5 2 is 0.78.
    expect(masks.map((m) => Array.from(m))).toEqual([
      [0, 1, 0],
      [1, 0],
    ]);
    expect(topEntropyMasks([Float32Array.of(1, 1, 1)], 0.2).map((m) => Array.from(m))).toEqual([[1, 1, 1]]);
  });

  test('truncated responses are left out when asked', () => {
    const grpo = member('grpo');
    expect(grpo.trainsOn?.({ finished: false }, optionsOf('grpo'))).toBe(true);
    expect(grpo.trainsOn?.({ finished: false }, optionsOf('grpo', { maskTruncated: true }))).toBe(false);
    expect(grpo.trainsOn?.({ finished: true }, optionsOf('grpo', { maskTruncated: true }))).toBe(true);
  });
});

const logprobs = fc.array(fc.double({ min: -3, max: -0.01, noNaN: true }).map(Math.fround), {
  minLength: 1,
  maxLength: 5,
});
const batch = fc.array(
  fc.tuple(logprobs, fc.double({ min: -0.8, max: 0.8, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true })),
  { minLength: 1, maxLength: 4 },
);
const responsesOf = (rows: readonly (readonly [readonly number[], number, number])[]): Response[] =>
  rows.map(([lp, shift, advantage]) => ({
    advantage,
    logprob: lp,
    old: lp.map((x, t) => Math.fround(x - shift * (t % 2 ? 0.4 : 1))),
    ref: lp.map((x) => Math.fround(x + shift)),
  }));

describe('limits', () => {
  test('wide bounds are no bounds: every token has -A ratio', () => {
    fc.assert(
      fc.property(batch, (rows) => {
        const all = responsesOf(rows);
        const wide = { clipLow: 1, clipHigh: 100, dualClip: 0, aggregation: 'seq-mean-token-sum' };
        const { logprob, clipped } = minibatchLoss(member('grpo'), wide, all);
        const expected = all.map(({ logprob: lp, old, advantage }) =>
          lp.map((x, t) => (-(advantage as number) * Math.exp(x - (old[t] as number))) / all.length),
        );
        expectRows(logprob, expected, 5);
        expect(clipped).toBe(0);
      }),
    );
  });

  test.each(['grpo', 'dr-grpo', 'dapo', 'bnpo', 'gspo', 'cispo', 'reinforce++', 'raft++'])(
    '%s on-policy is the plain policy gradient',
    (id) => {
      fc.assert(
        fc.property(batch, (rows) => {
          const all = responsesOf(rows).map((r) => ({ ...r, old: r.logprob }));
          const { logprob } = minibatchLoss(member(id), { aggregation: 'token-mean' }, all);
          const tokens = all.reduce((n, r) => n + r.logprob.length, 0);
          expectRows(
            logprob,
            all.map((r) => r.logprob.map(() => -(r.advantage as number) / tokens)),
          );
        }),
      );
    },
  );

  test('raft++ on-policy has the gradient of the likelihood', () => {
    const all = [doubled, { ...halved, advantage: 1 }].map((r) => ({ ...r, old: r.logprob }));
    expect(minibatchLoss(member('raft++'), {}, all).logprob).toEqual(
      minibatchLoss(member('likelihood'), {}, all).logprob,
    );
  });

  test('a KL coefficient of 0, or one in the reward, is no KL term', () => {
    fc.assert(
      fc.property(batch, (rows) => {
        const all = responsesOf(rows);
        const none = minibatchLoss(
          member('grpo'),
          {},
          all.map((r) => ({ ...r, ref: null })),
        );
        expect(minibatchLoss(member('grpo'), {}, all)).toEqual(none);
        expect(minibatchLoss(member('grpo'), { klCoefficient: 1, klPlacement: 'reward' }, all)).toEqual(none);
      }),
    );
  });

  test('dpo with the reference as the policy: ln 2, and a slope of half of beta', () => {
    const same = (advantage: number): Response => ({ advantage, logprob: [-1, -2], old: [-1, -2], ref: [-1, -2] });
    const { loss, logprob } = minibatchLoss(member('dpo'), { beta: 0.3 }, [same(1), same(-1)]);
    expect(loss).toBeCloseTo(Math.LN2, 12);
    expectRows(logprob, [
      [-0.15, -0.15],
      [0.15, 0.15],
    ]);
  });

  test('log-ratios beyond every bound stay finite', () => {
    const far: Response = { advantage: -1, logprob: [-0.1], old: [-90], ref: [-300] };
    for (const { id } of objectives.filter((o) => 'clipLow' in o.options)) {
      const { loss, logprob } = minibatchLoss(member(id), { dualClip: 0, klCoefficient: 1, klPlacement: 'loss' }, [
        far,
      ]);
      expect([id, Number.isFinite(loss), Number.isFinite(logprob[0]?.[0])]).toEqual([id, true, true]);
    }
    const pair: Response[] = [
      { ...far, advantage: 1 },
      { ...far, ref: [300] },
    ];
    expect(Number.isFinite(minibatchLoss(member('dpo'), { beta: 100 }, pair).loss)).toBe(true);
    expect(Number.isFinite(minibatchLoss(member('dpo'), { beta: 100 }, [...pair].reverse()).loss)).toBe(true);
  });
});

describe('invariances', () => {
  test('gspo depends on the mean log-ratio alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -200, max: 200 }), { minLength: 2, maxLength: 6 }),
        fc.double({ min: -2, max: 2, noNaN: true }),
        (shifts, advantage) => {
          // In units that float32 keeps exactly.
          const old = shifts.map(() => -2);
          const loss = (moves: readonly number[]) =>
            minibatchLoss(member('gspo'), { clipLow: 0.1, clipHigh: 0.1 }, [
              { advantage, old, logprob: moves.map((m, t) => (old[t] as number) + m / 1024) },
            ]);
          const rotated = [...shifts.slice(1), shifts[0] as number];
          expect(loss(rotated)).toEqual(loss(shifts));
          const [first, second, ...rest] = shifts as [number, number, ...number[]];
          expect(loss([first + 7, second - 7, ...rest])).toEqual(loss(shifts));
        },
      ),
    );
  });

  test('with equal lengths grpo, bnpo and dapo average alike, and dr-grpo is their length / longest times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }), {
          minLength: 4,
          maxLength: 4,
        }),
        (moves) => {
          const all = moves.map((m, i) => ({
            advantage: i - 1.5,
            group: i >> 1,
            old: [-1, -1, -1],
            logprob: m.map((x) => Math.fround(x - 1)),
          }));
          const clip = { clipLow: 0.2, clipHigh: 0.28 };
          const [grpo, bnpo, dapo, drGrpo] = ['grpo', 'bnpo', 'dapo', 'dr-grpo'].map((id) =>
            minibatchLoss(member(id), clip, all, 8),
          );
          expect(bnpo?.loss).toBeCloseTo(grpo?.loss as number, 10);
          expect(dapo?.loss).toBeCloseTo(grpo?.loss as number, 10);
          expect(drGrpo?.loss).toBeCloseTo(((grpo?.loss as number) * 3) / 8, 10);
        },
      ),
    );
  });

  test('bnpo is dapo when all is one group, and grpo when every response is its own', () => {
    fc.assert(
      fc.property(batch, (rows) => {
        const all = responsesOf(rows);
        const clip = { clipHigh: 0.28 };
        const bnpo = (group: (i: number) => number) =>
          minibatchLoss(
            member('bnpo'),
            clip,
            all.map((r, i) => ({ ...r, group: group(i) })),
          ).loss;
        expect(bnpo(() => 3)).toBeCloseTo(minibatchLoss(member('dapo'), clip, all).loss, 10);
        expect(bnpo((i) => i)).toBeCloseTo(minibatchLoss(member('grpo'), clip, all).loss, 10);
      }),
    );
    expect(
      groupTokenWeights([
        { group: 5, length: 2 },
        { group: 9, length: 4 },
        { group: 5, length: 6 },
      ]),
    ).toEqual([1 / 16, 1 / 8, 1 / 16]);
  });

  test('dpo depends on the difference of the two log-ratios alone', () => {
    const pair = (shift: number) =>
      [1, -1].map(
        (advantage): Response => ({
          advantage,
          logprob: [-1 - advantage / 4, -2],
          old: [-1, -2],
          ref: [-1.5 + shift, -2],
        }),
      );
    expect(minibatchLoss(member('dpo'), {}, pair(0.25)).loss).toBeCloseTo(
      minibatchLoss(member('dpo'), {}, pair(0)).loss,
      12,
    );
  });
});

test('a configuration that was made before an option existed has it off', () => {
  const response = [doubled, { ...halved, ref: [-1] }];
  const early = { clipLow: 0.2, clipHigh: 0.2, dualClip: 3, klCoefficient: 0, entropyCoefficient: 0 };
  const grpo = member('grpo');
  const related = grpo.relate?.(response.map(sequenceOf), early);
  expect(related).toEqual([{}, {}]);
  expect([grpo.referenceEvery?.(early), grpo.needsOldScores?.(early), grpo.penalty?.(early)]).toEqual([0, false, null]);
});
