/** A model as a person brings one: found on a hub, stopped and gone on with, looked at, used in a new run, removed. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writePolicy } from '../fixtures/folders.ts';
import { COMMIT, policyRepo } from '../fixtures/hub/policies.ts';
import { type FakeHub, startHub } from '../fixtures/hub/server.ts';
import { noBrowser, openPage, type ServedApp, startApp, startBrowser } from './launch.ts';

describe.skipIf(noBrowser !== null)(`in a browser${noBrowser === null ? '' : `: ${noBrowser}`}`, () => {
  const home = mkdtempSync(join(tmpdir(), 'assay-models-'));
  const before = { HF_ENDPOINT: process.env.HF_ENDPOINT, HF_HOME: process.env.HF_HOME };
  let hub: FakeHub;
  let app: ServedApp;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    hub = await startHub();
    Object.assign(process.env, { HF_ENDPOINT: hub.url, HF_HOME: '/nowhere' });
    [app, browser] = await Promise.all([startApp(home), startBrowser()]);
    page = await openPage(browser, complaints);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await hub?.close();
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    rmSync(home, { recursive: true, force: true });
  });

  const table = () => page.getByRole('table', { name: 'Models' });
  const panel = () => page.getByRole('complementary', { name: 'Chosen model' });
  const list = async (repo: string) => {
    await page.getByRole('textbox', { name: 'Repository' }).fill(repo);
    await page.keyboard.press('Enter');
  };

  test('download, stop, go on, use, remove, undo', { timeout: 300_000 }, async () => {
    const files = await policyRepo();
    hub.repos.set('owner/small', { commit: COMMIT, files });
    const weights = files['model.safetensors']?.content.length ?? 0;
    await page.goto(app.url);
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('heading', { name: 'Bring a policy of your own' }).waitFor();
    await table().getByRole('row').filter({ hasText: 'The embedded policy' }).getByText('583').waitFor();

    await page.getByRole('button', { name: 'Download', exact: true }).click();
    await list('owner/none');
    await page.getByRole('alert').getByText('the hub shows no such repository').waitFor();
    await list('owner/small');
    await page.getByRole('radio', { name: /The whole policy/ }).waitFor();
    // Slow enough to be stopped in the middle of the weights.
    hub.misbehave = (path) => {
      hub.bytesPerSecond = path === 'model.safetensors' ? weights / 20 : null;
      return false;
    };
    await page.getByRole('button', { name: /^Download \d/ }).click();
    const going = page.getByRole('list', { name: 'Downloads' });
    await going.getByText(/model\.safetensors .* left$/).waitFor();
    await going.getByRole('button', { name: 'Stop owner/small' }).click();
    await going.getByText(/, stopped$/).waitFor();
    expect(existsSync(join(home, 'models', 'owner--small'))).toBe(false);
    hub.misbehave = null;
    hub.bytesPerSecond = null;
    await going.getByRole('button', { name: 'Go on with owner/small' }).click();
    await table().getByRole('link', { name: 'owner/small' }).click();
    await expect.poll(() => going.count()).toBe(0);
    expect(hub.requests.at(-1)?.headers.range).toMatch(/^bytes=[1-9]/);

    await panel().getByRole('heading', { name: 'owner/small' }).waitFor();
    await panel().getByRole('region', { name: 'Memory' }).getByText('To train with LoRA').waitFor();
    await panel().getByRole('switch', { name: 'Sample as its authors do' }).click();
    await panel().getByRole('link', { name: 'Evaluate' }).click();
    await page.getByText('policy.source', { exact: true }).waitFor();
    await page.getByText('evaluation.topP', { exact: true }).waitFor();
    await expect.poll(() => page.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('owner/small');

    await page.goBack();
    await panel().getByRole('button', { name: 'Remove' }).click();
    await page.getByText(/^Removed owner\/small/).waitFor();
    expect(existsSync(join(home, 'models', 'owner--small'))).toBe(false);
    await page.getByRole('button', { name: 'Undo' }).click();
    await table().getByRole('link', { name: 'owner/small' }).waitFor();
    expect(existsSync(join(home, 'models', 'owner--small', 'model.safetensors'))).toBe(true);
    expect(complaints).toEqual([]);
  });

  test('a folder of this machine is checked by its path, and by keys alone', { timeout: 180_000 }, async () => {
    const folder = await writePolicy(join(home, 'mine'));
    await page.goto(`${new URL(app.url).origin}/models`);
    await page.getByRole('textbox', { name: 'Folder or GGUF file' }).fill(join(home, 'nothing'));
    await page.keyboard.press('Enter');
    await panel().getByRole('alert').getByText('there is no such file or folder').waitFor();
    await page.getByRole('textbox', { name: 'Folder or GGUF file' }).fill(folder);
    await page.keyboard.press('Enter');
    await panel().getByText('qwen2').waitFor();
    await page.locator('body').click({ position: { x: 5, y: 500 } });
    await page.keyboard.press('k');
    await panel().getByRole('heading', { name: 'mine' }).waitFor({ state: 'hidden' });
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Launch run' }).waitFor();
    expect(complaints).toEqual([]);
  });
});
