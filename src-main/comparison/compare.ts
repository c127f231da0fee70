/** The body of call `compare`: curves and sums of groups of runs, from what is stored, with no resampling. */
import type { z } from 'zod';
import { type Comparison, type compareInputSchema, DIRECTIONS } from '../../src-shared/comparison.ts';
import type { MetricName } from '../../src-shared/metrics.ts';
import type { Store } from '../store/store.ts';
import { bySeed, curveOf, statisticOf } from './curve.ts';
import { differencesOf, type RunGroup } from './grouping.ts';
import { select } from './selection.ts';
import { best, commonRange, type Line, meanHeight, type StepRange } from './series.ts';

type Input = z.output<typeof compareInputSchema>;
type MetricComparison = Comparison['metrics'][number];

export function compare(store: Store, input: Input): Comparison {
  const { groups, metrics, issues, seriesOf } = select(store, input);
  return {
    groups: groups.map(({ members: _, ...group }) => group),
    differences: differencesOf(groups),
    issues: [...issues],
    metrics: metrics.map((metric) => {
      const linesOf = (group: RunGroup, name: MetricName = metric) =>
        group.members.map(({ run, unit }) => [unit, seriesOf(run.id).line(name, input.x), run.id] as const);
      const lines = new Map(groups.map((group) => [group.key, linesOf(group)]));
      const areaSteps = commonRange([...lines.values()].flat().map(([, line]) => line));
      return {
        metric,
        direction: DIRECTIONS[metric] ?? null,
        areaSteps,
        byGroup: Object.fromEntries(
          groups.flatMap((group) => {
            const own = lines.get(group.key) ?? [];
            const of = groupMetric(metric, own, areaSteps, input, () => linesOf(group, 'eval/avg@k-se')[0]?.[1] ?? []);
            return of === null ? [] : [[group.key, of]];
          }),
        ),
      };
    }),
  };
}

function groupMetric(
  metric: MetricName,
  runs: readonly (readonly [unit: number | string, line: Line, runId: string])[],
  areaSteps: StepRange | null,
  { maxPoints, lines }: Input,
  errorLine: () => Line,
): MetricComparison['byGroup'][string] | null {
  const seeds = bySeed(runs.map(([unit, line]) => [unit, line]));
  const perSeed = (of: (line: Line) => number | null) =>
    statisticOf([...unitsOf(runs).values()].map((members) => meanOf(members.map(([, line]) => of(line)))));
  const final = perSeed((line) => line.at(-1)?.value ?? null);
  if (final === null) return null;
  const direction = DIRECTIONS[metric];
  // The standard error that is measured is that of one validation, so it is only for a run by itself.
  const errors =
    metric === 'eval/avg@k' && runs.length === 1 ? errorLine().map(({ step, value }) => [step, value] as const) : [];
  return {
    curve: curveOf(seeds, maxPoints, new Map(errors)),
    final,
    best: direction === undefined ? null : perSeed((line) => best(line, direction)),
    area: areaSteps === null ? null : perSeed((line) => meanHeight(line, areaSteps)),
    lines: lines ? Object.fromEntries(runs.map(([, line, runId]) => [runId, columns(line)])) : {},
  };
}

/** Runs by seed, seeds ascending as in the group. */
export function unitsOf<R extends readonly [unit: number | string, ...rest: unknown[]]>(runs: readonly R[]) {
  const ascending = runs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Map.groupBy(ascending, ([unit]) => unit);
}

/** Null where none is known. */
export function meanOf(values: readonly (number | null)[]): number | null {
  return statisticOf(values)?.mean ?? null;
}

const columns = (line: Line) => ({
  x: line.map(({ x }) => x),
  step: line.map(({ step }) => step),
  value: line.map(({ value }) => value),
});
