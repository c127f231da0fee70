import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TokenStats } from '../../../src-main/engine/engine.ts';
import { grpo } from '../../../src-main/objectives/grpo.ts';
import type { Normalisation, ObjectiveSequence } from '../../../src-main/objectives/objective.ts';
import { defaultsOf, type OptionValues } from '../../../src-shared/options.ts';

const defaults = defaultsOf(grpo.options) as OptionValues;
const normalisation: Normalisation = { sequences: 3, tokens: 17, maxNewTokens: 32 };

function stats(logprob: readonly number[], entropy = logprob.map(() => 0.7)): TokenStats {
  const zero = new Float32Array(logprob.length);
  return {
    logprob: Float32Array.from(logprob),
    entropy: Float32Array.from(entropy),
    klUniform: zero,
    top1: zero,
    top2: zero,
  };
}

function sequence(advantage: number, old: readonly number[], ref: readonly number[] | null = null): ObjectiveSequence {
  return { advantage, oldLogprob: Float32Array.from(old), refLogprob: ref === null ? null : Float32Array.from(ref) };
}

/** The published formula, written once more in float64 and without regard to derivatives. */
function reference(
  logprob: readonly number[],
  entropy: readonly number[],
  s: { advantage: number; old: readonly number[]; ref: readonly number[] | null },
  o: OptionValues,
): number {
  const weights: Record<string, number> = {
    'token-mean': 1 / normalisation.tokens,
    'seq-mean-token-mean': 1 / (normalisation.sequences * logprob.length),
    'seq-mean-token-sum': 1 / normalisation.sequences,
    'seq-mean-token-sum-norm': 1 / (normalisation.sequences * normalisation.maxNewTokens),
  };
  let loss = 0;
  logprob.forEach((lp, t) => {
    const ratio = Math.exp(lp - (s.old[t] as number));
    const low = 1 - (o.clipLow as number);
    const high = 1 + (o.clipHigh as number);
    let token = Math.max(-s.advantage * ratio, -s.advantage * Math.min(Math.max(ratio, low), high));
    if (s.advantage < 0 && o.dualClip !== 0) token = Math.min(token, -s.advantage * (o.dualClip as number));
    if (s.ref !== null) {
      const d = (s.ref[t] as number) - lp;
      token += (o.klCoefficient as number) * (Math.exp(d) - d - 1);
    }
    token -= (o.entropyCoefficient as number) * (entropy[t] as number);
    loss += token * (weights[o.aggregation as string] as number);
  });
  return loss;
}

describe('grpo', () => {
  const aggregation = fc.constantFrom(
    'token-mean',
    'seq-mean-token-mean',
    'seq-mean-token-sum',
    'seq-mean-token-sum-norm',
  );
  const logprobs = fc.array(fc.double({ min: -3, max: -0.01, noNaN: true }), { minLength: 1, maxLength: 6 });

  test('loss equals the published formula and derivatives equal its finite differences', () => {
    fc.assert(
      fc.property(
        logprobs,
        fc.double({ min: -2, max: 2, noNaN: true }),
        fc.double({ min: -0.9, max: 0.9, noNaN: true }),
        fc.boolean(),
        aggregation,
        (raw, advantage, shift, withReference, how) => {
          // float32 in, so the reference must see the same rounded numbers.
          const lp = raw.map(Math.fround);
          const old = lp.map((x, t) => Math.fround(x - shift * (t % 2 === 0 ? 1 : 0.37)));
          const ref = withReference ? lp.map((x) => Math.fround(x + 0.25 * shift)) : null;
          const entropy = lp.map((x) => Math.fround(-x));
          const o = {
            ...defaults,
            aggregation: how,
            klCoefficient: withReference ? 0.3 : 0,
            entropyCoefficient: 0.05,
            dualClip: 1.8,
          };
          const s = { advantage, old, ref };
          const { loss, derivative } = grpo.sequenceLoss(
            stats(lp, entropy),
            sequence(advantage, old, ref),
            normalisation,
            o,
          );
          expect(loss).toBeCloseTo(reference(lp, entropy, s, o), 6);

          const h = 1e-5;
          lp.forEach((_, t) => {
            const moved = (by: number) => lp.map((x, u) => (u === t ? x + by : x));
            const [up, down] = [moved(h), moved(-h)];
            const slopeUp = (reference(up, entropy, s, o) - reference(lp, entropy, s, o)) / h;
            const slopeDown = (reference(lp, entropy, s, o) - reference(down, entropy, s, o)) / h;
            // At a kink of the clip the two sides differ and either is right.
            if (Math.abs(slopeUp - slopeDown) > 1e-3) return;
            expect(derivative.logprob[t]).toBeCloseTo((slopeUp + slopeDown) / 2, 3);
            expect(derivative.entropy?.[t]).toBeCloseTo(
              (reference(
                lp,
                entropy.map((e, u) => (u === t ? e + h : e)),
                s,
                o,
              ) -
                reference(lp, entropy, s, o)) /
                h,
              3,
            );
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('first update after sampling is the plain policy gradient', () => {
    const lp = [-0.5, -1.25];
    const { derivative, tally } = grpo.sequenceLoss(stats(lp), sequence(1.5, lp), normalisation, defaults);
    for (const d of derivative.logprob) expect(d).toBeCloseTo(-1.5 / (3 * 2), 6);
    expect(tally).toEqual({ tokens: 2, clipped: 0, clippedAt: { high: 0, dual: 0 }, oldKl: 0, refKl: null });
  });

  test('a clipped token carries no gradient and is counted', () => {
    const high = grpo.sequenceLoss(stats([-0.1]), sequence(1, [-0.6]), normalisation, defaults);
    expect([high.derivative.logprob[0], high.tally.clipped]).toEqual([0, 1]);
    const low = grpo.sequenceLoss(stats([-0.6]), sequence(-1, [-0.1]), normalisation, defaults);
    expect([low.derivative.logprob[0], low.tally.clipped]).toEqual([0, 1]);
    const dual = grpo.sequenceLoss(stats([-0.1]), sequence(-1, [-2]), normalisation, defaults);
    expect([dual.derivative.logprob[0], dual.tally.clipped]).toEqual([0, 1]);
    expect(dual.loss).toBeCloseTo(3 / 3, 6);
    expect([high, low, dual].map(({ tally }) => tally.clippedAt)).toEqual([
      { high: 1, dual: 0 },
      { high: 0, dual: 0 },
      { high: 0, dual: 1 },
    ]);
  });

  test('an enormous ratio stays finite', () => {
    const { loss, derivative } = grpo.sequenceLoss(stats([-0.1]), sequence(-1, [-90]), normalisation, {
      ...defaults,
      dualClip: 0,
    });
    expect(Number.isFinite(loss)).toBe(true);
    expect(derivative.logprob[0]).toBe(0);
  });

  test('is idle only when nothing but the advantage could contribute', () => {
    const flat = sequence(0, [-1]);
    expect(grpo.isIdle(flat, defaults)).toBe(true);
    expect(grpo.isIdle(sequence(0.1, [-1]), defaults)).toBe(false);
    expect(grpo.isIdle(flat, { ...defaults, klCoefficient: 0.01 })).toBe(false);
    expect(grpo.isIdle(flat, { ...defaults, entropyCoefficient: 0.01 })).toBe(false);
  });
});
