/** Measured points as they are: smoothing, downsampling, CSV. Gaps and long series are the business of buckets.ts. */

export interface Point {
  readonly step: number;
  readonly value: number;
}
/**
 * Exponential moving average, corrected for its start as Adam's moments are (Kingma & Ba 2015), so that it begins at
 * the first value and not at 0. Irregular steps decay by their distance.
 * @param weight of the past per `cadence` steps, 0 (raw) to below 1
 */
export function smooth(points: readonly Point[], weight: number, cadence = 1): Point[] {
  let sum = 0;
  let mass = 0;
  let last: number | undefined;
  return points.map(({ step, value }) => {
    const keep = last === undefined ? 0 : weight ** (Math.max(step - last, 0) / cadence);
    last = step;
    sum = keep * sum + (1 - weight) * value;
    mass = keep * mass + (1 - weight);
    return { step, value: mass === 0 ? value : sum / mass };
  });
}

/** At most about `limit` points, in order: the first, the last, and the smallest and largest of every bucket. */
export function downsample(points: readonly Point[], limit: number): readonly Point[] {
  const buckets = Math.floor((limit - 2) / 2);
  if (points.length <= limit || buckets < 1) return points;
  const last = points.length - 1;
  const kept: Point[] = [points[0] as Point];
  const size = (points.length - 2) / buckets;
  for (let b = 0; b < buckets; b++) {
    const from = 1 + Math.floor(b * size);
    const to = Math.min(last, 1 + Math.floor((b + 1) * size));
    let low = from;
    let high = from;
    for (let i = from + 1; i < to; i++) {
      const value = (points[i] as Point).value;
      if (value < (points[low] as Point).value) low = i;
      if (value > (points[high] as Point).value) high = i;
    }
    kept.push(points[Math.min(low, high)] as Point);
    if (low !== high) kept.push(points[Math.max(low, high)] as Point);
  }
  kept.push(points[last] as Point);
  return kept;
}

/** One row a step, one column a series; an empty field where a series has no value. */
export function toCsv(columns: readonly { readonly name: string; readonly points: readonly Point[] }[]): string {
  const rows = new Map<number, (number | undefined)[]>();
  for (const [c, { points }] of columns.entries()) {
    for (const { step, value } of points) {
      const row = rows.get(step) ?? [];
      row[c] = value;
      rows.set(step, row);
    }
  }
  const field = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [...rows]
    .sort(([a], [b]) => a - b)
    .map(([step, row]) => [step, ...columns.map((_, c) => row[c] ?? '')].join(','));
  return `${[['step', ...columns.map((c) => field(c.name))].join(','), ...lines].join('\n')}\n`;
}
