import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { throttle } from '../../../src-main/runs/throttle.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the first at once, then the newest of each interval, and the last is never lost', () => {
  const seen: number[] = [];
  const { push } = throttle<number>(250, (value) => seen.push(value));
  for (let value = 0; value < 100; value++) {
    push(value);
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(1000);
  expect(seen).toEqual([0, 24, 49, 74, 99]);
  push(100);
  expect(seen.at(-1)).toBe(100);
});

test('what waits can be dropped, and the pace stays', () => {
  const seen: number[] = [];
  const { push, drop } = throttle<number>(250, (value) => seen.push(value));
  push(1);
  push(2);
  drop();
  push(3);
  drop();
  expect(seen).toEqual([1]);
  vi.advanceTimersByTime(1000);
  expect(seen).toEqual([1]);
});
