/** From what `compare` gives to the lines of an overlay chart. Pure. */
import type { OverlayLine } from '../../../src-shared/charts/overlay.ts';
import type { LineLook } from '../../../src-shared/charts/palette.ts';
import { smooth } from '../../../src-shared/charts/series.ts';
import { isSparse } from '../../../src-shared/charts/spec.ts';
import type { ComparedGroup, Comparison, Curve } from '../../../src-shared/comparison.ts';

export type MetricComparison = Comparison['metrics'][number];

interface Drawn {
  readonly groups: readonly ComparedGroup[];
  readonly looks: ReadonlyMap<string, LineLook>;
  readonly hidden: ReadonlySet<string>;
  /** Weight of the past; validations are too few to be smoothed. */
  readonly smoothing: number;
  /** Draw the single runs of a group behind it. */
  readonly lines: boolean;
  readonly bands: boolean;
}

/** Groups that are shown, in their order. The band is always that of the measured means, smoothed or not. */
export function overlayLines(of: MetricComparison, drawn: Drawn): OverlayLine[] {
  const weight = isSparse(of.metric) ? 0 : drawn.smoothing;
  return drawn.groups.flatMap(({ key, label }): OverlayLine[] => {
    const own = of.byGroup[key];
    const look = drawn.looks.get(key);
    if (own === undefined || look === undefined || drawn.hidden.has(key)) return [];
    const raw = own.curve.x.map((x, i) => ({ x, value: own.curve.mean[i] ?? Number.NaN }));
    const singles = Object.values(own.lines);
    const behind = [
      ...(weight > 0 ? [raw] : []),
      ...(drawn.lines && singles.length > 1
        ? singles.map(({ x, value }) => x.map((place, i) => ({ x: place, value: value[i] ?? Number.NaN })))
        : []),
    ];
    return [{ id: key, label, look, points: pointsOf(own.curve, weight, drawn.bands), behind }];
  });
}

function pointsOf(
  { x, step, mean, low, high, averaged }: Curve,
  weight: number,
  bands: boolean,
): OverlayLine['points'] {
  const reach = Math.max(1, averaged);
  const values =
    weight === 0
      ? mean
      : smooth(
          mean.map((value, i) => ({ step: step[i] ?? i, value })),
          weight,
          reach,
        ).map(({ value }) => value);
  return x.map((place, i) => {
    const [a, b] = [low[i], high[i]];
    const point = { x: place, value: values[i] ?? Number.NaN };
    return bands && typeof a === 'number' && typeof b === 'number' ? { ...point, low: a, high: b } : point;
  });
}

/** From the lowest to the highest x of all; null where there is no point. */
export function extentOf(metrics: readonly MetricComparison[]): readonly [number, number] | null {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { byGroup } of metrics)
    for (const { curve } of Object.values(byGroup)) {
      from = Math.min(from, curve.x[0] ?? from);
      to = Math.max(to, curve.x.at(-1) ?? to);
    }
  return from <= to ? [Math.min(0, from), to] : null;
}

/** The point of a curve that is nearest to a place; undefined where the curve ended well before or has none. */
export function nearestPoint(points: OverlayLine['points'], x: number): OverlayLine['points'][number] | undefined {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.x ?? 0) < x) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [points[low - 1], points[low]];
  if (before === undefined || after === undefined) return after ?? before;
  return x - before.x <= after.x - x ? before : after;
}
