/** A report as a person makes it: of a run, with words of their own, exported, read without a network, verified. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runStore } from '../fixtures/compared-runs.ts';
import { temporaryFolder } from '../fixtures/folders.ts';
import { noBrowser, startBrowser, withWindow } from './launch.ts';

const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
const WORDS = 'Unit tests win in the first ten steps.';

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  test('made of a run, written in, exported, opened offline, verified, deleted and back', {
    timeout: 300_000,
  }, async () => {
    const { home, store, addRun } = await runStore();
    const run = { passed: { 0: [1, 2], 10: [3, 4] }, metrics: { 10: { 'train/reward': 1 } } };
    const id = addRun({ ...run, config: (config) => ({ ...config, name: `short ${HOSTILE}` }) });
    const other = addRun({ ...run, reward: 'self-certainty', config: (config) => ({ ...config, name: 'other' }) });
    store.close();
    await withWindow(browser, home, async (page, origin) => {
      // The list of runs leads here; one run is a report of its own.
      await page.getByRole('row').filter({ hasText: 'short' }).getByRole('checkbox').check();
      await page.getByRole('toolbar', { name: 'Chosen runs' }).getByRole('button', { name: 'Report' }).click();
      await page.waitForURL((url) => /^\/reports\/[0-9a-f-]{36}$/.test(url.pathname));
      const link = page.url();
      const paper = page.frameLocator('iframe[title="The report as it will print"]');
      await paper.getByRole('heading', { level: 1, name: `short ${HOSTILE}` }).waitFor();

      // Words of one's own, before everything else.
      await page.getByRole('button', { name: 'Add block' }).click();
      await page.getByRole('menuitem', { name: 'Text', exact: true }).click();
      await page.getByRole('textbox', { name: 'Text in Markdown' }).fill(`**${WORDS}** ${HOSTILE} [away](${origin})`);
      const blocks = page.getByRole('list', { name: 'Blocks of the report' });
      const count = await blocks.getByRole('listitem').count();
      for (let place = count - 1; place > 0; place--)
        await blocks.getByRole('button', { name: /^Text: .* up$/ }).click();
      await paper.getByText(WORDS).waitFor();
      await expect.poll(() => blocks.getByRole('listitem').first().textContent()).toContain(WORDS);
      // What is hostile is text, and what is printed leads nowhere.
      await paper.getByText('window.hacked=1').first().waitFor();
      expect(await paper.locator('img').count()).toBe(0);
      expect(await paper.locator('a[href]').count()).toBe(0);
      expect(await page.evaluate('window.hacked')).toBeUndefined();

      // A completion of a validation: the block is empty until one is chosen.
      await page.getByRole('button', { name: 'Add block' }).click();
      await page.getByRole('menuitem', { name: 'Sample rollouts' }).click();
      await page.getByText('until then the block is left out').waitFor();
      await page.getByRole('combobox', { name: 'Rollouts' }).click();
      await page.getByRole('option', { name: /^p1, sample 2/ }).click();
      await page.keyboard.press('Escape');
      await paper.getByRole('heading', { name: /step 10, problem p1: passed/ }).waitFor();
      await blocks
        .getByRole('button', { name: /^Remove Sample rollouts/ })
        .last()
        .click();
      await expect.poll(() => blocks.getByRole('listitem').count()).toBe(count);

      // Removed, and back with the keyboard.
      await blocks.getByRole('button', { name: /^Remove Summary/ }).click();
      await expect.poll(() => blocks.getByRole('listitem').count()).toBe(count - 1);
      await page.getByRole('button', { name: 'Export' }).focus();
      await page.keyboard.press('Control+z');
      await expect.poll(() => blocks.getByRole('listitem').count()).toBe(count);

      await page.getByRole('textbox', { name: 'Title' }).fill('A short run');
      await page.getByRole('status').filter({ hasText: 'Saved' }).waitFor();
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page
          .getByRole('button', { name: 'Export' })
          .click()
          .then(() => page.getByRole('menuitem', { name: /^HTML/ }).click()),
      ]);
      expect(file.suggestedFilename()).toBe('a-short-run.html');
      const saved = join(await temporaryFolder(), file.suggestedFilename());
      await file.saveAs(saved);

      const offline = await browser.newContext({ offline: true });
      const reader = await offline.newPage();
      const asked: string[] = [];
      reader.on('request', (request) => asked.push(request.url()));
      await reader.goto(`file://${saved}`);
      expect(await reader.title()).toBe('A short run');
      await reader.getByText(WORDS).waitFor();
      await reader.getByRole('table').getByText(id).first().waitFor();
      // By hand: (3 + 4) / 8 samples passed at step 10.
      await expect
        .poll(() => reader.locator('data[data-metric="eval/avg@k"][value="0.875"]').count())
        .toBeGreaterThan(0);
      expect(await reader.evaluate('window.hacked')).toBeUndefined();
      expect(asked).toEqual([reader.url()]);
      await offline.close();

      // The link opens it as it was left.
      await page.goto(`${origin}/reports`);
      await page.getByRole('link', { name: 'A short run' }).click();
      await page.waitForURL(link);
      await paper.getByText(WORDS).waitFor();

      // As exported it holds; with one number forged it does not.
      await page.goto(`${origin}/reports`);
      const verify = page.locator('input[type="file"]');
      await verify.setInputFiles(saved);
      const dialog = page.getByRole('dialog', { name: 'A short run' });
      await dialog.getByText(/^All the same: \d+ numbers/).waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      const forged = `${saved}.forged.html`;
      await writeFile(forged, (await readFile(saved, 'utf8')).replaceAll('0.875', '0.975'));
      await verify.setInputFiles(forged);
      await dialog.getByText(/checks do not hold/).waitFor();
      await dialog
        .getByRole('cell', { name: /0\.975, the store gives 0\.875/ })
        .first()
        .waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });

      // Renamed; deleted and back, at the same link.
      await page.getByRole('button', { name: 'Rename A short run' }).click();
      await page.getByRole('textbox', { name: 'Title' }).fill('Renamed');
      await page.getByRole('button', { name: 'Rename', exact: true }).click();
      await page.getByRole('button', { name: 'Delete Renamed' }).click();
      await page.getByText('Report what was found').waitFor();
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByRole('link', { name: 'Renamed' }).click();
      await page.waitForURL(link);

      // Runs of two rewards, from the page itself, as an archive.
      await page.goto(
        `${origin}/reports/new?comparison=${encodeURIComponent(JSON.stringify({ runs: `${id},${other}` }))}`,
      );
      await page.waitForURL((url) => /^\/reports\/[0-9a-f-]{36}$/.test(url.pathname));
      await page.getByRole('button', { name: 'Export' }).click();
      const [archive] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: /^CSV/ }).click(),
      ]);
      expect(archive.suggestedFilename()).toMatch(/-csv\.zip$/);
      const zip = join(await temporaryFolder(), 'report.zip');
      await archive.saveAs(zip);
      expect((await readFile(zip)).subarray(0, 2).toString()).toBe('PK');
    });
  });
});
