/**
 * The collapse watch over the finished runs of a data folder, as it saw them live, against what their last validations
 * say. Runs that the watch's defaults were chosen by are counted apart: they are no test of it.
 * `node test/bench/collapse.bench.ts --home FOLDER [--in-view training-dynamics] [--to results/collapse.json] [--doc FILE]`
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collapseStep } from '../../src-main/diagnostics/collapse.ts';
import { collapseRates, type JudgedRun, judgeRuns } from '../../src-main/diagnostics/collapse-rates.ts';
import { openStore } from '../../src-main/store/store.ts';
import { figures, type GroupFigures, type RunFigures } from './collapse/figures.ts';

const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    'in-view': { type: 'string', default: 'training-dynamics' },
    to: { type: 'string', default: join(import.meta.dirname, 'results', 'collapse.json') },
    doc: { type: 'string' },
  },
});
if (values.home === undefined) throw new Error('--home: the data folder with the runs is needed');
const inView = values['in-view'].split(',');

interface Known extends RunFigures {
  readonly judged: JudgedRun | null;
}

const store = openStore(values.home, 'reader');
const known: Known[] = [];
const repeats: string[] = [];
try {
  const seen = new Set<string>();
  for (const { id, number, name, config, study } of store.runs.all().reverse()) {
    if (store.runs.get(id).status !== 'finished') continue;
    const steps = store.steps
      .after(id, -1)
      .map(({ step, metrics }) => collapseStep(step, metrics, Number(config.rollouts.maxNewTokens)));
    // The same configuration, seed and engine repeat bit for bit: such a run would be counted twice.
    const print = JSON.stringify(steps);
    if (seen.has(print)) repeats.push(`#${number}`);
    if (seen.has(print)) continue;
    seen.add(print);
    const [judged] = judgeRuns([{ id, steps }]);
    // Studies name their runs by themselves, also where an older Assay did not record which one it was.
    const group = study ?? name.split(' ')[0] ?? name;
    const { start, end, since } = judged?.truth ?? { start: null, end: null, since: null };
    known.push({
      ...{ number, name, group, reward: config.reward.kind, inView: inView.includes(group) },
      ...{
        start,
        end,
        since,
        alarms: (judged?.alarms ?? []).map(({ mode, onset, raisedAt }) => ({ mode, onset, raisedAt })),
      },
      judged: judged ?? null,
    });
  }
} finally {
  store.close();
}

const rated = (runs: readonly Known[]): GroupFigures => ({
  runs: runs.length,
  untold: runs.filter(({ judged }) => judged === null).length,
  rates: collapseRates(runs.flatMap(({ judged }) => judged ?? [])),
});
const byReward = (runs: readonly Known[]) =>
  Object.fromEntries([...Map.groupBy(runs, ({ reward }) => reward)].map(([reward, own]) => [reward, rated(own)]));
const parts = [known.filter((run) => run.inView), known.filter((run) => !run.inView)] as const;
const result = {
  recordedAt: new Date().toISOString(),
  inView: { studies: inView, ...rated(parts[0]), byReward: byReward(parts[0]) },
  notInView: {
    studies: [...new Set(parts[1].map(({ group }) => group))],
    ...rated(parts[1]),
    byReward: byReward(parts[1]),
  },
  repeats,
  runs: known.map(({ judged: _, ...run }) => run),
};
await writeFile(values.to, `${JSON.stringify(result, null, 1)}\n`);
const text = figures(result);
console.log(text);
if (values.doc !== undefined) {
  const place = /(<!-- figures:begin[^>]*-->\n)[\s\S]*?(<!-- figures:end -->)/;
  const document = await readFile(values.doc, 'utf8');
  if (!place.test(document))
    throw new Error(`${values.doc}: <!-- figures:begin --> ... <!-- figures:end --> is missing`);
  await writeFile(
    values.doc,
    document.replace(place, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`),
  );
}
