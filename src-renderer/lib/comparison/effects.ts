/** The table of effects in words and as rows of a file. Pure. */
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import {
  type ComparedGroup,
  type Comparison,
  DIRECTIONS,
  type Effect,
  type FinalComparison,
} from '../../../src-shared/comparison.ts';
import { formatMetric, formatNumber, formatSigned, type Unit, unitSuffix } from '../../../src-shared/format.ts';
import type { CsvCell } from '../csv.ts';

interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Differences of shares are in points: hundredths, not percent of anything. */
export const differenceUnit = (unit: Unit): string => (unit === 'fraction' ? 'points' : unitSuffix(unit));
const scaled = (unit: Unit, value: number) => (unit === 'fraction' ? 100 * value : value);

export const formatDifference = (unit: Unit, value: number): string =>
  unit === 'fraction' ? signedFixed(scaled(unit, value)) : formatSigned(value);

const signedFixed = (value: number) => {
  const text = formatNumber(Math.abs(value), value === 0 || Math.abs(value) >= 10 ? 3 : 2);
  return value > 0 ? `+${text}` : value < 0 ? `\u2212${text}` : text;
};

export const formatDifferenceInterval = (unit: Unit, { low, high }: Bounds): string =>
  `${formatDifference(unit, low)} to ${formatDifference(unit, high)}`;

/** Of values that stand beside their unit. */
export const formatInterval = (unit: Unit, { low, high }: Bounds): string =>
  [low, high].map((bound) => (unit === 'fraction' ? fixed(100 * bound) : formatMetric(unit, bound))).join(' to ');
const fixed = (value: number) => value.toFixed(1).replace('-', '\u2212');

/**
 * What a difference means for whoever trains: null where the metric has no better side, or nothing was found. Of two
 * rewards the larger is not the better one: they are different quantities.
 */
export function betterOrWorse(
  { metric, effect, verdict }: Effect,
  differences: Comparison['differences'],
): 'better' | 'worse' | null {
  const isReward = metric === 'train/reward' && differences.some(({ path }) => /^(reward|shaping)\./.test(path));
  const direction = isReward ? undefined : DIRECTIONS[metric];
  if (direction === undefined || verdict !== 'DIFFERENT' || effect === 0) return null;
  return effect > 0 === (direction === 'up') ? 'better' : 'worse';
}

/** What so few seeds could have shown at all. */
export function powerSentence({ seeds, detectable, metric }: Effect): string {
  const { unit } = metricInfo(metric);
  if (detectable === null)
    return seeds === 1
      ? 'With 1 seed nothing can be said about other seeds.'
      : `With ${seeds} seeds it is not known what could be seen.`;
  const least = formatNumber(scaled(unit, detectable), 2);
  const suffix = differenceUnit(unit);
  return `With ${seeds} ${seeds === 1 ? 'seed' : 'seeds'} only differences of at least ${least}${suffix === '' ? '' : ` ${suffix}`} could be seen.`;
}

/** One line of the table: the group that all are held against is the first of each metric. */
export interface EffectRow {
  readonly metric: string;
  readonly group: ComparedGroup;
  readonly value: number;
  /** 95 % over seeds; null with one, and where the values are not the last ones. */
  readonly interval: Bounds | null;
  /** Null for the reference itself. */
  readonly effect: Effect | null;
}

export function effectRows(
  { effects, reference }: FinalComparison,
  { metrics, groups }: Comparison,
  at: 'last' | 'common',
): EffectRow[] {
  const byKey = new Map(groups.map((group) => [group.key, group]));
  return metrics.flatMap(({ metric, byGroup }) => {
    const own = effects.filter((effect) => effect.metric === metric);
    const referenceValue = own[0]?.reference ?? byGroup[reference.key]?.final.mean;
    // The interval of the last values only says something beside those.
    const intervalOf = (key: string) => (at === 'last' ? (byGroup[key]?.final.interval ?? null) : null);
    const first: EffectRow[] =
      referenceValue === undefined
        ? []
        : [{ metric, group: reference, value: referenceValue, interval: intervalOf(reference.key), effect: null }];
    return [
      ...first,
      ...own.flatMap((effect): EffectRow[] => {
        const group = byKey.get(effect.group);
        return group === undefined
          ? []
          : [{ metric, group, value: effect.value, interval: intervalOf(effect.group), effect }];
      }),
    ];
  });
}

/** The rows as a file has them: numbers as they are, in the metric's own unit. */
export function effectsTable(rows: readonly EffectRow[]): CsvCell[][] {
  return [
    [
      'metric',
      'group',
      'runs',
      'seeds',
      'value',
      'value low',
      'value high',
      'difference',
      'difference low',
      'difference high',
      'interval of',
      'effect size (Hedges g)',
      'p',
      'p (Holm)',
      'test',
      'margin',
      'verdict',
      'why',
      'detectable',
    ],
    ...rows.map(({ metric, group, value, interval, effect }): CsvCell[] => [
      metric,
      group.label,
      group.runIds.join(' '),
      group.seeds.join(' '),
      value,
      interval?.low ?? null,
      interval?.high ?? null,
      effect?.effect ?? null,
      effect?.interval?.low ?? null,
      effect?.interval?.high ?? null,
      effect?.intervalOf ?? null,
      effect?.effectSize ?? null,
      effect?.test?.p ?? null,
      effect?.test?.pHolm ?? null,
      effect?.test?.method ?? null,
      effect?.margin ?? null,
      effect?.verdict ?? 'reference',
      effect?.why ?? null,
      effect?.detectable ?? null,
    ]),
  ];
}

/** Which option has which value in which group. */
export function differencesTable({ groups, differences }: Comparison): CsvCell[][] {
  return [
    ['option', ...groups.map(({ label }) => label)],
    ...differences.map(({ path, values }): CsvCell[] => [
      path,
      ...groups.map(({ key }) => (values[key] ?? []).map((value) => (value === null ? '' : String(value))).join(' | ')),
    ]),
  ];
}
