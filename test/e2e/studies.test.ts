/** A study as a person has it made: chosen, made smaller, started, watched, and found again after a restart. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noBrowser, openPage, type ServedApp, startApp, startBrowser } from './launch.ts';

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  const home = mkdtempSync(join(tmpdir(), 'assay-study-'));
  let app: ServedApp;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(home), startBrowser()]);
    page = await openPage(browser, complaints);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const set = async (path: string, value: string) => {
    await page.getByRole('combobox', { name: 'Option' }).fill(path);
    await page.getByRole('textbox', { name: 'Value', exact: true }).fill(value);
    await page.getByRole('button', { name: 'Set', exact: true }).click();
  };

  test('start, watch the grid fill, read the verdict, find it again', { timeout: 300_000 }, async () => {
    await page.goto(app.url);
    await page.getByRole('link', { name: 'Studies' }).click();
    await page.getByRole('link', { name: 'Certainty and correctness' }).click();
    await page.getByRole('heading', { name: 'Certainty and correctness' }).waitFor();

    await page.getByLabel('Seeds', { exact: true }).fill('1');
    // What the study sets itself is refused in words, and nothing can be started.
    await set('limits.steps', '3');
    await page.getByRole('alert').getByText('limits.steps: study certainty sets it itself').waitFor();
    await page.getByRole('button', { name: 'Leave limits.steps as it is' }).click();
    await set('evaluation.problems', '8');
    await set('evaluation.samples', '2');
    await page.getByText('0 of 2 runs are there').waitFor();
    await page.getByRole('button', { name: 'Start' }).click();

    const design = page.getByRole('region', { name: 'Design' });
    const finished = design.getByRole('link', { name: /Finished/ });
    await expect.poll(() => finished.count(), { timeout: 180_000 }).toBe(2);
    await page.getByText('Finished', { exact: true }).waitFor();
    await page.getByText('2 of 2 runs are there.').waitFor();

    const findings = page.getByRole('table', { name: 'Findings' });
    await findings.getByRole('row').filter({ hasText: 'T21' }).getByText('INCONCLUSIVE').waitFor();
    await page.getByRole('button', { name: 'Why T21' }).click();
    await page.getByText('1 of at least 3 seeds').first().waitFor();
    const table = page.getByRole('table', {
      name: /^How far certainty tells correct from incorrect, sampled as trained/,
    });
    await expect.poll(() => table.getByRole('row').count()).toBe(5);
    await finished.first().click();
    await page.waitForURL(/\/runs\/[^/]+$/);
    expect(complaints).toEqual([]);

    // A page that looks for an app that is gone complains, and rightly.
    await page.goto('about:blank');
    expect(await app.stop()).toBe(0);
    app = await startApp(home);
    await page.goto(app.url);
    await page.getByRole('link', { name: 'Studies' }).click();
    const row = page.getByRole('row').filter({ hasText: 'Certainty and correctness' });
    await row.getByText('Finished').waitFor();
    await row.getByText('2 of 2').waitFor();
    // With the values that it was started with.
    await row.getByRole('link').click();
    await page.getByText('evaluation.samples = 2').waitFor();
    expect(complaints).toEqual([]);
  });
});
