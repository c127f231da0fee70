/** Runs compared as a person does it: chosen on the runs page, held against one, read, kept and opened again by a link. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runStore } from '../fixtures/compared-runs.ts';
import { rolloutRecord } from '../fixtures/steps.ts';
import { noBrowser, startBrowser, withWindow } from './launch.ts';

const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202e';

/** Two rewards with three seeds each, far apart at step 20, and a run from a checkpoint beside its control. */
async function fill(): Promise<{ home: string; ids: string[]; child: string }> {
  const { home, store, addRun, addCheckpoint } = await runStore();
  const ids: string[] = [];
  for (const [reward, gain] of [
    ['unit-tests', 2],
    ['self-certainty', 0],
  ] as const)
    for (const seed of [1, 2, 3]) {
      const id = addRun({
        seed,
        reward,
        config: (config) => ({ ...config, name: `${reward} ${seed}` }),
        passed: { 0: [1, 2, 1, 2], 10: [1 + gain, 1 + gain, 1, 2] },
        metrics: {
          0: { 'train/tokens': 0 },
          10: { 'train/tokens': 1000, 'train/reward': gain, 'train/length': 40 + seed },
        },
      });
      const passed = [0, 1, 2, 3].map((_, problem) => (problem === 3 && seed === 3 ? 1 : 1 + gain));
      store.saveStep(id, {
        kind: 'step',
        step: 20,
        metrics: {
          'eval/avg@k': passed.reduce((sum, count) => sum + count / 4, 0) / passed.length,
          'train/tokens': 2000,
        },
        rollouts: passed.flatMap((count, problem) =>
          [0, 1, 2, 3].map((sample) =>
            rolloutRecord(sample, {
              split: 'eval',
              problemId: `p${problem}`,
              outcome: sample < count ? 'passed' : 'wrong-answer',
              completion: `${reward} ${seed} p${problem} ${HOSTILE}`,
              reward: null,
              advantage: null,
            }),
          ),
        ),
      });
      ids.push(id);
    }
  const parent = await addCheckpoint(ids[3] ?? '', 20);
  const from = { passed: { 0: [1, 2], 10: [3, 3] }, metrics: { 10: { 'train/tokens': 1000 } } };
  const child = addRun({ ...from, parent: parent.id, config: (config) => ({ ...config, name: 'after' }) });
  addRun({ ...from, controlOf: child, config: (config) => ({ ...config, name: 'after control' }) });
  await addCheckpoint(child, 10);
  store.close();
  return { home, ids, child };
}

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  test('choose, compare, pin, verdict, completions, save, reopen', { timeout: 300_000 }, async () => {
    const { home, ids } = await fill();
    await withWindow(browser, home, async (page, origin) => {
      const filter = page.getByLabel('Filter runs');
      await filter.fill('-name:after*');
      await page.getByRole('status').filter({ hasText: '6 of 8' }).waitFor();
      await page.getByRole('checkbox', { name: 'Choose all shown' }).check();
      await page.getByRole('toolbar', { name: 'Chosen runs' }).getByRole('button', { name: 'Compare' }).click();
      await page.waitForURL((url) => url.pathname === '/compare');

      // Seeds are one group: a line each for the two rewards.
      const groups = page.getByRole('list', { name: 'Groups' });
      const unitTests = groups.getByRole('button', { name: /^unit-tests/ });
      await unitTests.waitFor();
      await expect.poll(() => groups.getByRole('button', { name: /^Pin / }).count()).toBe(2);
      await page.getByRole('img', { name: 'Validation accuracy: 2 lines' }).waitFor();

      // Held against self-certainty, what unit tests gain is a difference, and better.
      await groups.getByRole('button', { name: 'Pin self-certainty' }).click();
      const effects = page.getByRole('table', { name: 'Effects' });
      const row = effects.getByRole('row').filter({ hasText: 'unit-tests' }).first();
      const verdict = row.getByText('DIFFERENT, better');
      await verdict.waitFor();
      // By hand: (12 + 12 + 10) / 48 samples passed against (4 + 4 + 4) / 48.
      await expect.poll(() => row.textContent()).toContain('70.8');
      await expect.poll(() => row.textContent()).toContain('+45.8 points');
      await verdict.hover();
      await page.getByRole('tooltip').filter({ hasText: 'Paired by seed' }).waitFor();
      const differences = page.getByRole('table', { name: 'Configuration difference' });
      expect((await differences.getByRole('rowheader').allTextContents()).join()).toMatch(
        /reward\.kind.*reward\.options\.credit$/,
      );

      // A group that is hidden is gone from the charts, and back again.
      await unitTests.click();
      await page.getByRole('img', { name: 'Validation accuracy: 1 line', exact: true }).waitFor();
      await unitTests.click();
      await page.getByRole('img', { name: 'Validation accuracy: 2 lines' }).waitFor();

      // The same problem in both, written out as text whatever it holds.
      await page.getByRole('tab', { name: 'Completions' }).click();
      const problems = page.getByRole('list', { name: 'Problems' }).getByRole('button');
      await problems.first().waitFor();
      await expect.poll(() => problems.count()).toBe(4);
      await page.keyboard.press('j');
      await page.waitForURL((url) => url.searchParams.get('problem') === 'p1');
      await page.getByText(/^self-certainty \d p1 <img src=x/).waitFor();
      await page.getByText(/^unit-tests \d p1 <img src=x/).waitFor();
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      // Back to a step that both have.
      await page.getByRole('slider', { name: 'Step' }).press('ArrowLeft');
      await page.waitForURL((url) => url.searchParams.get('step') === '10');
      await page.getByText('step 10').first().waitFor();

      // Kept under a name; its link opens it as it was.
      await page.getByRole('button', { name: 'Saved' }).click();
      await page.getByRole('menuitem', { name: 'Save this comparison' }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('Rewards');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByRole('button', { name: 'Rewards' }).waitFor();
      const link = page.url();
      await page.goto(`${origin}/compare`);
      await page
        .getByRole('region', { name: 'Saved comparisons' })
        .getByRole('button', { name: /Rewards/ })
        .click();
      await page.waitForURL(link);
      await page.goto('about:blank');
      await page.goto(link);
      await page.getByRole('button', { name: 'Rewards' }).waitFor();
      await page.getByText('step 10').first().waitFor();
      await expect
        .poll(() => groups.getByRole('button', { name: 'Pin self-certainty' }).getAttribute('aria-pressed'))
        .toBe('true');

      // Fewer runs: one is taken out.
      await groups.getByRole('button', { name: 'Runs of unit-tests' }).click();
      await groups.getByRole('button', { name: /^Take unit-tests 3/ }).click();
      await page.waitForURL((url) => !(url.searchParams.get('runs') ?? '').includes(ids[2] ?? '?'));
      await groups.getByText('×2').waitFor();
    });
  });

  test('a lineage: what came from what, with and without a mouse, and compared along its path', {
    timeout: 300_000,
  }, async () => {
    const { home, child } = await fill();
    await withWindow(browser, home, async (page, origin) => {
      await page.goto(`${origin}/lineage`);
      const graph = page.getByRole('img', { name: /^Lineage of 3 runs/ });
      await graph.waitFor();
      // The run and its control start at one x, which is where the checkpoint is that it came from.
      const left = async (id: string) =>
        (await graph.locator(`[data-node="${id}"]`).first().boundingBox())?.x ?? Number.NaN;
      const nodes = await graph
        .locator('rect[data-node]')
        .evaluateAll((all) => all.map((node) => node.getAttribute('x')));
      expect(nodes).toHaveLength(3);
      expect(nodes[1]).toBe(nodes[2]);
      await expect.poll(() => left(child)).toBeGreaterThan(200);

      await graph.locator(`[data-node="${child}-10"]`).click();
      const panel = page.getByRole('complementary', { name: 'Chosen node' });
      await panel.getByRole('heading', { name: /^after/ }).waitFor();
      await expect.poll(() => panel.textContent()).toContain('75.0');
      await page.getByRole('region', { name: 'Along the chain' }).getByText('after control').waitFor();
      await panel.getByRole('button', { name: 'Bootstrap from here' }).click();
      const dialog = page.getByRole('dialog', { name: /^Bootstrap from/ });
      await expect.poll(() => dialog.getByRole('checkbox', { name: 'With a matched control' }).isChecked()).toBe(true);
      await page.keyboard.press('Escape');

      // The list holds the same, and is gone through by key.
      await page.getByText('List', { exact: true }).click();
      const table = page.getByRole('table', { name: 'Lineage' });
      await table.getByRole('button', { name: /^after control/ }).waitFor();
      await panel.getByRole('button', { name: 'Close' }).click();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.waitForURL((url) => url.searchParams.get('node') === child);
      await panel.getByRole('button', { name: 'Compare along the path (2)' }).click();
      await page.waitForURL((url) => url.pathname === '/compare');
      await page.getByRole('list', { name: 'Groups' }).getByRole('button', { name: /after/ }).first().waitFor();
    });
  });
});
