import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RunMetrics } from '../../../src-renderer/lib/run-metrics.ts';
import { throttle } from '../../../src-renderer/lib/throttle.ts';
import { fromPoints, regrid } from '../../../src-shared/charts/buckets.ts';

const points = (from: number, to: number) =>
  fromPoints(Array.from({ length: to - from + 1 }, (_, i) => ({ step: from + i, value: (from + i) / 10 })));

describe('metrics of a run', () => {
  test('go on after what was read with the steps that came meanwhile, none twice', () => {
    const metrics = new RunMetrics();
    metrics.want('train/reward');
    for (const step of [9, 10, 11]) metrics.add(step, { 'train/reward': step / 10 });
    metrics.put('train/reward', points(1, 10));
    expect(metrics.buckets('train/reward').map((b) => b.first)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(metrics.lastStep).toBe(11);
    expect(metrics.latest('train/reward')).toEqual({ step: 11, value: 1.1 });
    expect(metrics.at('train/reward', 11)).toBe(1.1);
    expect(metrics.at('train/reward', 4)).toBe(0.4);
  });

  test('know every series by its ends, and keep only those that are wanted', () => {
    const metrics = new RunMetrics();
    metrics.setNames([{ name: 'train/kl', first: { step: 1, value: 2 }, last: { step: 5, value: 3 } }]);
    metrics.add(6, { 'train/kl': 4, 'train/loss': Number.NaN, 'train/reward': 1 });
    expect([...metrics.names]).toEqual(['train/kl', 'train/reward']);
    expect(metrics.first('train/kl')).toEqual({ step: 1, value: 2 });
    expect(metrics.latest('train/kl')).toEqual({ step: 6, value: 4 });
    expect(metrics.buckets('train/kl')).toEqual([]);
  });

  test('stay few however many steps come in, and lose no spike', () => {
    const metrics = new RunMetrics();
    metrics.want('train/loss');
    metrics.put('train/loss', []);
    for (let step = 0; step < 20_000; step++) metrics.add(step, { 'train/loss': step === 7777 ? 99 : step % 7 });
    const buckets = metrics.buckets('train/loss');
    expect(buckets.length).toBeLessThanOrEqual(2048);
    expect(Math.max(...buckets.map((b) => b.high))).toBe(99);
    expect(buckets.reduce((n, b) => n + b.n, 0)).toBe(20_000);
  });

  test('show a part as closely as it was read, and the whole otherwise', () => {
    const metrics = new RunMetrics();
    metrics.want('train/loss');
    metrics.put('train/loss', regrid(points(0, 999), 64));
    expect(metrics.isCoarse('train/loss', [100, 200])).toBe(true);
    const part = metrics.detailRange([100, 200], 0.25);
    expect(part).toEqual([75, 225]);
    metrics.setDetail(part, new Map([['train/loss', points(75, 225)]]));
    expect(metrics.hasDetail('train/loss', [100, 200])).toBe(true);
    expect(metrics.buckets('train/loss', [100, 200])).toHaveLength(151);
    expect(metrics.hasDetail('train/loss', [100, 300])).toBe(false);
    expect(metrics.buckets('train/loss', [100, 300]).every((b) => b.n > 1)).toBe(true);
    expect(metrics.buckets('train/loss')).toHaveLength(16);
  });

  test('know where steps stand on other axes, those that come in among them', () => {
    const metrics = new RunMetrics();
    metrics.setNames([{ name: 'train/tokens', first: { step: 0, value: 0 }, last: { step: 10, value: 1000 } }]);
    metrics.setPlaces('tokens', { steps: [0, 10], places: [0, 1000] });
    metrics.setPlaces('work', { steps: [0, 10], places: [0, 20] });
    metrics.setPlaces('seconds', { steps: [0, 10], places: [0, 30] });
    metrics.add(11, { 'train/tokens': 1300, 'time/step': 2, 'time/evaluation': 3 }, 50_000);
    metrics.add(12, { 'train/tokens': 1400, 'time/step': 2 }, 54_000);
    expect(metrics.place('tokens', 5)).toBe(500);
    expect(metrics.place('tokens', 12)).toBe(1400);
    expect(metrics.place('work', 12)).toBe(27);
    expect(metrics.place('seconds', 11)).toBe(35);
    expect(metrics.place('seconds', 12)).toBe(39);
    expect(metrics.stepAt('tokens', 1300)).toBe(11);
    expect(metrics.place('step', 7)).toBe(7);
  });
});

describe('throttle', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('runs at once, then at most once an interval, and never loses the last request', () => {
    const run = vi.fn();
    const throttled = throttle(run, 250);
    for (let i = 0; i < 99; i++) {
      throttled();
      vi.advanceTimersByTime(10);
    }
    // One at 0 ms and one each at 250, 500, 750; the request after the last of them is still due.
    expect(run).toHaveBeenCalledTimes(4);
    vi.advanceTimersByTime(250);
    expect(run).toHaveBeenCalledTimes(5);
    vi.advanceTimersByTime(10_000);
    expect(run).toHaveBeenCalledTimes(5);
  });

  test('forgets what is due when told to', () => {
    const run = vi.fn();
    const throttled = throttle(run, 250);
    throttled();
    throttled();
    throttled.cancel();
    vi.advanceTimersByTime(1000);
    expect(run).toHaveBeenCalledTimes(1);
  });
});
