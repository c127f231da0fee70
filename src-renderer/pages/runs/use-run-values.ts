/** Values of metrics for the runs that somebody looks at. What is known is asked for again only once its run went on. */
import { useEffect, useRef, useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import type { RunValue } from '../../../src-shared/organise.ts';
import { notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import type { ValueOf } from '../../lib/runs/columns.ts';

/** Scrolling must have settled for so long. */
const SETTLE_MS = 80;

interface Known {
  readonly step: number;
  /** Undefined where the run has none. */
  readonly value: RunValue | undefined;
}

const keyOf = (runId: string, metric: string) => `${runId} ${metric}`;

/** @returns A new function with every answer, so that what depends on it is made anew. */
export function useRunValues(runs: readonly RunSummary[], metrics: readonly string[]): ValueOf {
  const api = useApi();
  const known = useRef(new Map<string, Known>());
  const [lookup, setLookup] = useState<ValueOf>(() => () => undefined);
  const wanted = metrics.join('\n');

  useEffect(() => {
    const asked = wanted === '' ? [] : wanted.split('\n');
    const missing = runs.filter((run) => asked.some((m) => known.current.get(keyOf(run.id, m))?.step !== run.step));
    if (missing.length === 0) return;
    let isCurrent = true;
    const ask = async () => {
      const found = await api.runValues({ runIds: missing.map(({ id }) => id), metrics: asked });
      if (!isCurrent) return;
      const values = new Map(found.map((value) => [keyOf(value.runId, value.metric), value]));
      for (const { id, step } of missing)
        for (const metric of asked) {
          const key = keyOf(id, metric);
          known.current.set(key, { step, value: values.get(key) });
        }
      setLookup(() => (runId: string, metric: string) => known.current.get(keyOf(runId, metric))?.value);
    };
    const timer = setTimeout(() => {
      ask().catch((error: unknown) => isCurrent && notifyFailure('Reading values', error));
    }, SETTLE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [api, runs, wanted]);
  return lookup;
}
