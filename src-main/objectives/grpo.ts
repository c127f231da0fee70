/**
 * GRPO with asymmetric clipping, dual clip, a KL term and an entropy bonus (verl core_algos.py).
 *   ratio = exp(clamp(ln pi - ln pi_old, +-20))
 *   l = max(-A ratio, -A clip(ratio, 1 - low, 1 + high));  if A < 0: l = min(l, -A c)
 *   + beta k3, k3 = clamp(exp(d) - d - 1, +-10), d = clamp(ln pi_ref - ln pi, +-20);  - coefficient H
 * Aggregation is over the whole minibatch, never per slice, so how an engine slices a batch changes nothing.
 */
import type { OptionValues } from '../../src-shared/options.ts';
import type { Normalisation, ObjectiveMember } from './objective.ts';

const options = {
  clipLow: {
    kind: 'number',
    label: 'Clip low',
    default: 0.2,
    min: 0,
    max: 1,
    help: 'Ratios below 1 - this are clipped.',
    source: 'the study',
  },
  clipHigh: {
    kind: 'number',
    label: 'Clip high',
    default: 0.2,
    min: 0,
    max: 100,
    help: 'Ratios above 1 + this are clipped. DAPO raises it to 0.28.',
    source: 'the study',
  },
  dualClip: {
    kind: 'number',
    label: 'Dual clip',
    default: 3,
    min: 0,
    max: 1000,
    advanced: true,
    help: 'Upper bound c of the ratio where the advantage is negative; must exceed 1, 0 turns it off.',
    source: 'verl; the study uses 10 with 3 epochs',
  },
  klCoefficient: {
    kind: 'number',
    label: 'KL coefficient',
    default: 0,
    min: 0,
    max: 100,
    help: 'Weight of the k3 divergence from the policy that the run started from; 0 keeps no reference policy.',
    source: 'the study; ablates 0 and 0.005',
  },
  entropyCoefficient: {
    kind: 'number',
    label: 'Entropy bonus',
    default: 0,
    min: -10,
    max: 10,
    advanced: true,
    help: 'Weight of the mean token entropy, subtracted from the loss.',
    source: 'the study',
  },
  aggregation: {
    kind: 'choice',
    label: 'Averaging',
    default: 'seq-mean-token-mean',
    choices: [
      {
        value: 'seq-mean-token-mean',
        label: 'Sequences, then tokens',
        help: 'Mean over responses of the mean over tokens (GRPO).',
      },
      { value: 'token-mean', label: 'All tokens', help: 'Mean over all tokens of the minibatch (DAPO).' },
      { value: 'seq-mean-token-sum', label: 'Sequence sums', help: 'Mean over responses of the sum over tokens.' },
      {
        value: 'seq-mean-token-sum-norm',
        label: 'Fixed length',
        help: 'Sum over tokens / (responses x longest response) (Dr. GRPO).',
      },
    ],
    help: 'How token losses become one number.',
    source: 'what the study’s token-mean amounts to with its micro-batches of one response',
  },
} as const;

/** Weight of each token of a sequence of this length. */
function tokenWeight(aggregation: unknown, length: number, n: Normalisation): number {
  switch (aggregation) {
    case 'token-mean':
      return 1 / n.tokens;
    case 'seq-mean-token-sum':
      return 1 / n.sequences;
    case 'seq-mean-token-sum-norm':
      return 1 / (n.sequences * n.maxNewTokens);
    default:
      return 1 / (n.sequences * length);
  }
}

const clamp = (x: number, bound: number) => Math.max(-bound, Math.min(bound, x));

export const grpo: ObjectiveMember = {
  id: 'grpo',
  title: 'GRPO',
  help: 'Policy gradient with group-relative advantages and clipped ratios.',
  options,
  needsReference: (o) => (o.klCoefficient as number) > 0,
  isIdle: (s, o) => s.advantage === 0 && o.klCoefficient === 0 && o.entropyCoefficient === 0,
  sequenceLoss(stats, sequence, normalisation, o: OptionValues) {
    const { advantage, oldLogprob, refLogprob } = sequence;
    const [low, high, dual] = [o.clipLow as number, o.clipHigh as number, o.dualClip as number];
    const [beta, bonus] = [o.klCoefficient as number, o.entropyCoefficient as number];
    const length = stats.logprob.length;
    const weight = tokenWeight(o.aggregation, length, normalisation);
    const dLogprob = new Float32Array(length);
    const dEntropy = bonus === 0 ? undefined : new Float32Array(length).fill(-bonus * weight);
    let [loss, clipped, oldKl, refKl] = [0, 0, 0, 0];

    for (let t = 0; t < length; t++) {
      const logprob = stats.logprob[t] as number;
      const difference = logprob - (oldLogprob[t] as number);
      const ratio = Math.exp(clamp(difference, 20));
      const plain = -advantage * ratio;
      const bounded = -advantage * Math.min(Math.max(ratio, 1 - low), 1 + high);
      let token = plain;
      let slope = Math.abs(difference) < 20 ? plain : 0;
      if (bounded > plain) [token, slope] = [bounded, 0];
      if (advantage < 0 && dual > 0 && -advantage * dual < token) [token, slope] = [-advantage * dual, 0];
      if (token !== plain) clipped++;
      oldKl -= difference;

      if (refLogprob !== null) {
        const gap = (refLogprob[t] as number) - logprob;
        const d = clamp(gap, 20);
        const k3 = Math.exp(d) - d - 1;
        refKl += Math.min(k3, 10);
        token += beta * Math.min(k3, 10);
        if (Math.abs(gap) < 20 && k3 < 10) slope += beta * (1 - Math.exp(d));
      }
      if (bonus !== 0) token -= bonus * (stats.entropy[t] as number);
      loss += token * weight;
      dLogprob[t] = slope * weight;
    }
    return {
      loss,
      derivative: dEntropy === undefined ? { logprob: dLogprob } : { logprob: dLogprob, entropy: dEntropy },
      tally: { tokens: length, clipped, oldKl, refKl: refLogprob === null ? null : refKl },
    };
  },
};
