/** One metric over the steps: a line a condition, its mean over the seeds with a 95 % band. */
import { type BandPoint, meanBand } from '../../../src-shared/charts/mean-band.ts';
import { leastOf } from '../../../src-shared/format.ts';
import type { Figure } from '../../../src-shared/report.ts';
import { roundRange } from '../axis.ts';
import { ACCURACY, bounded, evaluationInterval, metricOf } from '../compare.ts';
import { origin, type Resolver, seedsOf } from '../context.ts';
import type { LoadedRun } from '../runs.ts';

/** More points than this cannot be told apart in print. */
const MOST_POINTS = 500;
/** With more lines than this, bands hide one another. */
const MOST_BANDS = 8;
/** How far a band may reach beyond the lines, as a share of their range: two seeds have bands that dwarf everything. */
const BAND_ROOM = 0.3;

export const chart: Resolver<'chart'> = ({ metric }, { id, conditions, ledger }) => {
  const { title, unit, help } = metricOf(metric);
  const single = conditions.every(({ runs }) => runs.length === 1);
  let every = 1;
  const series = conditions.flatMap((condition) => {
    const { label, look, runs } = condition;
    const [only] = runs;
    const all = meanBand(runs.map((run) => run.series(metric).map((point) => ({ ...point, x: point.step })))).map(
      (point) => cut(single && only !== undefined && metric === ACCURACY ? withError(point, only) : point, unit),
    );
    if (all.length === 0) return [];
    const stride = Math.ceil(all.length / MOST_POINTS);
    every = Math.max(every, stride);
    const points = all.filter((_, i) => i % stride === 0 || i === all.length - 1);
    const estimator = estimatorOf(runs.length, metric === ACCURACY);
    return [ledger.series({ id: `${id}.${look}`, label, look, metric, estimator, from: origin(condition) }, points)];
  });
  if (series.length === 0) return [];
  const values = series.flatMap((line) => line.values);
  const edges = series.flatMap((line) => [...line.low, ...line.high]).filter((edge) => edge !== null);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const bands = series.length <= MOST_BANDS;
  const room = BAND_ROOM * (most - least || Math.abs(most) || 1);
  const reach = bands ? edges : [];
  const low = Math.max(least - room, Math.min(least, ...reach));
  const high = Math.min(most + room, Math.max(most, ...reach));
  const isCut = bands && edges.some((edge) => edge < low || edge > high);
  const notes = [
    `${title}: ${lower(help)}`,
    bandText(single, metric === ACCURACY, seedsOf(conditions)),
    ...(bands || edges.length === 0 ? [] : [`With ${series.length} lines the bands are left out of the drawing.`]),
    ...(isCut ? ['Bands are cut at the edges of the plot.'] : []),
    ...(every > 1 ? [`About one step in ${every} is drawn.`] : []),
  ];
  const isNeverBelow = leastOf(unit, least) === 0;
  const [from, to] = roundRange(isNeverBelow ? Math.max(0, low) : low, high);
  const range: Figure['range'] = [isNeverBelow ? Math.max(0, from) : from, unit === 'fraction' ? Math.min(1, to) : to];
  return [{ form: 'figure', id, title, caption: notes.join(' '), unit, range, bands, series }];
};

/** The band of a lone run is what its own evaluations allow. */
function withError(point: BandPoint, run: LoadedRun): BandPoint {
  const interval = evaluationInterval(run, point.step);
  return interval === null ? point : { ...point, ...interval };
}

function cut(point: BandPoint, unit: Figure['unit']): BandPoint {
  const { low, high } = point;
  return low === undefined || high === undefined ? point : { ...point, ...bounded({ low, high }, unit) };
}

function estimatorOf(runs: number, accuracy: boolean): string {
  if (runs > 1) return `mean over runs, band: 95 % Student-t interval over ${runs} seeds`;
  return accuracy ? 'one run, band: 1.96 standard errors of an evaluation' : 'one run';
}

function bandText(single: boolean, accuracy: boolean, seeds: string): string {
  if (!single) return `Lines are means over ${seeds}, bands their 95 % Student-t intervals; nothing is smoothed.`;
  if (!accuracy) return 'One run a line: no interval over seeds can be given. Nothing is smoothed.';
  return 'One run a line; the band is 1.96 standard errors of an evaluation over its problems and says nothing of other seeds.';
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
