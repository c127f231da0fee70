/** What becomes of a checkpoint that was kept as the best so far (`limits.keepBest`) once there is a better one. */
import { rm } from 'node:fs/promises';
import type { Store } from '../store/store.ts';
import { collapseOf } from './collapse-watch.ts';

/**
 * Forget the checkpoint of a step, and remove its folder. It stays where a run started from it, and where it is the best
 * before a collapse. Resolves when the folder is gone. @throws Error of the file system.
 */
export async function dropKeptBest(store: Store, runId: string, step: number): Promise<void> {
  const checkpoint = store.checkpoints.ofRun(runId).find((known) => known.step === step);
  if (checkpoint === undefined || collapseOf(store, runId)?.bestCheckpoint?.id === checkpoint.id) return;
  if (store.checkpoints.drop(checkpoint.id)) await rm(checkpoint.folder, { recursive: true, force: true });
}
