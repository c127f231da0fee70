/**
 * The bin: runs that were deleted and can be restored, until they are purged, rows and files. A run stays in the bin,
 * whole, for as long as a run that is not purged with it started from one of its checkpoints: such a run can be made
 * again, and its lineage read, only with the weights that it began with.
 */
import { rm } from 'node:fs/promises';
import { setImmediate as others } from 'node:timers/promises';
import type { BinnedRun } from '../../src-shared/organise.ts';
import { runFolder } from '../store/home.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

const DAY_MS = 24 * 3_600_000;
export const KEEP_MS = 30 * DAY_MS;

/** Newest deletion first. */
export function binnedRuns(store: Store): BinnedRun[] {
  const binned = store.runs.binned();
  const keptFor = keepers(store, binned);
  return binned.map(({ id, number, name, deletedAt }) => ({
    id,
    number,
    name,
    deletedAt: deletedAt ?? 0,
    purgeAt: (deletedAt ?? 0) + KEEP_MS,
    keptFor: keptFor.get(id) ?? null,
  }));
}

/**
 * Purge what was deleted before `before`. Files go first: what a crash leaves is a run in the bin, to be purged again.
 * @returns How many went, and how many stayed for a run that started from them.
 */
export async function purge(store: Store, home: string, before: number): Promise<{ purged: number; kept: number }> {
  const due = store.runs.binned().filter(({ deletedAt }) => deletedAt !== null && deletedAt < before);
  const kept = keepers(store, due);
  let purged = 0;
  for (const { id } of due) {
    if (kept.has(id)) continue;
    // Deleted files cannot be brought back, so one that was restored while others went is left alone.
    if (store.runs.find(id)?.deletedAt == null) continue;
    await rm(runFolder(home, id), { recursive: true, force: true });
    store.purgeRun(id);
    purged++;
    await others();
  }
  return { purged, kept: kept.size };
}

/** Purges what has been in the bin for long enough: now, and once a day. */
export function startPurging(store: Store, home: string): { stop(): Promise<void> } {
  let going: Promise<unknown> = Promise.resolve();
  const look = () => {
    going = going
      .then(() => purge(store, home, Date.now() - KEEP_MS))
      .catch((error: unknown) => console.error('The bin cannot be purged now:', error));
  };
  look();
  const timer = setInterval(look, DAY_MS);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await going;
    },
  };
}

/** Of `candidates`, those that stay, each with the number of a run that started from it and stays too. */
function keepers(store: Store, candidates: readonly StoredRun[]): ReadonlyMap<string, number> {
  const children = store.runs.startedFrom();
  const going = new Set(candidates.map(({ id }) => id));
  const kept = new Map<string, number>();
  // A run that stays keeps its parent, and that one its own: until nothing changes.
  for (let before = -1; before !== going.size; ) {
    before = going.size;
    for (const { parentId, childId, childNumber } of children)
      if (going.has(parentId) && !going.has(childId)) {
        going.delete(parentId);
        kept.set(parentId, childNumber);
      }
  }
  return kept;
}
