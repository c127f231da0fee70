/** Calls that start, steer and list runs. */
import { checkConfig, checkProblems, resolveConfig } from '../catalogue.ts';
import { checkFits } from '../estimate/estimate.ts';
import { detailOf, summariesOf } from '../runs/summary.ts';
import type { ApiContext, Bodies } from './context.ts';

type RunCalls = 'checkRun' | 'launchRun' | 'runs' | 'run' | 'pauseRun' | 'resumeRun' | 'stopRun';

export function runCalls({ home, store, control }: ApiContext): Bodies<RunCalls> {
  return {
    checkRun: (request) => ({ errors: checkConfig(request) }),
    launchRun: async ({ study, controlOf, ...request }) => {
      const config = resolveConfig(request);
      await checkProblems(config);
      await checkFits({ home, store }, config);
      if (controlOf !== undefined) store.runs.get(controlOf);
      return { runId: await control.launch(config, { study, controlOf }) };
    },
    runs: () => summariesOf(store, store.runs.all().map(control.present)),
    run: ({ runId }) => detailOf(store, control.present(store.runs.get(runId))),
    pauseRun: async ({ runId }) => {
      await control.pause(runId);
      return {};
    },
    resumeRun: async ({ runId, steps, memory }) => {
      await control.resume(runId, steps, memory);
      return {};
    },
    stopRun: async ({ runId }) => {
      await control.stop(runId);
      return {};
    },
  };
}
