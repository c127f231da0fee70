/**
 * Where the nodes of a lineage stand: x is what was trained since the root, a lane is a run, a family is what is
 * connected. A control starts where the run does that it is the control of, so that equal budgets end at one x. Pure.
 */
import type { Lineage } from '../../../src-shared/lineage.ts';

export const LINEAGE_X = ['tokens', 'steps'] as const;
export type LineageX = (typeof LINEAGE_X)[number];

export type LineageRun = Lineage['runs'][number];
export type LineageCheckpoint = Lineage['checkpoints'][number];

export interface PlacedCheckpoint {
  readonly checkpoint: LineageCheckpoint;
  readonly x: number;
}

/** One run with its checkpoints, on a line of its own. */
export interface Lane {
  readonly run: LineageRun;
  /** Counted from the top, families one below the other. */
  readonly row: number;
  /** Runs between it and the root of its family. */
  readonly depth: number;
  readonly start: number;
  /** Last place that it reached: of its last checkpoint, or of its start. */
  readonly end: number;
  readonly checkpoints: readonly PlacedCheckpoint[];
}

export interface Family {
  readonly lanes: readonly Lane[];
  readonly firstRow: number;
}

/** A line from a checkpoint to the start of a run, or from the start of a run to that of its control. */
export interface Link {
  readonly kind: 'start' | 'control';
  readonly from: { readonly x: number; readonly row: number };
  readonly to: { readonly x: number; readonly row: number };
}

export interface LineageLayout {
  readonly families: readonly Family[];
  readonly laneOf: ReadonlyMap<string, Lane>;
  readonly links: readonly Link[];
  /** The largest x. */
  readonly width: number;
  /** Lanes, one row each, and a free row below each family of several runs. */
  readonly rows: number;
  /** Runs that did not log how many tokens they trained: they stand where they started. */
  readonly unmeasured: readonly LineageRun[];
}

/** Families with several runs first, then those of the newest runs. */
export function layoutLineage(lineage: Lineage, x: LineageX): LineageLayout {
  const runs = new Map(lineage.runs.map((run) => [run.runId, run]));
  const ofRun = Map.groupBy(lineage.checkpoints, ({ runId }) => runId);
  const ownerOf = new Map(lineage.checkpoints.map(({ id, runId }) => [id, runId]));
  const before = parents(lineage, runs, ownerOf);

  const lanes = new Map<string, Omit<Lane, 'row' | 'depth'>>();
  const unmeasured: LineageRun[] = [];
  const place = (runId: string, under: ReadonlySet<string>): Omit<Lane, 'row' | 'depth'> | null => {
    const known = lanes.get(runId);
    const run = runs.get(runId);
    // A run cannot come from itself; a damaged store must not hang the window.
    if (known !== undefined || run === undefined || under.has(runId)) return known ?? null;
    const path = new Set([...under, runId]);
    const from = run.from === null ? undefined : ownerOf.get(run.from);
    const parent = from === undefined ? null : place(from, path);
    const twin = run.controlOf === null ? null : place(run.controlOf, path);
    const own = (x === 'tokens' ? run.tokensBefore : run.stepsBefore) ?? 0;
    const started = parent?.checkpoints.find(({ checkpoint }) => checkpoint.id === run.from)?.x;
    const start = Math.max(twin?.start ?? 0, started ?? 0, twin === null && started === undefined ? own : 0);
    const lane = placeRun(run, ofRun.get(runId) ?? [], start, x);
    if (lane.isUnmeasured) unmeasured.push(run);
    lanes.set(runId, lane);
    return lane;
  };
  for (const runId of runs.keys()) place(runId, new Set());

  const families: Family[] = [];
  const laneOf = new Map<string, Lane>();
  let row = 0;
  for (const members of familiesOf(lineage)) {
    const firstRow = row;
    const ordered = inOrder(members, before, runs);
    const placed = ordered.flatMap(({ runId, depth }): Lane[] => {
      const lane = lanes.get(runId);
      return lane === undefined ? [] : [{ ...lane, depth, row: row++ }];
    });
    for (const lane of placed) laneOf.set(lane.run.runId, lane);
    families.push({ lanes: placed, firstRow });
    // Single runs stand close: there are many of them, and nothing to keep apart.
    if (placed.length > 1) row++;
  }
  const all = [...laneOf.values()];
  return {
    families,
    laneOf,
    links: all.flatMap((lane) => linksOf(lane, laneOf, ownerOf)),
    width: Math.max(0, ...all.map(({ end }) => end)),
    rows: Math.max(0, ...all.map((lane) => lane.row + 1)),
    unmeasured,
  };
}

function placeRun(run: LineageRun, checkpoints: readonly LineageCheckpoint[], start: number, x: LineageX) {
  const before = x === 'tokens' ? run.tokensBefore : run.stepsBefore;
  let at = start;
  let isUnmeasured = false;
  const placed = checkpoints
    .toSorted((a, b) => a.step - b.step)
    .map((checkpoint): PlacedCheckpoint => {
      const total = x === 'tokens' ? checkpoint.totalTokens : checkpoint.totalSteps;
      if (total === null || before === null) isUnmeasured = true;
      // What is not known stands where the one before it does: never to the left of it.
      at = total === null || before === null ? at : Math.max(at, start + total - before);
      return { checkpoint, x: at };
    });
  return { run, start, end: at, checkpoints: placed, isUnmeasured };
}

/** What each run hangs below: the run that it started from, else the one that it is the control of. */
function parents(
  { runs }: Lineage,
  known: ReadonlyMap<string, LineageRun>,
  ownerOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map(
    runs.flatMap((run): [string, string][] => {
      const owner = run.from === null ? undefined : ownerOf.get(run.from);
      // A control stands beside its run, wherever it comes from.
      const parent = run.controlOf !== null && known.has(run.controlOf) ? run.controlOf : owner;
      return parent === undefined || parent === run.runId ? [] : [[run.runId, parent]];
    }),
  );
}

/** Runs that are connected, by checkpoints or as controls: each family with its ids. */
export function familiesOf({ runs, checkpoints }: Lineage): string[][] {
  const numbers = new Map(runs.map(({ runId, number }) => [runId, number]));
  const ownerOf = new Map(checkpoints.map(({ id, runId }) => [id, runId]));
  const root = new Map(runs.map(({ runId }) => [runId, runId]));
  const find = (id: string): string => {
    let at = id;
    for (let next = root.get(at); next !== undefined && next !== at; next = root.get(at)) at = next;
    return at;
  };
  for (const { runId, from, controlOf } of runs)
    for (const other of [from === null ? undefined : ownerOf.get(from), controlOf])
      if (typeof other === 'string' && numbers.has(other)) root.set(find(runId), find(other));
  const families = [...Map.groupBy(root.keys(), find).values()];
  const newest = (ids: readonly string[]) => Math.max(...ids.map((id) => numbers.get(id) ?? 0));
  return families.sort((a, b) => Number(b.length > 1) - Number(a.length > 1) || newest(b) - newest(a));
}

/** Depth first: below each run its controls, then what started from it, older ones first. */
function inOrder(
  members: readonly string[],
  before: ReadonlyMap<string, string>,
  runs: ReadonlyMap<string, LineageRun>,
): { runId: string; depth: number }[] {
  const own = new Set(members);
  const children = Map.groupBy(
    members.filter((id) => own.has(before.get(id) ?? '')),
    (id) => before.get(id) ?? '',
  );
  const number = (id: string) => runs.get(id)?.number ?? 0;
  const isControl = (id: string) => Number(runs.get(id)?.controlOf === before.get(id));
  const order: { runId: string; depth: number }[] = [];
  const seen = new Set<string>();
  const visit = (runId: string, depth: number) => {
    if (seen.has(runId)) return;
    seen.add(runId);
    order.push({ runId, depth });
    const below = children.get(runId) ?? [];
    for (const id of below.toSorted((a, b) => isControl(b) - isControl(a) || number(a) - number(b)))
      visit(id, depth + 1);
  };
  const byNumber = members.toSorted((a, b) => number(a) - number(b));
  for (const id of byNumber) if (!own.has(before.get(id) ?? '')) visit(id, 0);
  // What is left hangs in a circle.
  for (const id of byNumber) visit(id, 0);
  return order;
}

function linksOf(lane: Lane, laneOf: ReadonlyMap<string, Lane>, ownerOf: ReadonlyMap<string, string>): Link[] {
  const { run, start, row } = lane;
  const to = { x: start, row };
  const twin = run.controlOf === null ? undefined : laneOf.get(run.controlOf);
  const source = run.from === null ? undefined : laneOf.get(ownerOf.get(run.from) ?? '');
  const from = source?.checkpoints.find(({ checkpoint }) => checkpoint.id === run.from);
  return [
    ...(source === undefined || from === undefined
      ? []
      : [{ kind: 'start' as const, from: { x: from.x, row: source.row }, to }]),
    ...(twin === undefined ? [] : [{ kind: 'control' as const, from: { x: twin.start, row: twin.row }, to }]),
  ];
}
