/** What a run costs the machine: processor, memory, sandbox, and where the time of a step goes. */
import { useParams } from '@tanstack/react-router';
import { useMemo, useSyncExternalStore } from 'react';
import { chartsOf } from '../../../src-shared/charts/specs.ts';
import { type ChartPage, MetricChart } from '../../charts/MetricChart.tsx';
import css from './ChartsTab.module.css';
import { ChartTools } from './ChartTools.tsx';
import tables from './tables.module.css';
import { useChartPage } from './use-chart-page.ts';

const HEIGHT = 224;

export function SystemTab() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const { page, settings, hint } = useChartPage(runId);
  if (page === null) return null;
  return (
    <div className={`${css.page} scroll`}>
      <ChartTools hint={hint} view={page.view} settings={settings} />
      <SystemCharts page={page} />
    </div>
  );
}

function SystemCharts({ page }: { page: ChartPage }) {
  const namesVersion = useSyncExternalStore(page.run.subscribe, () => page.run.metrics.namesVersion);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const charts = useMemo(
    () =>
      chartsOf(page.run.metrics.names)
        .filter(({ group }) => group === 'system' || group === 'time')
        .sort((a, b) => Number(b.group === 'system') - Number(a.group === 'system')),
    [page.run, namesVersion],
  );
  if (charts.length === 0)
    return <p className={tables.empty}>Nothing measured so far. Load, memory and times appear with the first step.</p>;
  return (
    <div className={css.grid}>
      {charts.map((spec) => (
        <div key={spec.id} className={css.cell} data-size="m">
          <MetricChart spec={spec} page={page} height={HEIGHT} />
        </div>
      ))}
    </div>
  );
}
