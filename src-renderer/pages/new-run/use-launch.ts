/** The launch: all runs are checked and estimated first, what is long is asked about, and then they are queued. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { AssayError, toErrorData } from '../../../src-shared/errors.ts';
import type { PlanEstimate } from '../../../src-shared/estimate.ts';
import { useApi } from '../../data/api-context.tsx';
import type { PlannedRun } from '../../lib/new-run/plan.ts';

const LONG_SECONDS = 2 * 3600;
const MANY_RUNS = 20;

export interface Launched {
  readonly runIds: readonly string[];
  /** Those that wait, the next one first. */
  readonly queue: readonly string[];
  /** What ended the launch before its last run; null: nothing. */
  readonly error: unknown;
  readonly compare: boolean;
}
interface Order {
  readonly preset: string | null;
  readonly runs: readonly PlannedRun[];
  readonly tags: readonly string[];
  readonly compare: boolean;
}
/** What a person has to agree to. */
export interface Asked {
  readonly order: Order;
  readonly estimate: PlanEstimate;
}

interface LaunchEvents {
  readonly onLaunched: (launched: Launched) => void;
  readonly onRefused: (error: unknown) => void;
}

export function useLaunch({ onLaunched, onRefused }: LaunchEvents) {
  const api = useApi();
  const [asked, setAsked] = useState<Asked | null>(null);

  const weigh = async (order: Order): Promise<PlanEstimate> => {
    for (const { name, values } of order.runs) {
      const [fault] = (await api.checkRun({ preset: order.preset, values })).errors;
      if (fault === undefined) continue;
      const message = order.runs.length === 1 ? fault.message : `${name}: ${fault.message}`;
      throw new AssayError('usage', message, { path: fault.path });
    }
    const estimate = await api.estimateRuns({
      runs: order.runs.map(({ values }) => ({ preset: order.preset, values })),
    });
    if (estimate.refusal !== null) throw new AssayError('usage', estimate.refusal.message, estimate.refusal);
    return estimate;
  };
  const start = async ({ preset, runs, tags, compare }: Order): Promise<Launched> => {
    const runIds: string[] = [];
    let error: unknown = null;
    try {
      for (const { name, values } of runs)
        runIds.push((await api.launchRun({ ...(name === '' ? {} : { name }), preset, values })).runId);
      if (tags.length > 0) await api.tagRuns({ runIds, add: [...tags], remove: [] });
    } catch (caught) {
      if (runIds.length === 0) throw caught;
      const { code, message } = toErrorData(caught);
      error = new AssayError(code, `${runIds.length} of ${runs.length} were launched. ${message}`, { cause: caught });
    }
    return { runIds, queue: await api.queue({}), error, compare };
  };

  const started = useMutation({
    mutationFn: start,
    onSuccess: onLaunched,
    onError: onRefused,
    onSettled: () => setAsked(null),
  });
  const weighed = useMutation({
    mutationFn: weigh,
    onSuccess: (estimate, order) => {
      if (isLarge(estimate)) setAsked({ order, estimate });
      else started.mutate(order);
    },
    onError: onRefused,
  });
  return {
    launch: weighed.mutate,
    pending: weighed.isPending || started.isPending,
    asked,
    agree: () => asked !== null && started.mutate(asked.order),
    decline: () => setAsked(null),
  };
}

function isLarge({ runs, seconds, disk, largest }: PlanEstimate): boolean {
  return runs > MANY_RUNS || (seconds?.total ?? 0) > LONG_SECONDS || !disk.fits || !largest.estimate.fits;
}
