import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rewards } from '../../../src-main/rewards/index.ts';
import type { Scorable } from '../../../src-main/rewards/reward.ts';
import { defaultsOf } from '../../../src-shared/options.ts';
import { rewardOf, scorable, score } from './scorable.ts';

const sharp = scorable([[0.97, 0.02, 0.01]], [0]);
const blunt = scorable([[0.4, 0.35, 0.25]], [0]);
const empty = scorable([], []);

describe('certainty rewards', () => {
  test.each(['self-certainty', 'token-entropy', 'trajectory-entropy', 'probability-disparity'])(
    '%s is higher for the more certain response, and none for an empty one',
    (id) => {
      const [a, b, c] = score(id, [sharp, blunt, empty]);
      expect(a).toBeGreaterThan(b as number);
      expect(c).toEqual({ unscored: 'the response is empty, so it has no certainty' });
    },
  );

  const two = scorable(
    [
      [0.5, 0.25, 0.25],
      [0.8, 0.1, 0.1],
    ],
    [1, 0],
  );

  test('values by hand', () => {
    expect(score('token-entropy', [two])[0]).toBeCloseTo(-((1.5 * Math.LN2 + 0.639031859650177) / 2), 6);
    expect(score('trajectory-entropy', [two])[0]).toBeCloseTo((Math.log(0.25) + Math.log(0.8)) / 2, 6);
    expect(score('trajectory-entropy', [two], { reduction: 'sum' })[0]).toBeCloseTo(Math.log(0.25 * 0.8), 6);
    expect(score('probability-disparity', [two])[0]).toBeCloseTo((0.25 + 0.7) / 2, 6);
    expect(score('probability-disparity', [two], { variant: 'sampled' })[0]).toBeCloseTo((0 + 0.7) / 2, 6);
    // logsumexp(z) - mean(z) - ln V with z = ln p
    const kl = (p: number[]) => -p.reduce((s, x) => s + Math.log(x), 0) / 3 - Math.log(3);
    expect(score('self-certainty', [two])[0]).toBeCloseTo((kl([0.5, 0.25, 0.25]) + kl([0.8, 0.1, 0.1])) / 2, 5);
  });

  test('disparity of a part of the response', () => {
    const parts: Scorable = { ...two, tokensOf: (part) => (part === 'code' ? [1, 2] : [0, 2]) };
    const of = (span: string, rollout = parts) => score('probability-disparity', [rollout], { span })[0];
    expect(of('code')).toBeCloseTo(0.7, 6);
    expect(of('answer')).toBeCloseTo((0.25 + 0.7) / 2, 6);
    expect(of('code', two)).toEqual({ unscored: 'the response has no code block' });
    expect(of('answer', two)).toEqual({ unscored: 'the response has no final answer' });
  });

  test('sharpening every distribution raises every signal', () => {
    const logits = fc
      .array(fc.integer({ min: -30, max: 30 }), { minLength: 3, maxLength: 5 })
      .filter((z) => new Set(z).size > 1)
      .map((z) => z.map((x) => x / 10));
    const softmax = (z: readonly number[], tau: number) => {
      const e = z.map((x) => Math.exp(x / tau));
      const sum = e.reduce((a, b) => a + b, 0);
      return e.map((x) => x / sum);
    };
    fc.assert(
      fc.property(fc.array(logits, { minLength: 1, maxLength: 6 }), (sequence) => {
        const best = sequence.map((z) => z.indexOf(Math.max(...z)));
        const at = (tau: number) =>
          scorable(
            sequence.map((z) => softmax(z, tau)),
            best,
          );
        for (const id of ['self-certainty', 'token-entropy', 'trajectory-entropy']) {
          const [cold, hot] = score(id, [at(0.5), at(1)]) as number[];
          expect(cold).toBeGreaterThan(hot as number);
        }
      }),
    );
  });
});

describe('unit tests', () => {
  const outcome = (o: Scorable['outcome'], ...verdicts: Scorable['tests'][number]['verdict'][]) =>
    scorable([[0.5, 0.5]], [0], { outcome: o, tests: verdicts.map((verdict) => ({ verdict })) });
  const group = [
    outcome('passed', 'passed', 'passed'),
    outcome('wrong-answer', 'passed', 'wrong-answer', 'wrong-answer', 'passed'),
    outcome('no-code'),
    outcome('time-limit', 'time-limit'),
    outcome('compile-error', 'compile-error'),
    outcome('sandbox-error', 'sandbox-error'),
  ];
  const fault = { unscored: 'the sandbox could not judge the program' };
  test('binary: all or nothing; a sandbox fault is not a wrong answer', () => {
    expect(score('unit-tests', group)).toEqual([1, 0, 0, 0, 0, fault]);
  });
  test('fraction of tests', () => {
    expect(score('unit-tests', group, { credit: 'fraction' })).toEqual([1, 0.5, 0, 0, 0, fault]);
  });
  test('ladder', () => {
    expect(score('unit-tests', group, { credit: 'ladder' })).toEqual([1, -0.3, -1, -0.6, -1, fault]);
  });
  test('the fraction never falls when one more test passes', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), fc.nat(), (passes, at) => {
        const scoreOf = (all: boolean[]) =>
          score(
            'unit-tests',
            [
              outcome(
                all.every(Boolean) ? 'passed' : 'wrong-answer',
                ...all.map((p) => (p ? 'passed' : 'wrong-answer')),
              ),
            ],
            { credit: 'fraction' },
          )[0] as number;
        const more = passes.with(at % passes.length, true);
        expect(scoreOf(more)).toBeGreaterThanOrEqual(scoreOf(passes));
        expect(scoreOf(more) === 1).toBe(more.every(Boolean));
      }),
    );
  });
});

describe('majority agreement', () => {
  const put = (...outputs: (string | null)[]) => scorable([[0.5, 0.5]], [0], { outcome: 'wrong-answer', outputs });
  const group = [put('3', '5'), put('4', '6'), put('4 ', '6\n'), put('4', null), put(null, null), put('3', '5')];

  test('the most common outputs win, of equally common ones the first seen; a program that fails agrees with none', () => {
    // Three classes of two, one and one fail: {3,5} and {4,6} have two votes each.
    expect(score('majority', group)).toEqual([1, 0, 0, 0, 0, 1]);
    expect(score('majority', [...group, put('4', '6')])).toEqual([0, 1, 1, 0, 0, 0, 1]);
    expect(score('majority', group, { credit: 'soft' })).toEqual([2, 2, 2, 0, 0, 2].map((size) => size / 6));
  });

  test('failures alone are no majority, however many', () => {
    expect(score('majority', [put(null), put(null), put(null), put('1')])).toEqual([0, 0, 0, 1]);
    expect(score('majority', [put(null), put(null), put(null)])).toEqual([0, 0, 0]);
  });

  test('what the sandbox could not run casts no vote', () => {
    const fault = scorable([[0.5, 0.5]], [0], { outputs: null });
    expect(score('majority', [put('1'), fault, put('1'), put('2')], { credit: 'soft' })).toEqual([
      2 / 3,
      { unscored: 'the sandbox could not run the program on the visible inputs' },
      2 / 3,
      1 / 3,
    ]);
  });

  test('nothing to agree on is no agreement', () => {
    expect(score('majority', [put()])).toEqual([
      { unscored: 'the problem has no visible test with an output to agree on' },
    ]);
  });

  test('outputs are kept apart input by input', () => {
    expect(score('majority', [put('1', '2 3'), put('1 2', '3'), put('1\n2', '3'), put('1 2', '3')])).toEqual([
      0, 1, 0, 1,
    ]);
  });

  const outputs = fc.array(fc.constantFrom('a', 'b', 'c', null), { minLength: 1, maxLength: 12 });
  test('the order of a group changes no share, and no majority that is alone', () => {
    fc.assert(
      fc.property(outputs, fc.nat(), (texts, turn) => {
        const rolled = texts.map((_, i) => texts[(i + turn) % texts.length] as string | null);
        for (const credit of ['soft', 'hard']) {
          const of = (all: readonly (string | null)[]) =>
            score(
              'majority',
              all.map((t) => put(t)),
              { credit },
            ) as number[];
          const sizes = [...Map.groupBy(texts, (t) => t)].flatMap(([t, all]) => (t === null ? [] : [all.length]));
          if (credit === 'hard' && sizes.filter((s) => s === Math.max(...sizes)).length > 1) continue;
          const [plain, turned] = [of(texts), of(rolled)];
          expect(turned).toEqual(texts.map((_, i) => plain[(i + turn) % texts.length]));
        }
      }),
    );
  });

  test('at least as many agree with the winner as with any other class', () => {
    fc.assert(
      fc.property(outputs, (texts) => {
        const scores = score(
          'majority',
          texts.map((t) => put(t)),
        ) as number[];
        const winners = scores.filter((s) => s === 1).length;
        for (const t of ['a', 'b', 'c']) expect(winners).toBeGreaterThanOrEqual(texts.filter((x) => x === t).length);
      }),
    );
  });
});

describe('controls', () => {
  test('random is a Bernoulli draw that ignores the response and repeats with its stream', () => {
    const many = Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? sharp : blunt));
    const draws = score('random', many) as number[];
    const heads = draws.filter((d) => d === 1).length;
    // 5 standard deviations of Binomial(4000, 0.5).
    expect(Math.abs(heads - 2000)).toBeLessThan(5 * Math.sqrt(1000));
    expect(new Set(draws)).toEqual(new Set([0, 1]));
    expect(score('random', many)).toEqual(draws);
  });
  test('constant never differs', () => {
    expect(new Set(score('constant', [sharp, blunt, empty]))).toEqual(new Set([1]));
  });
  test('format only asks for a code block', () => {
    const wrong = scorable([[0.5, 0.5]], [0], { outcome: 'runtime-error' });
    const none = scorable([[0.5, 0.5]], [0], { outcome: 'no-code' });
    expect(score('format', [sharp, wrong, none])).toEqual([1, 1, 0]);
  });
});

test('every reward gives one score a rollout, within its bounds', () => {
  const failed = scorable([[0.9, 0.1]], [1], { outcome: 'runtime-error', tests: [{ verdict: 'runtime-error' }] });
  const agreeing = scorable([[0.6, 0.4]], [0], { outputs: ['1'], tests: [{ verdict: 'passed' }] });
  fc.assert(
    fc.property(
      fc.constantFrom(...rewards.map((r) => r.id)),
      fc.array(fc.constantFrom(sharp, blunt, empty, failed, agreeing), { maxLength: 9 }),
      fc.constantFrom('binary', 'fraction', 'ladder', 'hard', 'soft'),
      fc.constantFrom('top-two', 'sampled'),
      (id, group, credit, variant) => {
        const options = Object.fromEntries(
          Object.entries({ credit, variant }).filter(([key]) => key in rewardOf(id).options),
        );
        const scores = score(id, group, options);
        expect(scores).toHaveLength(group.length);
        const reward = rewardOf(id);
        const [low, high] = reward.bounds?.({ ...defaultsOf(reward.options), ...options }) ?? [-Infinity, Infinity];
        for (const s of scores)
          if (typeof s === 'number') expect(s >= low && s <= high, `${id} ${s} in ${low}..${high}`).toBe(true);
      },
    ),
  );
});
