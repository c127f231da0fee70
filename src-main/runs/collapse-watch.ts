/** The collapse watch over runs in the store: what it finds in one now, and what each new step of one adds. */
import type { CollapseMark } from '../../src-shared/api.ts';
import type { StepEvent } from '../../src-shared/events.ts';
import { type CollapseAlarm, collapseAlarms, collapseStep, collapseWatch } from '../diagnostics/collapse.ts';
import type { Store } from '../store/store.ts';

const capOf = (store: Store, runId: string) => Number(store.runs.get(runId).config.rollouts.maxNewTokens);

/** The first collapse of a run by its onset; null where the watch has found none. */
export function collapseOf(store: Store, runId: string): CollapseMark | null {
  const cap = capOf(store, runId);
  const alarms = collapseAlarms(
    store.steps.after(runId, -1).map(({ step, metrics }) => collapseStep(step, metrics, cap)),
  );
  const [first] = alarms.toSorted((a, b) => a.onset - b.onset);
  return first === undefined ? null : { mode: first.mode, onset: first.onset, why: first.why };
}

/** Watches a run that goes on after `step` (-1: from its start): what its earlier steps showed is not told again, and
 * steps beyond, which are about to be replaced, are not looked at. */
export function watchRun(store: Store, runId: string, step: number): (event: StepEvent) => readonly CollapseAlarm[] {
  const cap = capOf(store, runId);
  const watch = collapseWatch();
  for (const before of store.steps.after(runId, -1))
    if (before.step <= step) watch.observe(collapseStep(before.step, before.metrics, cap));
  return (event) => watch.observe(collapseStep(event.step, event.metrics, cap));
}
