/** Calls that look across the rollouts of a run. */
import { setImmediate } from 'node:timers/promises';
import { failurePatterns, type ReadRollout } from '../diagnostics/failure-patterns.ts';
import { signatureOf } from '../rewards/index.ts';
import type { ApiContext, Bodies } from './context.ts';

export function rolloutCalls({ store }: Pick<ApiContext, 'store'>): Bodies<'problemHistory' | 'failurePatterns'> {
  const known = (runId: string) => store.runs.get(runId).id;
  return {
    problemHistory: ({ runId, problemId, split }) => store.rollouts.history(known(runId), problemId, split),
    failurePatterns: async ({ runId, step, split, steps }) => {
      const looked = store.rollouts
        .steps(known(runId))
        .filter((s) => s.split === split && s.step <= step)
        .slice(-steps);
      const rollouts: ReadRollout[] = [];
      for (const { step: at } of looked) {
        for (const { tests, ...read } of store.rollouts.texts(runId, at, split))
          rollouts.push({
            ...read,
            answers: tests.map(({ got }) => signatureOf([got])),
            expected: tests.map(({ expected }) => expected),
          });
        // Reading many texts must not hold up the events of running runs.
        await setImmediate();
      }
      return failurePatterns(rollouts);
    },
  };
}
