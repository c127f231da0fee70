/** `assay eval`: a run without steps of a policy on a problem set, followed to its end, with the accuracy by k and what it
 * could have been on other problems of the kind. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Api, Checkpoint, FlatValues, RunDetail } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { evaluationOptions } from '../../src-shared/run.ts';
import type { OwnedShell } from '../api/shell.ts';
import { intervalOfMean, type Judged, passByProblem } from '../stats/accuracy.ts';
import { mean } from '../stats/describe.ts';
import { DATASET_HELP, datasetSets } from './dataset.ts';
import { follow } from './follow.ts';
import { type Io, table } from './io.ts';
import { findRun } from './run-reference.ts';
import { applySets } from './values.ts';

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

interface Given {
  readonly dataset?: string;
  readonly set: readonly string[];
  readonly samples?: string;
  readonly temperature?: string;
  readonly topP?: string;
  readonly maxTokens?: string;
  readonly name?: string;
  readonly json?: true;
}

/** Shorter names of options. */
const FLAGS = {
  samples: 'evaluation.samples',
  temperature: 'evaluation.temperature',
  topP: 'evaluation.topP',
  maxTokens: 'rollouts.maxNewTokens',
} as const;

/** Benchmarks are measured whole. */
const ALL_PROBLEMS = `evaluation.problems=${evaluationOptions.problems.max}`;

export function addEvalCommand(program: Command, { io, withApp }: Surroundings): void {
  program
    .command('eval')
    .description('evaluate a policy without training it; Ctrl-C stops it, and "assay resume" goes on where it was')
    .argument(
      '<policy>',
      'embedded; a checkpoint by its id; a run by its number (its newest checkpoint), or 14@50 for its step 50; or a folder',
    )
    .option('--dataset <set>', `${DATASET_HELP}; all of its validation problems are used`)
    .option('-n, --samples <n>', 'samples a problem, as evaluation.samples')
    .option('--temperature <t>', 'as evaluation.temperature')
    .option('--top-p <p>', 'as evaluation.topP')
    .option('--max-tokens <n>', 'longest response, as rollouts.maxNewTokens')
    .option('--set <path=value>', 'set an option, by its full path or an unambiguous ending; repeatable', collect, [])
    .option('--name <name>', 'name of the run')
    .option('--json', 'one JSON object a line on standard output; the last one is the result')
    .action((policy: string, given: Given) =>
      withApp(false, async ({ api }) => {
        const source = await policyOf(api, policy);
        const flags = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).flatMap((flag) =>
          given[flag] === undefined ? [] : [`${FLAGS[flag]}=${given[flag]}`],
        );
        const catalogue = await api.catalogue({});
        const dataset = given.dataset === undefined ? [] : [...datasetSets(catalogue, given.dataset), ALL_PROBLEMS];
        const values = applySets(catalogue, null, { 'policy.source': source, 'limits.steps': 0 }, [
          ...dataset,
          ...flags,
          ...given.set,
        ]);
        if (values['limits.steps'] !== 0)
          throw new AssayError('usage', '--set limits.steps: an evaluation has no steps; "assay run" trains');
        return evaluate(api, io, { name: given.name ?? `Evaluation of ${policy}`, values, json: given.json === true });
      }),
    );
}

interface Request {
  readonly name: string;
  readonly values: FlatValues;
  readonly json: boolean;
}

async function evaluate(api: Api, io: Io, { name, values, json }: Request): Promise<number> {
  let launched = '';
  const code = await follow(api, io, {
    json,
    start: async () => {
      launched = (await api.launchRun({ name, preset: null, values })).runId;
      return { runId: launched, afterStep: -1 };
    },
  });
  const run = await api.run({ runId: launched });
  const found = await accuracyOf(api, run);
  for (const line of json ? [JSON.stringify({ event: 'result', runId: run.id, ...found })] : resultLines(run, found))
    io.out(line);
  return code;
}

/** The value of `policy.source` that a person means. @throws AssayError `not-found` */
async function policyOf(api: Api, text: string): Promise<string> {
  if (text === 'embedded' || text.startsWith('checkpoint:')) return text;
  const [, number, step] = /^(#?\d+)(?:@(\d+))?$/.exec(text) ?? [];
  if (number !== undefined) return checkpointOf(api, number, step === undefined ? null : Number(step));
  const found = statSync(text, { throwIfNoEntry: false });
  if (found?.isDirectory() || (found?.isFile() && /\.gguf$/i.test(text))) return resolve(text);
  const [, run, at] = /^(.+)-(\d+)$/.exec(text) ?? [];
  const runs = await api.runs({});
  if (run !== undefined && runs.some(({ id }) => id === run)) return checkpointOf(api, run, Number(at));
  throw new AssayError('not-found', `policy ${text}: there is no such folder, checkpoint or run`, {
    hint: 'Allowed is embedded, a checkpoint id, a run number such as 14 or 14@50, a folder with safetensors, or a GGUF file.',
  });
}

async function checkpointOf(api: Api, run: string, step: number | null): Promise<string> {
  const { id: runId, number } = findRun(await api.runs({}), run);
  const all = await api.checkpoints({ runId });
  const found: Checkpoint | undefined = step === null ? all.at(-1) : all.find((each) => each.step === step);
  if (found !== undefined) return `checkpoint:${found.id}`;
  const has = all.length === 0 ? 'it has none' : `it has them of steps ${all.map((each) => each.step).join(', ')}`;
  throw new AssayError('not-found', `run #${number}: no checkpoint${step === null ? '' : ` of step ${step}`}; ${has}`);
}

/** Mean over problems with its 95 % interval, null where there is none. Fractions. */
interface Accuracy {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly problems: number;
}

interface Result {
  /** Null where no sample could be judged. */
  readonly avg: Accuracy | null;
  readonly pass: readonly (Accuracy & { readonly k: number })[];
  /** Samples that the sandbox could not judge: they are in no number. */
  readonly unjudged: number;
}

async function accuracyOf(api: Api, { id: runId }: RunDetail): Promise<Result> {
  const rollouts = await api.rollouts({ runId, step: 0, split: 'eval' });
  const judged = rollouts.filter(({ outcome }) => outcome !== 'sandbox-error');
  const problems = [...Map.groupBy(judged, ({ problemId }) => problemId).values()].map(
    (samples): Judged => ({
      samples: samples.length,
      passed: samples.filter(({ outcome }) => outcome === 'passed').length,
    }),
  );
  return {
    avg: problems.length === 0 ? null : accuracy(problems.map(({ samples, passed }) => passed / samples)),
    pass: [...passByProblem(problems)].map(([k, values]) => ({ k, ...accuracy(values) })),
    unjudged: rollouts.length - judged.length,
  };
}

function accuracy(values: readonly number[]): Accuracy {
  const { low, high } = intervalOfMean(values) ?? { low: null, high: null };
  return { value: mean(values), low, high, problems: values.length };
}

function resultLines(run: RunDetail, { avg, pass, unjudged }: Result): string[] {
  const { samples, temperature, topP } = run.config.evaluation;
  const source = String(run.config.policy.source);
  const percent = (value: number) => (100 * value).toFixed(1);
  const row = (name: string, { value, low, high, problems }: Accuracy) => [
    name,
    percent(value),
    low === null || high === null ? '-' : `${percent(low)} to ${percent(high)}`,
    String(problems),
  ];
  return [
    '',
    `${source} on ${run.config.problems.kind}: ${samples} samples a problem, temperature ${temperature}, top-p ${topP}, at most ${run.config.rollouts.maxNewTokens} tokens`,
    ...table(
      ['', '%', '95 % interval', 'problems'],
      [...(avg === null ? [] : [row(`avg@${samples}`, avg)]), ...pass.map((each) => row(`pass@${each.k}`, each))],
    ),
    'Intervals are of the mean over problems (BCa bootstrap): other problems of the kind, the same policy.',
    ...(unjudged === 0 ? [] : [`${unjudged} samples could not be judged, and are in none of these.`]),
  ];
}

const collect = (value: string, all: readonly string[]) => [...all, value];
