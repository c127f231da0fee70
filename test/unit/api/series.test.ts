import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiContext } from '../../../src-main/api/context.ts';
import { readLog } from '../../../src-main/api/run-log.ts';
import { seriesCalls } from '../../../src-main/api/series.ts';
import { openStore, type Store } from '../../../src-main/store/store.ts';
import { fromColumns } from '../../../src-shared/charts/buckets.ts';
import { placeOf, stepAt } from '../../../src-shared/charts/places.ts';
import { runConfig } from '../../fixtures/configs.ts';

let home: string;
let store: Store;
let calls: ReturnType<typeof seriesCalls>;
const STEPS = 5000;
const SPIKE = 3333;
const START = 1_000_000;
const loss = (step: number) => (step === SPIKE ? 99 : Math.sin(step / 50) + 0.1 * Math.sin(step * 7));
const LOG = 'one\nzwei mit ü\ndrei 🙂\n'.repeat(50_000);

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'assay-series-'));
  store = openStore(home, 'owner');
  store.runs.insert({ id: 'r', config: runConfig(), codeVersion: 'test', parentCheckpointId: null });
  store.transaction(() => {
    for (let step = 0; step <= STEPS; step++)
      store.saveStep(
        'r',
        {
          kind: 'step',
          step,
          rollouts: [],
          metrics: {
            ...(step === 0 ? {} : { 'train/loss': loss(step), 'train/tokens': step * 100, 'time/step': 2 }),
            ...(step % 100 === 0 ? { 'eval/avg@k': step / STEPS, 'time/evaluation': 10 } : {}),
          },
        },
        START + step * 3000,
      );
  });
  mkdirSync(join(home, 'runs', 'r'), { recursive: true });
  writeFileSync(join(home, 'runs', 'r', 'worker.log'), LOG);
  calls = seriesCalls({ home, store } as ApiContext);
});
afterAll(() => {
  store.close();
  rmSync(home, { recursive: true });
});

describe('series', () => {
  test('in buckets agree with a plain computation over every measurement, a spike of one step included', async () => {
    const { series } = await calls.series({ runId: 'r', names: ['train/loss'], points: 100 });
    const buckets = fromColumns(series[0] as (typeof series)[number]);
    expect(buckets.length).toBeLessThanOrEqual(100);
    expect(buckets.length).toBeGreaterThan(50);
    let n = 0;
    for (const { first, last, low, high, mean, n: count } of buckets) {
      const values = Array.from({ length: last - first + 1 }, (_, i) => loss(first + i));
      expect(count).toBe(values.length);
      expect(low).toBe(Math.min(...values));
      expect(high).toBe(Math.max(...values));
      expect(mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / count, 10);
      n += count;
    }
    expect(n).toBe(STEPS);
    expect(Math.max(...buckets.map((b) => b.high))).toBe(99);
  });

  test('of few measurements come whole, and so does a part that is zoomed into', async () => {
    const { series } = await calls.series({ runId: 'r', names: ['eval/avg@k', 'none/such'], points: 100 });
    expect(series.map(({ name, first }) => [name, first.length])).toEqual([
      ['eval/avg@k', 51],
      ['none/such', 0],
    ]);
    expect(series[0]?.n).toEqual([]);
    const zoomed = await calls.series({ runId: 'r', names: ['train/loss'], from: 3300, to: 3360, points: 100 });
    const part = fromColumns(zoomed.series[0] as (typeof series)[number]);
    expect(part.map((b) => b.first)).toEqual(Array.from({ length: 61 }, (_, i) => 3300 + i));
    expect(part.map((b) => b.mean)).toEqual(part.map((b) => loss(b.first)));
  });

  test('stand on other axes where they were measured', async () => {
    const x = async (axis: 'tokens' | 'seconds' | 'work') => {
      const answer = await calls.series({ runId: 'r', names: [], points: 64, x: axis });
      if (answer.x === null) throw new Error('no axis');
      return answer.x;
    };
    const tokens = await x('tokens');
    expect(placeOf(tokens, 0)).toBe(0);
    expect(placeOf(tokens, 2500)).toBeCloseTo(250_000, 6);
    expect(stepAt(tokens, 250_000)).toBeCloseTo(2500, 6);
    // Stored every three seconds.
    const seconds = await x('seconds');
    expect(seconds.origin).toBe(START);
    expect(placeOf(seconds, 1000)).toBeCloseTo(3000, 6);
    // Two seconds a step, ten a validation, of which there was one before the first step.
    const work = await x('work');
    expect(work.places.at(-1)).toBeCloseTo(2 * STEPS + 10 * 51, 6);
    expect(Math.abs(placeOf(work, 2500) - (2 * 2500 + 10 * 26))).toBeLessThan(300);
    expect((await calls.series({ runId: 'r', names: [], points: 64 })).x).toBeNull();
  });

  test('have names, each with its ends', () => {
    expect(calls.seriesNames({ runId: 'r' })).toContainEqual({
      name: 'train/tokens',
      first: { step: 1, value: 100 },
      last: { step: STEPS, value: STEPS * 100 },
    });
    expect(() => calls.seriesNames({ runId: 'other' })).toThrow(/other/);
  });
});

describe('the log', () => {
  test('comes in pieces that put together are the whole, cut between characters', async () => {
    let text = '';
    let at = 0;
    for (;;) {
      const piece = await calls.runLog({ runId: 'r', from: at });
      expect(piece.start).toBe(at);
      text += piece.text;
      at = piece.next;
      if (at === piece.size) break;
    }
    expect(text).toBe(LOG);
  });

  test('is read from its end, and is empty where there is none', async () => {
    for (const back of [1, 2, 3, 4, 5, 6, 7]) {
      const { text, next, size } = await calls.runLog({ runId: 'r', from: -back });
      expect(next).toBe(size);
      expect(LOG.endsWith(text)).toBe(true);
      expect(text).not.toContain('\ufffd');
    }
    expect(await readLog(join(home, 'none.log'), 0)).toEqual({ text: '', start: 0, next: 0, size: 0 });
  });
});
