/** What the pages of studies show, from what the app says: settings in the address, cells of the grid, counts and words. Pure. */
import { z } from 'zod';
import type { RunSummary } from '../../../src-shared/api.ts';
import { COMPARED_RUNS } from '../../../src-shared/comparison.ts';
import { formatCount, formatPercent, formatRoughly } from '../../../src-shared/format.ts';
import { optionValueSchema } from '../../../src-shared/options.ts';
import {
  FINDINGS,
  type FindingVerdict,
  type PlannedCell,
  SCALES,
  STUDY_SEEDS,
  type StudyFinding,
  type StudyInfo,
  type StudyPlan,
  type StudyProgress,
  type StudySettings,
  type StudyState,
  seedsUpTo,
} from '../../../src-shared/study.ts';

/** A wrong value is left out, never an error: addresses are typed and kept by people. */
export const studySearch = z.object({
  scale: z.enum(SCALES).optional().catch(undefined),
  /** How many: 1 to this. */
  seeds: z.int().min(1).max(STUDY_SEEDS.most).optional().catch(undefined),
  values: z.record(z.string(), optionValueSchema).optional().catch(undefined),
});
export type StudySearch = z.infer<typeof studySearch>;

/** What the address says, else how the study was started last, else the smallest. */
export function settingsOf(
  { id, scales }: Pick<StudyInfo, 'id' | 'scales'>,
  search: StudySearch,
  last: StudySettings | undefined,
): StudySettings {
  return {
    id,
    scale: search.scale ?? last?.scale ?? scales[0] ?? 'tiny',
    seeds: search.seeds === undefined ? (last?.seeds ?? seedsUpTo(STUDY_SEEDS.usual)) : seedsUpTo(search.seeds),
    values: search.values ?? last?.values ?? {},
  };
}

export const isSameSettings = (a: StudySettings, b: StudySettings): boolean =>
  JSON.stringify([a.id, a.scale, a.seeds, Object.entries(a.values).sort()]) ===
  JSON.stringify([b.id, b.scale, b.seeds, Object.entries(b.values).sort()]);

export type CellState = 'todo' | 'queued' | 'running' | 'paused' | 'finished' | 'collapsed' | 'stopped' | 'failed';

/** @param run As it stands now: the plan may be a moment older. */
export function cellState({ standing, run: planned }: PlannedCell, run: RunSummary | undefined): CellState {
  if (run === undefined) return standing === 'ready' ? 'finished' : 'todo';
  if (run.status === 'finished') return planned?.collapsed == null ? 'finished' : 'collapsed';
  if (run.status === 'interrupted') return 'stopped';
  return run.status;
}

export const CELL_WORDS: Readonly<Record<CellState, string>> = {
  todo: 'To do',
  queued: 'Queued',
  running: 'Running',
  paused: 'Paused',
  finished: 'Finished',
  collapsed: 'Collapsed',
  stopped: 'Cut off',
  failed: 'Failed',
};

/** Arms in the order of the plan, with a cell for each seed. */
export function gridOf({ runs }: Pick<StudyPlan, 'runs'>): { arm: string; cells: PlannedCell[] }[] {
  return [...Map.groupBy(runs, ({ arm }) => arm)].map(([arm, cells]) => ({ arm, cells }));
}

/** Runs that have curves, by arm: at most as many as can be drawn together, the first seeds of every arm before others. */
export function drawnRuns({ runs }: Pick<StudyPlan, 'runs'>): {
  runIds: string[];
  armOf: Map<string, string>;
  left: number;
} {
  const all = runs.flatMap(({ arm, seed, on, standing, run }) =>
    on === null && run !== null && (standing === 'ready' || standing === 'live') ? [{ arm, seed, id: run.id }] : [],
  );
  const chosen = new Set(
    all
      .toSorted((a, b) => a.seed - b.seed)
      .slice(0, COMPARED_RUNS.most)
      .map(({ id }) => id),
  );
  const drawn = all.filter(({ id }) => chosen.has(id));
  return {
    runIds: drawn.map(({ id }) => id),
    armOf: new Map(drawn.map(({ id, arm }) => [id, arm])),
    left: all.length - drawn.length,
  };
}

export interface Counts {
  readonly ready: number;
  readonly live: number;
  /** Cut off: it goes on. */
  readonly cut: number;
  readonly open: number;
}

export function countsOf({ runs }: Pick<StudyPlan, 'runs'>): Counts {
  const of = (standing: PlannedCell['standing']) => runs.filter((run) => run.standing === standing).length;
  return { ready: of('ready'), live: of('live'), cut: of('cut'), open: runs.length - of('ready') };
}

/** Null stands for "not yet". */
export function verdictCounts(findings: readonly StudyFinding[]): { verdict: FindingVerdict | null; count: number }[] {
  return [...FINDINGS, null].flatMap((verdict) => {
    const count = findings.filter((finding) => finding.verdict === verdict).length;
    return count === 0 ? [] : [{ verdict, count }];
  });
}

export const NOT_YET = 'not yet';

export const STATE_WORDS: Readonly<Record<StudyState, string>> = {
  waiting: 'Waiting',
  running: 'Running',
  stopping: 'Stopping',
  finished: 'Finished',
  stopped: 'Stopped',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

export const isGoing = (progress: StudyProgress | undefined): boolean => (progress?.going ?? null) !== null;

/** Where a study that was started stands, in one line. */
export function progressLine({ state, error, going }: StudyProgress): string {
  if (going === null) return state === 'interrupted' ? 'Assay ended while it went on' : (error ?? '');
  const runs = `${formatCount(going.done)} of ${formatCount(going.total)} runs`;
  if (state === 'waiting') return `${runs}; waits for the study before it`;
  const now = going.run === null ? '' : `, now ${going.run.key} at ${formatPercent(going.run.fraction, 0)}`;
  const left = going.secondsLeft === null ? '' : `, about ${formatRoughly(going.secondsLeft)} left`;
  return state === 'stopping' ? `${runs}${now}; stops after this step` : `${runs}${now}${left}`;
}

/** What the comparisons behind a finding say together; a single one by its numbers. */
export const heldParts = ({ parts }: Pick<StudyFinding, 'parts'>): { held: number; of: number } => ({
  held: parts.filter(({ verdict }) => verdict === 'SAME').length,
  of: parts.length,
});
