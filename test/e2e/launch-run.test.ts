/** The whole app, as a person uses it: launch a run from the form, watch it, find it in the table and on disk. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPolicy } from '../../src-main/model/policy-files.ts';
import { noBrowser, openPage, root, type ServedApp, startApp, startBrowser } from './launch.ts';

const STEPS = 12;

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  let app: ServedApp;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(), startBrowser()]);
    page = await openPage(browser, complaints);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    app?.remove();
  });

  const picture = async (name: string) => {
    const folder = join(root, 'test', 'artifacts');
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`) });
  };
  const fill = async (label: string, value: number) => page.getByLabel(label, { exact: true }).fill(String(value));

  test('form, launch, moving chart, finished run, rows in the database', { timeout: 180_000 }, async () => {
    await page.goto(app.url);
    // The token is gone from the address, so it is in no history and no screenshot.
    await page.waitForURL((url) => url.pathname === '/runs' && url.search === '');
    await page.getByRole('link', { name: 'Launch a first run' }).click();

    await page.getByRole('button', { name: 'GRPO (unit tests)' }).click();
    await page.getByLabel('Name', { exact: true }).fill('From the form');
    await fill('Problems per step', 8);
    await fill('Steps', STEPS);
    await page.getByRole('button', { name: /^Optimiser/ }).click();
    await fill('Problems per update', 8);
    await page.getByRole('button', { name: /^Evaluation/ }).click();
    const evaluation = page.getByRole('region', { name: 'Evaluation' });
    await evaluation.getByLabel('Problems', { exact: true }).fill('8');
    await evaluation.getByLabel('Every', { exact: true }).fill('4');
    await picture('new-run');
    await page.getByRole('button', { name: 'Launch run' }).click();

    await page.waitForURL(/\/runs\/[^/]+$/);
    const runId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await page.getByRole('heading', { name: 'From the form' }).waitFor();

    // The chart moves while the run goes on: it has fewer points at first than at the end.
    const chart = page.getByRole('img', { name: 'Reward', exact: true });
    const points = async () => Number(await chart.getAttribute('data-points'));
    const main = page.getByRole('main');
    const seen = new Set<number>();
    const deadline = Date.now() + 120_000;
    while ((await main.getByText('Finished', { exact: true }).count()) === 0) {
      seen.add(await points());
      if (Date.now() > deadline) throw new Error(`the run did not finish; points seen: ${[...seen].join(', ')}`);
      await page.waitForTimeout(50);
    }
    await expect.poll(points, { timeout: 60_000 }).toBe(STEPS);
    expect([...seen].filter((count) => count > 0 && count < STEPS).length).toBeGreaterThan(0);
    await picture('run');

    // Its curves are read and zoomed by keys.
    await chart.focus();
    await page.keyboard.press('End');
    await page.getByText(`Step ${STEPS} ·`).waitFor();
    await page.keyboard.press('Shift+Tab');
    await page.getByText(`Step ${STEPS} ·`).waitFor({ state: 'detached' });
    await chart.focus();
    for (const key of ['Home', '+', '+']) await page.keyboard.press(key);
    await page.getByText(/^steps 0 to \d$/).waitFor();
    await page.keyboard.press('0');
    await page.getByText(/^steps 0 to \d$/).waitFor({ state: 'detached' });

    // A page's address opens it again.
    await page.reload();
    await page.getByRole('heading', { name: 'From the form' }).waitFor();
    await expect.poll(points, { timeout: 60_000 }).toBe(STEPS);

    await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
    const row = page.getByRole('row').filter({ hasText: 'From the form' });
    await row.getByText('Finished').waitFor();
    await picture('runs');
    expect(complaints).toEqual([]);

    const database = new Database(join(app.home, 'assay.db'), { readonly: true });
    const count = (sql: string) => database.prepare(sql).pluck().get(runId);
    try {
      expect(count('SELECT status FROM runs WHERE id = ?')).toBe('finished');
      // Step 0 is the validation before training.
      expect(count('SELECT count(*) FROM steps WHERE run_id = ?')).toBe(STEPS + 1);
      expect(count("SELECT count(*) FROM metrics WHERE run_id = ? AND name = 'train/reward'")).toBe(STEPS);
      expect(count("SELECT count(*) FROM rollouts WHERE run_id = ? AND split = 'train'")).toBe(STEPS * 8 * 8);
      expect(count('SELECT max(step) FROM checkpoints WHERE run_id = ?')).toBe(STEPS);
    } finally {
      database.close();
    }
  });

  test('its checkpoint is exported, bootstrapped with a control, and deleted', { timeout: 300_000 }, async () => {
    await page.getByRole('row').filter({ hasText: 'From the form' }).getByRole('link').click();
    await page.getByRole('tab', { name: /^Checkpoints/ }).click();
    const menu = page.getByRole('button', { name: `Checkpoint of step ${STEPS}: menu` });
    const dialog = page.getByRole('dialog');

    await menu.click();
    await page.getByRole('menuitem', { name: 'Export the policy' }).click();
    const folder = join(app.home, 'taken away');
    await dialog.getByLabel('Folder').fill(folder);
    await dialog.getByRole('button', { name: 'Export' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await openPolicy(folder)).config.vocabSize).toBeGreaterThan(0);

    await page.getByRole('button', { name: 'Bootstrap from here' }).last().click();
    await dialog.getByLabel('Steps').fill('1');
    await picture('bootstrap');
    await dialog.getByRole('button', { name: 'Launch' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('each with its control').waitFor();
    // What a run was started from is kept, and the menu says why.
    await menu.click();
    await expect.poll(() => page.getByRole('menuitem', { name: 'Delete' }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');

    const database = new Database(join(app.home, 'assay.db'), { readonly: true });
    try {
      const children = () =>
        database
          .prepare(
            'SELECT parent_checkpoint_id AS parent, control_of AS control FROM runs WHERE number > 1 ORDER BY number',
          )
          .all();
      expect(children()).toEqual([
        { parent: expect.any(String), control: null },
        { parent: null, control: expect.any(String) },
      ]);
    } finally {
      database.close();
    }
    await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
    for (const row of [1, 2]) await page.getByRole('row').nth(row).getByText('Finished').waitFor({ timeout: 180_000 });

    // The child's own checkpoint has no heir.
    await page.getByRole('row').nth(2).getByRole('link').click();
    await page.getByRole('tab', { name: /^Checkpoints/ }).click();
    await page.getByRole('button', { name: 'Checkpoint of step 1: menu' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await dialog.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('Checkpoint of step 1 deleted').waitFor();
    await page.getByRole('button', { name: 'Checkpoint of step 1: menu' }).waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  test('the app ends by itself when asked, and frees its folder', async () => {
    expect(await app.stop()).toBe(0);
  });
});
