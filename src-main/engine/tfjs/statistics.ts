/** Token statistics of a row of logits on the host: softmax, entropy, KL from uniform, top probabilities. */
import type { TokenStats } from '../engine.ts';

/** Statistics of many rows, one array each. [R] */
export type FlatStats = TokenStats;

export function emptyStats(rows: number): FlatStats {
  return {
    logprob: new Float32Array(rows),
    entropy: new Float32Array(rows),
    klUniform: new Float32Array(rows),
    top1: new Float32Array(rows),
    top2: new Float32Array(rows),
  };
}

/** Rows `start .. end - 1` of every statistic, copied. */
export function sliceStats(stats: FlatStats, start: number, end: number): TokenStats {
  return {
    logprob: stats.logprob.slice(start, end),
    entropy: stats.entropy.slice(start, end),
    klUniform: stats.klUniform.slice(start, end),
    top1: stats.top1.slice(start, end),
    top2: stats.top2.slice(start, end),
  };
}

/** softmax(logits / temperature) of one row, reused from row to row. */
export class Distribution {
  /** [V] */
  readonly probabilities: Float64Array;
  #logSumExp = 0;
  #entropy = 0;
  #meanLogit = 0;
  #top1 = 0;
  #top2 = 0;

  constructor(vocabSize: number) {
    this.probabilities = new Float64Array(vocabSize);
  }

  /** Read the row that starts at `offset`. */
  load(logits: Float32Array, offset: number, temperature: number): void {
    const p = this.probabilities;
    const size = p.length;
    const scale = 1 / temperature;
    let first = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let v = 0; v < size; v++) {
      const z = logits[offset + v] as number;
      if (z > first) {
        second = first;
        first = z;
      } else if (z > second) second = z;
    }
    let sum = 0;
    let sumShifted = 0;
    let sumWeighted = 0;
    for (let v = 0; v < size; v++) {
      const shifted = ((logits[offset + v] as number) - first) * scale;
      const e = Math.exp(shifted);
      p[v] = e;
      sum += e;
      sumShifted += shifted;
      // exp(-inf) * -inf would be NaN where its limit is 0.
      if (e > 0) sumWeighted += e * shifted;
    }
    const inverse = 1 / sum;
    for (let v = 0; v < size; v++) p[v] = (p[v] as number) * inverse;
    const logSum = Math.log(sum);
    this.#logSumExp = first * scale + logSum;
    this.#entropy = logSum - sumWeighted * inverse;
    this.#meanLogit = first * scale + sumShifted / size;
    this.#top1 = inverse;
    this.#top2 = Math.exp((second - first) * scale) * inverse;
  }

  /** Write row `row` of `stats` for a token, given its logit divided by the temperature. */
  describe(stats: FlatStats, row: number, scaledLogit: number): void {
    stats.logprob[row] = Math.min(0, scaledLogit - this.#logSumExp);
    stats.entropy[row] = Math.max(0, this.#entropy);
    stats.klUniform[row] = Math.max(0, this.#logSumExp - this.#meanLogit - Math.log(this.probabilities.length));
    stats.top1[row] = this.#top1;
    stats.top2[row] = this.#top2;
  }
}

/**
 * Derivative by one row's logits of dLogprob * ln p(target) + dEntropy * H:
 * (dLogprob (1[v = target] - p_v) - dEntropy p_v (ln p_v + H)) / temperature, written to `out` at `offset`.
 */
export function rowGradient(
  logits: Float32Array,
  offset: number,
  vocabSize: number,
  target: number,
  temperature: number,
  logprob: number,
  entropy: number,
  dLogprob: number,
  dEntropy: number,
  out: Float32Array,
): void {
  const scale = 1 / temperature;
  if (dLogprob === 0 && dEntropy === 0) {
    out.fill(0, offset, offset + vocabSize);
    return;
  }
  const logSumExp = (logits[offset + target] as number) * scale - logprob;
  if (dEntropy === 0) {
    for (let v = 0; v < vocabSize; v++)
      out[offset + v] = -dLogprob * scale * Math.exp((logits[offset + v] as number) * scale - logSumExp);
  } else {
    for (let v = 0; v < vocabSize; v++) {
      const logP = (logits[offset + v] as number) * scale - logSumExp;
      out[offset + v] = -scale * Math.exp(logP) * (dLogprob + dEntropy * (logP + entropy));
    }
  }
  out[offset + target] = (out[offset + target] as number) + dLogprob * scale;
}
