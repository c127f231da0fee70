/** Geometry of the small accuracy line in the table of runs. */

import type { Point as SparkPoint } from '../../src-shared/charts/series.ts';

/** Where a value sits in a box, y downwards, with room for the line's own width. */
export interface SparkBox {
  readonly width: number;
  readonly height: number;
}

/** About two pixels a point. */
const MOST_POINTS = 48;

/** Means of neighbours: the trend is wanted here, not its noise. */
function thin(points: readonly SparkPoint[], limit: number): readonly SparkPoint[] {
  if (points.length <= limit) return points;
  return Array.from({ length: limit }, (_, i) => {
    const part = points.slice(Math.floor((i * points.length) / limit), Math.floor(((i + 1) * points.length) / limit));
    const mean = (of: (p: SparkPoint) => number) => part.reduce((sum, p) => sum + of(p), 0) / part.length;
    return { step: mean((p) => p.step), value: mean((p) => p.value) };
  });
}

/**
 * An SVG path through the points. The y range is the data's own, but never less than `leastRange`, so that noise does
 * not look like progress. Empty below two points.
 */
export function sparkPath(points: readonly SparkPoint[], box: SparkBox, leastRange = 0.05): string {
  const known = thin(
    points.filter((p) => Number.isFinite(p.value)),
    MOST_POINTS,
  );
  const first = known[0];
  const last = known.at(-1);
  if (first === undefined || last === undefined || last.step <= first.step) return '';
  const values = known.map((p) => p.value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const extra = Math.max(0, leastRange - (high - low)) / 2;
  const range = high - low + 2 * extra;
  const inset = 1.5;
  const x = (step: number) => inset + ((step - first.step) / (last.step - first.step)) * (box.width - 2 * inset);
  const y = (value: number) => inset + (1 - (value - low + extra) / range) * (box.height - 2 * inset);
  return known.map((p, i) => `${i === 0 ? 'M' : 'L'}${x(p.step).toFixed(1)} ${y(p.value).toFixed(1)}`).join('');
}
