/** The charts of a run in a grid, tied together by one crosshair. */
import { Modal, Slider, useComputedColorScheme } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useCallback, useRef, useState } from 'react';
import { MetricChart } from '../../charts/MetricChart.tsx';
import { CHARTS, type ChartSpec } from '../../charts/specs.ts';
import { useLiveRun, useRun } from '../../data/queries.ts';
import { formatCount, formatNumber } from '../../lib/format.ts';
import { runColour } from '../../lib/palette.ts';
import css from './ChartsTab.module.css';
import { NumberStrip } from './NumberStrip.tsx';

const MAIN = CHARTS.filter((chart) => chart.main);
const MORE = CHARTS.filter((chart) => !chart.main);
const HINT = 'Click a chart to read that step’s rollouts';
const LEAST_SMOOTHING = 0;
const MOST_SMOOTHING = 0.98;

export function ChartsTab() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const navigate = useNavigate();
  const run = useRun(runId).data;
  const live = useLiveRun(runId);
  const scheme = useComputedColorScheme('light');
  const [smoothing, setSmoothing] = useLocalStorage({
    key: 'assay-smoothing',
    defaultValue: 0.7,
    getInitialValueInEffect: false,
  });
  const [more, setMore] = useLocalStorage({
    key: 'assay-more-charts',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const [expanded, setExpanded] = useState<ChartSpec | null>(null);
  const openStep = useCallback(
    (step: number, sparse: boolean) =>
      void navigate({
        to: '/runs/$runId/rollouts',
        params: { runId },
        search: { step, split: sparse ? 'eval' : 'train' },
      }),
    [navigate, runId],
  );
  const hint = useRef<HTMLSpanElement>(null);
  // Past React: the pointer moves faster than pages should be drawn.
  const showStep = useCallback((x: number | null) => {
    if (hint.current !== null)
      hint.current.textContent = x === null ? HINT : `Step ${formatCount(x)} · click to read its rollouts`;
  }, []);
  if (run === undefined || live === null) return null;

  const every = run.config.evaluation.every;
  const shared = {
    run: live,
    runColour: runColour(run.number, scheme),
    smoothing,
    evaluationEvery: typeof every === 'number' ? every : 0,
    collapse: run.collapse?.onset ?? null,
    onPickStep: openStep,
  };
  const chart = (spec: ChartSpec) => (
    <MetricChart
      key={spec.title}
      {...shared}
      spec={spec}
      group={`run-${runId}`}
      onPoint={showStep}
      onExpand={() => setExpanded(spec)}
    />
  );
  return (
    <div className={`${css.page} scroll`}>
      <NumberStrip runId={runId} />
      <div className={css.tools}>
        <span ref={hint} className="faint">
          {HINT}
        </span>
        <div className={css.smoothing}>
          <span className="dim">Smoothing</span>
          <Slider
            value={smoothing}
            onChange={setSmoothing}
            min={LEAST_SMOOTHING}
            max={MOST_SMOOTHING}
            step={0.02}
            size={3}
            thumbSize={12}
            w={112}
            label={null}
            thumbProps={{ 'aria-label': 'Smoothing' }}
          />
          <span className={css.smoothingValue}>{formatNumber(smoothing, 2)}</span>
        </div>
      </div>
      <div className={css.grid}>{MAIN.map(chart)}</div>
      <button type="button" className={css.more} aria-expanded={more} onClick={() => setMore(!more)}>
        {more ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
        More charts <span className="faint">{MORE.length}</span>
      </button>
      {more ? <div className={css.grid}>{MORE.map(chart)}</div> : null}
      <Modal
        opened={expanded !== null}
        onClose={() => setExpanded(null)}
        fullScreen
        title={`${run.name} #${run.number}`}
        closeButtonProps={{ 'aria-label': 'Close full screen' }}
      >
        {expanded === null ? null : (
          <MetricChart {...shared} spec={expanded} group={`run-${runId}-large`} height="calc(100vh - 140px)" />
        )}
      </Modal>
    </div>
  );
}
