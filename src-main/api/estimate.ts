/** Calls that say what a run would take of this machine, before there is one. */
import type { RunConfig } from '../../src-shared/run.ts';
import { resolveConfig } from '../catalogue.ts';
import { estimateRun } from '../estimate/estimate.ts';
import { estimateRuns } from '../estimate/plan.ts';
import type { ApiContext, Bodies } from './context.ts';

export function estimateCalls(context: ApiContext): Bodies<'estimateRun' | 'estimateRuns'> {
  const { home, store, rates } = context;
  const estimate = (config: RunConfig, wait: boolean) => estimateRun({ home, store, rates }, config, wait);
  return {
    estimateRun: ({ wait, ...request }) => estimate(resolveConfig(request), wait),
    estimateRuns: ({ runs, wait }) => estimateRuns((config) => estimate(config, wait), runs.map(resolveConfig)),
  };
}
