import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RunMetrics } from '../../../src-renderer/lib/run-metrics.ts';
import { throttle } from '../../../src-renderer/lib/throttle.ts';

describe('metrics of a run', () => {
  test('arrive in any order and read in order', () => {
    const metrics = new RunMetrics();
    for (const step of [3, 1, 2]) metrics.add(step, { 'train/reward': step / 10 });
    expect(metrics.points('train/reward').map((p) => p.step)).toEqual([1, 2, 3]);
    expect(metrics.lastStep).toBe(3);
    expect(metrics.latest('train/reward')).toEqual({ step: 3, value: 0.3 });
  });

  test('a step that comes again replaces itself', () => {
    const metrics = new RunMetrics();
    metrics.add(1, { 'train/reward': 1 });
    metrics.add(1, { 'train/reward': 2 });
    expect(metrics.size).toBe(1);
    expect(metrics.points('train/reward')).toEqual([{ step: 1, value: 2 }]);
  });

  test('what is absent or not finite is a gap, never 0', () => {
    const metrics = new RunMetrics();
    metrics.add(1, { 'train/reward': 1 });
    metrics.add(2, {});
    metrics.add(3, { 'train/reward': Number.NaN });
    expect(metrics.points('train/reward').map((p) => p.step)).toEqual([1]);
    expect(metrics.points('train/kl')).toEqual([]);
  });

  test('a run that goes back to its checkpoint takes back what came after', () => {
    const metrics = new RunMetrics();
    for (let step = 0; step <= 5; step++) metrics.add(step, { 'train/reward': step });
    const before = metrics.version;
    metrics.dropAfter(3);
    expect(metrics.points('train/reward').map((p) => p.step)).toEqual([0, 1, 2, 3]);
    expect(metrics.version).toBeGreaterThan(before);
    metrics.dropAfter(3);
    expect(metrics.version).toBe(before + 1);
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
