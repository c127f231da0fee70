/** That the import rules of biome.json bite, and bite nothing else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const biome = join(dirname(createRequire(import.meta.url).resolve('@biomejs/biome/package.json')), 'bin', 'biome');
type Case = readonly [path: string, from: string];

/** Which of the cases biome reports, in one run over all of them. */
function reported(rule: string, cases: readonly Case[]): Case[] {
  const folder = mkdtempSync(join(tmpdir(), 'assay-rules-'));
  try {
    cpSync(join(root, 'biome.json'), join(folder, 'biome.json'));
    // The configuration asks git what to leave out.
    execFileSync('git', ['init', '-q'], { cwd: folder });
    const files = Map.groupBy(cases, ([path]) => path);
    for (const [path, ofPath] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), ofPath.map(([, from]) => `export * from '${from}';\n`).join(''));
    }
    const args = [biome, 'lint', `--only=${rule}`, '--reporter=json', '--max-diagnostics=none'];
    // Broken rules end with an exit code; the report is on standard output all the same.
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as Report;
    return diagnostics.flatMap(({ category, location }) => {
      expect(category).toBe(`lint/${rule}`);
      const broken = files.get(location.path)?.[location.start.line - 1];
      return broken === undefined ? [] : [broken];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Report {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly location: { readonly path: string; readonly start: { readonly line: number } };
  }[];
}

const forbidden: readonly Case[] = [
  ['src-shared/x.ts', '../src-main/app.ts'],
  ['src-shared/x.ts', 'node:fs'],
  ['src-shared/x.ts', 'react'],
  ['src-shared/charts/x.ts', '../../src-main/app.ts'],
  ['src-shared/charts/x.ts', 'echarts/core'],
  ['src-renderer/x.ts', '../src-main/app.ts'],
  ['src-renderer/pages/x.tsx', '../../src-main/presets.ts'],
  ['src-renderer/x.ts', 'node:fs'],
  ['src-renderer/x.ts', 'electron'],
  ['src-renderer/client.ts', '../src-main/app.ts'],
  ['src-main/app.ts', 'electron'],
  ['src-main/app.ts', '../src-renderer/client.ts'],
  ['src-main/app.ts', 'react'],
  ['src-main/api/http.ts', 'electron'],
  ['src-main/api/http.ts', '../app.ts'],
  ['src-main/api/ipc.ts', '../store/store.ts'],
  ['src-main/cli/x.ts', '../store/store.ts'],
  ['src-main/cli/x.ts', '../training/train.ts'],
  ['src-main/cli.ts', './runs/supervisor.ts'],
  ['src-main/desktop.ts', './store/store.ts'],
  ['src-main/preload.ts', './app.ts'],
  ['src-main/preload.ts', 'node:fs'],
  ['src-main/training/x.ts', '../store/store.ts'],
  ['src-main/training/x.ts', '../runs/supervisor.ts'],
  ['src-main/training/x.ts', '../app.ts'],
  ['src-main/training/x.ts', '@tensorflow/tfjs'],
  ['src-main/training/x.ts', '../rewards/unit-tests.ts'],
  ['src-main/training/x.ts', '../objectives/grpo.ts'],
  ['src-main/rewards/x.ts', '../advantages/group-relative.ts'],
  ['src-main/rewards/x.ts', '../objectives/index.ts'],
  ['src-main/rewards/x.ts', 'better-sqlite3'],
  ['src-main/advantages/x.ts', '../rewards/reward.ts'],
  ['src-main/objectives/x.ts', '../rewards/reward.ts'],
  ['src-main/diagnostics/x.ts', '../rewards/reward.ts'],
  ['src-main/datasets/x.ts', '../rewards/reward.ts'],
  ['src-main/engine/x.ts', '../rewards/reward.ts'],
  ['src-main/engine/tfjs/x.ts', '../../objectives/grpo.ts'],
  ['src-main/engine/x.ts', '../training/train.ts'],
  ['src-main/model/x.ts', '@tensorflow/tfjs'],
  ['src-main/stats/x.ts', '../store/store.ts'],
  ['src-main/sandbox/x.ts', '../training/train.ts'],
  ['src-main/store/x.ts', '../runs/supervisor.ts'],
  ['src-main/runs/x.ts', '../api/index.ts'],
  ['src-main/runs/x.ts', 'better-sqlite3'],
  ['src-main/studies/x.ts', '../cli/io.ts'],
  ['src-main/comparison/x.ts', '../api/index.ts'],
  ['src-main/lineage/x.ts', 'electron'],
  ['src-main/bundle/x.ts', 'better-sqlite3'],
  ['src-main/imports/x.ts', 'better-sqlite3'],
  ['src-main/reports/x.ts', '../desktop.ts'],
  ['src-main/estimate/x.ts', '@tensorflow/tfjs'],
  ['src-main/desktop/x.ts', '@tensorflow/tfjs'],
];

const allowed = Object.entries({
  'src-shared/x.ts': ['./y.ts', 'zod', 'yaml'],
  'src-shared/charts/x.ts': ['./y.ts', '../metrics.ts'],
  'src-renderer/pages/x.tsx': ['../../src-shared/api.ts', 'react', '../client.ts'],
  'src-main/app.ts': ['./api/index.ts', './store/store.ts', './runs/supervisor.ts', 'node:path'],
  'src-main/api/ipc.ts': ['electron', './shell.ts'],
  'src-main/desktop.ts': ['electron', './app.ts', './runs/worker-process.ts', './api/ipc.ts'],
  'src-main/preload.ts': ['electron', './api/ipc.ts'],
  'src-main/rewards/x.ts': ['./reward.ts', '../engine/engine.ts', '../stats/describe.ts'],
  'src-main/engine/tfjs/x.ts': ['@tensorflow/tfjs', '../engine.ts', '../../model/config.ts'],
  'src-main/store/x.ts': ['better-sqlite3', '../../src-shared/api.ts'],
  'src-main/cli/x.ts': ['../api/http.ts', 'commander', '../../src-shared/api.ts'],
}).flatMap(([path, all]) => all.map((from): Case => [path, from]));

test('every import that the architecture forbids is reported', () => {
  expect(reported('style/noRestrictedImports', forbidden).sort()).toEqual([...forbidden].sort());
});

test('what it allows is not', () => {
  expect(reported('style/noRestrictedImports', allowed)).toEqual([]);
});

test('cycles are reported', () => {
  const cycle: Case[] = [
    ['src-main/stats/a.ts', './b.ts'],
    ['src-main/stats/b.ts', './a.ts'],
  ];
  expect(reported('suspicious/noImportCycles', cycle).sort()).toEqual(cycle);
});
