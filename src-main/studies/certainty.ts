/** Certainty of correct against incorrect solutions, before any training (the study's Figures 3 and 6 to 8): evaluations of
 * the policy as it is, sampled as in the final evaluation, and as in training. */
import { setImmediate } from 'node:timers/promises';
import type { Api } from '../../src-shared/api.ts';
import { type CertaintyMeans, sequenceMeans } from '../diagnostics/tokens.ts';
import { mean, quantile } from '../stats/describe.ts';
import { compareRanks } from '../stats/ranks.ts';
import { armRuns } from './grid.ts';
import type { Study, StudyRun } from './study.ts';
import { cellOf, type ResultTable } from './tables.ts';

const STATISTICS: readonly (readonly [keyof CertaintyMeans, string])[] = [
  ['selfCertainty', 'self-certainty'],
  ['tokenEntropy', 'token entropy'],
  ['trajectoryEntropy', 'trajectory entropy'],
  ['disparity', 'probability disparity'],
];
/** Rollouts that are read without a pause. */
const AT_ONCE = 32;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95];

export const certainty: Study = {
  id: 'certainty',
  title: 'Certainty and correctness',
  question: 'Is a policy surer of its correct solutions than of its incorrect ones, before any training?',
  scales: ['tiny', 'paper'],
  plan: (_scale, seeds) => [
    ...armRuns(seeds, 'sampled as evaluated', null, { 'limits.steps': 0 }),
    ...armRuns(seeds, 'sampled as trained', null, {
      'limits.steps': 0,
      'evaluation.temperature': 1,
      'evaluation.topP': 1,
    }),
  ],
  predicates: ['T21'],
  tables: async (runs, api) => {
    const tables: ResultTable[] = [];
    for (const [arm, members] of Map.groupBy(runs, (run) => run.arm)) {
      const seeds: Sample[][] = [];
      for (const run of members) seeds.push(await samplesOf(api, run));
      const { 'evaluation.temperature': temperature, 'evaluation.topP': topP } = members[0]?.config ?? {};
      const how = `${arm}: temperature ${temperature}, top-p ${topP}`;
      tables.push(separation(how, seeds), distributions(how, seeds));
    }
    return tables;
  },
};

/** A judged response with its certainty: means over its tokens, at the temperature it was sampled at. */
interface Sample {
  readonly problemId: string;
  readonly passed: boolean;
  readonly means: CertaintyMeans;
}

async function samplesOf(api: Api, { runId }: StudyRun): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const [i, { id, problemId, outcome }] of (await api.rollouts({ runId, step: 0, split: 'eval' })).entries()) {
    // Thousands in a row would hold up whatever else this process does.
    if (i % AT_ONCE === 0) await setImmediate();
    if (outcome === 'sandbox-error') continue;
    const { stats } = await api.rollout({ rolloutId: id });
    if (stats.logprob.length > 0)
      samples.push({ problemId, passed: outcome === 'passed', means: sequenceMeans(stats) });
  }
  return samples;
}

const valuesOf = (samples: readonly Sample[], key: keyof CertaintyMeans, passed: boolean) =>
  samples.filter((sample) => sample.passed === passed).map(({ means }) => means[key]);

function separation(how: string, seeds: readonly (readonly Sample[])[]): ResultTable {
  const ranks = (samples: readonly Sample[], key: keyof CertaintyMeans) =>
    compareRanks(valuesOf(samples, key, true), valuesOf(samples, key, false));
  return {
    title: `How far certainty tells correct from incorrect, ${how}`,
    note: 'r: rank-biserial 2U / (n1 n2) - 1, as the captions of the study name it. |Z| / root N: what its code computes, without sign; not to be compared with r. AUROC pools all problems; within problems it compares responses to the same problem, and is the mean over problems that have both. Entropies are expected below r 0 and AUROC 0.5.',
    unit: 'number',
    rows: 'certainty',
    columns: ['r', '|Z| / root N', 'AUROC', 'AUROC within problems'],
    values: STATISTICS.map(([key, row]) => ({
      row,
      cells: [
        cellOf(seeds.map((samples) => ranks(samples, key)?.rankBiserial)),
        cellOf(seeds.map((samples) => ranks(samples, key)?.zOverRootN)),
        cellOf(seeds.map((samples) => ranks(samples, key)?.auroc)),
        cellOf(seeds.map((samples) => withinProblems(samples, (own) => ranks(own, key)?.auroc ?? null))),
      ],
    })),
  };
}

/** Mean over the problems that give a value; null where none does. */
function withinProblems(samples: readonly Sample[], value: (own: readonly Sample[]) => number | null): number | null {
  const values = [...Map.groupBy(samples, ({ problemId }) => problemId).values()].map(value).filter((v) => v !== null);
  return values.length === 0 ? null : mean(values);
}

function distributions(how: string, seeds: readonly (readonly Sample[])[]): ResultTable {
  return {
    title: `Certainty of correct and incorrect responses, ${how}`,
    note: 'Over the responses of a seed; self-certainty and entropies in nats.',
    unit: 'number',
    rows: 'certainty',
    columns: ['responses', 'mean', ...QUANTILES.map((q) => `${100 * q} %`)],
    values: STATISTICS.flatMap(([key, name]) =>
      [true, false].map((passed) => {
        const each = seeds.map((samples) => valuesOf(samples, key, passed));
        const known = each.filter((values) => values.length > 0);
        return {
          row: `${name}, ${passed ? 'correct' : 'incorrect'}`,
          cells: [
            cellOf(each.map((values) => values.length)),
            cellOf(known.map(mean)),
            ...QUANTILES.map((q) => cellOf(known.map((values) => quantile(Float64Array.from(values).sort(), q)))),
          ],
        };
      }),
    ),
  };
}
