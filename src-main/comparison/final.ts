/** The body of call `compareFinal`: every group against the reference, with intervals, tests and verdicts. */
import { setImmediate } from 'node:timers/promises';
import type { z } from 'zod';
import {
  type ComparabilityIssue,
  type compareFinalInputSchema,
  concerns,
  type Effect,
  type FinalComparison,
} from '../../src-shared/comparison.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { MetricName } from '../../src-shared/metrics.ts';
import { stream } from '../../src-shared/random.ts';
import { holm } from '../stats/effects.ts';
import { accuracyError, realDifference } from '../stats/verdict.ts';
import type { Store } from '../store/store.ts';
import { type Arm, type At, armOf, scoreOf } from './arms.ts';
import { type Measured, measureEffect, verdictOn } from './effect.ts';
import { groupRuns, type RunGroup } from './grouping.ts';
import { issuesOf, type Selection, select } from './selection.ts';

type Input = z.output<typeof compareFinalInputSchema>;

interface Row {
  readonly metric: MetricName;
  readonly group: RunGroup;
  readonly arm: Arm;
  readonly against: Arm;
  readonly measured: Measured;
}

/**
 * The hierarchical bootstrap of a table takes a second or so; other work is let in between its rows.
 * @throws AssayError `not-found`, `usage` for an unknown metric, path or reference.
 */
export async function compareFinal(store: Store, input: Input): Promise<FinalComparison> {
  const selection = select(store, input);
  const reference = referenceOf(selection, input);
  const rows: Row[] = [];
  for (const metric of selection.metrics) {
    const at = atOf(metric, selection, input.at);
    const armAt = ({ members }: RunGroup) =>
      at === null ? null : armOf(store, metric, at, members, selection.seriesOf);
    const against = armAt(reference);
    if (against === null) continue;
    for (const group of othersThan(reference, selection.groups)) {
      const arm = armAt(group);
      if (arm === null) continue;
      const margin = input.margins[metric] ?? accuracyMargin(metric, [group, reference], [arm, against]);
      const random = () => stream(0, 'compare', metric, group.key, reference.key);
      rows.push({ metric, group, arm, against, measured: measureEffect(arm, against, margin, random) });
      await setImmediate();
    }
  }
  return {
    groups: selection.groups.map(withoutMembers),
    reference: withoutMembers(reference),
    effects: judged(store, rows, reference),
    issues: [...selection.issues],
  };
}

/** The p values of the table are corrected together. */
function judged(store: Store, rows: readonly Row[], reference: RunGroup): Effect[] {
  const tested = rows.filter(({ measured }) => measured.test !== null);
  const corrected = new Map<Row, number>();
  holm(tested.map(({ measured }) => measured.test?.p ?? 1)).forEach((p, i) => {
    const row = tested[i];
    if (row !== undefined) corrected.set(row, p);
  });
  const issues = new Map<string, ComparabilityIssue[]>();
  const issuesWith = (group: RunGroup) => {
    const known = issues.get(group.key) ?? issuesOf(store, runsOf(group, reference));
    issues.set(group.key, known);
    return known;
  };
  return rows.map((row) => {
    const { metric, group, arm, against, measured } = row;
    const forbidden = issuesWith(group).filter((each) => each.severity === 'differs' && concerns(each, metric));
    const pHolm = corrected.get(row) ?? null;
    const { perSeed: _seeds, narrow: _narrow, wide: _wide, test, ...shown } = measured;
    return {
      ...shown,
      metric,
      group: group.key,
      steps: { group: [...arm.steps], reference: [...against.steps] },
      test: test && pHolm !== null ? { ...test, pHolm } : null,
      ...verdictOn(measured, pHolm, forbidden.map(({ title }) => title.toLowerCase()).join(', ') || null),
    };
  });
}

const runsOf = (...groups: readonly RunGroup[]) => [
  ...new Map(groups.flatMap(({ members }) => members.map(({ run }) => [run.id, run] as const))).values(),
];

const withoutMembers = ({ members: _, ...group }: RunGroup) => group;

/** A run that is pinned by itself stays in its own group, too: that group is held against it unless it is all of it. */
function othersThan(reference: RunGroup, groups: readonly RunGroup[]): RunGroup[] {
  return groups.filter(
    ({ key, runIds }) => key !== reference.key && !(runIds.length === 1 && runIds[0] === reference.runIds[0]),
  );
}

function referenceOf({ groups }: Selection, { reference }: Input): RunGroup {
  const [first] = groups;
  if (first === undefined) throw new AssayError('internal', 'compareFinal: no group');
  if (reference === undefined) return first;
  if ('group' in reference) {
    const found = groups.find(({ key }) => key === reference.group);
    if (found !== undefined) return found;
    throw new AssayError(
      'usage',
      `reference.group: ${reference.group}: no such group; there are ${groups.map(({ key }) => key).join(', ')}`,
      { path: 'reference.group' },
    );
  }
  const members = groups.flatMap((group) => group.members).filter(({ run }) => run.id === reference.runId);
  const [group] = groupRuns(members, { by: 'none' });
  if (group !== undefined) return group;
  throw new AssayError('usage', `reference.runId: ${reference.runId}: is not among the compared runs`, {
    path: 'reference.runId',
  });
}

/** Null where no step is common to all runs that have the metric. */
function atOf(metric: MetricName, { groups, seriesOf }: Selection, at: Input['at']): At | null {
  if (at !== 'common') return at;
  const steps = groups
    .flatMap(({ members }) => members)
    .map(({ run }) => seriesOf(run.id).line(metric, 'step'))
    .filter((line) => line.length > 0)
    .map((line) => new Set(line.map(({ step }) => step)));
  const [first, ...others] = steps;
  const shared = [...(first ?? [])].filter((step) => others.every((each) => each.has(step)));
  return shared.length === 0 ? null : Math.max(...shared);
}

/** The larger of 1.5 points and two standard errors of the noisiest accuracy; null for what is no accuracy. */
function accuracyMargin(metric: MetricName, groups: readonly RunGroup[], arms: readonly Arm[]): number | null {
  if (scoreOf(metric) === null) return null;
  const errors = groups.flatMap(({ members }, i) =>
    members.flatMap(({ config, run }) => {
      const problems = run.fingerprints?.validationProblems ?? Number(config.get('evaluation.problems'));
      // pass@k is one number a problem, however many samples it is made of.
      const samples = metric === 'eval/avg@k' ? Number(config.get('evaluation.samples')) : 1;
      return [...(arms[i]?.values.values() ?? [])].map((p) => accuracyError(p, problems, samples));
    }),
  );
  const known = errors.filter(Number.isFinite);
  return known.length === 0 ? null : realDifference(Math.max(...known));
}
