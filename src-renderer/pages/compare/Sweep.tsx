/** What a sweep found: every run as a line across its options and results, and one result over one option. */
import { Checkbox, MultiSelect, Select, useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { CHART_COLOURS } from '../../../src-shared/charts/colours.ts';
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import { formatExact, formatMetric, unitSuffix } from '../../../src-shared/format.ts';
import { PlainChart } from '../../charts/PlainChart.tsx';
import { useApi } from '../../data/api-context.tsx';
import { useRunOptions } from '../../data/queries.ts';
import {
  optionsByRun,
  parallelOption,
  type SweepAxis,
  type SweepRun,
  scatterOption,
  sweptPaths,
} from '../../lib/comparison/sweep.ts';
import type { CompareView } from '../../lib/comparison/view.ts';
import css from './Sweep.module.css';
import { TableHead } from './TableHead.tsx';
import type { Compared } from './use-comparison.ts';

/** Axes of options that are shown until others are chosen. */
const FIRST_AXES = 5;
const MOST_METRICS = 3;

export function Sweep({ compared, view }: { compared: Compared; view: CompareView }) {
  const scheme = useComputedColorScheme('light');
  const navigate = useNavigate();
  const runs = useSweepRuns(compared, view.metrics);
  const swept = useMemo(() => sweptPaths(runs), [runs]);
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const [path, setPath] = useState<string | null>(null);
  const [metric, setMetric] = useState<string | null>(null);
  const [logX, setLogX] = useState(false);
  const [pointed, setPointed] = useState<number | null>(null);

  const paths = useMemo(() => (chosen ?? preferred(swept)).filter((each) => swept.includes(each)), [chosen, swept]);
  const metrics = useMemo(
    () => view.metrics.filter((name) => runs.some((run) => run.metrics.has(name))),
    [view.metrics, runs],
  );
  const yName = metrics.includes(metric ?? '') ? (metric ?? '') : (metrics[0] ?? '');
  const xName = swept.includes(path ?? '') ? (path ?? '') : (preferred(swept)[0] ?? '');
  const axes = useMemo(
    () => [...paths.map(optionAxis), ...metrics.slice(0, MOST_METRICS).map(metricAxis)],
    [paths, metrics],
  );
  const colours = CHART_COLOURS[scheme];
  const parallel = useMemo(() => parallelOption(runs, axes, colours), [runs, axes, colours]);
  const scatter = useMemo(
    () => scatterOption(runs, optionAxis(xName), metricAxis(yName), colours, logX),
    [runs, xName, yName, colours, logX],
  );
  if (swept.length === 0)
    return (
      <p className={css.none}>
        These runs have the same configuration, so that there is no option to look at. A sweep is runs that differ in
        one or more options.
      </p>
    );
  const withValue = runs.filter((run) => run.metrics.has(yName));
  const run = pointed === null ? undefined : withValue[pointed];
  const table = () => [
    ['run', 'name', ...swept, ...metrics],
    ...runs.map((each) => [
      each.runId,
      each.label,
      ...swept.map((name) => {
        const value = each.values.get(name);
        return value === undefined ? null : typeof value === 'boolean' ? String(value) : value;
      }),
      ...metrics.map((name) => each.metrics.get(name) ?? null),
    ]),
  ];
  return (
    <>
      <TableHead title="Options and last values" file="sweep" rows={table}>
        <MultiSelect
          aria-label="Options shown as axes"
          size="xs"
          searchable
          className={css.axes}
          data={swept}
          value={paths}
          onChange={setChosen}
          maxValues={10}
        />
        <span className="faint">Drag along an axis to single runs out</span>
      </TableHead>
      <PlainChart
        option={parallel}
        height={300}
        label={`Parallel coordinates of ${runs.length} runs over ${axes.map(({ name }) => name).join(', ')}`}
      />
      <div className={css.tools}>
        <h2 className="section-title">One option</h2>
        <Select
          aria-label="Option of the x axis"
          searchable
          w={240}
          data={swept}
          value={xName}
          onChange={(value) => setPath(value)}
        />
        <Select
          aria-label="Metric of the y axis"
          w={220}
          data={metrics.map((name) => ({ value: name, label: metricInfo(name).title }))}
          value={yName}
          onChange={(value) => setMetric(value)}
        />
        <Checkbox size="xs" label="Log x" checked={logX} onChange={(event) => setLogX(event.currentTarget.checked)} />
        <span className={css.pointed} aria-live="off">
          {run === undefined ? 'Point at a run to read it, click to open it' : describe(run, xName, yName)}
        </span>
      </div>
      <PlainChart
        option={scatter}
        height={320}
        label={`${metricInfo(yName).title} over ${xName}, ${withValue.length} runs`}
        onPoint={setPointed}
        onPick={(index) => {
          const picked = withValue[index];
          if (picked !== undefined) void navigate({ to: '/runs/$runId', params: { runId: picked.runId } });
        }}
      />
    </>
  );
}

/** The seed is the least of what one sweeps over, but may be all that there is. */
function preferred(swept: readonly string[]): string[] {
  const options = swept.filter((path) => path !== 'seeds.run');
  return (options.length > 0 ? options : [...swept]).slice(0, FIRST_AXES);
}

const optionAxis = (path: string): SweepAxis => ({
  id: path,
  name: path.endsWith('.kind') ? path.slice(0, -'.kind'.length) : path.slice(path.lastIndexOf('.') + 1),
  kind: 'option',
  unit: 'number',
});
const metricAxis = (name: string): SweepAxis => {
  const { title, unit } = metricInfo(name);
  return { id: name, name: title, kind: 'metric', unit };
};

function describe(run: SweepRun, path: string, metric: string): string {
  const { title, unit } = metricInfo(metric);
  const suffix = unitSuffix(unit);
  const value = run.values.get(path);
  return `${run.label} · ${path} ${value === undefined ? 'none' : formatExact(value)} · ${title} ${formatMetric(unit, run.metrics.get(metric))}${suffix === '' ? '' : ` ${suffix}`}`;
}

/** The groups that are shown, run by run. */
function useSweepRuns({ comparison, runs, looks, hidden }: Compared, metrics: readonly string[]): SweepRun[] {
  const api = useApi();
  const groups = useMemo(() => comparison.groups.filter(({ key }) => !hidden.has(key)), [comparison.groups, hidden]);
  const runIds = useMemo(() => groups.flatMap((group) => group.runIds), [groups]);
  const options = useRunOptions(true).data;
  const values = useQuery({
    queryKey: ['run-values', runIds, metrics],
    queryFn: () => api.runValues({ runIds, metrics: [...metrics] }),
  }).data;
  return useMemo(() => {
    const byRun = options === undefined ? new Map() : optionsByRun(options, runIds);
    return groups.flatMap(({ key, runIds: own }): SweepRun[] => {
      const look = looks.get(key);
      if (look === undefined) return [];
      return own.map((runId) => {
        const run = runs.get(runId);
        return {
          runId,
          label: run === undefined ? runId : `#${run.number} ${run.name}`,
          colour: look.colour,
          marker: look.marker,
          values: byRun.get(runId) ?? new Map(),
          metrics: new Map((values ?? []).flatMap((v) => (v.runId === runId ? [[v.metric, v.last]] : []))),
        };
      });
    });
  }, [options, values, looks, runs, groups, runIds]);
}
