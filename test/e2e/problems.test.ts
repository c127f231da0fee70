/** The page of problems, as a person uses it: a set is inspected, read, searched, checked, and taken to a run. */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noBrowser, openPage, root, type ServedApp, startApp, startBrowser } from './launch.ts';

const fixtures = join(root, 'test', 'fixtures', 'problem-sets');

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  let app: ServedApp;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(), startBrowser()]);
    page = await openPage(browser, complaints);
    await page.goto(app.url);
    await page.getByRole('link', { name: 'Problems' }).click();
    await page.getByRole('heading', { name: 'Look at a problem set before you train on it' }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    app?.remove();
  });

  const problems = () => page.getByRole('table', { name: 'Problems' });
  const pane = () => page.getByRole('complementary', { name: 'Problem', exact: true });
  const choose = async (kind: string, path: string) => {
    await page.getByRole('button', { name: kind, exact: true }).click();
    const options = page.getByRole('form', { name: `Options of ${kind}` });
    await options.getByRole('combobox', { name: 'Files' }).fill(path);
    await options.getByRole('button', { name: 'Inspect' }).click();
  };

  test('what is wrong is said at its field, or in place of the set', { timeout: 180_000 }, async () => {
    await page.getByRole('button', { name: 'HumanEval', exact: true }).click();
    await page.getByRole('button', { name: 'Inspect' }).click();
    await page.getByRole('alert').filter({ hasText: 'is empty; a value is needed' }).waitFor();
    await choose('HumanEval', '/no/such/file.jsonl');
    await page.getByRole('alert').filter({ hasText: '/no/such/file.jsonl' }).waitFor();
    await choose('HumanEval', join(fixtures, 'mbpp.jsonl'));
    await page.getByRole('alert').filter({ hasText: 'mbpp.jsonl, line 1: task_id: must be text' }).waitFor();
  });

  test('a set is read, and its problems by the keyboard', { timeout: 180_000 }, async () => {
    await choose('HumanEval', join(fixtures, 'humaneval.jsonl.gz'));
    await problems().getByRole('button', { name: 'HumanEval/1' }).waitFor();
    const validation = page.getByRole('table', { name: 'Splits' }).getByRole('row', { name: /^Validation/ });
    await expect.poll(() => validation.getByRole('cell').allTextContents()).toEqual(['2', '1', '1', 'asserts', '2']);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await pane().getByRole('heading', { name: 'HumanEval/0' }).waitFor();
    await page.keyboard.press('j');
    await pane().getByRole('heading', { name: 'HumanEval/1' }).waitFor();
    await pane().getByText('def third(x: float)').waitFor();
    await pane().getByText('assert abs(candidate(1)').waitFor();

    await pane().getByRole('tab', { name: 'Prompt' }).click();
    await pane().getByRole('region', { name: 'Prompt' }).getByText('Complete the function third').waitFor();
    await pane().getByRole('combobox', { name: 'Prompt' }).click();
    await page.getByRole('option', { name: 'Plain text' }).click();
    await pane().getByRole('region', { name: 'Prompt' }).getByText('You are an expert Python programmer').waitFor();
    await pane().getByRole('tab', { name: 'Solutions' }).click();
    await pane().getByText('return x / 3').waitFor();

    // The address opens it again.
    await page.reload();
    await pane().getByRole('heading', { name: 'HumanEval/1' }).waitFor();
    await page.getByRole('heading', { name: 'HumanEval/1' }).click();
    await page.keyboard.press('Escape');
    await pane().waitFor({ state: 'detached' });
  });

  test('its solutions are run on its tests', { timeout: 180_000 }, async () => {
    await page.getByRole('button', { name: 'Check the reference solutions' }).click();
    await page.getByRole('status').filter({ hasText: '2 of 2 problems pass' }).waitFor({ timeout: 180_000 });
    await page.getByRole('button', { name: 'Check again' }).waitFor();
  });

  test('a problem is taken to the sandbox with its solution', { timeout: 180_000 }, async () => {
    await problems().getByRole('button', { name: 'HumanEval/0' }).click();
    await pane().getByRole('button', { name: 'Try in the sandbox' }).click();
    await page.getByRole('textbox', { name: 'Program' }).waitFor();
    await expect
      .poll(() => page.getByRole('textbox', { name: 'Program' }).inputValue())
      .toContain('return [2 * x for x in xs]');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('1 of 1 tests passed').waitFor();
    await page.goBack();
  });

  test('what is there twice is a warning, found again by words, and a split is chosen', {
    timeout: 180_000,
  }, async () => {
    await choose('MBPP', join(fixtures, 'mbpp.jsonl'));
    await page.getByRole('alert').filter({ hasText: 'more than once, in several splits' }).waitFor();
    await page.getByRole('list', { name: 'Left out' }).getByText('1 record: in no split of the set').waitFor();
    await page.getByRole('textbox', { name: 'Find problems' }).fill('SQUARE number');
    await page.getByText('2 of 5').waitFor();
    await expect.poll(() => problems().getByRole('rowheader').allTextContents()).toEqual(['974', '11']);
    await page.getByRole('radiogroup', { name: 'Split' }).getByText('Test').click();
    await page.getByText('1 of 5').waitFor();
    expect(page.url()).toContain('split=test');
    await page.getByRole('button', { name: 'HumanEval · humaneval.jsonl.gz' }).waitFor();
  });

  test('fills the form of a run, and of an evaluation', { timeout: 180_000 }, async () => {
    await page.getByRole('link', { name: 'New run with these' }).click();
    await page.getByRole('button', { name: 'Launch run' }).waitFor();
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Files' }).inputValue())
      .toBe(join(fixtures, 'mbpp.jsonl'));
    await page.goBack();
    await page.getByRole('link', { name: 'Evaluate on these' }).click();
    await page.getByText('An evaluation does not train').waitFor();
    await expect.poll(() => page.getByRole('radio', { name: 'Evaluate' }).isChecked()).toBe(true);
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Files' }).inputValue())
      .toBe(join(fixtures, 'mbpp.jsonl'));
    expect(complaints).toEqual([]);
  });
});
