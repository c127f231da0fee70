/**
 * Means of the token statistics of responses, at the temperature at which they were taken: never compare them across
 * temperatures. Token-level means weigh every token alike, sequence means every response.
 */
import { mean } from '../stats/describe.ts';

/** Of one response, arrays [T], T >= 1. In nats, but for the two probabilities. */
export interface TokenSeries {
  readonly logprob: ArrayLike<number>;
  readonly entropy: ArrayLike<number>;
  readonly klUniform: ArrayLike<number>;
  readonly top1: ArrayLike<number>;
  readonly top2: ArrayLike<number>;
}

export interface CertaintyMeans {
  /** -sum_v p ln p. */
  readonly tokenEntropy: number;
  /** -ln p(token): a mean negative log-prob, opposite in sign to the reward of that name. */
  readonly trajectoryEntropy: number;
  /** KL(U || p) = logsumexp(z) - mean z - ln V; the study logs it without the constant ln V. */
  readonly selfCertainty: number;
  /** Largest minus second largest probability. */
  readonly disparity: number;
}

const TERMS: Readonly<Record<keyof CertaintyMeans, (s: TokenSeries, t: number) => number>> = {
  tokenEntropy: (s, t) => s.entropy[t] as number,
  trajectoryEntropy: (s, t) => -(s.logprob[t] as number),
  selfCertainty: (s, t) => s.klUniform[t] as number,
  disparity: (s, t) => (s.top1[t] as number) - (s.top2[t] as number),
};

function means(responses: readonly TokenSeries[]): CertaintyMeans {
  const tokens = responses.reduce((sum, { logprob }) => sum + logprob.length, 0);
  if (tokens === 0) throw new RangeError('token means: there is no token; at least one is needed');
  const of = (term: (s: TokenSeries, t: number) => number) => {
    let sum = 0;
    for (const response of responses) for (let t = 0; t < response.logprob.length; t++) sum += term(response, t);
    return sum / tokens;
  };
  return {
    tokenEntropy: of(TERMS.tokenEntropy),
    trajectoryEntropy: of(TERMS.trajectoryEntropy),
    selfCertainty: of(TERMS.selfCertainty),
    disparity: of(TERMS.disparity),
  };
}

/**
 * Token-level masked means over all tokens of all responses (internal_metrics of the study, as ArcherCodeR logs them;
 * there with 1e-8 added to the count). @throws RangeError without a token.
 */
export const tokenMeans = (responses: readonly TokenSeries[]): CertaintyMeans => means(responses);

/** The same of one response (SeqMean of ArcherCodeR, without its epsilon): what certainty rewards are made of. */
export const sequenceMeans = (response: TokenSeries): CertaintyMeans => means([response]);

/**
 * Action reward: mean over responses of (sum of ln p) / longest response allowed, in nats, at most 0. It is no reward,
 * and tends to 0 as responses get shorter or surer (actor/action_reward, dp_actor of ArcherCodeR's upstream).
 * @param cap Width to which responses are padded, in tokens.
 */
export function actionReward(responses: readonly Pick<TokenSeries, 'logprob'>[], cap: number): number {
  if (!(cap > 0)) throw new RangeError(`action reward: longest response ${cap}; allowed is above 0`);
  return mean(
    responses.map(({ logprob }) => {
      let sum = 0;
      for (let t = 0; t < logprob.length; t++) sum += logprob[t] as number;
      return sum / cap;
    }),
  );
}
