/**
 * What presets.bench.ts found, as resources/docs/presets.md with its pictures. Runs without a file are named there.
 * `node test/bench/presets-report.ts [--from <folder>] [--to <folder>] [--seeds 1,2,3] [--readme]`; with --readme the
 * short table in README.md is replaced too, for which every run must be there.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseModelConfig } from '../../src-main/model/config.ts';
import { weightShapes } from '../../src-main/model/weights.ts';
import { presets } from '../../src-main/presets.ts';
import { resourcePath } from '../../src-main/resources.ts';
import { type ChartSpec, drawChart } from './presets/charts.ts';
import { presetsDocument, readmeTable } from './presets/document.ts';
import { judgeAll } from './presets/findings.ts';
import type { Picture, Report } from './presets/report.ts';
import { COMPARED, loadRuns, type Run } from './presets/runs.ts';
import { summarise } from './presets/summary.ts';

const root = join(import.meta.dirname, '..', '..');
const { values } = parseArgs({
  options: {
    from: { type: 'string', default: join(import.meta.dirname, 'results', 'presets') },
    to: { type: 'string', default: join(root, 'resources', 'docs') },
    seeds: { type: 'string', default: '1,2,3' },
    readme: { type: 'boolean', default: false },
  },
});

const charts: readonly (ChartSpec & { readonly file: string })[] = [
  {
    file: 'presets-accuracy.svg',
    title: 'Validation accuracy',
    metric: 'eval/avg@k',
    scale: 100,
    highest: 1,
    yName: '% of samples that pass',
  },
  {
    file: 'presets-length.svg',
    title: 'Response length of training rollouts',
    metric: 'train/length',
    scale: 1,
    highest: null,
    yName: 'tokens',
  },
  {
    file: 'presets-entropy.svg',
    title: 'Token entropy of training rollouts',
    metric: 'train/token-entropy',
    scale: 1,
    highest: null,
    yName: 'nats a token',
  },
];

const { runs, missing } = await loadRuns(values.from, COMPARED, values.seeds.split(',').map(Number));
const [first] = runs;
if (first === undefined) throw new Error(`${values.from}: no run of any preset; make them with presets.bench.ts`);
const byPreset = presets
  .map(({ id, title }) => ({ id, title, runs: runs.filter(({ preset }) => preset === id) }))
  .filter((preset) => preset.runs.length > 0);

await mkdir(values.to, { recursive: true });
const pictures: Picture[] = [];
for (const { file, ...spec } of charts) {
  const svg = drawChart(withLimit(spec, first), byPreset);
  if (svg === null) continue;
  await writeFile(join(values.to, file), svg);
  pictures.push({ file, alt: `${spec.title} over training steps, one line a preset` });
}
const summaries = byPreset.map((preset) => summarise(preset.title, preset.runs));
const report: Report = {
  runs,
  missing,
  summaries,
  judged: judgeAll(summaries, first.config.limits.steps),
  pictures,
  parameters: first.config.policy.source === 'embedded' ? await embeddedParameters() : null,
};
await writeFile(join(values.to, 'presets.md'), presetsDocument(report));
for (const { preset, seed } of missing) console.log(`missing: ${preset} seed ${seed}`);
console.log(`${join(values.to, 'presets.md')}: ${runs.length} of ${runs.length + missing.length} runs`);

if (values.readme) {
  if (missing.length > 0) throw new Error(`--readme: ${missing.length} runs are missing; all must be there`);
  const path = join(root, 'README.md');
  await writeFile(path, withBlock(await readFile(path, 'utf8'), readmeTable(report)));
  console.log(`${path}: table replaced`);
}

/** No response is longer than the run allows. */
function withLimit(spec: ChartSpec, { config }: Run): ChartSpec {
  return spec.metric === 'train/length' ? { ...spec, highest: config.rollouts.maxNewTokens } : spec;
}

async function embeddedParameters(): Promise<number> {
  const file = join(resourcePath('policy'), 'config.json');
  const shapes = weightShapes(parseModelConfig(await readFile(file, 'utf8'), file));
  return [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** @throws Error where the README lost its place for the table. */
function withBlock(readme: string, block: string): string {
  const place = /(<!-- presets:begin[^>]*-->\n)[\s\S]*?(<!-- presets:end -->)/;
  if (!place.test(readme)) throw new Error('README.md: <!-- presets:begin --> ... <!-- presets:end --> is missing');
  return readme.replace(place, (_, begin: string, end: string) => `${begin}\n${block}\n\n${end}`);
}
