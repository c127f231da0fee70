/** Runs side by side: curves, effects and configuration; completions of the same problems; what a sweep found. */
import { Button, Loader, Tabs } from '@mantine/core';
import { IconArrowsDiff, IconFileText } from '@tabler/icons-react';
import { useRouter } from '@tanstack/react-router';
import { useMemo } from 'react';
import { COMPARED_RUNS } from '../../src-shared/comparison.ts';
import { formatCount } from '../../src-shared/format.ts';
import { OverlayZoom } from '../charts/overlay-zoom.ts';
import { ErrorView } from '../components/ErrorView.tsx';
import { type CompareView, searchOf, TABS } from '../lib/comparison/view.ts';
import css from './ComparePage.module.css';
import { CompareTools } from './compare/CompareTools.tsx';
import { Completions } from './compare/Completions.tsx';
import { GroupingControl } from './compare/GroupingControl.tsx';
import { Legend } from './compare/Legend.tsx';
import { MetricsMenu } from './compare/MetricsMenu.tsx';
import { Overview, X_KINDS } from './compare/Overview.tsx';
import { Pointed } from './compare/pointed.ts';
import { RunPicker } from './compare/RunPicker.tsx';
import { SavedComparisons, useSavedComparisons } from './compare/SavedComparisons.tsx';
import { Sweep } from './compare/Sweep.tsx';
import { useCompareView, useComparison } from './compare/use-comparison.ts';

const TITLES = { overview: 'Overview', completions: 'Completions', sweep: 'Sweep' } as const;

export function ComparePage() {
  const { view, change } = useCompareView();
  if (view.runs.length < COMPARED_RUNS.least) return <Start view={view} onChange={change} />;
  return <Comparison view={view} change={change} />;
}

interface ComparisonProps {
  readonly view: CompareView;
  readonly change: (patch: Partial<CompareView>) => void;
}

function Comparison({ view, change }: ComparisonProps) {
  const router = useRouter();
  const zoom = useMemo(() => new OverlayZoom(), []);
  const pointed = useMemo(() => new Pointed(), []);
  const { compared, runs, gone, error, retry, isLive, isBehind } = useComparison(view);
  const isOverview = view.tab === 'overview';
  return (
    <div className={css.page}>
      <aside className={`${css.side} scroll`} aria-label="Groups of runs">
        <GroupingControl view={view} compared={compared} onChange={change} />
        {compared === null ? null : (
          <Legend compared={compared} view={view} onChange={change} pointed={pointed} x={X_KINDS[view.x]} />
        )}
      </aside>
      <Tabs
        className={css.main}
        value={view.tab}
        onChange={(tab) => change({ tab: TABS.find((known) => known === tab) ?? 'overview' })}
      >
        <div className={css.bar}>
          <Tabs.List className={css.tabs}>
            {TABS.map((tab) => (
              <Tabs.Tab key={tab} value={tab}>
                {TITLES[tab]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <div className={css.actions}>
            <RunPicker chosen={view.runs} onChoose={(chosen) => change({ runs: [...chosen] })} />
            <SavedComparisons view={view} onOpen={(saved) => change(saved)} />
            <Button
              variant="default"
              leftSection={<IconFileText size={14} />}
              onClick={() => router.history.push(reportAddress(view))}
            >
              Report
            </Button>
          </div>
        </div>
        {isOverview ? (
          <div className={css.tools}>
            <MetricsMenu view={view} runIds={view.runs.filter((id) => !gone.includes(id))} onChange={change} />
            <span className="faint ellipsis">
              Drag on a chart to zoom in; the values at the crosshair stand on the left
            </span>
            <CompareTools view={view} zoom={zoom} onChange={change} />
          </div>
        ) : null}
        <Tabs.Panel value={view.tab} className={`${css.panel} ${view.tab === 'completions' ? '' : 'scroll'}`}>
          {gone.length === 0 ? null : (
            <p className={css.gone} role="note">
              {formatCount(gone.length)} {gone.length === 1 ? 'run' : 'runs'} of this comparison{' '}
              {gone.length === 1 ? 'is' : 'are'} deleted.{' '}
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => change({ runs: view.runs.filter((id) => !gone.includes(id)) })}
              >
                Leave {gone.length === 1 ? 'it' : 'them'} out
              </Button>
            </p>
          )}
          {error === null ? null : <ErrorView error={error} onRetry={retry} />}
          {runs.isError ? <ErrorView error={runs.error} onRetry={() => void runs.refetch()} /> : null}
          {compared !== null ? (
            <>
              {isOverview ? (
                <Overview
                  compared={compared}
                  view={view}
                  state={{ isLive, isBehind }}
                  zoom={zoom}
                  pointed={pointed}
                  onChange={change}
                />
              ) : null}
              {view.tab === 'completions' ? <Completions compared={compared} view={view} onChange={change} /> : null}
              {view.tab === 'sweep' ? <Sweep compared={compared} view={view} /> : null}
            </>
          ) : error === null && runs.data !== undefined && view.runs.length - gone.length >= COMPARED_RUNS.least ? (
            <p className={css.loading} role="status">
              <Loader size={14} /> Reading {formatCount(view.runs.length)} runs…
            </p>
          ) : null}
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

/** The address of a comparison is what a report is made of. */
const reportAddress = (view: CompareView): string =>
  `/reports/new?comparison=${encodeURIComponent(JSON.stringify(searchOf(view)))}`;

function Start({ view, onChange }: { view: CompareView; onChange: (patch: Partial<CompareView>) => void }) {
  const saved = useSavedComparisons();
  return (
    <div className={css.start}>
      <IconArrowsDiff size={32} stroke={1.25} className="faint" aria-hidden />
      <h2>Compare runs</h2>
      <p className="dim">
        Two to {COMPARED_RUNS.most} runs side by side: curves with bands over seeds, what differs in their
        configuration, whether a difference is one, and what each wrote to the same problem. Choose runs here, or on the
        runs page.
      </p>
      <RunPicker chosen={view.runs} onChoose={(runs) => onChange({ runs: [...runs] })} />
      {saved.length === 0 ? null : (
        <section aria-label="Saved comparisons" className={css.saved}>
          <h3 className="section-title">Saved</h3>
          <ul>
            {saved.map(({ id, name, state }) => (
              <li key={id}>
                <button type="button" onClick={() => onChange(state)}>
                  <span className="ellipsis">{name}</span>
                  <span className="faint">{formatCount(state.runs.length)} runs</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
