/**
 * The series of one run while somebody looks at them: which are wanted, what is read of them and how closely, and the
 * steps that come in. Reads only what is on the screen, and nothing again when a step ends.
 */
import type { Api } from '../../src-shared/api.ts';
import { fromColumns } from '../../src-shared/charts/buckets.ts';
import type { XAxis } from '../../src-shared/charts/places.ts';
import type { LoggedMetrics } from '../../src-shared/metrics.ts';
import { CHART_BUCKETS } from '../../src-shared/series.ts';
import { RunMetrics, type StepRange } from '../lib/run-metrics.ts';
import { throttle } from '../lib/throttle.ts';

/** Four times a second. */
export const REFRESH_MS = 250;
/** Series of one request: the first charts are there while the others are read. */
const BATCH = 16;
/** A part that is looked at is read with as much beside it on either side, so that a small move shows no hole. */
const MARGIN = 0.25;
/** Between a move and reading: a drag or a turn of the wheel is many moves. */
const SETTLE_MS = 120;

/** Something that changes and says so. */
export class Signal {
  readonly #listeners = new Set<() => void>();
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly emit = (): void => {
    for (const listener of [...this.#listeners]) listener();
  };
}

/** One run's series while somebody looks at them. */
export interface LiveRun {
  readonly metrics: RunMetrics;
  /** At most four times a second. */
  readonly subscribe: (listener: () => void) => () => void;
  /** When series that somebody waits for were read. */
  readonly onRead: (listener: () => void) => () => void;
  /** False until it is known which series there are. */
  readonly loaded: boolean;
  /** Keep these series; returns the function that lets go of them. */
  need(names: readonly string[]): () => void;
  /** The steps that charts show, so that they are read as closely as they are shown; null: all. */
  look(range: StepRange | null): void;
  /** Keep where steps stand on this axis. */
  placeOn(x: XAxis): void;
}

export class WatchedRun implements LiveRun {
  readonly metrics = new RunMetrics();
  readonly #api: Api;
  readonly #runId: string;
  readonly #signal = new Signal();
  readonly #wasRead = new Signal();
  readonly #changed = throttle(this.#signal.emit, REFRESH_MS);
  readonly #needed = new Map<string, number>();
  readonly #axes = new Set<XAxis>();
  #range: StepRange | null = null;
  #settled: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  /** Rises when what is under way has become worthless. */
  #epoch = 0;
  #stopped = false;
  loaded = false;
  users = 0;

  constructor(api: Api, runId: string) {
    this.#api = api;
    this.#runId = runId;
    void this.#read();
  }

  readonly subscribe = this.#signal.subscribe;
  readonly onRead = this.#wasRead.subscribe;

  need(names: readonly string[]): () => void {
    for (const name of names) {
      this.#needed.set(name, (this.#needed.get(name) ?? 0) + 1);
      this.metrics.want(name);
    }
    void this.#read();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      for (const name of names) {
        const users = (this.#needed.get(name) ?? 1) - 1;
        if (users > 0) this.#needed.set(name, users);
        else this.#needed.delete(name);
      }
    };
  }

  look(range: StepRange | null): void {
    this.#range = range;
    clearTimeout(this.#settled);
    if (range === null) this.metrics.dropDetail();
    else this.#settled = setTimeout(() => void this.#read(), SETTLE_MS);
    this.#changed();
  }

  placeOn(x: XAxis): void {
    this.#axes.add(x);
    void this.#read();
  }

  /** A step that just ended. One that is not new means that the run went back to a checkpoint: what it had is no longer its own. */
  take(step: number, metrics: LoggedMetrics): void {
    if (step <= this.metrics.lastStep) this.reload();
    else {
      this.metrics.add(step, metrics);
      this.#changed();
    }
  }

  /** Forget all and read it anew. */
  reload(): void {
    this.#epoch++;
    this.loaded = false;
    this.metrics.reset();
    for (const name of this.#needed.keys()) this.metrics.want(name);
    void this.#read();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#settled);
    this.#changed.cancel();
  }

  /** One thing after the other until all that is wanted is there. */
  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    // Charts that appear together are read together.
    await Promise.resolve();
    try {
      for (let next = this.#next(); next !== null && !this.#stopped; next = this.#next()) {
        const epoch = this.#epoch;
        const take = await next();
        if (epoch === this.#epoch) take();
        this.#changed();
        this.#wasRead.emit();
      }
    } catch (error) {
      // The run's own query fails for the same reason and shows it; a lost connection loads again when it is back.
      console.warn(`series of run ${this.#runId} could not be read:`, error);
    } finally {
      this.#reading = false;
    }
  }

  /** What is to be read next: a function that reads, and gives one that takes what was read. */
  #next(): (() => Promise<() => void>) | null {
    const { metrics } = this;
    if (!this.loaded) return this.#readNames;
    const missing = this.#wanted((name) => !metrics.isLoaded(name));
    if (missing.length > 0) return () => this.#readSeries(missing, null);
    const axis = [...this.#axes].find((x) => !metrics.hasPlaces(x));
    if (axis !== undefined) return () => this.#readPlaces(axis);
    const range = this.#range;
    if (range === null) return null;
    const coarse = this.#wanted((name) => metrics.isCoarse(name, range) && !metrics.hasDetail(name, range));
    return coarse.length > 0 ? () => this.#readSeries(coarse, range) : null;
  }

  #wanted(test: (name: string) => boolean): string[] {
    return [...this.#needed.keys()].filter(test).slice(0, BATCH);
  }

  readonly #readNames = async () => {
    const names = await this.#api.seriesNames({ runId: this.#runId });
    return () => {
      this.metrics.setNames(names);
      this.loaded = true;
    };
  };

  async #readSeries(names: readonly string[], range: StepRange | null) {
    const part = range === null ? null : this.metrics.detailRange(range, MARGIN);
    const { series } = await this.#api.series({
      runId: this.#runId,
      names: [...names],
      points: CHART_BUCKETS,
      ...(part === null ? {} : { from: part[0], to: part[1] }),
    });
    return () => {
      const read = new Map(series.map(({ name, ...columns }) => [name, fromColumns(columns)]));
      if (part !== null) this.metrics.setDetail(part, read);
      else for (const [name, buckets] of read) this.metrics.put(name, buckets);
    };
  }

  async #readPlaces(x: XAxis) {
    const { x: places } = await this.#api.series({ runId: this.#runId, names: [], points: CHART_BUCKETS, x });
    return () => this.metrics.setPlaces(x, places ?? { steps: [], places: [] });
  }
}
