/** Series of single runs, placed on an x axis, and what sums one up: last, best, mean height. */
import type { PlacedPoint } from '../../src-shared/charts/mean-band.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { METRICS, type MetricName } from '../../src-shared/metrics.ts';
import type { Store } from '../store/store.ts';

export type XAxis = 'step' | 'tokens' | 'time';

/** In rising order of step. */
export type Line = readonly PlacedPoint[];

const known: ReadonlySet<string> = new Set(METRICS.map(({ name }) => name));

/**
 * A metric that is ours or that one of the runs has, as imported ones have others.
 * @param path of the input, for the error
 * @throws AssayError `usage`.
 */
export function metricName(name: string, runs: readonly RunSeries[], path = 'metrics'): MetricName {
  const found = name as MetricName;
  if (known.has(name) || runs.some((run) => run.line(found, 'step').length > 0)) return found;
  throw new AssayError('usage', `${path}: ${name} is unknown; the catalogue lists what there is`, { path });
}

/** Reads a run's series once, whatever is made of them. */
export class RunSeries {
  readonly #store: Store;
  readonly #runId: string;
  readonly #places = new Map<XAxis, (step: number) => number>();

  constructor(store: Store, runId: string) {
    this.#store = store;
    this.#runId = runId;
  }

  line(metric: MetricName, x: XAxis): Line {
    const series = this.#store.steps.series(this.#runId, metric);
    if (series.length === 0) return [];
    const place = this.#place(x);
    return series.map(({ step, value }) => ({ step, x: place(step), value }));
  }

  #place(x: XAxis): (step: number) => number {
    const found = this.#places.get(x) ?? this.#placeOf(x);
    this.#places.set(x, found);
    return found;
  }

  #placeOf(x: XAxis): (step: number) => number {
    if (x === 'step') return (step) => step;
    const series = (name: MetricName) => this.#store.steps.series(this.#runId, name);
    if (x === 'tokens') return lastAtOrBefore(series('train/tokens'));
    // Seconds of work: the clock also runs while a run is paused or stopped.
    const spent = [...series('time/step'), ...series('time/evaluation')].sort((a, b) => a.step - b.step);
    const totals: { step: number; value: number }[] = [];
    for (const { step, value } of spent) totals.push({ step, value: (totals.at(-1)?.value ?? 0) + value });
    return lastAtOrBefore(totals);
  }
}

/** 0 before the first. @param points in rising order of step; of several of one step the last counts. */
function lastAtOrBefore(points: readonly { readonly step: number; readonly value: number }[]) {
  return (step: number): number => {
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((points[middle]?.step ?? 0) <= step) low = middle + 1;
      else high = middle;
    }
    return points[low - 1]?.value ?? 0;
  };
}

export function best(line: Line, direction: 'up' | 'down'): number | null {
  if (line.length === 0) return null;
  const values = line.map(({ value }) => value);
  return values.reduce((a, b) => (direction === 'up' ? Math.max(a, b) : Math.min(a, b)));
}

export const valueAt = (line: Line, step: number): number | null =>
  line.find((point) => point.step === step)?.value ?? null;

export interface StepRange {
  readonly from: number;
  readonly to: number;
}

/** Steps over which all of the lines run; null where there are none. Lines without a point do not count. */
export function commonRange(lines: readonly Line[]): StepRange | null {
  const ends = lines.flatMap((line) => {
    const [first, last] = [line[0], line.at(-1)];
    return first === undefined || last === undefined ? [] : [[first.step, last.step] as const];
  });
  if (ends.length === 0) return null;
  const from = Math.max(...ends.map(([first]) => first));
  const to = Math.min(...ends.map(([, last]) => last));
  return from < to ? { from, to } : null;
}

/** Mean height over the steps `from` to `to`, by trapezoids. Null where the line does not reach over all of them. */
export function meanHeight(line: Line, { from, to }: StepRange): number | null {
  const [first, last] = [line[0], line.at(-1)];
  if (first === undefined || last === undefined || first.step > from || last.step < to) return null;
  let area = 0;
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1], line[i]];
    if (a === undefined || b === undefined) continue;
    const [left, right] = [Math.max(a.step, from), Math.min(b.step, to)];
    if (left >= right) continue;
    const height = (step: number) => a.value + ((b.value - a.value) * (step - a.step)) / (b.step - a.step);
    area += ((height(left) + height(right)) / 2) * (right - left);
  }
  return area / (to - from);
}
