/** The sandbox page, as a person uses it: programs that are right, wrong and hostile, and the check of the machine. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noBrowser, openPage, root, type ServedApp, startApp, startBrowser } from './launch.ts';

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  let app: ServedApp;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(), startBrowser()]);
    page = await openPage(browser, complaints);
    await page.goto(app.url);
    await page.getByRole('link', { name: 'Sandbox' }).click();
    await page.getByRole('heading', { name: /^(bubblewrap|portable|rlimits)$/ }).waitFor();
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
  const editor = () => page.getByRole('textbox', { name: 'Program' });
  const result = () => page.getByRole('region', { name: 'Result' });
  const load = async (name: string) => {
    await page.getByRole('button', { name: 'Load example' }).click();
    await page.getByRole('menuitem', { name }).click();
  };
  /** Runs by the keyboard and waits for the verdict. */
  const run = async (verdict: string) => {
    await editor().press('ControlOrMeta+Enter');
    await result().getByRole('status').filter({ hasText: verdict }).waitFor();
  };

  test('a right, a wrong and a hostile program', { timeout: 180_000 }, async () => {
    await load('Right');
    await run('Passed');
    await result().getByText('3 of 3 tests passed').waitFor();

    await load('Wrong');
    // What is shown belongs to the program before.
    await result().getByText('Changed since').waitFor();
    await run('Wrong answer');
    await result().getByText('1 of 3 tests passed').waitFor();
    await result().getByText('ZeroDivisionError').waitFor();
    await expect.poll(() => result().locator('dd').allTextContents()).toEqual(['1.5', '1', '0', 'no answer']);
    await picture('sandbox');

    await load('Hostile');
    await run('Time limit');
  });

  test('Tab indents, Escape lets it out, and what is written survives a reload', { timeout: 180_000 }, async () => {
    await editor().fill('def double(n):');
    await editor().press('End');
    await editor().press('Enter');
    await page.keyboard.type('return 2 *n');
    await editor().press('Home');
    await editor().press('Tab');
    await editor().press('Shift+Tab');
    await expect.poll(() => editor().inputValue()).toBe('def double(n):\n    return 2 *n');
    await editor().press('Control+z');
    await expect.poll(() => editor().inputValue()).toBe('def double(n):\n        return 2 *n');
    await editor().press('Control+Shift+z');
    await editor().press('Escape');
    await editor().press('Tab');
    await expect.poll(() => editor().evaluate((field) => field === document.activeElement)).toBe(false);

    await page.reload();
    await expect.poll(() => editor().inputValue()).toBe('def double(n):\n    return 2 *n');
  });

  test('tests are added and removed, and what is missing is said at its field', { timeout: 180_000 }, async () => {
    await load('Right');
    await page.getByRole('button', { name: 'Remove test 1' }).click();
    await page.getByRole('button', { name: 'Add test' }).click();
    await page.getByLabel('Arguments of test 3').fill('"aaaa"');
    await page.getByLabel('Expected answer of test 3').fill('4');
    await page.getByLabel('Time per test').fill('fast');
    await editor().press('ControlOrMeta+Enter');
    await page.getByText('A whole number from 50 to 60000').waitFor();
    await page.getByLabel('Time per test').fill('2000');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await result().getByText('3 of 3 tests passed').waitFor();
  });

  test('the machine is checked, and its address opens it again', { timeout: 180_000 }, async () => {
    await page.getByRole('tab', { name: 'Check this machine' }).click();
    await page.getByRole('button', { name: 'Check this machine' }).click();
    const canaries = page.getByRole('table', { name: 'Canaries' });
    await canaries.waitFor({ timeout: 180_000 });
    await page.getByRole('status').filter({ hasText: 'canaries are held' }).waitFor();
    await expect.poll(() => canaries.getByRole('row').count()).toBeGreaterThan(20);
    await page.getByRole('row').filter({ hasText: 'Python' }).first().waitFor();
    await picture('sandbox-check');
    await page.reload();
    await page.getByRole('button', { name: 'Check this machine' }).waitFor();
    expect(complaints).toEqual([]);
  });
});
