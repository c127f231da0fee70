/** Reports with one click: sensible blocks for a run, for a comparison, for a study. */
import { AssayError } from '../../src-shared/errors.ts';
import type { Block, Condition, Report, ReportOf } from '../../src-shared/report.ts';
import { findStudy } from '../studies/index.ts';
import { planOf } from '../studies/run-study.ts';
import { ACCURACY } from './compare.ts';
import { loader } from './resolve.ts';
import { type LoadedRun, lastOf, type ReportSource } from './runs.ts';
import { findStudyRuns } from './study-runs.ts';

const CHARTS: readonly string[] = [
  ACCURACY,
  'train/length',
  'train/reward',
  'train/token-entropy',
  'train/trajectory-entropy',
  'train/self-certainty',
  'eval/thinking-words',
];
/** Rewards of different kinds have no scale in common. */
const NOT_ACROSS_REWARDS: readonly string[] = ['train/reward'];
const COMPARED: readonly string[] = [ACCURACY, 'eval/length', 'train/token-entropy'];
/** Of those that pass, and as many of those that do not. */
const SAMPLES = 2;

/** @throws AssayError `not-found` where there is no such run, or no finished run of the study. */
export function reportOf(of: ReportOf, source: ReportSource, created: number): Report {
  const load = loader(source);
  const get = (id: string): LoadedRun => {
    const run = load(id);
    if (run === null) throw new AssayError('not-found', `There is no run ${id}`);
    return run;
  };
  if ('run' in of) return ofRun(get(of.run), source, created);
  if ('study' in of) return ofStudy(of, source, load, created);
  if ('runs' in of) {
    for (const id of of.runs) get(id);
    const comparison = source.group(of.runs);
    const held = comparison.find(({ runs }) => of.reference !== undefined && runs.includes(of.reference));
    return reportOf({ comparison, ...(held === undefined ? {} : { reference: held.label }) }, source, created);
  }
  const [first] = of.comparison;
  const isOne = of.comparison.length === 1 && first?.runs.length === 1;
  if (isOne) return ofRun(get(first?.runs[0] ?? ''), source, created);
  const runs = of.comparison.flatMap((condition) => condition.runs.map(get));
  const blocks: Block[] = [{ kind: 'summary' }, ...evidence(runs, of.comparison.length > 1), ...identity(runs)];
  return {
    title: titleOf(of.comparison.map(({ label }) => label)),
    author: null,
    created,
    conditions: of.comparison,
    reference: of.reference === undefined ? (of.comparison.length > 1 ? (first?.label ?? null) : null) : of.reference,
    study: null,
    blocks,
  };
}

function ofRun(run: LoadedRun, source: ReportSource, created: number): Report {
  const { detail } = run;
  const rollouts = chosen(source.samples(detail.id, lastOf(run, ACCURACY)?.step ?? -1));
  return {
    title: detail.name.slice(0, 200) || `Run #${detail.number}`,
    author: null,
    created,
    conditions: [{ label: `#${detail.number}`, runs: [detail.id] }],
    reference: null,
    study: null,
    blocks: [
      { kind: 'summary' },
      ...evidence([run], false),
      ...(rollouts.length === 0 ? [] : [heading('Validation samples'), samplesOf(rollouts)]),
      ...identity([run]),
    ],
  };
}

function ofStudy(
  { study: id, scale = 'tiny' }: Extract<ReportOf, { study: string }>,
  source: ReportSource,
  load: (id: string) => LoadedRun | null,
  created: number,
): Report {
  const study = findStudy(id);
  const all = source
    .runIds()
    .map(load)
    .filter((run) => run !== null);
  const found = findStudyRuns(study, scale, all);
  if (found === null)
    throw new AssayError('not-found', `study ${id}: no run of it has finished at scale ${scale}`, {
      hint: `The command "assay study ${id}" has them made.`,
    });
  const arms = Map.groupBy(planOf(study, scale, found.seeds), ({ arm }) => arm);
  const conditions = [...arms].flatMap(([label, planned]): Condition[] => {
    const runs = planned.map(({ key }) => found.runs[key]).filter((run) => run !== undefined);
    return runs.length === 0 ? [] : [{ label, runs }];
  });
  const runs = conditions.flatMap((condition) => condition.runs.map(load)).filter((run) => run !== null);
  return {
    title: study.title,
    author: null,
    created,
    conditions,
    reference: conditions[0]?.label ?? null,
    study: found,
    blocks: [
      { kind: 'summary' },
      heading('Findings'),
      { kind: 'verdicts' },
      ...evidence(runs, conditions.length > 1),
      ...identity(runs),
    ],
  };
}

/** Charts and tables of what these runs measured. */
function evidence(runs: readonly LoadedRun[], several: boolean): Block[] {
  const rewards = new Set(runs.map(({ detail }) => detail.reward));
  const measured = (metric: string) => runs.some((run) => lastOf(run, metric) !== null);
  const charts = CHARTS.filter(measured).filter((metric) => rewards.size === 1 || !NOT_ACROSS_REWARDS.includes(metric));
  const compared = several ? COMPARED.filter(measured) : [];
  return [
    heading('Measurements'),
    ...compared.slice(0, 1).map((metric): Block => ({ kind: 'comparison', metric })),
    ...charts.map((metric): Block => ({ kind: 'chart', metric })),
    ...compared.slice(1).map((metric): Block => ({ kind: 'comparison', metric })),
  ];
}

function identity(runs: readonly LoadedRun[]): Block[] {
  const hasParents = runs.some(({ detail }) => detail.parentCheckpointId !== null);
  return [
    heading(runs.length === 1 ? 'The run' : 'The runs'),
    ...(runs.length > 1 ? [plain('differences')] : []),
    ...(hasParents ? [plain('lineage')] : []),
    plain('facts'),
  ];
}

const heading = (text: string): Block => ({ kind: 'heading', text });
const plain = (kind: 'differences' | 'lineage' | 'facts'): Block => ({ kind });
const samplesOf = (rollouts: readonly number[]): Block => ({ kind: 'samples', rollouts: [...rollouts] });

/** The first of different problems, passed and failed ones: chosen by no eye, so none is better than it happens to be. */
function chosen(samples: ReturnType<ReportSource['samples']>): number[] {
  const problems = new Set<string>();
  const first = (passed: boolean) => {
    const found: number[] = [];
    for (const { id, problemId, outcome } of samples) {
      if (found.length === SAMPLES || problems.has(problemId) || (outcome === 'passed') !== passed) continue;
      problems.add(problemId);
      found.push(id);
    }
    return found;
  };
  return [...first(true), ...first(false)];
}

/** The first conditions by name, the others as a count. */
function titleOf(labels: readonly string[]): string {
  const named = labels.slice(0, NAMED_IN_TITLE).map((label) => label.slice(0, 80));
  const others = labels.length - named.length;
  return named.join(' vs. ') + (others === 0 ? '' : ` and ${others} more`);
}
const NAMED_IN_TITLE = 3;
