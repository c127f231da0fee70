/** Calls that read the series of a run as charts show them, and what its worker wrote. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { toColumns } from '../../src-shared/charts/buckets.ts';
import {
  type Places,
  placesOfRising,
  placesOfSpending,
  placesOfTotal,
  type XAxis,
} from '../../src-shared/charts/places.ts';
import { runFolder } from '../store/home.ts';
import type { StepRange } from '../store/series.ts';
import type { ApiContext, Bodies } from './context.ts';
import { readLog } from './run-log.ts';

const WHOLE: StepRange = { from: 0, to: Number.MAX_SAFE_INTEGER };

export function seriesCalls({ home, store }: ApiContext): Bodies<'seriesNames' | 'series' | 'runLog'> {
  const known = (runId: string) => store.runs.get(runId).id;
  const places = (runId: string, x: XAxis, points: number): Places | null => {
    const whole = (name: string) => store.series.buckets(runId, name, WHOLE, points);
    if (x === 'step') return null;
    if (x === 'tokens') return placesOfTotal(store.series.tokens(runId, points));
    if (x === 'seconds') return placesOfRising(store.series.seconds(runId, points));
    return placesOfSpending([whole('time/step'), whole('time/evaluation')]);
  };
  return {
    seriesNames: ({ runId }) => store.series.names(known(runId)),
    series: async ({ runId, names, from = WHOLE.from, to = WHOLE.to, points, x = 'step' }) => {
      known(runId);
      const series = [];
      for (const name of names) {
        series.push({ name, ...toColumns(store.series.buckets(runId, name, { from, to }, points)) });
        // Many series of a long run together would hold up the events of the others.
        await setImmediate();
      }
      const axis = places(runId, x, points);
      const origin = x === 'seconds' ? store.series.startedAt(runId) : null;
      return { series, x: axis === null ? null : { ...axis, origin } };
    },
    runLog: ({ runId, from }) => readLog(join(runFolder(home, known(runId)), 'worker.log'), from),
  };
}
