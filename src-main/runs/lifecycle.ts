/** The one place that moves a run's status, along `STATUS_MOVES` and no other way. */
import { AssayError } from '../../src-shared/errors.ts';
import { type RunStatus, STATUS_MOVES } from '../../src-shared/run.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

/** Statuses in which a worker, or the queue, has the run. */
const LIVE: ReadonlySet<RunStatus> = new Set(['queued', 'running', 'paused']);

/**
 * Move a run. The first start is kept over resumptions; the end and the error belong to the last one.
 * @param error One line: why it failed or was interrupted.
 * @throws AssayError `conflict` when the move is not allowed, `not-found`.
 */
export function moveRun(
  store: Store,
  runId: string,
  status: RunStatus,
  error: string | null = null,
  at: number = Date.now(),
): StoredRun {
  return store.transaction(() => {
    const run = store.runs.get(runId);
    if (!STATUS_MOVES[run.status].includes(status))
      throw new AssayError('conflict', `Run #${run.number} is ${run.status}: it cannot become ${status}`);
    store.runs.setStatus(runId, {
      status,
      startedAt: status === 'running' ? (run.startedAt ?? at) : run.startedAt,
      endedAt: LIVE.has(status) ? null : at,
      error,
    });
    return store.runs.get(runId);
  });
}
