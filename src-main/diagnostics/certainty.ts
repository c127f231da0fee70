/** Does certainty tell correct responses from wrong ones, and is it right about how often it is right? */
import { mean } from '../stats/describe.ts';
import { compareRanks, type RankComparison } from '../stats/ranks.ts';
import { type CertaintyMeans, sequenceMeans, type TokenSeries } from './tokens.ts';

/** One judged response, statistics as sampled or re-scored by teacher forcing; all at one temperature. */
export interface JudgedResponse {
  readonly stats: TokenSeries;
  readonly passed: boolean;
}

export interface CertaintyReport {
  /**
   * Correct against wrong responses for the sequence mean of each statistic; null where all are correct, or none. The
   * effect size is named rank-biserial in the study (arXiv 2606.20881) while its code, as ArcherCodeR has it, computes
   * |Z| / sqrt(N): both are given. Entropies are the lower the surer, so their signed r is expected below 0.
   */
  readonly separation: Readonly<Record<keyof CertaintyMeans, RankComparison | null>>;
  /** Calibration of what is a probability: per response, geometric mean token probability, and mean disparity. */
  readonly calibration: { readonly probability: Calibration; readonly disparity: Calibration };
}

/** @throws RangeError without responses. */
export function certaintyReport(responses: readonly JudgedResponse[]): CertaintyReport {
  const scored = responses.map(({ stats, passed }) => ({ means: sequenceMeans(stats), passed }));
  const separate = (key: keyof CertaintyMeans) => {
    const of = (passed: boolean) => scored.filter((r) => r.passed === passed).map(({ means }) => means[key]);
    return compareRanks(of(true), of(false));
  };
  const calibrate = (confidence: (means: CertaintyMeans) => number) =>
    // Means of float32 statistics can leave 0..1 by their last bits.
    calibration(scored.map((r) => ({ confidence: Math.min(1, Math.max(0, confidence(r.means))), passed: r.passed })));
  return {
    separation: {
      tokenEntropy: separate('tokenEntropy'),
      trajectoryEntropy: separate('trajectoryEntropy'),
      selfCertainty: separate('selfCertainty'),
      disparity: separate('disparity'),
    },
    calibration: {
      probability: calibrate(({ trajectoryEntropy }) => Math.exp(-trajectoryEntropy)),
      disparity: calibrate(({ disparity }) => disparity),
    },
  };
}

export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Means over the bin; null where it is empty. */
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

export interface Calibration {
  /** Sum over bins of (share of responses in it) x |accuracy - confidence|. 0..1. */
  readonly expectedError: number;
  readonly bins: readonly ReliabilityBin[];
}

/**
 * Expected calibration error over equal bins of [0, 1] (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599: bins
 * open below, closed above, but that the first holds 0).
 * @throws RangeError without responses, and on a confidence outside 0..1.
 */
export function calibration(
  responses: readonly { readonly confidence: number; readonly passed: boolean }[],
  bins = 10,
): Calibration {
  if (responses.length === 0) throw new RangeError('calibration: there is no response; at least one is needed');
  const inBin = Array.from({ length: bins }, (): { confidence: number; passed: boolean }[] => []);
  for (const response of responses) {
    const { confidence } = response;
    if (!(confidence >= 0 && confidence <= 1))
      throw new RangeError(`calibration: confidence ${confidence}; allowed is 0 to 1`);
    inBin[Math.max(0, Math.ceil(confidence * bins) - 1)]?.push(response);
  }
  const reliability = inBin.map((members, i) => ({
    from: i / bins,
    to: (i + 1) / bins,
    count: members.length,
    confidence: members.length === 0 ? null : mean(members.map((r) => r.confidence)),
    accuracy: members.length === 0 ? null : mean(members.map((r) => (r.passed ? 1 : 0))),
  }));
  const expectedError = reliability.reduce(
    (sum, { count, confidence, accuracy }) =>
      sum + (count / responses.length) * Math.abs((accuracy ?? 0) - (confidence ?? 0)),
    0,
  );
  return { expectedError, bins: reliability };
}
