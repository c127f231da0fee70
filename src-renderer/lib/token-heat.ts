/**
 * Colours of the certainty heat map. Whatever the statistic, strong colour means an uncertain token. One hue of rising
 * strength: the order survives every colour-vision deficiency, and text stays readable in both themes.
 */
import type { RolloutDetail } from '../../src-shared/rollout.ts';

type Stats = RolloutDetail['stats'];

/** What a heat map shows of any rollout. */
export const CERTAINTY_STATISTICS = [
  {
    id: 'entropy',
    title: 'Entropy',
    unit: 'nats',
    help: 'Entropy of the next-token distribution.',
    uncertainIsHigh: true,
    of: (stats: Stats, t: number) => stats.entropy[t],
  },
  {
    id: 'logprob',
    title: 'Log-probability',
    unit: 'nats',
    help: 'ln p of the sampled token.',
    uncertainIsHigh: false,
    of: (stats: Stats, t: number) => stats.logprob[t],
  },
  {
    id: 'disparity',
    title: 'Top-1 \u2212 top-2',
    unit: '',
    help: 'Largest minus second largest probability.',
    uncertainIsHigh: false,
    of: (stats: Stats, t: number) => {
      const [first, second] = [stats.top1[t], stats.top2[t]];
      return first === undefined || second === undefined ? undefined : first - second;
    },
  },
  {
    id: 'self-certainty',
    title: 'Self-certainty',
    unit: 'nats',
    help: 'KL from the uniform distribution to the next-token distribution.',
    uncertainIsHigh: false,
    of: (stats: Stats, t: number) => stats.klUniform[t],
  },
  {
    id: 'relative',
    title: 'Log-probability \u2212 top-1',
    unit: 'nats',
    help: 'ln p of the sampled token less ln p of the likeliest: 0 where the likeliest was sampled.',
    uncertainIsHigh: false,
    of: (stats: Stats, t: number) => {
      const [logprob, top] = [stats.logprob[t], stats.top1[t]];
      // Rounding may put the two a hair apart where they are the same token.
      return logprob === undefined || top === undefined ? undefined : Math.min(0, logprob - Math.log(top));
    },
  },
] as const;

export const HEAT_STATISTICS = [
  ...CERTAINTY_STATISTICS,
  {
    id: 'ratio',
    title: 'Log-prob ratio',
    unit: 'nats',
    help: 'ln of the probability after the step’s updates over the one it was sampled with: below 0 where the step made the token less likely. Taken of one rollout of each of the first eight problems of a step.',
    uncertainIsHigh: false,
    of: (stats: Stats, t: number) => {
      const [after, before] = [stats.logprobAfter?.[t], stats.logprob[t]];
      return after === undefined || before === undefined ? undefined : after - before;
    },
  },
] as const;
export type HeatStatistic = (typeof HEAT_STATISTICS)[number];

/** Those that were taken of this rollout. */
export const statisticsOf = (stats: Stats): readonly HeatStatistic[] =>
  HEAT_STATISTICS.filter(({ of }) => of(stats, 0) !== undefined);

/** What the ends of a scale are called: no colour, full colour. */
export const endsOf = ({ id }: HeatStatistic): readonly [string, string] =>
  id === 'ratio' ? ['likelier', 'less likely'] : ['certain', 'uncertain'];

export interface HeatScale {
  /** Values at no colour and at full colour; `certain` may be the larger one. */
  readonly certain: number;
  readonly uncertain: number;
}

/** The scale of one rollout: from the most certain token to the 98th percentile of uncertainty, outliers saturate. */
export function heatScale(statistic: HeatStatistic, stats: Stats, length: number): HeatScale {
  const values: number[] = [];
  for (let t = 0; t < length; t++) {
    const value = statistic.of(stats, t);
    if (value !== undefined && Number.isFinite(value)) values.push(value);
  }
  if (values.length === 0) return { certain: 0, uncertain: 0 };
  values.sort((a, b) => (statistic.uncertainIsHigh ? a - b : b - a));
  const at = Math.min(values.length - 1, Math.floor(values.length * 0.98));
  return { certain: values[0] as number, uncertain: values[at] as number };
}

/** 0 (certain) to 1 (uncertain); a scale without extent is all certain. */
export function heatOf(scale: HeatScale, value: number | undefined): number {
  const extent = scale.uncertain - scale.certain;
  if (value === undefined || !Number.isFinite(value) || extent === 0) return 0;
  return Math.min(1, Math.max(0, (value - scale.certain) / extent));
}

/** Background of a token: orange of rising opacity. Kept below the point where text on it falls under 4.5:1. */
export function heatColour(heat: number): string {
  return heat <= 0 ? 'transparent' : `rgb(230 130 0 / ${(heat * 0.58).toFixed(3)})`;
}
