/** Where a run comes from: the runs before it, each from a checkpoint of the one before. */
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

export interface Stage {
  readonly run: StoredRun;
  /** Step of this run whose checkpoint the next stage starts from; null for the last stage. */
  readonly until: number | null;
}

export interface Ancestry {
  /** Root first, the run itself last. */
  readonly stages: readonly [...Stage[], Stage];
  /** Checkpoint that the first stage starts from and that is no longer known; null where that stage is the root. */
  readonly missing: string | null;
}

export function ancestryOf(store: Store, run: StoredRun): Ancestry {
  const stages: [...Stage[], Stage] = [{ run, until: null }];
  const seen = new Set([run.id]);
  let at = run;
  while (at.parentCheckpointId !== null) {
    const checkpoint = store.checkpoints.find(at.parentCheckpointId);
    const parent = checkpoint === null ? null : store.runs.find(checkpoint.runId);
    // A run cannot come from itself; a damaged store must not hang the app.
    if (checkpoint === null || parent === null || seen.has(parent.id))
      return { stages, missing: at.parentCheckpointId };
    seen.add(parent.id);
    stages.unshift({ run: parent, until: checkpoint.step });
    at = parent;
  }
  return { stages, missing: null };
}
