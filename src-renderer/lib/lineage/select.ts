/** What is chosen in a lineage, what leads to it, and what is found by a search. Pure. */
import type { Lineage } from '../../../src-shared/lineage.ts';
import { familiesOf, type LineageCheckpoint, type LineageRun } from './layout.ts';

/** A node as it stands in the address: the start of a run, or a checkpoint. */
export type Chosen =
  | { readonly kind: 'run'; readonly run: LineageRun }
  | { readonly kind: 'checkpoint'; readonly run: LineageRun; readonly checkpoint: LineageCheckpoint };

/** Null for an id that names nothing here, as an old address may hold. */
export function chosenOf({ runs, checkpoints }: Lineage, id: string | null): Chosen | null {
  if (id === null) return null;
  const checkpoint = checkpoints.find((each) => each.id === id);
  const run = runs.find(({ runId }) => runId === (checkpoint?.runId ?? id));
  if (run === undefined) return null;
  return checkpoint === undefined ? { kind: 'run', run } : { kind: 'checkpoint', run, checkpoint };
}

/** The runs from the root to this one, by the checkpoints that they started from. */
export function pathTo({ runs, checkpoints }: Lineage, runId: string): LineageRun[] {
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const ownerOf = new Map(checkpoints.map((each) => [each.id, each.runId]));
  const path: LineageRun[] = [];
  const seen = new Set<string>();
  for (let at = byId.get(runId); at !== undefined && !seen.has(at.runId); ) {
    seen.add(at.runId);
    path.unshift(at);
    at = at.from === null ? undefined : byId.get(ownerOf.get(at.from) ?? '');
  }
  return path;
}

/** The controls of a run, and the run that it is the control of. */
export const twinsOf = ({ runs }: Lineage, { runId, controlOf }: LineageRun): LineageRun[] =>
  runs.filter((other) => other.controlOf === runId || other.runId === controlOf);

/** Runs that started from this run, or from one of its checkpoints. */
export function startedFrom({ runs, checkpoints }: Lineage, chosen: Chosen): LineageRun[] {
  const from = new Set(
    chosen.kind === 'checkpoint'
      ? [chosen.checkpoint.id]
      : checkpoints.filter(({ runId }) => runId === chosen.run.runId).map(({ id }) => id),
  );
  return runs.filter((run) => run.from !== null && from.has(run.from));
}

/** Whether a run is meant by the words of a search: all of them have to be in its name, number, reward or study. */
export function matches(run: LineageRun, search: string): boolean {
  const text =
    `${run.name} #${run.number} ${run.reward} ${run.study ?? ''} ${run.status} ${run.seed === null ? '' : `seed ${run.seed}`} ${run.runId}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** What is left of a lineage when only those families stay in which a run is kept. */
export function keepFamilies(lineage: Lineage, isKept: (run: LineageRun) => boolean): Lineage {
  const wanted = new Set(lineage.runs.filter(isKept).map(({ runId }) => runId));
  const kept = new Set(
    familiesOf(lineage)
      .filter((members) => members.some((id) => wanted.has(id)))
      .flat(),
  );
  const checkpoints = lineage.checkpoints.filter(({ runId }) => kept.has(runId));
  const ids = new Set(checkpoints.map(({ id }) => id));
  const isThere = (end: { runId: string } | { checkpointId: string }) =>
    'runId' in end ? kept.has(end.runId) : ids.has(end.checkpointId);
  return {
    runs: lineage.runs.filter(({ runId }) => kept.has(runId)),
    checkpoints,
    edges: lineage.edges.filter(({ from, to }) => isThere(from) && isThere(to)),
  };
}
