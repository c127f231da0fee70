/** The commands of `assay`. Each opens the app, asks its Api, prints, and closes it again. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { FlatValues } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { MemorySettings } from '../../src-shared/memory.ts';
import type { OwnedShell } from '../api/shell.ts';
import { addBootstrapCommand } from './bootstrap.ts';
import { addCompareCommand } from './compare.ts';
import { dryRunLines } from './estimate.ts';
import { addEvalCommand } from './eval.ts';
import { addExportCommand } from './export.ts';
import { follow } from './follow.ts';
import { addImportCommand } from './import.ts';
import { type Io, reportError } from './io.ts';
import { addModelsCommand } from './models.ts';
import { addProblemsCommand } from './problems.ts';
import { addReportCommand } from './report.ts';
import { isRunFile, readRunFile } from './run-file.ts';
import { findRun } from './run-reference.ts';
import { addSandboxCommands } from './sandbox.ts';
import { addSetupCommand } from './setup.ts';
import { catalogueLines, deviceLines, runDetailLines, runLines } from './show.ts';
import { addStudyCommand } from './study.ts';
import { applySets } from './values.ts';
import { addVerifyCommand } from './verify.ts';

const CLOSE_TIMEOUT_MS = 20_000;

export interface ProgramOptions {
  readonly io: Io;
  readonly version: string;
  /** Loaded late: `--help` needs no database. */
  readonly openApp: (options: { home?: string; readonly?: boolean }) => Promise<OwnedShell>;
}

/** @returns the exit code: 0 fine, 2 used wrongly, 1 anything else */
export async function runProgram(args: readonly string[], options: ProgramOptions): Promise<number> {
  const { io } = options;
  try {
    let code = 0;
    const program = commands(options, (result) => {
      code = result;
    });
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(io, error);
    // Help and version were printed already; what is left is a usage error.
    if (error.exitCode === 0) return 0;
    const [message = '', hint] = error.message.replace(/^error: /, '').split('\n');
    const isHelp = error.code === 'commander.help';
    const tried = isHelp ? 'a command is needed' : message;
    return reportError(
      io,
      new AssayError('usage', tried, { hint: hint ?? 'The command "assay --help" lists what there is.' }),
    );
  }
}

function commands({ io, version, openApp }: ProgramOptions, done: (code: number) => void): Command {
  const program = new Command('assay');
  program
    .description('Reinforcement learning of code-reasoning language models: launch, follow and manage runs.')
    .version(version)
    .option('--home <folder>', 'data folder (default: the one of the desktop app, or ASSAY_HOME)')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      // Usage errors are reported in one line by the caller.
      writeErr: () => {},
    });

  const withApp = async (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => {
    const home = program.opts<{ home?: string }>().home;
    const app = await openApp({ ...(home === undefined ? {} : { home }), readonly });
    try {
      done(await body(app));
    } finally {
      await closeInTime(app, io);
    }
  };
  const printLines = (lines: readonly string[]) => {
    for (const line of lines) io.out(line);
    return 0;
  };
  const json = ['--json', 'one JSON object a line on standard output'] as const;

  program
    .command('run')
    .description('launch a run and follow it to its end; Ctrl-C stops it with a checkpoint')
    .argument('<preset|file.yaml>', 'where the configuration starts from')
    .option('--set <path=value>', 'set an option, by its full path or an unambiguous ending; repeatable', collect, [])
    .option('--name <name>', 'name of the run')
    .option('--dry-run', 'start nothing: print the resolved configuration and what the run would take')
    .option(...json)
    .action((from: string, given: { set: string[]; name?: string; dryRun?: true; json?: boolean }) =>
      withApp(given.dryRun === true, async ({ api }) => {
        const catalogue = await api.catalogue({});
        const base = isRunFile(from)
          ? readRunFile(catalogue, from)
          : { name: undefined, preset: from, values: {} satisfies FlatValues };
        const presets = catalogue.presets.map((p) => p.id);
        if (base.preset !== null && !presets.includes(base.preset))
          throw new AssayError(
            'usage',
            `preset ${base.preset}: unknown; allowed is ${presets.join(', ')}, or a .yaml file`,
          );
        const values = applySets(catalogue, base.preset, base.values, given.set);
        const name = given.name ?? base.name;
        if (given.dryRun) return printLines(await dryRunLines(api, { name, preset: base.preset, values }, given.json));
        return follow(api, io, {
          json: given.json === true,
          start: async () => {
            const { runId } = await api.launchRun({
              ...(name === undefined ? {} : { name }),
              preset: base.preset,
              values,
            });
            return { runId, afterStep: -1 };
          },
        });
      }),
    );

  program
    .command('runs')
    .description('list all runs, newest first')
    .option(...json)
    .action((given: { json?: boolean }) =>
      withApp(true, async ({ api }) => {
        const runs = await api.runs({});
        return printLines(given.json ? runs.map((run) => JSON.stringify(run)) : runLines(runs));
      }),
    );

  program
    .command('show')
    .description('all about one run')
    .argument('<run>', 'number (#14 or 14), id, or start of the id')
    .option(...json)
    .action((text: string, given: { json?: boolean }) =>
      withApp(true, async ({ api }) => {
        const { id: runId } = findRun(await api.runs({}), text);
        const run = await api.run({ runId });
        const checkpoints = await api.checkpoints({ runId });
        return printLines(given.json ? [JSON.stringify({ ...run, checkpoints })] : runDetailLines(run, checkpoints));
      }),
    );

  program
    .command('stop')
    .description('stop a queued or running run, with a checkpoint')
    .argument('<run>', 'number (#14 or 14), id, or start of the id')
    .action((text: string) =>
      // The run goes on in the process that owns the folder; a reader's requests are passed on to it.
      withApp(true, async ({ api }) => {
        const run = findRun(await api.runs({}), text);
        await api.stopRun({ runId: run.id });
        io.out(`Run #${run.number} is stopping.`);
        return 0;
      }),
    );

  program
    .command('resume')
    .description('go on with a run from its last checkpoint, and follow it to its end')
    .argument('<run>', 'number (#14 or 14), id, or start of the id')
    .option('--steps <n>', 'go on up to this step', wholeNumber)
    .option('--set <limits.steps=n>', 'the same, as an option; nothing else can change', collect, [])
    .option('--recompute', 'make activations again in the backward pass: less memory, the same numbers')
    .option('--micro-batch <tokens>', 'tokens that go through the model together at most: less memory', wholeNumber)
    .option(...json)
    .action(async (text: string, given: ResumeOptions) => {
      const target = async ({ api }: OwnedShell) => {
        const run = findRun(await api.runs({}), text);
        const steps = given.steps ?? stepsOf(applySets(await api.catalogue({}), run.preset, {}, given.set));
        const memory = memoryOf(given);
        const input = { runId: run.id, ...(steps === undefined ? {} : { steps }), ...(memory && { memory }) };
        return { run, input };
      };
      const here = async (app: OwnedShell) => {
        const { run, input } = await target(app);
        return follow(app.api, io, {
          json: given.json === true,
          start: async () => {
            await app.api.resumeRun(input);
            return { runId: run.id, afterStep: run.step };
          },
        });
      };
      const atOwner = async (app: OwnedShell) => {
        const { run, input } = await target(app);
        await app.api.resumeRun(input);
        io.err(`Run #${run.number} goes on in the Assay that has this folder open.`);
        return 0;
      };
      try {
        await withApp(false, here);
      } catch (error) {
        if (!(error instanceof AssayError && error.code === 'locked')) throw error;
        await withApp(true, atOwner);
      }
    });

  program
    .command('serve')
    .description('the app in a browser window, served on this machine only')
    .option('--port <n>', 'port on 127.0.0.1; 0 for a free one', port, 0)
    .option('--no-open', 'print the address and open no window')
    .action((given: { port: number; open: boolean }) =>
      withApp(false, async (app) => {
        const { serveCommand } = await import('./serve.ts');
        return serveCommand(app, io, given);
      }),
    );

  addSandboxCommands(program, { io, withApp });
  addEvalCommand(program, { io, withApp });
  addModelsCommand(program, { io, withApp });
  addProblemsCommand(program, { io, withApp });
  addStudyCommand(program, { io, withApp });
  addExportCommand(program, { io, withApp });
  addImportCommand(program, { io, withApp });
  addReportCommand(program, { io, withApp });
  addVerifyCommand(program, { io, withApp });
  addCompareCommand(program, { io, withApp });
  addBootstrapCommand(program, { io, withApp });

  addSetupCommand(program, io);

  program
    .command('catalogue')
    .description('all presets, options and engines')
    .option('--devices', 'engines alone, with the device, memory and speed of each as last measured')
    .option('--measure', 'the same, measured now: how fast matrix products are; takes a minute or so')
    .option(...json)
    .action((given: { json?: boolean; devices?: boolean; measure?: boolean }) =>
      withApp(true, async ({ api }) => {
        if (given.devices || given.measure) {
          const devices = await api.devices({ measure: given.measure === true });
          return printLines(given.json ? [JSON.stringify(devices)] : deviceLines(devices));
        }
        const catalogue = await api.catalogue({});
        return printLines(given.json ? [JSON.stringify(catalogue)] : catalogueLines(catalogue));
      }),
    );
  return program;
}

const collect = (value: string, all: string[]) => [...all, value];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('It must be from 0 to 65535.');
  return value;
}

interface ResumeOptions {
  readonly steps?: number;
  readonly set: string[];
  readonly recompute?: boolean;
  readonly microBatch?: number;
  readonly json?: boolean;
}

/** Null where nothing of the memory is to change. */
function memoryOf({ recompute, microBatch }: ResumeOptions): MemorySettings | null {
  if (recompute === undefined && microBatch === undefined) return null;
  return {
    ...(recompute === undefined ? {} : { recompute }),
    ...(microBatch === undefined ? {} : { microBatchTokens: microBatch }),
  };
}

function stepsOf(values: FlatValues): number | undefined {
  const other = Object.keys(values).find((path) => path !== 'limits.steps');
  if (other !== undefined)
    throw new AssayError(
      'usage',
      `--set ${other}: a resumed run keeps its configuration; only limits.steps can change`,
    );
  return values['limits.steps'] as number | undefined;
}

/** A worker that hangs must not keep the terminal. */
async function closeInTime(app: OwnedShell, io: Io): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    io.err(`assay: closing took more than ${CLOSE_TIMEOUT_MS / 1000} s; leaving`);
    late.resolve();
  }, CLOSE_TIMEOUT_MS);
  await Promise.race([app.close(), late.promise]);
  clearTimeout(timer);
}
