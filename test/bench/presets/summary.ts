/** What became of one preset: every figure of the report's tables, over its seeds. */
import { mean } from '../../../src-main/stats/describe.ts';
import type { MetricName } from '../../../src-shared/metrics.ts';
import { type Run, type Series, seriesOf } from './runs.ts';
import { type Estimate, estimate, pairedChange } from './statistics.ts';

/** First and last value of a metric, by seed and over seeds. */
export interface Ends {
  readonly start: Estimate;
  readonly end: Estimate;
  /** End minus start, paired within seed. */
  readonly change: Estimate;
  /** End minus half of the start, paired within seed: below 0 where more than half was lost. */
  readonly aboveHalf: Estimate;
  readonly endBySeed: ReadonlyMap<number, number>;
}

export interface Extreme {
  readonly step: number;
  /** Mean over seeds at that step. */
  readonly mean: number;
}

export interface PresetSummary {
  readonly id: string;
  readonly title: string;
  readonly seeds: readonly number[];
  readonly accuracy: Ends;
  /** Highest validation of each seed: a maximum of noisy values, so a little too high. */
  readonly best: Estimate;
  /** Step of it, by seed. */
  readonly bestSteps: readonly number[];
  /** Validation with the highest mean over seeds, the change up to it and the change from it to the end. */
  readonly peak: Extreme & { readonly gain: Estimate; readonly fall: Estimate };
  /** First validation whose mean is at most half of the start; null where there is none. */
  readonly halvedAt: number | null;
  /** Validation responses, tokens. */
  readonly length: Ends & { readonly shortest: Extreme; readonly longest: Extreme };
  readonly truncated: Ends;
  readonly reasoning: Ends;
  /** Training rollouts, from the first step on. Null where a run has none. */
  readonly entropy: Ends | null;
  readonly reward: Ends | null;
}

/** @param runs Of one preset, at least one. */
export function summarise(title: string, runs: readonly Run[]): PresetSummary {
  const [first] = runs;
  if (first === undefined) throw new RangeError(`${title}: no run to summarise; at least one is needed`);
  const ends = (metric: MetricName) => {
    const found = endsOf(runs, seriesOf(runs, metric));
    if (found === null) throw new Error(`${first.preset}: ${metric} is missing at every step of some run`);
    return found;
  };
  const accuracy = seriesOf(runs, 'eval/avg@k');
  const length = seriesOf(runs, 'eval/length');
  const start = accuracy.values[0] as readonly number[];
  const end = accuracy.values.at(-1) as readonly number[];
  const means = accuracy.values.map(mean);
  const peak = extreme(accuracy, Math.max);
  const atPeak = accuracy.values[accuracy.steps.indexOf(peak.step)] as readonly number[];
  const bests = runs.map((_, run) => Math.max(...accuracy.values.map((row) => row[run] as number)));
  const halved = means.findIndex((value) => value <= (means[0] as number) / 2);
  return {
    id: first.preset,
    title,
    seeds: runs.map(({ seed }) => seed),
    accuracy: ends('eval/avg@k'),
    best: estimate(bests),
    bestSteps: bests.map(
      (best, run) => accuracy.steps[accuracy.values.findIndex((row) => row[run] === best)] as number,
    ),
    peak: { ...peak, gain: pairedChange(start, atPeak), fall: pairedChange(atPeak, end) },
    halvedAt: halved < 0 ? null : (accuracy.steps[halved] as number),
    length: { ...ends('eval/length'), shortest: extreme(length, Math.min), longest: extreme(length, Math.max) },
    truncated: ends('eval/truncated'),
    reasoning: ends('eval/reasoning'),
    entropy: endsOf(runs, seriesOf(runs, 'train/token-entropy')),
    reward: endsOf(runs, seriesOf(runs, 'train/reward')),
  };
}

function endsOf(runs: readonly Run[], { values }: Series): Ends | null {
  const start = values[0];
  const end = values.at(-1);
  if (start === undefined || end === undefined) return null;
  return {
    start: estimate(start),
    end: estimate(end),
    change: pairedChange(start, end),
    aboveHalf: pairedChange(
      start.map((value) => value / 2),
      end,
    ),
    endBySeed: new Map(runs.map(({ seed }, i) => [seed, end[i] as number])),
  };
}

/** The first step at which the mean over seeds is lowest or highest. */
function extreme({ steps, values }: Series, pick: (...values: number[]) => number): Extreme {
  const means = values.map(mean);
  const value = pick(...means);
  return { step: steps[means.indexOf(value)] as number, mean: value };
}

/** End of `a` minus end of `b` over the seeds that both have; null where they share none. */
export function endDifference(a: PresetSummary, b: PresetSummary): Estimate | null {
  const shared = a.seeds.filter((seed) => b.accuracy.endBySeed.has(seed));
  if (shared.length === 0) return null;
  const at = ({ accuracy }: PresetSummary) => shared.map((seed) => accuracy.endBySeed.get(seed) as number);
  return pairedChange(at(b), at(a));
}
