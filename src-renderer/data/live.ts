/**
 * Keeps what the window knows in step with the app's events: query cache, metrics of the runs on screen, progress.
 * Changes reach React and the charts at most four times a second, however fast they come in.
 */
import type { QueryClient } from '@tanstack/react-query';
import type { Api, Checkpoint, EventPayload, RunDetail, RunNote, RunSummary } from '../../src-shared/api.ts';
import type { Connection } from '../client.ts';
import { RunMetrics } from '../lib/run-metrics.ts';
import { throttle } from '../lib/throttle.ts';
import { keys } from './queries.ts';

/** Four times a second. */
export const REFRESH_MS = 250;

export type Progress = EventPayload<'progress'>;

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

/** One run's metrics while somebody looks at them. */
export interface LiveRun {
  readonly metrics: RunMetrics;
  /** At most four times a second. */
  readonly subscribe: (listener: () => void) => () => void;
  /** False until the stored metrics have arrived. */
  readonly loaded: boolean;
}

interface Watched extends LiveRun {
  loaded: boolean;
  users: number;
  readonly changed: () => void;
}

export class Live {
  readonly #api: Api;
  readonly #queries: QueryClient;
  readonly #watched = new Map<string, Watched>();
  readonly #progress = new Map<string, Progress>();
  readonly #progressSignal = new Signal();

  constructor(api: Api, queries: QueryClient, connection: Connection) {
    this.#api = api;
    this.#queries = queries;

    const summaries = new Map<string, RunSummary>();
    const flush = throttle(() => {
      const changed = [...summaries.values()];
      summaries.clear();
      for (const run of changed) this.#takeSummary(run);
    }, REFRESH_MS);
    api.on('run', (run) => {
      summaries.set(run.id, run);
      flush();
    });

    const progressed = throttle(this.#progressSignal.emit, REFRESH_MS);
    api.on('progress', (progress) => {
      this.#progress.set(progress.runId, progress);
      progressed();
    });

    const stepped = new Set<string>();
    const refreshSteps = throttle(() => {
      for (const runId of stepped) void queries.invalidateQueries({ queryKey: keys.rolloutSteps(runId) });
      stepped.clear();
    }, 1000);
    api.on('step', ({ runId, step, metrics }) => {
      const watched = this.#watched.get(runId);
      if (watched !== undefined) {
        // A run resumed from a checkpoint does steps again; what it had measured beyond is no longer its own.
        watched.metrics.dropAfter(step);
        watched.metrics.add(step, metrics);
        watched.changed();
      }
      stepped.add(runId);
      refreshSteps();
    });

    const append = <T>(key: readonly unknown[], item: T, isSame: (a: T, b: T) => boolean) =>
      queries.setQueryData<T[]>(key, (known) => known && [...known.filter((k) => !isSame(k, item)), item]);
    api.on('note', (note) => {
      append<RunNote>(keys.notes(note.runId), note, (a, b) => a.id === b.id);
      // It may tell of a collapse, which the run's charts and head show.
      void queries.invalidateQueries({ queryKey: keys.run(note.runId) });
    });
    api.on('checkpoint', (checkpoint) =>
      append<Checkpoint>(keys.checkpoints(checkpoint.runId), checkpoint, (a, b) => a.id === b.id),
    );

    let wasLost = false;
    connection.subscribe(() => {
      if (connection.state !== 'open') wasLost = true;
      else if (wasLost) {
        wasLost = false;
        void queries.invalidateQueries();
        for (const [runId, watched] of this.#watched) void this.#load(runId, watched);
      }
    });
  }

  #takeSummary(run: RunSummary): void {
    if (run.status !== 'running') this.#progress.delete(run.id);
    this.#queries.setQueryData<RunSummary[]>(keys.runs, (known) => {
      if (known === undefined) return known;
      return known.some((k) => k.id === run.id) ? known.map((k) => (k.id === run.id ? run : k)) : [run, ...known];
    });
    const before = this.#queries.getQueryData<RunDetail>(keys.run(run.id));
    this.#queries.setQueryData<RunDetail>(keys.run(run.id), (known) => known && { ...known, ...run });
    // The device, size and data set of a run are known once its worker is up; a resumed one may have more steps.
    const started = before?.parameters === null && run.step !== before.step;
    if (before !== undefined && (started || before.status !== run.status || before.steps !== run.steps))
      void this.#queries.invalidateQueries({ queryKey: keys.run(run.id) });
  }

  readonly subscribeProgress = this.#progressSignal.subscribe;
  readonly progressOf = (runId: string): Progress | undefined => this.#progress.get(runId);

  /** Start keeping a run's metrics; shared between callers. @returns the run and the function that lets go of it */
  watch(runId: string): { run: LiveRun; release: () => void } {
    const known = this.#watched.get(runId);
    const watched = known ?? createWatched();
    watched.users++;
    if (known === undefined) {
      this.#watched.set(runId, watched);
      void this.#load(runId, watched);
    }
    return {
      run: watched,
      release: () => {
        watched.users--;
        if (watched.users === 0) this.#watched.delete(runId);
      },
    };
  }

  async #load(runId: string, watched: Watched): Promise<void> {
    try {
      const stored = await this.#api.metrics({ runId, afterStep: -1 });
      for (const { step, metrics } of stored) watched.metrics.add(step, metrics);
      watched.loaded = true;
      watched.changed();
    } catch (error) {
      // The run's own query fails for the same reason and shows it; a lost connection loads again when it is back.
      console.warn(`metrics of run ${runId} could not be read:`, error);
    }
  }
}

function createWatched(): Watched {
  const signal = new Signal();
  const changed = throttle(signal.emit, REFRESH_MS);
  return { metrics: new RunMetrics(), subscribe: signal.subscribe, loaded: false, users: 0, changed };
}
