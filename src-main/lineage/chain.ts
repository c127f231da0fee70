/** The body of call `chain`: one metric along a run's whole chain since the root, beside its matched controls. */
import type { z } from 'zod';
import { Z975 } from '../../src-shared/charts/mean-band.ts';
import type { ChainOfRun, chainInputSchema } from '../../src-shared/lineage.ts';
import type { MetricName } from '../../src-shared/metrics.ts';
import { issuesOf } from '../comparison/selection.ts';
import { metricName, RunSeries } from '../comparison/series.ts';
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { ancestryOf, type Stage } from './ancestry.ts';

type Input = z.output<typeof chainInputSchema>;
type Chain = ChainOfRun['chain'];

/** @throws AssayError `not-found`, `usage` (path `metric`) for an unknown metric. */
export function chain(store: Store, { runId, metric, x }: Input): ChainOfRun {
  const run = store.runs.get(runId);
  const name = metricName(
    metric,
    ancestryOf(store, run).stages.map((stage) => new RunSeries(store, stage.run.id)),
    'metric',
  );
  const controls = store.runs.all().filter(({ controlOf }) => controlOf === runId);
  return {
    chain: chainOf(store, run, name, x),
    controls: controls.map((control) => ({ runId: control.id, chain: chainOf(store, control, name, x) })),
    issues: issuesOf(store, [run, ...controls]),
  };
}

function chainOf(store: Store, run: StoredRun, metric: MetricName, x: Input['x']): Chain {
  const { stages, missing } = ancestryOf(store, run);
  let offset = 0;
  const drawn = stages.map((stage) => {
    const own = stageOf(store, stage, metric, x, offset);
    if (stage.until !== null) offset += trainedAt(store, stage.run.id, stage.until, x);
    return own;
  });
  return { stages: drawn, missing: missing !== null };
}

function stageOf(
  store: Store,
  { run, until }: Stage,
  metric: MetricName,
  x: Input['x'],
  offset: number,
): Chain['stages'][number] {
  const series = new RunSeries(store, run.id);
  const line = series.line(metric, x).filter(({ step }) => until === null || step <= until);
  const errors = new Map(
    (metric === 'eval/avg@k' ? series.line('eval/avg@k-se', x) : []).map(({ step, value }) => [step, value]),
  );
  const bound = (sign: 1 | -1) =>
    line.map(({ step, value }) => {
      const error = errors.get(step);
      return error === undefined ? null : value + sign * Z975 * error;
    });
  return {
    runId: run.id,
    number: run.number,
    name: run.name,
    reward: run.config.reward.kind,
    until,
    offset,
    x: line.map((point) => offset + point.x),
    step: line.map(({ step }) => step),
    value: line.map(({ value }) => value),
    low: bound(-1),
    high: bound(1),
  };
}

/** Tokens are logged at every step of training, so one of the step itself is the rule. */
function trainedAt(store: Store, runId: string, step: number, x: Input['x']): number {
  if (x === 'step') return step;
  return store.steps.series(runId, 'train/tokens').findLast((point) => point.step <= step)?.value ?? 0;
}
