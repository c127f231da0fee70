/** The package as electron-builder makes it, around a folder that stands for Electron: what is in it, how large it is, and
 * that the program in it runs from there. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ensureBuilt } from '../../../resources/launch/build.mjs';

const root = join(import.meta.dirname, '..', '..', '..');
const require = createRequire(import.meta.url);
const run = promisify(execFile);
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

/** Without Electron, compressed as an installer is. */
const BUDGET_MB = 60;
const isLinux = process.platform === 'linux';

describe.skipIf(!isLinux)('the package for Linux', () => {
  let folder: string;
  let resources: string;
  let archived: readonly string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'assay-package-'));
    expect(await ensureBuilt('all')).toBe(true);
    const output = join(folder, 'dist');
    await run(
      process.execPath,
      [
        join(root, 'node_modules', 'electron-builder', 'cli.js'),
        '--linux',
        'dir',
        `-c.electronDist=${standIn(join(folder, 'electron'))}`,
        `-c.directories.output=${output}`,
      ],
      { cwd: root, maxBuffer: 1 << 26 },
    );
    resources = join(output, `linux${process.arch === 'x64' ? '' : `-${process.arch}`}-unpacked`, 'resources');
    archived = require('@electron/asar').listPackage(join(resources, 'app.asar'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('has the three parts of the program, and of its parts what it needs to run', () => {
    for (const name of [
      '/package.json',
      '/out/main/desktop.js',
      '/out/main/worker.js',
      '/out/main/cli.js',
      '/out/preload/preload.cjs',
      '/out/renderer/index.html',
    ])
      expect(archived, name).toContain(name);
    // Neither the loader of native modules nor other programs read inside the archive.
    for (const name of [
      'resources/policy/model.safetensors',
      'resources/kernels/core.wasm',
      'resources/sandbox/serve.py',
      'resources/icons/icon.png',
      `node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`,
      'node_modules/pyodide/pyodide.asm.wasm',
    ])
      expect(existsSync(join(resources, 'app.asar.unpacked', name)), name).toBe(true);
  });

  test('has nothing that only making Assay needs', () => {
    const unwanted = archived.filter(
      (name) =>
        /\.(map|tsx?|stamp)$/.test(name) ||
        /^\/(src-|test|\.)/.test(name) ||
        /^\/resources\/(launch|docs|screenshots)/.test(name) ||
        /^\/node_modules\/(electron|typescript|vite|vitest|playwright|echarts|react|@mantine|node-linux)/.test(name),
    );
    expect(unwanted).toEqual([]);
  });

  test(`stays under ${BUDGET_MB} MB, Electron apart`, () => {
    const files = [...filesIn(resources)];
    // Level 6 of zstd packs less tightly than the xz of a deb.
    const bytes = files.reduce((sum, file) => sum + zstdCompressSync(readFileSync(file)).length, 0);
    const installed = files.reduce((sum, file) => sum + statSync(file).size, 0);
    const largest = largestOf(resources);
    console.info(`package: ${megabytes(bytes)} MB packed, ${megabytes(installed)} MB installed; ${largest}`);
    expect(bytes / 1e6).toBeLessThan(BUDGET_MB);
  });

  test('the program in it trains a step, and judges in its sandbox', async () => {
    const installed = join(folder, 'installed');
    require('@electron/asar').extractAll(join(resources, 'app.asar'), installed);
    cpSync(join(resources, 'app.asar.unpacked'), installed, { recursive: true });
    const home = join(folder, 'home');
    mkdirSync(home);
    const small = [
      'limits.steps=1',
      'rollouts.problemsPerStep=2',
      'rollouts.groupSize=2',
      'optimiser.minibatchProblems=2',
      'evaluation.problems=2',
    ];
    for (const engine of ['kernels-wasm', 'tfjs-wasm']) {
      const args = [...small, `policy.engine=${engine}`].flatMap((value) => ['--set', value]);
      const { stdout } = await run(
        process.execPath,
        [join(installed, 'out', 'main', 'cli.js'), 'run', 'grpo', ...args],
        {
          cwd: home,
          env: { ...process.env, ASSAY_HOME: home },
        },
      );
      expect(stdout, engine).toContain('finished');
    }
  });
});

/** A folder like Electron's own, with a program that does nothing. */
function standIn(folder: string): string {
  mkdirSync(join(folder, 'resources'), { recursive: true });
  mkdirSync(join(folder, 'locales'));
  writeFileSync(join(folder, 'electron'), '#!/bin/sh\n');
  chmodSync(join(folder, 'electron'), 0o755);
  for (const name of ['LICENSE', 'LICENSES.chromium.html']) writeFileSync(join(folder, name), '');
  return folder;
}

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) yield join(entry.parentPath, entry.name);
}

function largestOf(folder: string): string {
  const unpacked = join(folder, 'app.asar.unpacked', 'node_modules');
  const sizes = readdirSync(unpacked).map((name) => {
    const bytes = [...filesIn(join(unpacked, name))].reduce((sum, file) => sum + statSync(file).size, 0);
    return { name, bytes };
  });
  return sizes
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, 4)
    .map(({ name, bytes }) => `${name} ${megabytes(bytes)}`)
    .join(', ');
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
