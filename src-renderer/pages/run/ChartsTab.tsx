/** The charts of a run: those kept at the top, then all that the run has, by group, tied together by one crosshair. */
import { Button, Modal, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight, IconSearch } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useMemo, useState, useSyncExternalStore } from 'react';
import { FAMILY_CHARTS } from '../../../src-shared/charts/families.ts';
import { CHART_GROUPS, type ChartSpec } from '../../../src-shared/charts/spec.ts';
import { chartsOf } from '../../../src-shared/charts/specs.ts';
import type { ChartPlace } from '../../charts/ChartMenu.tsx';
import { useChartLayout, withMove, withOpen, withPin, withSize } from '../../charts/chart-layout.ts';
import { type ChartPage, MetricChart } from '../../charts/MetricChart.tsx';
import { useRun } from '../../data/queries.ts';
import { searchCharts } from '../../lib/chart-search.ts';
import { ChartBoard } from './ChartBoard.tsx';
import css from './ChartsTab.module.css';
import { ChartTools, ZoomTools } from './ChartTools.tsx';
import { NumberStrip } from './NumberStrip.tsx';
import { useChartPage } from './use-chart-page.ts';

const HEIGHTS = { s: 176, m: 224, l: 320 } as const;

export function ChartsTab() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const { page, settings, hint } = useChartPage(runId);
  if (page === null) return null;
  return (
    <div className={`${css.page} scroll`}>
      <NumberStrip runId={runId} />
      <ChartTools hint={hint} view={page.view} settings={settings} />
      <Charts page={page} />
    </div>
  );
}

function Charts({ page }: { page: ChartPage }) {
  const run = useRun(page.runId).data;
  const { layout, setLayout, reset } = useChartLayout();
  const [search, setSearch] = useState('');
  const [sought] = useDebouncedValue(search, 150);
  const [expanded, setExpanded] = useState<ChartSpec | null>(null);
  const namesVersion = useSyncExternalStore(page.run.subscribe, () => page.run.metrics.namesVersion);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const charts = useMemo(() => chartsOf(page.run.metrics.names), [page.run, namesVersion]);
  const pinned = useMemo(() => {
    const byId = new Map([...FAMILY_CHARTS, ...charts].map((chart) => [chart.id, chart]));
    return layout.pinned.flatMap((id) => byId.get(id) ?? []);
  }, [charts, layout.pinned]);
  const found = useMemo(() => searchCharts(charts, page.run.metrics.names, sought), [charts, page.run, sought]);

  const placeOf = ({ id }: ChartSpec): ChartPlace => ({
    size: layout.sizes[id] ?? 's',
    onSize: (size) => setLayout((before) => withSize(before, id, size)),
    pinned: layout.pinned.includes(id),
    onPin: (isPinned) => setLayout((before) => withPin(before, id, isPinned)),
  });
  const chart = (spec: ChartSpec) => {
    const place = placeOf(spec);
    return (
      <div key={spec.id} className={css.cell} data-size={place.size}>
        <MetricChart
          spec={spec}
          page={page}
          place={place}
          height={HEIGHTS[place.size]}
          onExpand={() => setExpanded(spec)}
        />
      </div>
    );
  };
  return (
    <>
      <ChartBoard
        charts={pinned}
        page={page}
        placeOf={placeOf}
        heights={HEIGHTS}
        onExpand={setExpanded}
        onMove={(from, to) =>
          setLayout((before) =>
            withMove(
              before,
              pinned.map(({ id }) => id),
              from,
              to,
            ),
          )
        }
      />
      <div className={css.all}>
        <h2 className="section-title">All charts</h2>
        <TextInput
          aria-label="Search the charts of this run"
          placeholder="Search by title or metric"
          leftSection={<IconSearch size={14} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          w={260}
        />
        <Button variant="subtle" size="compact-xs" onClick={reset}>
          Reset the layout
        </Button>
      </div>
      {found !== null ? (
        found.length === 0 ? (
          <p className="faint">No chart of this run has “{sought}” in its title or its metrics.</p>
        ) : (
          <div className={css.grid}>{found.map(chart)}</div>
        )
      ) : (
        CHART_GROUPS.map(({ id, title }) => {
          const ofGroup = charts.filter(({ group }) => group === id);
          const isOpen = layout.open.includes(id);
          return ofGroup.length === 0 ? null : (
            <section key={id} aria-label={title}>
              <button
                type="button"
                className={css.more}
                aria-expanded={isOpen}
                onClick={() => setLayout((before) => withOpen(before, id, !isOpen))}
              >
                {isOpen ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
                {title} <span className="faint">{ofGroup.length}</span>
              </button>
              {isOpen ? <div className={css.grid}>{ofGroup.map(chart)}</div> : null}
            </section>
          );
        })
      )}
      <Modal
        opened={expanded !== null}
        onClose={() => setExpanded(null)}
        fullScreen
        title={
          <span className={css.large}>
            {run === undefined ? '' : `${run.name} #${run.number}`}
            <ZoomTools view={page.view} />
          </span>
        }
        closeButtonProps={{ 'aria-label': 'Close full screen' }}
      >
        {expanded === null ? null : <LargeChart spec={expanded} page={page} />}
      </Modal>
    </>
  );
}

function LargeChart({ spec, page }: { spec: ChartSpec; page: ChartPage }) {
  const large = useMemo((): ChartPage => {
    const { onPoint, ...rest } = page;
    return { ...rest, group: `${page.group}-large` };
  }, [page]);
  return <MetricChart spec={spec} page={large} height="calc(100vh - 140px)" />;
}
