/**
 * From measured points to lines on a chart: smoothing, gaps, downsampling, CSV. A step without a value is a gap, and a
 * gap is never bridged.
 */

export interface Point {
  readonly step: number;
  readonly value: number;
}
/** What a chart draws; a null value lifts the pen. */
export type LinePoint = [step: number, value: number | null];

/**
 * Split where more than one measurement is missing.
 * @param cadence steps between two measurements, >= 1
 */
export function splitAtGaps(points: readonly Point[], cadence: number): Point[][] {
  const segments: Point[][] = [];
  let previous: Point | undefined;
  for (const point of points) {
    if (previous === undefined || point.step - previous.step > cadence * 1.5) segments.push([]);
    segments.at(-1)?.push(point);
    previous = point;
  }
  return segments;
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

/** Points as a line of at most about `limit` points, with a null between two segments. */
export function toLine(points: readonly Point[], cadence: number, limit: number): LinePoint[] {
  const line: LinePoint[] = [];
  for (const segment of splitAtGaps(points, cadence)) {
    const previous = line.at(-1);
    if (previous !== undefined) line.push([((segment[0] as Point).step + previous[0]) / 2, null]);
    const share = Math.max(2, Math.round((limit * segment.length) / points.length));
    for (const point of downsample(segment, share)) line.push([point.step, point.value]);
  }
  return line;
}

/** Number of points of a line that hold a value. */
export const drawn = (line: readonly LinePoint[]): number =>
  line.reduce((n, [, value]) => n + (value === null ? 0 : 1), 0);

/** The point nearest to `step`; undefined when there is none. Points are in order of step. */
export function nearest(points: readonly Point[], step: number): Point | undefined {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as Point).step < step) low = middle + 1;
    else high = middle;
  }
  const after = points[low];
  const before = points[low - 1];
  if (after === undefined || before === undefined) return after ?? before;
  return step - before.step <= after.step - step ? before : after;
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
