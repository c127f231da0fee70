/** What the collapse watch gave, as Markdown tables. Every number is computed. */
import type { CollapseRates, Rate } from '../../../src-main/diagnostics/collapse-rates.ts';
import { table } from '../presets/text.ts';

export interface RunFigures {
  readonly number: number;
  readonly name: string;
  readonly group: string;
  readonly reward: string;
  readonly inView: boolean;
  /** First and last validation accuracy, and the first validation from which half is lost; null where it cannot be told. */
  readonly start: number | null;
  readonly end: number | null;
  readonly since: number | null;
  readonly alarms: readonly { readonly mode: string; readonly onset: number; readonly raisedAt: number }[];
}

export interface GroupFigures {
  readonly runs: number;
  /** Runs of which validation cannot tell whether they collapsed. */
  readonly untold: number;
  readonly rates: CollapseRates;
}

interface Part extends GroupFigures {
  readonly studies: readonly string[];
  readonly byReward: Readonly<Record<string, GroupFigures>>;
}

export interface CollapseResult {
  readonly recordedAt: string;
  readonly inView: Part;
  readonly notInView: Part;
  /** Numbers of runs that repeat an earlier one, left out. */
  readonly repeats: readonly string[];
  readonly runs: readonly RunFigures[];
}

export function figures({ recordedAt, inView, notInView, repeats, runs }: CollapseResult): string {
  return [
    `Recorded on ${recordedAt.slice(0, 10)}: ${inView.runs + notInView.runs} different finished runs. Left out are ${repeats.length} that repeat an earlier run number for number.`,
    part('Runs that were not in view', notInView),
    part('Runs that were in view', inView),
    '### Every run that the watch and validation disagree about',
    disagreements(runs),
  ].join('\n\n');
}

function part(title: string, { studies, runs, untold, rates, byReward }: Part): string {
  const row = (name: string, of: GroupFigures) => [
    name,
    `${of.runs}`,
    `${of.untold}`,
    share(of.rates.detected),
    share(of.rates.falseAlarms),
    spread(of.rates.onsetLess),
    spread(of.rates.alarmLess),
  ];
  return [
    `### ${title}: ${studies.join(', ') || 'none'}`,
    table(
      ['reward', 'runs', 'untold', 'detected', 'false alarms', 'onset − truth', 'alarm − truth'],
      [...Object.entries(byReward).map(([reward, of]) => row(reward, of)), row('all', { runs, untold, rates })],
    ),
  ].join('\n\n');
}

/** Counts with the exact interval in %. */
function share({ count, of, low, high }: Rate): string {
  return of === 0 ? '–' : `${count} of ${of} (${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)} %)`;
}

/** Median and extremes, in steps. */
function spread(steps: readonly number[]): string {
  if (steps.length === 0) return '–';
  const sorted = [...steps].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? 0, sorted[Math.floor(middle)] ?? 0];
  return `${(low + high) / 2} (${sorted[0]} to ${sorted.at(-1)})`.replaceAll('-', '−');
}

function disagreements(runs: readonly RunFigures[]): string {
  const percent = (value: number | null) => (value === null ? '–' : (100 * value).toFixed(1));
  const differing = runs.filter(({ start, since, alarms }) => start !== null && (since !== null) !== alarms.length > 0);
  if (differing.length === 0) return 'None.';
  return table(
    ['run', 'in view', 'start, %', 'end, %', 'collapsed since', 'alarms (onset, raised at)'],
    differing.map((run) => [
      run.name,
      run.inView ? 'yes' : 'no',
      percent(run.start),
      percent(run.end),
      `${run.since ?? 'not'}`,
      run.alarms.map(({ mode, onset, raisedAt }) => `${mode} (${onset}, ${raisedAt})`).join(', ') || 'none',
    ]),
  );
}
