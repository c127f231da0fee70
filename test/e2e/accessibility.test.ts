/** No page has what axe-core calls a serious or critical barrier, in light or dark. A page is one line of the list. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noBrowser, root, type ServedApp, startApp, startBrowser } from './launch.ts';

interface Looked {
  readonly name: string;
  /** `:run` stands for the id of a run with steps and rollouts. */
  readonly path: string;
  /** Resolves when what is to be looked at is there. */
  readonly ready: (page: Page) => Promise<unknown>;
}

const link = (page: Page) => page.getByRole('table', { name: 'Runs' }).getByRole('link').first();

const pages: readonly Looked[] = [
  { name: 'runs', path: '/runs', ready: (page) => link(page).waitFor() },
  {
    name: 'runs, grouped and chosen',
    path: '/runs?group=reward',
    ready: async (page) => {
      await page.getByRole('checkbox', { name: 'Choose all shown' }).check();
      await page.getByRole('toolbar', { name: 'Chosen runs' }).waitFor();
    },
  },
  {
    name: 'runs, a query with suggestions',
    path: '/runs',
    ready: async (page) => {
      await page.getByLabel('Filter runs').fill('rew');
      await page.getByRole('option').first().waitFor();
    },
  },
  {
    name: 'runs, columns',
    path: '/runs',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Columns' }).click();
      await page.getByRole('list', { name: 'Columns to add' }).getByRole('button').first().waitFor();
    },
  },
  {
    name: 'runs, none found',
    path: '/runs?q=nothing-has-this-name',
    ready: (page) => page.getByText('No run matches').waitFor(),
  },
  { name: 'import', path: '/import', ready: (page) => page.getByRole('button', { name: 'Choose a file' }).waitFor() },
  {
    name: 'run',
    path: '/runs/:run',
    ready: (page) => page.getByRole('img', { name: 'Reward', exact: true }).waitFor(),
  },
  {
    name: 'run, rollouts',
    path: '/runs/:run/rollouts?split=eval',
    ready: (page) => page.getByRole('tab', { name: 'Rollouts', selected: true }).waitFor(),
  },
  {
    name: 'run, checkpoints',
    path: '/runs/:run/checkpoints',
    ready: (page) => page.getByRole('tab', { name: 'Checkpoints', selected: true }).waitFor(),
  },
  {
    name: 'run, events',
    path: '/runs/:run/events',
    ready: (page) => page.getByRole('tab', { name: 'Events', selected: true }).waitFor(),
  },
  {
    name: 'run, config',
    path: '/runs/:run/config',
    ready: (page) => page.getByRole('tab', { name: 'Config', selected: true }).waitFor(),
  },
  { name: 'compare, nothing chosen', path: '/compare', ready: (page) => page.getByText('Choose runs here').waitFor() },
  {
    name: 'compare',
    path: '/runs',
    ready: async (page) => {
      await page.getByRole('checkbox', { name: 'Choose all shown' }).check();
      await page.getByRole('button', { name: 'Compare' }).click();
      await page.getByRole('table', { name: 'Effects' }).waitFor();
    },
  },
  {
    name: 'compare, choosing runs',
    path: '/compare',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Add runs' }).click();
      await page.getByRole('list', { name: 'Runs' }).getByRole('checkbox').first().waitFor();
    },
  },
  {
    name: 'lineage',
    path: '/lineage?node=:run',
    ready: (page) => page.getByRole('img', { name: /^Lineage of/ }).waitFor(),
  },
  {
    name: 'lineage, list',
    path: '/lineage?show=list&node=:run',
    ready: (page) => page.getByRole('table', { name: 'Lineage' }).getByRole('button').first().waitFor(),
  },
  { name: 'new run', path: '/new-run', ready: (page) => page.getByRole('button', { name: 'Launch run' }).waitFor() },
  {
    name: 'new run, everything opened, with an error and warnings',
    path: '/new-run?preset=self-certainty',
    ready: async (page) => {
      await page.getByRole('switch', { name: 'Advanced' }).click();
      for (const group of ['Policy', 'Reward shaping', 'Evaluation', 'Several runs'])
        await page.getByRole('button', { name: new RegExp(`^${group}`) }).click();
      await page.getByRole('textbox', { name: 'Group size' }).fill('2');
      await page.getByRole('textbox', { name: 'Seed', exact: true }).fill('x');
      await page.getByRole('textbox', { name: 'Seeds to run' }).fill('1-3');
      await page.getByRole('button', { name: 'Vary an option' }).click();
      await page.getByRole('region', { name: 'Warnings' }).waitFor();
    },
  },
  {
    name: 'new run, YAML with an error',
    path: '/new-run?preset=grpo&steps=0',
    ready: async (page) => {
      await page.getByText('YAML', { exact: true }).click();
      await page.getByRole('textbox', { name: 'YAML' }).fill('rollouts:\n  groupSize: many\n');
      await page.getByText('Line 2').waitFor();
    },
  },
  {
    name: 'studies',
    path: '/studies',
    ready: (page) => page.getByRole('table', { name: 'Studies' }).getByRole('link').first().waitFor(),
  },
  {
    name: 'study',
    path: '/studies/training-dynamics',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Why T1', exact: true }).click();
      await page.getByText('Waits for').first().waitFor();
    },
  },
  {
    name: 'models',
    path: '/models',
    ready: (page) => page.getByRole('region', { name: 'Memory' }).getByText('To train with LoRA').waitFor(),
  },
  {
    name: 'models, one that is refused',
    path: '/models?model=/nowhere/at/all',
    ready: (page) => page.getByRole('alert').waitFor(),
  },
  {
    name: 'models, download',
    path: '/models?get=',
    ready: (page) => page.getByRole('textbox', { name: 'Repository' }).waitFor(),
  },
  { name: 'reports', path: '/reports', ready: (page) => page.getByRole('button', { name: 'New report' }).waitFor() },
  {
    name: 'report, a block opened',
    path: '/reports/new?run=:run',
    ready: async (page) => {
      await page.getByTitle('The report as it will print').waitFor();
      await page
        .getByRole('button', { name: /^Chart/ })
        .first()
        .click();
      await page.getByRole('combobox', { name: 'Metric' }).waitFor();
    },
  },
  {
    name: 'problems, none chosen',
    path: '/problems',
    ready: async (page) => {
      await page.getByRole('button', { name: 'HumanEval', exact: true }).click();
      await page.getByRole('button', { name: 'Inspect' }).click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'problems, one opened, with a warning',
    path: `/problems?kind=mbpp&problem="11"&in=test&options=${encodeURIComponent(JSON.stringify({ path: join(root, 'test/fixtures/problem-sets/mbpp.jsonl') }))}`,
    ready: async (page) => {
      await page.getByRole('alert').filter({ hasText: 'in several splits' }).waitFor();
      await page.getByRole('button', { name: 'Check the reference solutions' }).click();
      await page.getByRole('button', { name: 'Check again' }).waitFor({ timeout: 30_000 });
      await page.getByRole('region', { name: 'Tests' }).waitFor();
    },
  },
  {
    name: 'problems, a prompt',
    path: '/problems?kind=tinypy',
    ready: async (page) => {
      await page.getByRole('table', { name: 'Problems' }).getByRole('button').first().click();
      await page.getByRole('tab', { name: 'Prompt' }).click();
      await page.getByRole('button', { name: 'Copy the prompt' }).waitFor();
    },
  },
  { name: 'sandbox', path: '/sandbox', ready: (page) => page.getByRole('textbox', { name: 'Program' }).waitFor() },
  {
    name: 'sandbox, check',
    path: '/sandbox?tab=check',
    ready: (page) => page.getByRole('button', { name: 'Check this machine' }).waitFor(),
  },
];

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Serious and critical findings, one line each. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate(
    // The script above has put it there.
    'axe.run(document, { resultTypes: ["violations"] })',
  )) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary?.replace(/\s+/g, ' ')}`),
    );
}

/** What can be pressed or dragged, by the pointer that it shows, and has no place that Tab or the arrows reach. */
const unreachable = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const PRESSED = ['pointer', 'grab', 'move', 'col-resize', 'row-resize', 'ew-resize', 'ns-resize', 'crosshair'];
    const FOCUSABLE =
      'a[href], button:not(:disabled), input:not(:disabled), select, textarea, summary, [tabindex="0"], [role="option"], [role="menuitem"], [role="tab"], [role="radio"]';
    const cursorOf = (element: Element) => getComputedStyle(element).cursor;
    return [...document.body.querySelectorAll('*')]
      .filter((element) => PRESSED.includes(cursorOf(element)) && element.checkVisibility())
      .filter(({ parentElement }) => parentElement === null || !PRESSED.includes(cursorOf(parentElement)))
      .filter((element) => element.closest(FOCUSABLE) === null && element.querySelector(FOCUSABLE) === null)
      .filter((element) => element.closest(':disabled, [aria-hidden="true"]') === null)
      .filter((element) => ![element.closest('label'), element.querySelector('label')].some((label) => label?.control))
      .map((element) => `${cursorOf(element)}: ${element.outerHTML.slice(0, 160)}`);
  });

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  const home = mkdtempSync(join(tmpdir(), 'assay-axe-'));
  let app: ServedApp;
  let browser: Browser;
  let runId = '';
  let context: BrowserContext;

  beforeAll(async () => {
    const fill = join(root, 'test', 'bench', 'store-fill.ts');
    execFileSync(process.execPath, [fill, home, '--runs', '12', '--points', '40000'], { stdio: 'ignore' });
    [app, browser] = await Promise.all([startApp(home), startBrowser()]);
    context = await browser.newContext({ viewport: { width: 1360, height: 900 } });
    const page = await context.newPage();
    await page.goto(app.url);
    const href = await link(page).getAttribute('href');
    runId = href?.split('/').at(-1) ?? '';
    await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  for (const { name, path, ready } of pages)
    test(name, { timeout: 180_000 }, async () => {
      const page = await context.newPage();
      try {
        await page.goto(new URL(app.url).origin + path.replace(':run', runId));
        await ready(page);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
          // What fades is not yet what is read.
          await page.waitForTimeout(300);
          expect((await barriers(page)).map((barrier) => `${colorScheme}: ${barrier}`).join('\n')).toBe('');
        }
        expect((await unreachable(page)).join('\n')).toBe('');
      } finally {
        await page.close();
      }
    });
});
