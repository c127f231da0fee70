/**
 * Keeps what the window knows in step with the app's events: query cache, metrics of the runs on screen, progress.
 * Changes reach React and the charts at most four times a second, however fast they come in.
 */
import type { QueryClient } from '@tanstack/react-query';
import type { Api, Checkpoint, EventPayload, RunDetail, RunNote, RunSummary } from '../../src-shared/api.ts';
import type { Download } from '../../src-shared/models.ts';
import type { StudyProgress } from '../../src-shared/study.ts';
import type { Connection } from '../client.ts';
import { isGoing } from '../lib/models/view.ts';
import { throttle } from '../lib/throttle.ts';
import { keys } from './queries.ts';
import { type LiveRun, REFRESH_MS, Signal, WatchedRun } from './watched-run.ts';

export type { LiveRun } from './watched-run.ts';

export type Progress = EventPayload<'progress'>;

type KnownModels = Awaited<ReturnType<Api['models']>>;
const withDownload = (known: KnownModels, download: Download): KnownModels => ({
  ...known,
  downloads: [download, ...known.downloads.filter(({ id }) => id !== download.id)],
});

export class Live {
  readonly #api: Api;
  readonly #queries: QueryClient;
  readonly #watched = new Map<string, WatchedRun>();
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

    api.on('study', (progress) =>
      queries.setQueryData<StudyProgress[]>(
        keys.studyProgress,
        (known) => known && [progress, ...known.filter(({ id }) => id !== progress.id)],
      ),
    );
    api.on('modelProgress', (download) => {
      queries.setQueryData<KnownModels>(keys.models, (known) => known && withDownload(known, download));
      if (!isGoing(download)) void queries.invalidateQueries({ queryKey: keys.models });
    });
    api.on('queue', (queue) => queries.setQueryData(keys.queue, queue));
    api.on('runsDeleted', ({ runIds }) => {
      const gone = new Set(runIds);
      for (const id of gone) summaries.delete(id);
      queries.setQueryData<RunSummary[]>(keys.runs, (known) => known?.filter(({ id }) => !gone.has(id)));
      void queries.invalidateQueries({ queryKey: keys.bin });
      void queries.invalidateQueries({ queryKey: keys.studyRuns });
    });

    const progressed = throttle(this.#progressSignal.emit, REFRESH_MS);
    api.on('progress', (progress) => {
      this.#progress.set(progress.runId, progress);
      progressed();
    });

    const stepped = new Set<string>();
    const refreshSteps = throttle(() => {
      for (const runId of stepped) {
        void queries.invalidateQueries({ queryKey: keys.rolloutSteps(runId) });
        void queries.invalidateQueries({ queryKey: keys.stepTimes(runId) });
      }
      stepped.clear();
    }, 1000);
    api.on('step', ({ runId, step, metrics }) => {
      this.#watched.get(runId)?.take(step, metrics);
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
    api.on('checkpoint', (checkpoint) => {
      append<Checkpoint>(keys.checkpoints(checkpoint.runId), checkpoint, (a, b) => a.id === b.id);
      // It may have taken the place of another.
      void queries.invalidateQueries({ queryKey: keys.checkpoints(checkpoint.runId) });
    });

    let wasLost = false;
    connection.subscribe(() => {
      if (connection.state !== 'open') wasLost = true;
      else if (wasLost) {
        wasLost = false;
        void queries.invalidateQueries();
        for (const watched of this.#watched.values()) watched.reload();
      }
    });
  }

  #takeSummary(run: RunSummary): void {
    if (run.status !== 'running') this.#progress.delete(run.id);
    const listed = this.#queries.getQueryData<RunSummary[]>(keys.runs)?.find(({ id }) => id === run.id);
    if (listed?.status !== run.status) void this.#queries.invalidateQueries({ queryKey: keys.studyRuns });
    this.#queries.setQueryData<RunSummary[]>(keys.runs, (known) => {
      if (known === undefined) return known;
      if (known.some((k) => k.id === run.id)) return known.map((k) => (k.id === run.id ? run : k));
      // New, or back from the bin.
      void this.#queries.invalidateQueries({ queryKey: keys.runOptions });
      return [run, ...known].sort((a, b) => b.number - a.number);
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
    const watched = known ?? new WatchedRun(this.#api, runId);
    watched.users++;
    this.#watched.set(runId, watched);
    return {
      run: watched,
      release: () => {
        watched.users--;
        if (watched.users > 0 || this.#watched.get(runId) !== watched) return;
        this.#watched.delete(runId);
        watched.stop();
      },
    };
  }
}
