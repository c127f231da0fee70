/** What the runs that are there say of a study's question: findings as far as they can be had, and tables. */
import { setImmediate } from 'node:timers/promises';
import type { Api } from '../../src-shared/api.ts';
import type { StudyFinding, StudyReport } from '../../src-shared/study.ts';
import { concludeSoFar, type PartialConclusion } from './findings.ts';
import { configOf } from './known-runs.ts';
import { checkpointAt, type PlacedRun, readRun } from './standings.ts';
import type { Study, StudyRun } from './study.ts';

export async function reportOf(api: Api, study: Study, plan: readonly PlacedRun[]): Promise<StudyReport> {
  const placed = new Map(plan.map((each) => [each.key, each]));
  const runs: StudyRun[] = [];
  for (const planned of plan) {
    const { run, standing, from } = planned;
    if (run === null || standing !== 'ready') continue;
    const parent = from === undefined ? null : (placed.get(from.key)?.run ?? null);
    const start = parent === null ? null : ((await checkpointAt(api, parent.id, from?.step)) ?? null);
    runs.push(await readRun(api, planned, configOf(planned, start), run));
    // Many runs in a row would hold up the events of those that go on.
    await setImmediate();
  }
  return {
    ready: runs.length,
    total: plan.length,
    findings: concludeSoFar(study, plan, runs).map(findingOf),
    tables: runs.length === 0 ? [] : [...((await study.tables?.(runs, api)) ?? [])].map(copied),
  };
}

type Table = StudyReport['tables'][number];
const copied = (table: NonNullable<Awaited<ReturnType<NonNullable<Study['tables']>>>>[number]): Table => ({
  ...table,
  columns: [...table.columns],
  values: table.values.map(({ row, cells }) => ({ row, cells: [...cells] })),
});

function findingOf({ predicate: { id }, finding, waitsFor }: PartialConclusion): StudyFinding {
  if (finding === null) return { id, verdict: null, why: '', waitsFor: [...waitsFor], parts: [], numbers: {} };
  const { verdict, why, parts, numbers } = finding;
  const names = new Set(parts.map(({ of }) => of));
  return {
    ...{ id, verdict, why, waitsFor: [] },
    parts: parts.map((part) => ({ ...part, effect: known(part.effect), low: known(part.low), high: known(part.high) })),
    numbers: Object.fromEntries(
      Object.entries(numbers).filter(([name, value]) => !names.has(name) && Number.isFinite(value)),
    ),
  };
}

const known = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);
