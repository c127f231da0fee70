/** What the charts of a run's page share: the run, the view, the marks, and how they are set. */
import { useComputedColorScheme } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { Mark } from '../../../src-shared/charts/option.ts';
import { runColour } from '../../../src-shared/charts/palette.ts';
import { X_AXES, type XAxis } from '../../../src-shared/charts/places.ts';
import { formatCount } from '../../../src-shared/format.ts';
import { ChartViewState } from '../../charts/chart-view.ts';
import type { ChartPage } from '../../charts/MetricChart.tsx';
import { useCheckpoints, useLiveRun, useRun } from '../../data/queries.ts';

export const HINT = 'Click a chart to read that step’s rollouts; drag to zoom in';

export interface ChartSettings {
  readonly smoothing: number;
  readonly setSmoothing: (smoothing: number) => void;
  readonly x: XAxis;
  readonly setX: (x: XAxis) => void;
  readonly logX: boolean;
  readonly setLogX: (log: boolean) => void;
}

/** A setting that is kept; what is not one of those allowed is the first of them. */
function useSetting<T extends string | number | boolean>(
  key: string,
  initial: T,
  allowed: (value: unknown) => value is T,
) {
  return useLocalStorage<T>({
    key,
    defaultValue: initial,
    getInitialValueInEffect: false,
    deserialize: (text) => {
      if (text === undefined) return initial;
      const value: unknown = text === 'true' ? true : text === 'false' ? false : text.replaceAll('"', '');
      const read = typeof initial === 'number' ? Number(value) : value;
      return allowed(read) ? read : initial;
    },
  });
}

const isSmoothing = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < 1;
const isAxis = (value: unknown): value is XAxis => X_AXES.some((x) => x === value);
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';

/** Null in the first moment. */
export function useChartPage(runId: string): {
  page: ChartPage | null;
  settings: ChartSettings;
  hint: React.RefObject<HTMLSpanElement | null>;
} {
  const navigate = useNavigate();
  const run = useRun(runId).data;
  const live = useLiveRun(runId);
  const checkpoints = useCheckpoints(runId).data;
  const scheme = useComputedColorScheme('light');
  const [smoothing, setSmoothing] = useSetting('assay-smoothing', 0.7, isSmoothing);
  const [x, setX] = useSetting<XAxis>('assay-x-axis', 'step', isAxis);
  const [logX, setLogX] = useSetting('assay-log-x', false, isFlag);
  const view = useMemo(() => (live === null ? null : new ChartViewState(live)), [live]);
  useEffect(() => view?.setAxis(x, logX), [view, x, logX]);

  const onPickStep = useCallback(
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
  const onPoint = useCallback((step: number | null) => {
    if (hint.current !== null)
      hint.current.textContent = step === null ? HINT : `Step ${formatCount(step)} · click to read its rollouts`;
  }, []);

  const collapse = run?.collapse?.onset ?? null;
  const every = run?.config.evaluation.every;
  const steps = run?.steps ?? 0;
  const marks = useMemo((): readonly Mark[] => {
    const evaluations = typeof every === 'number' && every > 0 && steps / every <= MOST_TICKS;
    return [
      ...(evaluations
        ? Array.from(
            { length: Math.floor(steps / every) + 1 },
            (_, i): Mark => ({ step: i * every, kind: 'evaluation' }),
          )
        : []),
      ...(checkpoints ?? []).map(({ step }): Mark => ({ step, kind: 'checkpoint' })),
      ...(collapse === null ? [] : [{ step: collapse, kind: 'collapse' } as const]),
    ];
  }, [every, steps, checkpoints, collapse]);

  const number = run?.number;
  const page = useMemo(
    (): ChartPage | null =>
      live === null || view === null || number === undefined
        ? null
        : {
            runId,
            run: live,
            view,
            runColour: runColour(number, scheme),
            smoothing,
            marks,
            group: `run-${runId}`,
            onPickStep,
            onPoint,
          },
    [runId, live, view, number, scheme, smoothing, marks, onPickStep, onPoint],
  );
  return { page, settings: { smoothing, setSmoothing, x, setX, logX, setLogX }, hint };
}

/** Ticks that can still be told apart. */
const MOST_TICKS = 400;
