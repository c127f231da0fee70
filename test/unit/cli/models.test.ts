/** `assay models` over a real app and a hub on the loopback: what it prints, and with which exit code. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openApp } from '../../../src-main/app.ts';
import { runProgram } from '../../../src-main/cli/program.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { COMMIT, policyRepo } from '../../fixtures/hub/policies.ts';
import { startHub } from '../../fixtures/hub/server.ts';
import { fakeIo } from './fixtures.ts';

async function setUp() {
  const home = await temporaryFolder();
  const hub = await startHub({ 'owner/small': { commit: COMMIT, files: await policyRepo() } });
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HOME', '/nowhere');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await hub.close();
  });
  const assay = async (...args: string[]) => {
    const io = fakeIo();
    const code = await runProgram(['--home', home, 'models', ...args], { io, version: '0', openApp });
    return { code, out: io.lines, err: io.errors };
  };
  return { home, hub, assay };
}

test('get, list, check, remove', { timeout: 180_000 }, async () => {
  const { home, assay } = await setUp();
  const folder = join(home, 'models', 'owner--small');
  expect((await assay()).out.at(-1)).toBe(`Nothing was downloaded to ${join(home, 'models')} yet.`);
  const got = await assay('get', 'owner/small');
  expect(got).toMatchObject({ code: 0, out: [folder] });
  expect(got.err[0]).toMatch(new RegExp(`^owner/small@${COMMIT}: 5 files, `));
  const listed = await assay();
  expect(listed.out.find((line) => line.startsWith('owner/small'))).toMatch(/qwen2 .* F32 .* 256 +0 +.*owner--small$/);
  const json = JSON.parse((await assay('--json')).out[0] ?? '') as { models: { source: string }[] };
  expect(json.models.map(({ source }) => source)).toEqual(['embedded', folder]);
  const checked = await assay('check', folder);
  expect(checked.code).toBe(0);
  expect(checked.out.join('\n')).toMatch(
    /sampled with {2}temperature 0\.6, top-p 0\.95, top-k 20\n.*memory .* to train, .* with LoRA/,
  );
  expect(await assay('check', home)).toMatchObject({
    code: 1,
    out: [expect.stringContaining('no run can start from it'), expect.anything()],
  });
  expect(await assay('remove', 'owner/nothing')).toMatchObject({
    code: 1,
    err: [expect.stringMatching(/there is owner\/small$/)],
  });
  expect(await assay('remove', 'owner/small')).toMatchObject({
    code: 0,
    out: [expect.stringMatching(/^Removed owner\/small/)],
  });
  expect(existsSync(folder)).toBe(false);
});

test('what cannot be had is one line and what to do', async () => {
  const { assay } = await setUp();
  expect(await assay('get', 'owner/none')).toMatchObject({
    code: 1,
    err: [
      'assay: owner/none@main: the hub shows no such repository; it may be private',
      expect.stringContaining('HF_TOKEN'),
    ],
  });
  expect(await assay('get', 'owner/small', '--file', 'pytorch_model.bin')).toMatchObject({
    code: 2,
    err: ['assay: owner/small@main: "pytorch_model.bin" cannot be had; it offers the folder /'],
  });
});

test('Ctrl-C leaves what the same command goes on with', async () => {
  const { hub, assay } = await setUp();
  const content = randomBytes(400_000);
  hub.repos.set('owner/big', { commit: COMMIT, files: { 'x.gguf': { content, lfs: true } } });
  hub.bytesPerSecond = 400_000;
  const home = await temporaryFolder();
  const io = fakeIo();
  const going = runProgram(['--home', home, 'models', 'get', 'owner/big', '--json'], { io, version: '0', openApp });
  await vi.waitFor(() => expect(io.lines.some((line) => /"bytes":[1-9]\d{5}/.test(line))).toBe(true), {
    timeout: 60_000,
  });
  io.interrupt();
  expect(await going).toBe(1);
  expect(io.errors).toEqual([
    'assay: owner/big: stopped; what is there stays',
    expect.stringContaining('goes on where it was'),
  ]);
  hub.bytesPerSecond = null;
  const after = fakeIo();
  expect(await runProgram(['--home', home, 'models', 'get', 'owner/big'], { io: after, version: '0', openApp })).toBe(
    0,
  );
  expect(hub.requests.at(-1)?.headers.range).toMatch(/^bytes=[1-9]/);
  expect(await assay()).toMatchObject({ code: 0 });
});
