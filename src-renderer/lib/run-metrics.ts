/**
 * The series of one run as far as somebody looks at them: what was read from the store, and the steps that came since.
 * Owns no transport and no drawing.
 */
import { type Bucket, single, thin, within } from '../../src-shared/charts/buckets.ts';
import { type Places, placeOf, stepAt, type XAxis } from '../../src-shared/charts/places.ts';
import type { Point } from '../../src-shared/charts/series.ts';
import type { LoggedMetrics } from '../../src-shared/metrics.ts';
import { CHART_BUCKETS } from '../../src-shared/series.ts';

/** Buckets that a series may grow to while steps come in, before neighbours are put together. */
const MOST_BUCKETS = 2 * CHART_BUCKETS;

/** A part that was read is close enough for one that is this much narrower at most. */
const CLOSE = 2;

/** Steps, both included. */
export type StepRange = readonly [from: number, to: number];

interface Series {
  /** Grows in place: it is read as it is drawn, and not kept. */
  buckets: Bucket[];
  /** False while only what came since is there. */
  loaded: boolean;
}

export class RunMetrics {
  readonly #names = new Map<string, { first: Point; last: Point }>();
  #series = new Map<string, Series>();
  /** A part that was read more closely. */
  #detail: { readonly range: StepRange; readonly series: Map<string, Bucket[]> } | null = null;
  #places = new Map<XAxis, Places>();
  #clock: { readonly at: number; readonly seconds: number } | null = null;
  #firstStep = Number.POSITIVE_INFINITY;
  #lastStep = -1;
  #version = 0;
  #namesVersion = 0;

  /** Rises with every change. */
  get version(): number {
    return this.#version;
  }

  /** Rises when the run has a series more. */
  get namesVersion(): number {
    return this.#namesVersion;
  }

  /** The last step that is known; -1 before the first. */
  get lastStep(): number {
    return this.#lastStep;
  }

  /** The whole of the run, from step 0. */
  get range(): StepRange {
    return [Math.min(0, this.#firstStep), Math.max(1, this.#lastStep)];
  }

  /** Every series that the run has. */
  get names(): ReadonlySet<string> {
    return new Set(this.#names.keys());
  }

  first(name: string): Point | undefined {
    return this.#names.get(name)?.first;
  }

  latest(name: string): Point | undefined {
    return this.#names.get(name)?.last;
  }

  isLoaded(name: string): boolean {
    return this.#series.get(name)?.loaded ?? false;
  }

  /** Keep this series from now on; what came before is to be put. */
  want(name: string): void {
    if (!this.#series.has(name)) this.#series.set(name, { buckets: [], loaded: false });
  }

  /** What the store has; steps that came in meanwhile go on after it. */
  setNames(names: readonly { readonly name: string; readonly first: Point; readonly last: Point }[]): void {
    for (const { name, first, last } of names) {
      const since = this.#names.get(name);
      this.#setName(name, { first, last: since !== undefined && since.last.step > last.step ? since.last : last });
      this.#firstStep = Math.min(this.#firstStep, first.step);
      this.#lastStep = Math.max(this.#lastStep, last.step);
    }
    this.#version++;
  }

  /** The whole series, as it was read from the store. */
  put(name: string, buckets: readonly Bucket[]): void {
    const since = this.#series.get(name)?.buckets ?? [];
    const end = buckets.at(-1)?.last ?? -1;
    const whole = [...buckets, ...since.filter(({ first }) => first > end)];
    this.#series.set(name, { buckets: [...thin(whole, MOST_BUCKETS)], loaded: true });
    this.#version++;
  }

  /** A part of series, read more closely; null: nothing closer than the whole. */
  setDetail(range: StepRange, series: ReadonlyMap<string, Bucket[]>): void {
    const known = this.#detail;
    const isSame = known !== null && known.range[0] === range[0] && known.range[1] === range[1];
    this.#detail = { range, series: new Map([...(isSame ? known.series : []), ...series]) };
    this.#version++;
  }

  /** Whether this part is known about as closely as it can be shown. */
  hasDetail(name: string, range: StepRange): boolean {
    const detail = this.#detail;
    return (
      detail?.series.has(name) === true &&
      covers(detail.range, range) &&
      (width(detail.range) <= CLOSE * width(range) || detail.series.get(name)?.every(({ n }) => n === 1) === true)
    );
  }

  /** The known part where it covers this one, otherwise this one with a margin of so much of its width on either side. */
  detailRange([from, to]: StepRange, margin: number): StepRange {
    const known = this.#detail?.range;
    if (known !== undefined && covers(known, [from, to]) && width(known) <= CLOSE * (to - from)) return known;
    const beside = margin * (to - from);
    return [Math.max(0, Math.floor(from - beside)), Math.ceil(to + beside)];
  }

  /** Whether this part of the series could be shown more closely than it is known as a whole. */
  isCoarse(name: string, [from, to]: StepRange): boolean {
    return (this.#series.get(name)?.buckets ?? []).some(({ first, last, n }) => n > 1 && last >= from && first <= to);
  }

  dropDetail(): void {
    this.#detail = null;
  }

  setPlaces(x: XAxis, places: Places): void {
    this.#places.set(x, { steps: [...places.steps], places: [...places.places] });
    this.#version++;
  }

  hasPlaces(x: XAxis): boolean {
    return x === 'step' || this.#places.has(x);
  }

  place(x: XAxis, step: number): number {
    const places = this.#places.get(x);
    return places === undefined ? step : placeOf(places, step);
  }

  stepAt(x: XAxis, place: number): number {
    const places = this.#places.get(x);
    return places === undefined ? place : stepAt(places, place);
  }

  /** A step that just ended. @param now in milliseconds since 1970. */
  add(step: number, metrics: LoggedMetrics, now: number = Date.now()): void {
    this.#firstStep = Math.min(this.#firstStep, step);
    this.#lastStep = Math.max(this.#lastStep, step);
    const detail = this.#detail;
    for (const [name, value] of Object.entries(metrics)) {
      if (!Number.isFinite(value)) continue;
      const point = { step, value };
      this.#setName(name, { first: this.#names.get(name)?.first ?? point, last: point });
      const series = this.#series.get(name);
      if (series !== undefined) series.buckets = grown(series.buckets, point);
      const close = detail !== null && step <= detail.range[1] ? detail.series.get(name) : undefined;
      if (close !== undefined) detail?.series.set(name, grown(close, point));
    }
    this.#goOn('tokens', step, metrics['train/tokens']);
    const spent = (metrics['time/step'] ?? 0) + (metrics['time/evaluation'] ?? 0);
    this.#goOn('work', step, (this.#places.get('work')?.places.at(-1) ?? 0) + spent);
    this.#tick(step, now, spent);
    this.#version++;
  }

  /** The store's clock goes on with this machine's, from the first step that comes in. */
  #tick(step: number, now: number, spent: number): void {
    const last = this.#places.get('seconds')?.places.at(-1);
    if (last === undefined) return;
    this.#clock ??= { at: now, seconds: last + spent };
    this.#goOn('seconds', step, this.#clock.seconds + (now - this.#clock.at) / 1000);
  }

  #goOn(x: XAxis, step: number, place: number | undefined): void {
    const known = this.#places.get(x);
    if (known === undefined || place === undefined || step <= (known.steps.at(-1) ?? -1)) return;
    known.steps.push(step);
    known.places.push(place);
  }

  #setName(name: string, ends: { first: Point; last: Point }): void {
    if (!this.#names.has(name)) this.#namesVersion++;
    this.#names.set(name, ends);
  }

  /** The run goes back to a checkpoint: all is to be read anew. */
  reset(): void {
    this.#names.clear();
    this.#series = new Map();
    this.#detail = null;
    this.#places = new Map();
    this.#clock = null;
    this.#firstStep = Number.POSITIVE_INFINITY;
    this.#lastStep = -1;
    this.#namesVersion++;
    this.#version++;
  }

  /** In order, as close as is known for this part; the whole without one. */
  buckets(name: string, range?: StepRange): readonly Bucket[] {
    const detail = this.#detail;
    if (range !== undefined && detail !== null && covers(detail.range, range)) {
      const close = detail.series.get(name);
      if (close !== undefined) return close;
    }
    const all = this.#series.get(name)?.buckets ?? [];
    return range === undefined ? all : within(all, range[0], range[1]);
  }

  /** The value at exactly this step. */
  at(name: string, step: number): number | undefined {
    const known = this.#names.get(name)?.last;
    if (known?.step === step) return known.value;
    return this.#series.get(name)?.buckets.find(({ first, last }) => first === step && last === step)?.mean;
  }
}

function grown(buckets: Bucket[], { step, value }: Point): Bucket[] {
  buckets.push(single(step, value));
  return buckets.length > MOST_BUCKETS ? [...thin(buckets, MOST_BUCKETS)] : buckets;
}

const width = ([from, to]: StepRange) => to - from;
const covers = (outer: StepRange, inner: StepRange) => outer[0] <= inner[0] && outer[1] >= inner[1];
