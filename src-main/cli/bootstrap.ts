/** `assay bootstrap`: runs from a checkpoint with their matched controls, followed to their ends and compared. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Api, Checkpoint, RunSummary } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { OwnedShell } from '../api/shell.ts';
import { compared, comparisonLines } from './compare.ts';
import type { Io } from './io.ts';
import { findRun } from './run-reference.ts';
import { applySets } from './values.ts';

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

interface Given {
  readonly preset: string;
  readonly set: string[];
  readonly seeds?: number;
  readonly name?: string;
  readonly control: boolean;
  readonly json?: true;
}

export function addBootstrapCommand(program: Command, { io, withApp }: Surroundings): void {
  program
    .command('bootstrap')
    .description('train from a checkpoint, beside the same training from where its run began, and compare the two')
    .argument('<checkpoint>', 'id of a checkpoint, or a run and a step: 14@50; a run alone means its last checkpoint')
    .option('--preset <id>', 'where the configuration starts from', 'grpo')
    .option('--set <path=value>', 'set an option, by its full path or an unambiguous ending; repeatable', collect, [])
    .option('--seeds <count>', 'seeds 1 to count (default: one run)', count)
    .option('--name <name>', 'name of the runs')
    .option('--no-control', 'without the matched controls')
    .option('--json', 'one JSON object on standard output, at the end')
    .action((text: string, given: Given) =>
      withApp(false, async ({ api }) => {
        const checkpoint = await findCheckpoint(api, text);
        const values = applySets(await api.catalogue({}), given.preset, {}, given.set);
        return launchAndFollow(api, io, given.json === true, {
          checkpointId: checkpoint.id,
          preset: given.preset,
          values,
          control: given.control,
          ...(given.name === undefined ? {} : { name: given.name }),
          ...(given.seeds === undefined ? {} : { seeds: Array.from({ length: given.seeds }, (_, i) => i + 1) }),
        });
      }),
    );
}

const collect = (value: string, all: string[]) => [...all, value];

function count(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 20) return value;
  throw new InvalidArgumentError('Allowed is a whole number from 1 to 20.');
}

/** @throws AssayError `not-found` that says which checkpoints there are. */
export async function findCheckpoint(api: Api, text: string): Promise<Checkpoint> {
  const runs = await api.runs({});
  // `<run id>-<step>` is how checkpoints are called.
  const [, runText, at] = /^(.+?)(?:[@-](\d+))?$/.exec(text) ?? [];
  const run = findRun(runs, runText ?? text);
  const all = await api.checkpoints({ runId: run.id });
  const found = at === undefined ? all.at(-1) : all.find(({ step }) => step === Number(at));
  if (found !== undefined) return found;
  const steps = all.map(({ step }) => step).join(', ');
  throw new AssayError(
    'not-found',
    `checkpoint ${text}: run #${run.number} has ${steps === '' ? 'none' : `those of steps ${steps}`}`,
  );
}

async function launchAndFollow(
  api: Api,
  io: Io,
  json: boolean,
  input: Parameters<Api['bootstrapRun']>[0],
): Promise<number> {
  const states = new Map<string, RunSummary>();
  const over = Promise.withResolvers<void>();
  let wanted: readonly string[] | null = null;
  const isOver = (id: string) => !['queued', 'running', 'paused', undefined].includes(states.get(id)?.status);
  const see = (run: RunSummary) => {
    const before = states.get(run.id)?.status;
    states.set(run.id, run);
    if (wanted === null || !wanted.includes(run.id)) return;
    if (run.status !== before && !json) io.out(line(run));
    if (wanted.every(isOver)) over.resolve();
  };
  // From before the launch, so that nothing is missed.
  const stopListening = api.on('run', see);
  try {
    const { runs } = await api.bootstrapRun(input);
    const ids = runs.flatMap(({ runId, controlId }) => (controlId === null ? [runId] : [runId, controlId]));
    for (const runId of ids) {
      const run = await api.run({ runId });
      if (!json) io.out(line(run));
      states.set(runId, run);
    }
    wanted = ids;
    if (ids.every(isOver)) over.resolve();
    const ignoreInterrupt = io.onInterrupt((times) => {
      if (times > 1) return over.reject(new AssayError('conflict', 'cut off at once; the last checkpoints stay'));
      io.err('Stopping after this step, with a checkpoint. Ctrl-C again stops at once.');
      // The waiting ones first, so that none of them starts.
      for (const runId of ids.toReversed()) if (!isOver(runId)) api.stopRun({ runId }).catch(over.reject);
    });
    try {
      await over.promise;
    } finally {
      ignoreInterrupt();
    }
    const bad = ids.map((runId) => states.get(runId)).find((run) => run?.status !== 'finished');
    if (bad !== undefined)
      throw new AssayError('conflict', `run #${bad.number} was ${bad.status} at step ${bad.step}: ${bad.error ?? ''}`, {
        hint: `assay resume ${bad.number} goes on from its last checkpoint.`,
      });
    await report(api, io, json, runs);
    return 0;
  } finally {
    stopListening();
  }
}

async function report(
  api: Api,
  io: Io,
  json: boolean,
  runs: readonly { readonly runId: string; readonly controlId: string | null }[],
): Promise<void> {
  const controls = runs.flatMap(({ controlId }) => controlId ?? []);
  const result =
    controls.length === 0
      ? null
      : await compared(api, [...controls, ...runs.map(({ runId }) => runId)], { reference: controls[0] ?? '' });
  if (json) io.out(JSON.stringify({ runs, comparison: result && { ...result.comparison, ...result.final } }));
  else if (result !== null) {
    io.out('');
    const lines = comparisonLines(result.comparison, result.final, await api.runs({}), await api.catalogue({}));
    for (const each of lines) io.out(each);
  }
}

function line({ number, name, status, step, steps, accuracy, error }: RunSummary): string {
  const last = accuracy.at(-1);
  const reached = last === undefined ? '' : `, ${(100 * last.value).toFixed(1)} % at step ${last.step}`;
  return `#${number} ${name}: ${status} at step ${step}/${steps}${reached}${error === null ? '' : `: ${error}`}`;
}
