/** The New run page by keyboard alone: preset, option, difference, warning, error, YAML, draft, three seeds, queue. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noBrowser, openPage, type ServedApp, startApp, startBrowser } from './launch.ts';

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  let app: ServedApp;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [app, browser] = await Promise.all([startApp(), startBrowser()]);
    page = await openPage(browser, complaints, { width: 1440, height: 900 });
    await page.goto(app.url);
    await page.waitForURL((url) => url.pathname === '/runs');
    await page.goto(`${new URL(app.url).origin}/new-run`);
    await page.getByRole('button', { name: 'Launch run' }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    app?.remove();
  });

  const panel = () => page.getByRole('complementary', { name: 'This run' });
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
    });
  const key = (name: string) => page.keyboard.press(name);
  /** Tab until what is focused is called `name`. */
  const tabTo = async (name: string) => {
    for (let i = 0; i < 120; i++) {
      if ((await focused()) === name) return;
      await key('Tab');
    }
    throw new Error(`Tab does not reach ${name}`);
  };
  /** Type in place of what is there. */
  const retype = async (text: string) => {
    await key('Control+A');
    await page.keyboard.type(text);
  };

  test('a preset is found and chosen', async () => {
    await tabTo('Find a preset');
    await page.keyboard.type('token entropy');
    await key('ArrowDown');
    await expect.poll(() => focused()).toBe('Token entropy');
    await key('Enter');
    await page.getByRole('button', { name: 'Token entropy', pressed: true }).waitFor();
    // Nothing is changed yet, and there is no control beside the certainty reward.
    await panel().getByText('None: Token entropy as it is.').waitFor();
    await panel().getByText('No control beside a certainty reward.').waitFor();
  });

  test('an option is changed: the difference and a warning are there, and an error stands beside its field', async () => {
    await tabTo('Find an option');
    await page.keyboard.type('group size');
    await tabTo('Group size');
    await retype('2');
    const field = page.getByRole('textbox', { name: 'Group size' });
    await page.getByText('Groups of 2 say little about a rollout.').first().waitFor();
    await panel().getByText('rollouts.groupSize').waitFor();
    await panel().getByRole('region', { name: 'Warnings' }).getByText('Groups of 2 say little').waitFor();

    await retype('many');
    await page.getByRole('alert').getByText('"many" is not a whole number from 1 to 256').waitFor();
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true');
    // It cannot be launched: the cursor goes where the fault is.
    await key('Control+Enter');
    await expect.poll(focused).toBe('Group size');
    expect(new URL(page.url()).pathname).toBe('/new-run');
    await retype('1');
    // By itself 1 is fine; the app refuses it with this advantage.
    await page.getByRole('alert').getByText('leaves advantage.kind group-relative nothing to compare').waitFor();
    await retype('4');
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
  });

  test('the form is a text, and the text the form', async () => {
    await page.getByRole('radio', { name: 'Form' }).focus();
    await key('ArrowRight');
    const text = page.getByRole('textbox', { name: 'YAML' });
    await expect.poll(() => text.inputValue()).toBe('preset: token-entropy\nrollouts:\n  groupSize: 4\n');
    await text.focus();
    await key('Control+A');
    await page.keyboard.insertText('preset: token-entropy\nrollouts:\n  groupsize: 4\n');
    await page.getByRole('alert').getByText('Line 3').waitFor();
    await panel().getByText('The YAML has errors.').waitFor();
    await key('Control+A');
    await page.keyboard.insertText(
      'preset: token-entropy\nrollouts: { groupSize: 4, problemsPerStep: 4 }\noptimiser.minibatchProblems: 4\nlimits: { steps: 3 }\nevaluation: { every: 0 }\n',
    );
    await panel().getByText('optimiser.minibatchProblems').waitFor();
    await page.getByRole('radio', { name: 'YAML' }).focus();
    await key('ArrowLeft');
    await expect.poll(() => page.getByRole('textbox', { name: 'Group size' }).inputValue()).toBe('4');
    await expect.poll(() => page.getByRole('textbox', { name: 'Steps', exact: true }).inputValue()).toBe('3');
  });

  test('a draft survives a reload, and can be discarded and had again', async () => {
    await page.reload();
    await page.getByText('Draft restored').waitFor();
    await expect.poll(() => page.getByRole('textbox', { name: 'Steps', exact: true }).inputValue()).toBe('3');
    await page.getByRole('button', { name: 'Discard' }).press('Enter');
    await panel().getByText('None: GRPO (unit tests) as it is.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).press('Enter');
    await panel().getByText('limits.steps').waitFor();
  });

  test('an own preset is kept, renamed and deleted', async () => {
    await page.getByRole('button', { name: 'Save as preset' }).press('Enter');
    await page.getByRole('textbox', { name: 'Preset name' }).waitFor();
    await page.keyboard.type('Tiny');
    await key('Enter');
    const card = page.getByRole('region', { name: 'Your own' }).getByRole('button', { name: 'Tiny', exact: true });
    await card.waitFor();
    await expect.poll(() => card.getAttribute('aria-pressed')).toBe('true');
    await panel().getByText('None: Tiny as it is.').waitFor();
    await page.getByRole('button', { name: 'Rename' }).press('Enter');
    await page.getByRole('textbox', { name: 'Preset name' }).waitFor();
    await retype('Tiny entropy');
    await key('Enter');
    await page.getByRole('button', { name: 'Tiny entropy', pressed: true }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).press('Enter');
    // What it held is in the form still.
    await panel().getByText('limits.steps').waitFor();
    await expect.poll(() => page.getByRole('region', { name: 'Your own' }).count()).toBe(0);
  });

  test('an evaluation hides what it has no use for, and training comes back', async () => {
    await page.getByRole('radio', { name: 'Train' }).focus();
    await key('ArrowRight');
    await page.getByText('An evaluation does not train, so these are left out: Reward, Advantage').waitFor();
    await expect.poll(() => page.getByRole('button', { name: /^Optimiser/ }).count()).toBe(0);
    await key('ArrowLeft');
    await expect.poll(() => page.getByRole('textbox', { name: 'Steps', exact: true }).inputValue()).toBe('3');
  });

  test('three seeds are launched, and stand in the queue', { timeout: 300_000 }, async () => {
    await page.getByRole('button', { name: /^Several runs/ }).press('Enter');
    await page.getByRole('textbox', { name: 'Seeds to run' }).focus();
    await page.keyboard.type('1-3');
    await page.getByText('3 runs, one after another').waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).focus();
    await page.keyboard.type('Entropy');
    await page.getByRole('button', { name: 'Launch 3 runs' }).waitFor();
    await key('Control+Enter');
    const launched = page.getByRole('region', { name: 'Launched' });
    await launched.waitFor({ timeout: 180_000 });
    const links = launched.getByRole('link', { name: /Entropy, seed/ });
    await expect.poll(() => links.count(), { timeout: 60_000 }).toBe(3);
    expect((await links.allTextContents()).map((name) => name.replace(/^#\d+ /, ''))).toEqual([
      'Entropy, seed 1',
      'Entropy, seed 2',
      'Entropy, seed 3',
    ]);
    // Launched, they are no draft any more.
    await page.reload();
    await page.getByRole('button', { name: 'Launch run' }).waitFor();
    expect(await page.getByText('Draft restored').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
