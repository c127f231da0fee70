/** The collapse watch over runs in the store: what it finds in one now, and what each new step of one adds. */
import type { CollapseMark } from '../../src-shared/api.ts';
import type { StepEvent } from '../../src-shared/events.ts';
import type { MetricName } from '../../src-shared/metrics.ts';
import { type CollapseAlarm, collapseAlarms, collapseStep, collapseWatch } from '../diagnostics/collapse.ts';
import type { Store } from '../store/store.ts';

const capOf = (store: Store, runId: string) => Number(store.runs.get(runId).config.rollouts.maxNewTokens);

/** What the watch looks at: a step without any of these tells it nothing. */
const WATCHED: readonly MetricName[] = [
  'train/length',
  'train/truncated',
  'train/trajectory-entropy',
  'train/reward',
  'eval/avg@k',
  'eval/avg@k-se',
];

const stepsOf = (store: Store, runId: string) => {
  const cap = capOf(store, runId);
  return store.series.steps(runId, WATCHED).map(({ step, metrics }) => collapseStep(step, metrics, cap));
};

/** What was found in runs that have ended, by what tells one ending of a run from another. */
const found = new WeakMap<Store, Map<string, { readonly ending: string; readonly alarm: CollapseAlarm | null }>>();

function firstAlarm(store: Store, runId: string): CollapseAlarm | null {
  const { status, startedAt, endedAt } = store.runs.get(runId);
  const isOver = endedAt !== null && status !== 'running' && status !== 'paused' && status !== 'queued';
  const ending = `${status} ${startedAt} ${endedAt} ${store.steps.last(runId)}`;
  const ofStore = found.get(store) ?? new Map();
  found.set(store, ofStore);
  const known = ofStore.get(runId);
  if (isOver && known?.ending === ending) return known.alarm;
  const [alarm = null] = collapseAlarms(stepsOf(store, runId)).toSorted((a, b) => a.onset - b.onset);
  if (isOver) ofStore.set(runId, { ending, alarm });
  return alarm;
}

/** The first collapse of a run by its onset; null where the watch has found none. */
export function collapseOf(store: Store, runId: string): CollapseMark | null {
  const first = firstAlarm(store, runId);
  if (first === null) return null;
  const { mode, onset, why } = first;
  return { mode, onset, why, bestCheckpoint: bestUpTo(store, runId, onset) };
}

function bestUpTo(store: Store, runId: string, onset: number): CollapseMark['bestCheckpoint'] {
  let best: CollapseMark['bestCheckpoint'] = null;
  for (const { id, step, accuracy } of store.checkpoints.ofRun(runId))
    if (step <= onset && accuracy !== null && accuracy > (best?.accuracy ?? Number.NEGATIVE_INFINITY))
      best = { id, step, accuracy };
  return best;
}

/** Watches a run that goes on after `step` (-1: from its start): what its earlier steps showed is not told again, and
 * steps beyond, which are about to be replaced, are not looked at. */
export function watchRun(store: Store, runId: string, step: number): (event: StepEvent) => readonly CollapseAlarm[] {
  const cap = capOf(store, runId);
  const watch = collapseWatch();
  for (const before of stepsOf(store, runId)) if (before.step <= step) watch.observe(before);
  return (event) => watch.observe(collapseStep(event.step, event.metrics, cap));
}
