/**
 * DPO (arXiv 2305.18290, as TRL dpo_trainer.py, loss `sigmoid`): mean over pairs of -ln sigmoid(beta (D_w - D_l)), where
 * D = sum over tokens of ln pi - ln pi_ref. The advantage makes the pairs: in each group the k-th response above 0 is the
 * chosen one of the k-th below 0. Departure: log-probs are at the sampling temperature, as everywhere here.
 * A pair's two responses may reach the objective apart, so each half sees the other as it was before the update: the
 * policy is the same, so the sum of the halves is the loss, and its derivative exact.
 */
import type { MinibatchSequence, ObjectiveMember, ObjectiveTally, Related } from './objective.ts';
import { klEstimate } from './pieces.ts';

export const dpo: ObjectiveMember = {
  id: 'dpo',
  title: 'DPO',
  help: 'Prefers the better of two responses of a group over the worse, against the reference policy.',
  options: {
    beta: {
      kind: 'number',
      label: 'Beta',
      default: 0.1,
      min: 0.0001,
      max: 100,
      help: 'How strongly the policy is tied to the reference policy; the higher, the closer it stays.',
      source: 'DPO, arXiv 2305.18290; TRL; Aletheia',
    },
  },
  conflicts: ({ advantage }) =>
    advantage.kind === 'pairs'
      ? []
      : [{ path: 'advantage.kind', message: `${advantage.kind} makes no pairs for objective dpo; allowed is pairs` }],
  needsReference: () => true,
  needsCurrentScores: () => true,
  relate(minibatch) {
    const rivals = pairsOf(minibatch);
    const pairs = rivals.size / 2;
    return minibatch.map((sequence): Related => {
      const rival = rivals.get(sequence);
      if (rival === undefined) return {};
      return { rival: { logRatio: logRatioOf(rival.currentLogprob, rival.refLogprob), pairs } };
    });
  },
  isIdle: ({ related }) => related?.rival === undefined,
  sequenceLoss(stats, { advantage, oldLogprob, refLogprob, related }, _normalisation, options) {
    const length = stats.logprob.length;
    const tally = { tokens: length, clipped: 0, oldKl: 0, refKl: 0 };
    for (let t = 0; t < length; t++) {
      const logprob = stats.logprob[t] as number;
      tally.oldKl += (oldLogprob[t] as number) - logprob;
      tally.refKl += klEstimate('k3', logprob, refLogprob?.[t] as number).value;
    }
    if (related?.rival === undefined) return { loss: 0, derivative: { logprob: new Float32Array(length) }, tally };
    const beta = options.beta as number;
    const { logRatio, pairs } = related.rival;
    const sign = isChosen(advantage) ? 1 : -1;
    const own = logRatioOf(stats.logprob, refLogprob);
    const margin = sign * beta * (own - logRatio);
    const slope = (-sign * beta) / (1 + Math.exp(margin)) / pairs;
    return {
      loss: softplus(-margin) / (2 * pairs),
      derivative: { logprob: new Float32Array(length).fill(slope) },
      tally: { ...tally, own: measured(isChosen(advantage), beta * own, sumOf(stats.logprob), margin) },
    };
  },
};

/** What TRL logs as rewards/* and logps/*; what is of the pair is told by its chosen half. */
function measured(
  chosen: boolean,
  reward: number,
  logprob: number,
  margin: number,
): NonNullable<ObjectiveTally['own']> {
  if (!chosen) return { 'train/rejected-reward': [reward, 1], 'train/rejected-logprob': [logprob, 1] };
  return {
    'train/chosen-reward': [reward, 1],
    'train/chosen-logprob': [logprob, 1],
    'train/reward-margin': [margin, 1],
    'train/preference-accuracy': [margin > 0 ? 1 : 0, 1],
  };
}

function sumOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

const isChosen = (advantage: number | Float32Array) => (typeof advantage === 'number' ? advantage : 0) > 0;

/** ln(1 + exp(x)), without overflow. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function logRatioOf(logprob: Float32Array | null, refLogprob: Float32Array | null): number {
  if (logprob === null || refLogprob === null)
    throw new RangeError('dpo: log-probs of policy and reference are needed');
  let sum = 0;
  for (let t = 0; t < logprob.length; t++) sum += (logprob[t] as number) - (refLogprob[t] as number);
  return sum;
}

/** The other one of each sequence's pair; those left over have none. */
function pairsOf(minibatch: readonly MinibatchSequence[]): Map<MinibatchSequence, MinibatchSequence> {
  const rivals = new Map<MinibatchSequence, MinibatchSequence>();
  for (const group of Map.groupBy(minibatch, (s) => s.group).values()) {
    const chosen = group.filter((s) => isChosen(s.advantage));
    const rejected = group.filter((s) => !isChosen(s.advantage));
    for (let k = 0; k < Math.min(chosen.length, rejected.length); k++) {
      const [better, worse] = [chosen[k] as MinibatchSequence, rejected[k] as MinibatchSequence];
      rivals.set(better, worse).set(worse, better);
    }
  }
  return rivals;
}
