/** The list of runs, as a person uses it: found by a query, grouped, chosen, tagged, deleted and brought back. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noBrowser, openPage, root, type ServedApp, startApp, startBrowser } from './launch.ts';

const RUNS = 60;

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  const home = mkdtempSync(join(tmpdir(), 'assay-runs-'));
  let app: ServedApp;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    const fill = join(root, 'test', 'bench', 'store-fill.ts');
    execFileSync(process.execPath, [fill, home, '--runs', String(RUNS), '--points', '60000'], { stdio: 'ignore' });
    [app, browser] = await Promise.all([startApp(home), startBrowser()]);
    page = await openPage(browser, complaints);
    await page.goto(app.url);
    await table().getByRole('link').first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const table = () => page.getByRole('table', { name: 'Runs' });
  const bar = () => page.getByLabel('Filter runs');
  const counted = (text: string) => page.getByRole('status').filter({ hasText: text }).waitFor();
  const chosen = () => page.getByRole('toolbar', { name: 'Chosen runs' });
  const column = async (index: number) =>
    (
      await table()
        .getByRole('row')
        .filter({ has: page.getByRole('link') })
        .all()
    ).length === 0
      ? []
      : table().locator(`[role="row"]:has(a) > [role="cell"]:nth-child(${index})`).allTextContents();

  test('a query narrows the list, completes what is typed, and has an address', { timeout: 180_000 }, async () => {
    await counted(`${RUNS} runs`);
    await page.keyboard.press('/');
    await page.keyboard.type('reward:tok');
    await page.getByRole('option', { name: /^token-entropy/ }).click();
    await expect.poll(() => bar().inputValue()).toBe('reward:token-entropy ');
    await counted(` of ${RUNS}`);
    await expect.poll(async () => new Set(await column(4))).toEqual(new Set(['Token entropy']));
    await expect.poll(() => new URL(page.url()).searchParams.get('q')).toContain('reward:token-entropy');
    await page.reload();
    await expect.poll(async () => new Set(await column(4))).toEqual(new Set(['Token entropy']));

    await bar().fill('colour:red');
    await page.getByText('There is no key "colour"').waitFor();
    await page.getByRole('button', { name: `Show all ${RUNS}` }).click();
    await counted(`${RUNS} runs`);
  });

  test('sorted by what is clicked, and the other way by the second click', { timeout: 180_000 }, async () => {
    const best = async () => (await column(7)).map((text) => Number.parseFloat(text)).filter((n) => !Number.isNaN(n));
    await table().getByRole('button', { name: 'Best' }).click();
    await expect
      .poll(async () => (await best()).slice(0, 10))
      .toEqual((await best()).toSorted((a, b) => b - a).slice(0, 10));
    await table().getByRole('button', { name: 'Best' }).click();
    await expect
      .poll(async () => {
        const [first = 0, second = 0] = await best();
        return first <= second;
      })
      .toBe(true);
    await table().getByRole('button', { name: 'Run' }).click();
  });

  test('who types and leaves at once stays where he went', { timeout: 180_000 }, async () => {
    // Its code comes late: the list is still there when what was typed would have got its address.
    const late = /\/ComparePage[^/]*\.js$/;
    let asked = 0;
    await page.route(late, async (route) => {
      asked++;
      await setTimeout(1500);
      await route.continue();
    });
    await page.goto(new URL('/runs', page.url()).href);
    await counted(`${RUNS} runs`);
    for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key);
    await bar().fill('reward:token-entropy');
    await chosen().getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('list', { name: 'Groups' }).waitFor();
    expect(asked).toBe(1);
    expect(new URL(page.url()).pathname).toBe('/compare');
    await page.unroute(late);
    await page.goto(new URL('/runs', page.url()).href);
    await counted(`${RUNS} runs`);
  });

  test('grouped by any option, with the mean of each group', { timeout: 180_000 }, async () => {
    await page.getByLabel('Group by').first().click();
    await page.getByRole('option', { name: 'rollouts.temperature' }).click();
    const head = table()
      .getByRole('row')
      .filter({ has: page.getByRole('button', { name: '0.8' }) });
    await head.getByText(/^\d+\.\d ± \d+\.\d/).waitFor();
    const before = await table().getByRole('link').count();
    await head.getByRole('button').click();
    await expect.poll(async () => head.getByRole('button').getAttribute('aria-expanded')).toBe('false');
    await expect.poll(() => table().getByRole('button', { name: '1', exact: true }).count()).toBe(1);
    await head.getByRole('button').click();
    await expect.poll(() => table().getByRole('link').count()).toBe(before);
    await page.goto(new URL('/runs', page.url()).href);
    await counted(`${RUNS} runs`);
  });

  test('chosen by keys and ranges, tagged, deleted, and brought back', { timeout: 180_000 }, async () => {
    for (const key of ['j', 'x', 'j', 'j', 'Shift+X']) await page.keyboard.press(key);
    await chosen().getByText('3 chosen').waitFor();
    // A look at the run that the keys are on goes with them, and leaves what is chosen.
    const peek = page.getByRole('complementary', { name: 'The run under the keys' });
    await page.keyboard.press('Space');
    const peekedAt = async (row: number) => {
      const title = (await column(2))[row] ?? '';
      await expect.poll(async () => title.startsWith(await peek.getByRole('heading').first().innerText())).toBe(true);
    };
    await peekedAt(2);
    await page.keyboard.press('k');
    await peekedAt(1);
    await page.keyboard.press('Space');
    await peek.waitFor({ state: 'detached' });
    const names = (await column(2)).slice(0, 3);

    await chosen().getByRole('button', { name: 'Tag' }).click();
    await page.getByRole('textbox', { name: 'Tag' }).fill('for the talk');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await bar().fill('tag:"for the talk"');
    await counted(`3 of ${RUNS}`);
    await expect.poll(() => column(2)).toEqual(names);

    await chosen().getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Deleted 3 runs').waitFor();
    await counted(`0 of ${RUNS - 3}`);
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await counted(`3 of ${RUNS}`);
    await expect.poll(() => column(2)).toEqual(names);

    await page.getByRole('checkbox', { name: 'Choose all shown' }).check();
    await chosen().getByRole('button', { name: 'Delete' }).click();
    await counted(`0 of ${RUNS - 3}`);
    await page.locator('header').click();
    await page.keyboard.press('Control+z');
    await counted(`3 of ${RUNS}`);
  });

  test('exported, and brought to the machine of the browser', { timeout: 180_000 }, async () => {
    await page.getByRole('button', { name: 'Export' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Export' }).click();
    const download = page.waitForEvent('download');
    await dialog.getByRole('link', { name: 'Download' }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^runs-[\d-]+T\d+\.assay$/);
    const exported = readFileSync(join(home, 'exports', file.suggestedFilename()));
    expect(readFileSync(await file.path())).toEqual(exported);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('columns are added and remembered; a view is kept and opened again', { timeout: 180_000 }, async () => {
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByLabel('Add a column').fill('kl to reference last');
    await page.getByRole('list', { name: 'Columns to add' }).getByRole('button').first().click();
    await page.keyboard.press('Escape');
    const heading = table().getByRole('columnheader', { name: /KL to reference, last/ });
    await heading.waitFor();
    await expect.poll(async () => (await column(12)).filter((text) => /\d/.test(text)).length).toBeGreaterThan(0);

    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this view' }).click();
    await page.getByLabel('Name', { exact: true }).fill('The talk');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'The talk' }).waitFor();

    await page.goto(new URL('/runs', page.url()).href);
    await counted(`${RUNS} runs`);
    await heading.waitFor();
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'The talk' }).click();
    await counted(`3 of ${RUNS}`);
    await expect.poll(() => bar().inputValue()).toBe('tag:"for the talk"');
    expect(complaints).toEqual([]);
  });
});
