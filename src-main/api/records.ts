/** Calls that read what a run has recorded: metrics, rollouts, checkpoints, notes. */
import type { ApiContext, Bodies } from './context.ts';

type RecordCalls = 'metrics' | 'rollouts' | 'rolloutSteps' | 'rollout' | 'checkpoints' | 'notes';

export function recordCalls({ store }: ApiContext): Bodies<RecordCalls> {
  /** An empty answer must mean "nothing recorded", never "no such run". */
  const known = (runId: string) => store.runs.get(runId).id;
  return {
    metrics: ({ runId, afterStep }) => store.steps.after(known(runId), afterStep),
    rollouts: ({ runId, step, split }) => store.rollouts.summaries(known(runId), step, split),
    rolloutSteps: ({ runId }) => store.rollouts.steps(known(runId)),
    rollout: ({ rolloutId }) => store.rollouts.get(rolloutId),
    checkpoints: ({ runId }) => store.checkpoints.ofRun(known(runId)),
    notes: ({ runId }) => store.notes.ofRun(known(runId)),
  };
}
