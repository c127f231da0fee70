import { describe, expect, test } from 'vitest';
import {
  DEFAULT_LAYOUT,
  parseLayout,
  withMove,
  withOpen,
  withPin,
  withSize,
} from '../../../src-renderer/charts/chart-layout.ts';
import { ChartViewState } from '../../../src-renderer/charts/chart-view.ts';
import { bucketsToCsv } from '../../../src-renderer/charts/csv.ts';
import { readoutOf } from '../../../src-renderer/charts/readout.ts';
import type { LiveRun } from '../../../src-renderer/data/live.ts';
import { searchCharts } from '../../../src-renderer/lib/chart-search.ts';
import { logLines } from '../../../src-renderer/lib/log-text.ts';
import { placesOnLine } from '../../../src-renderer/lib/run-events.ts';
import { RunMetrics, type StepRange } from '../../../src-renderer/lib/run-metrics.ts';
import { fromPoints, regrid } from '../../../src-shared/charts/buckets.ts';
import { FAMILY_CHARTS } from '../../../src-shared/charts/families.ts';
import type { ChartSpec } from '../../../src-shared/charts/spec.ts';
import { chartsOf } from '../../../src-shared/charts/specs.ts';
import { THIN } from '../../../src-shared/format.ts';

describe('the layout of charts', () => {
  const layout = { pinned: ['a', 'gone', 'b', 'c'], sizes: {}, open: [] };

  test('moves a chart among those that are shown, and leaves the others where they are', () => {
    expect(withMove(layout, ['a', 'b', 'c'], 2, 0).pinned).toEqual(['c', 'gone', 'a', 'b']);
    expect(withMove(layout, ['a', 'b', 'c'], 0, 1).pinned).toEqual(['b', 'gone', 'a', 'c']);
    expect(withMove(layout, ['a', 'b', 'c'], 7, 0)).toEqual(layout);
  });

  test('keeps a chart once, at the end, and lets go of it', () => {
    expect(withPin(layout, 'a', true).pinned).toEqual(['gone', 'b', 'c', 'a']);
    expect(withPin(layout, 'b', false).pinned).toEqual(['a', 'gone', 'c']);
    expect(withSize(layout, 'a', 'l').sizes).toEqual({ a: 'l' });
    expect(withOpen(withOpen(layout, 'time', true), 'time', true).open).toEqual(['time']);
  });

  test('is read as it was kept, and is the default where it is damaged', () => {
    expect(parseLayout(JSON.stringify(layout))).toEqual(layout);
    for (const damaged of ['{', '{}', '{"pinned":[1],"sizes":{},"open":[]}', undefined])
      expect(parseLayout(damaged)).toEqual(DEFAULT_LAYOUT);
    expect(DEFAULT_LAYOUT.pinned).toHaveLength(8);
    expect(DEFAULT_LAYOUT.pinned[0]).toBe('eval/avg@k');
  });
});

describe('the view of charts', () => {
  function viewOf(steps: number) {
    const metrics = new RunMetrics();
    metrics.setNames([{ name: 'train/loss', first: { step: 0, value: 1 }, last: { step: steps, value: 1 } }]);
    const looked: (StepRange | null)[] = [];
    const run: LiveRun = {
      metrics,
      loaded: true,
      subscribe: () => () => undefined,
      onRead: () => () => undefined,
      need: () => () => undefined,
      look: (range) => looked.push(range),
      placeOn: () => undefined,
    };
    return { view: new ChartViewState(run), metrics, looked };
  }

  test('zooms into what is selected, around a place, and pans inside the run', () => {
    const { view, looked } = viewOf(1000);
    view.select(600.4, 199.6);
    expect(view.range).toEqual([199, 601]);
    view.zoom(0.5, 400);
    expect(view.range).toEqual([300, 501]);
    view.pan(10);
    expect(view.range).toEqual([799, 1000]);
    view.pan(-100);
    expect(view.range).toEqual([0, 201]);
    expect(looked.at(-1)).toEqual([0, 201]);
  });

  test('shows all again when zoomed out of, and never less than a few steps', () => {
    const { view } = viewOf(1000);
    view.select(500, 500.1);
    expect((view.range?.[1] ?? 0) - (view.range?.[0] ?? 0)).toBeGreaterThanOrEqual(2);
    view.reset();
    expect(view.range).toBeNull();
    view.select(100, 900);
    view.zoom(2);
    expect(view.range).toBeNull();
    expect(view.shown).toEqual([0, 1000]);
  });

  test('selects on the axis that is shown', () => {
    const { view, metrics } = viewOf(100);
    view.setAxis('tokens', false);
    expect(view.x).toBe('step');
    metrics.setPlaces('tokens', { steps: [0, 100], places: [0, 5000] });
    expect(view.x).toBe('tokens');
    view.select(1000, 2000);
    expect(view.range).toEqual([20, 40]);
  });
});

describe('what a chart says', () => {
  const spec = (id: string) => FAMILY_CHARTS.find((chart) => chart.id === id) as ChartSpec;

  test('is the last value, or the one pointed at, or the mean of the steps that share a point', () => {
    const metrics = new RunMetrics();
    metrics.want('train/reward');
    metrics.put('train/reward', fromPoints([0, 1, 2, 3].map((step) => ({ step, value: step }))));
    metrics.setNames([{ name: 'train/reward', first: { step: 0, value: 0 }, last: { step: 3, value: 3 } }]);
    expect(readoutOf(spec('train/reward'), metrics, null, false).head).toBe('3.000');
    expect(readoutOf(spec('train/reward'), metrics, 1.2, true).head).toBe('step 1   1.000');
    metrics.put('train/reward', regrid(metrics.buckets('train/reward'), 2));
    expect(readoutOf(spec('train/reward'), metrics, 1, false).head).toBe('0–1   0.5000');
  });

  test('of shares are shares', () => {
    const metrics = new RunMetrics();
    const last = (name: string, value: number) => ({ name, first: { step: 1, value }, last: { step: 1, value } });
    metrics.setNames([last('time/rollouts', 6), last('time/rewards', 3), last('time/updates', 1)]);
    expect(readoutOf(spec('phase-shares'), metrics, null, false).values).toEqual(
      ['60.0', '30.0', '10.0'].map((value) => `${value}${THIN}%`),
    );
  });

  test('as a table has the lowest and the highest of what came in buckets', () => {
    const points = [0, 1, 2, 3].map((step) => ({ step, value: step * 10 }));
    expect(bucketsToCsv([{ name: 'a', buckets: fromPoints(points) }])).toBe('step,a\n0,0\n1,10\n2,20\n3,30\n');
    expect(bucketsToCsv([{ name: 'a', buckets: regrid(fromPoints(points), 2) }])).toBe(
      'step,a mean,a low,a high\n0,5,0,10\n2,25,20,30\n',
    );
  });
});

test('a search finds charts and single metrics by words of titles and names', () => {
  const names = new Set(['train/auroc-disparity', 'train/auroc-token-entropy', 'train/reward', 'objective/Entropy']);
  const ids = (search: string) => searchCharts(chartsOf(names), names, search)?.map(({ id }) => id) ?? null;
  expect(ids('  ')).toBeNull();
  expect(ids('auroc')).toEqual(['train-auroc', 'train/auroc-token-entropy', 'train/auroc-disparity']);
  expect(ids('entropy OBJECTIVE')).toEqual(['objective/Entropy']);
  expect(ids('nothing like it')).toEqual([]);
});

test('a log is shown without what a terminal would do with it', () => {
  expect(logLines('a\u001b[31mred\u001b[0m\r\nsecond\n')).toEqual(['ared', 'second']);
  expect(logLines('10 %\r50 %\r100 %\nnext')).toEqual(['100 %', 'next']);
  expect(logLines('\u001b]0;title\u0007x\u0000y\u202ez')).toEqual(['x\ufffdy\ufffdz']);
  expect(logLines('')).toEqual([]);
});

test('events stand on a line by their time', () => {
  const at = (time: number) =>
    ({ at: time, lane: 'run', level: 'info', step: null, text: '', key: `${time}` }) as const;
  expect(placesOnLine([at(100), at(150), at(300)])).toEqual([0, 0.25, 1]);
  expect(placesOnLine([at(100)])).toEqual([0]);
});
