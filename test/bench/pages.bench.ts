/**
 * How soon the pages of the window are there, and how smoothly they move, over a big store made by store-fill.ts:
 * `node test/bench/pages.bench.ts <folder> [--only <part of a name>]`. Needs a build and a browser. Prints a table and
 * writes test/bench/results/pages.json; a measure that was left out keeps its last result. One entry below a measure.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import Sqlite from 'better-sqlite3';
import type { Browser, Page } from 'playwright-core';
import { databaseFile } from '../../src-main/store/home.ts';
import { METRICS } from '../../src-shared/metrics.ts';
import { noBrowser, root, startApp, startBrowser } from '../e2e/launch.ts';

interface Bench {
  readonly url: string;
  /** Ids of runs that are worth opening. */
  readonly longRun: string;
  readonly newRun: string;
  /** Its last step. */
  readonly newRunSteps: number;
  /** Twenty of at least a hundred steps. */
  readonly comparedRuns: readonly string[];
  /** A page of its own, not yet anywhere. */
  page(): Promise<Page>;
  readonly browser: Browser;
}

interface Measure {
  readonly name: string;
  readonly unit: 'ms' | 'frames/s' | '% of a core';
  /** Goal: at least this many frames a second, at most this much of anything else. */
  readonly goal: number;
  readonly rounds: number;
  run(bench: Bench): Promise<number>;
}

const address = (bench: Bench, path: string) => {
  const url = new URL(bench.url);
  return `${url.origin}${path}`;
};

/** Time from navigation to `ready`, in a window that is open on another page: server and files are warm, and the
 * browser starts no process. */
async function timeToReady(bench: Bench, path: string, ready: (page: Page) => Promise<unknown>): Promise<number> {
  const page = await bench.page();
  try {
    await page.goto(address(bench, '/sandbox'));
    await page.waitForTimeout(1500);
    const began = performance.now();
    await page.goto(address(bench, path), { waitUntil: 'commit' });
    await ready(page);
    return performance.now() - began;
  } finally {
    await page.close();
  }
}

/** Frames a second while the element is flung: 6,000 px/s, so that a new row comes in every 5 ms, for two seconds. */
async function scrollRate(page: Page, selector: string): Promise<number> {
  return page.evaluate(
    ([wanted, durationMs]) =>
      new Promise<number>((done) => {
        const element = document.querySelector(wanted);
        if (element === null) throw new Error(`${wanted} is not on the page`);
        const distance = Math.min(6 * durationMs, element.scrollHeight - element.clientHeight);
        let frames = 0;
        const began = performance.now();
        const frame = () => {
          const share = (performance.now() - began) / durationMs;
          if (share >= 1) return done(frames / (durationMs / 1000));
          frames++;
          element.scrollTop = distance * share;
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      }),
    [selector, 2000] as const,
  );
}

const runsReady = (page: Page) => page.getByRole('table', { name: 'Runs' }).getByRole('link').first().waitFor();

/** A window that keeps only these charts at the top of a run's page; those of a new user where none are named. */
async function pageWithCharts(bench: Bench, pinned: readonly string[]): Promise<Page> {
  const page = await bench.page();
  const layout = pinned.length === 0 ? null : JSON.stringify({ pinned, sizes: {}, open: [] });
  await page.addInitScript((kept) => {
    if (kept === null) localStorage.removeItem('assay-charts');
    else localStorage.setItem('assay-charts', kept);
  }, layout);
  return page;
}

/** A chart by its title, once it shows points. */
async function drawn(page: Page, title: string): Promise<ReturnType<Page['getByRole']>> {
  const chart = page.getByRole('img', { name: title, exact: true });
  await page.waitForFunction(
    (name) => Number(document.querySelector(`[role="img"][aria-label="${name}"]`)?.getAttribute('data-points')) > 1,
    title,
  );
  return chart;
}

/** Time from a click in a window that shows the runs until so many charts have their points on the canvas. */
async function timeInWindow(
  bench: Bench,
  path: string,
  charts: number,
  pinned: readonly string[] = [],
): Promise<number> {
  const page = await pageWithCharts(bench, pinned);
  try {
    await page.goto(address(bench, '/runs'));
    await runsReady(page);
    await page.waitForTimeout(1500);
    return await page.evaluate(
      ([where, wanted]) =>
        new Promise<number>((done) => {
          const began = performance.now();
          history.pushState(null, '', where);
          const look = () => {
            const drawn = [...document.querySelectorAll('[role="img"][data-points]')].filter(
              (chart) => Number(chart.getAttribute('data-points')) > 1,
            );
            if (drawn.length === wanted) done(performance.now() - began);
            else requestAnimationFrame(look);
          };
          look();
        }),
      [path, charts] as const,
    );
  } finally {
    await page.close();
  }
}

/** Processor seconds that the renderers of the browser have used. */
async function rendererSeconds(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, { type, cpuTime }) => sum + (type === 'renderer' ? cpuTime : 0), 0);
  } finally {
    await session.detach();
  }
}

/** Sends the page steps of a run as if it trained, so many a second, until told to stop. */
async function feedSteps(page: Page, runId: string, from: number, perSecond: number): Promise<() => void> {
  let timer: ReturnType<typeof setInterval> | undefined;
  let step = from;
  await page.routeWebSocket(/./, (socket) => {
    socket.connectToServer();
    timer ??= setInterval(() => {
      const metrics = Object.fromEntries(METRICS.map(({ name }, i) => [name, Math.sin(step / 30 + i) + 2]));
      socket.send(JSON.stringify({ event: 'step', payload: { runId, step: step++, metrics } }));
    }, 1000 / perSecond);
  });
  return () => clearInterval(timer);
}

const measures: readonly Measure[] = [
  {
    name: 'Run with a series of a million points opens',
    unit: 'ms',
    goal: 500,
    rounds: 5,
    run: (bench) => timeInWindow(bench, `/runs/${bench.longRun}`, 2, ['train/loss', 'eval/avg@k']),
  },
  {
    name: 'Run with a series of a million points: panning a zoomed chart',
    unit: 'frames/s',
    goal: 50,
    rounds: 3,
    run: async (bench) => {
      const page = await pageWithCharts(bench, ['train/loss', 'eval/avg@k']);
      try {
        await page.goto(address(bench, `/runs/${bench.longRun}`));
        const chart = await drawn(page, 'Loss');
        await page.getByRole('button', { name: /^Zoom in/ }).click({ clickCount: 4 });
        await page.waitForTimeout(1000);
        return await chart.evaluate(
          (element, durationMs) =>
            new Promise<number>((done) => {
              const target = element.querySelector('canvas');
              let frames = 0;
              const began = performance.now();
              const frame = () => {
                const spent = performance.now() - began;
                if (spent >= durationMs) return done(frames / (durationMs / 1000));
                frames++;
                const deltaX = spent < durationMs / 2 ? 12 : -12;
                target?.dispatchEvent(new WheelEvent('wheel', { deltaX, bubbles: true, cancelable: true }));
                requestAnimationFrame(frame);
              };
              requestAnimationFrame(frame);
            }),
          2000,
        );
      } finally {
        await page.close();
      }
    },
  },
  {
    name: 'Live run at 20 steps a second: processor time of the window',
    unit: '% of a core',
    goal: 25,
    rounds: 3,
    run: async (bench) => {
      const page = await pageWithCharts(bench, []);
      const stop = await feedSteps(page, bench.newRun, bench.newRunSteps + 1, 20);
      try {
        await page.goto(address(bench, `/runs/${bench.newRun}`));
        await drawn(page, 'Reward');
        await page.waitForTimeout(3000);
        const before = await rendererSeconds(bench.browser);
        const began = performance.now();
        await page.waitForTimeout(10_000);
        return (100_000 * ((await rendererSeconds(bench.browser)) - before)) / (performance.now() - began);
      } finally {
        stop();
        await page.close();
      }
    },
  },
  {
    name: 'Comparison of 20 runs in 12 charts is drawn',
    unit: 'ms',
    goal: 1500,
    rounds: 5,
    run: async (bench) => {
      const metrics = METRICS.filter(({ name }) => name.startsWith('train/')).slice(0, 12);
      const address = `/compare?runs=${bench.comparedRuns.join(',')}&metrics=${metrics.map(({ name }) => name).join(',')}`;
      return timeInWindow(bench, address, metrics.length);
    },
  },
  {
    name: 'Runs page interactive',
    unit: 'ms',
    goal: 1000,
    rounds: 5,
    run: (bench) => timeToReady(bench, '/runs', runsReady),
  },
  {
    // Says more than the wall clock does while the machine has other work.
    name: 'Runs page: work of its thread until interactive',
    unit: 'ms',
    goal: 600,
    rounds: 5,
    run: async (bench) => {
      const page = await bench.page();
      try {
        const session = await page.context().newCDPSession(page);
        await session.send('Performance.enable', { timeDomain: 'threadTicks' });
        await page.goto(address(bench, '/runs'), { waitUntil: 'commit' });
        await runsReady(page);
        const { metrics } = await session.send('Performance.getMetrics');
        return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
      } finally {
        await page.close();
      }
    },
  },
  {
    name: 'Runs page: a query narrows the list',
    unit: 'ms',
    goal: 100,
    rounds: 5,
    run: async (bench) => {
      const page = await bench.page();
      try {
        await page.goto(address(bench, '/runs'));
        await runsReady(page);
        const bar = page.getByLabel('Filter runs');
        await bar.fill('temp>');
        await page.waitForTimeout(1000);
        const count = page.getByRole('status').filter({ hasText: ' of ' });
        const began = performance.now();
        await bar.press('1');
        await count.waitFor();
        return performance.now() - began;
      } finally {
        await page.close();
      }
    },
  },
  {
    name: 'Runs page: scrolling',
    unit: 'frames/s',
    goal: 50,
    rounds: 3,
    run: async (bench) => {
      const page = await bench.page();
      try {
        await page.goto(address(bench, '/runs'));
        await runsReady(page);
        await page.waitForTimeout(1000);
        return await scrollRate(page, '[role="table"]');
      } finally {
        await page.close();
      }
    },
  },
];

const { values: given, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
const [folder] = positionals;
if (folder === undefined) throw new Error('Usage: node test/bench/pages.bench.ts <folder> [--only <part of a name>]');
if (noBrowser !== null) throw new Error(noBrowser);
const home = resolve(folder);
const database = new Sqlite(databaseFile(home), { readonly: true });
const pick = (sql: string) => database.prepare(sql).pluck().get();
const store = {
  runs: Number(pick('SELECT count(*) FROM runs WHERE deleted_at IS NULL')),
  points: Number(pick('SELECT count(*) FROM points')),
};
const longRun = String(pick('SELECT run_id FROM series ORDER BY id DESC LIMIT 1'));
const comparedRuns = database
  .prepare(
    `SELECT id FROM runs WHERE deleted_at IS NULL AND status = 'finished' AND id <> ?
       AND (SELECT max(step) FROM steps WHERE run_id = runs.id) >= 100 ORDER BY number DESC LIMIT 20`,
  )
  .pluck()
  .all(longRun)
  .map(String);
const newRun = comparedRuns[0] ?? longRun;
const newRunSteps = Number(database.prepare('SELECT max(step) FROM steps WHERE run_id = ?').pluck().get(newRun));
database.close();

const file = join(root, 'test', 'bench', 'results', 'pages.json');
const results = new Map<string, unknown>(
  Object.entries((readResults() as { measures?: Record<string, unknown> }).measures ?? {}),
);
const [app, browser] = await Promise.all([startApp(home), startBrowser()]);
const rows: Record<string, string | number>[] = [];
try {
  const context = await signedIn(browser, app.url);
  const bench: Bench = {
    url: app.url,
    longRun,
    newRun,
    newRunSteps,
    comparedRuns,
    page: () => context.newPage(),
    browser,
  };
  for (const measure of measures.filter(({ name }) => name.toLowerCase().includes((given.only ?? '').toLowerCase()))) {
    const load = loadavg()[0] ?? 0;
    const found: number[] = [];
    for (let round = 0; round < measure.rounds; round++) found.push(await measure.run(bench));
    const sorted = found.toSorted((a, b) => a - b);
    const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
    const round = (value: number) => Math.round(value * 10) / 10;
    const result = {
      median: round(median),
      least: round(sorted[0] ?? median),
      most: round(sorted.at(-1) ?? median),
      unit: measure.unit,
      goal: measure.goal,
      met: measure.unit === 'frames/s' ? median >= measure.goal : median <= measure.goal,
      rounds: measure.rounds,
      loadBefore: round(load),
    };
    results.set(measure.name, result);
    rows.push({ measure: measure.name, ...result, met: result.met ? 'yes' : 'no' });
  }
} finally {
  await browser.close();
  await app.stop();
}
console.table(rows);
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version };
const report = { machine, store, measures: Object.fromEntries(results) };
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report));

function readResults(): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** A browser that the app knows; its first page has also warmed up the server and the cache. */
async function signedIn(browser: Browser, url: string) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  await runsReady(page);
  await page.close();
  return context;
}
