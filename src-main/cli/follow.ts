/** Follows one run to its end and shows it: a progress bar, plain lines, or JSON lines. Ctrl-C is passed on to the run. */
import type { Api, EventName, EventPayload, RunSummary } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { StepMetrics } from '../../src-shared/metrics.ts';
import type { RunStatus } from '../../src-shared/run.ts';
import type { Io } from './io.ts';
import { barView, jsonView, plainView } from './views.ts';

const isOver = (status: RunStatus) => status !== 'queued' && status !== 'running' && status !== 'paused';

export interface FollowOptions {
  readonly json: boolean;
  /** Launch or resume the run. Called when everything is listening, so that no event is missed. */
  readonly start: () => Promise<{ readonly runId: string; readonly afterStep: number }>;
}

/**
 * @returns the exit code: 0 when the run finished
 * @throws AssayError when the run ended in another way, or was cut off by a second Ctrl-C
 */
export async function follow(api: Api, io: Io, { json, start }: FollowOptions): Promise<number> {
  const view = json ? jsonView(io) : io.terminal !== null ? barView(io, io.terminal) : plainView(io);
  // Events that come before the run is known wait; those of other runs are not ours.
  let handle: ((event: EventName, payload: unknown) => void) | null = null;
  const early: [EventName, unknown][] = [];
  const receive = (event: EventName) => (payload: unknown) =>
    handle === null ? void early.push([event, payload]) : handle(event, payload);
  const stops = (['run', 'step', 'progress', 'note'] as const).map((event) => api.on(event, receive(event)));

  try {
    const { runId, afterStep } = await start();
    let lastStep = afterStep;
    const showStep = ({ step, metrics }: { step: number; metrics: StepMetrics }) => {
      if (step <= lastStep) return;
      lastStep = step;
      view.step(step, metrics);
    };
    const ended = Promise.withResolvers<void>();
    const begun = await api.run({ runId });
    const isEvaluation = begun.steps === 0;
    view.begin(begun);
    handle = (event, payload) => {
      const { id, runId: of } = payload as { id?: unknown; runId?: unknown };
      if ((event === 'run' ? id : of) !== runId) return;
      if (event === 'step') showStep(payload as EventPayload<'step'>);
      else if (event === 'progress') {
        const { step, phase, fraction } = payload as EventPayload<'progress'>;
        view.progress(step, phase, fraction);
      } else if (event === 'note') {
        const { level, message } = payload as EventPayload<'note'>;
        view.note(level, message);
      } else {
        const run = payload as RunSummary;
        view.update(run);
        if (isOver(run.status)) ended.resolve();
      }
    };
    for (const [event, payload] of early) handle(event, payload);

    let isStopping = false;
    const ignoreInterrupt = io.onInterrupt((times) => {
      if (times > 1) {
        ended.reject(new AssayError('conflict', 'cut off at once; the last checkpoint stays'));
        return;
      }
      isStopping = true;
      const kept = isEvaluation
        ? 'Stopping after the problems under way'
        : 'Stopping after this step, with a checkpoint';
      view.interrupted(`${kept}. Ctrl-C again stops at once.`);
      api.stopRun({ runId }).catch(ended.reject);
    });
    let run: RunSummary;
    try {
      await ended.promise;
      // What the store has is the truth; an event may have come before we asked.
      for (const row of await api.metrics({ runId, afterStep: lastStep })) showStep(row);
      run = await api.run({ runId });
    } finally {
      ignoreInterrupt();
    }
    view.end(run);
    if (run.status === 'finished') return 0;
    throw endingError(run, isStopping);
  } finally {
    for (const stop of stops) stop();
    view.close();
  }
}

function endingError(run: RunSummary, wasAsked: boolean): AssayError {
  const at = run.steps === 0 ? '' : ` at step ${run.step} of ${run.steps}`;
  const why = run.error === null ? '' : `: ${run.error}`;
  const verb = run.status === 'failed' || (wasAsked && run.status === 'stopped') ? run.status : `was ${run.status}`;
  return new AssayError(run.status === 'failed' ? 'internal' : 'conflict', `run #${run.number} ${verb}${at}${why}`, {
    hint: `assay resume ${run.number} goes on from ${run.steps === 0 ? 'where it was' : 'its last checkpoint'}.`,
  });
}
