/** `assay study`: lists the ready-made studies, has the runs of one made, and prints its verdicts beside the published
 * findings. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { AssayError } from '../../src-shared/errors.ts';
import type { OwnedShell } from '../api/shell.ts';
import { studies } from '../studies/index.ts';
import { planOf, runStudy, type StudyProgress, type StudyReport } from '../studies/run-study.ts';
import { type PlannedRun, SCALES, type Scale, type Study } from '../studies/study.ts';
import { type Io, table } from './io.ts';

const WIDTH = 100;

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

interface Given {
  readonly scale: Scale;
  readonly seeds: number;
  readonly dryRun?: true;
  readonly json?: true;
}

export function addStudyCommand(program: Command, { io, withApp }: Surroundings): void {
  program
    .command('study')
    .description('have the runs of a ready-made study made, and hold what came out against what is published')
    .argument('[study]', `one of ${studies.map(({ id }) => id).join(', ')}; without it they are listed`)
    .addOption(
      new Option('--scale <scale>', 'tiny: the embedded policy; paper: the published sizes')
        .choices(SCALES)
        .default('tiny'),
    )
    .option('--seeds <count>', 'seeds 1 to count of every arm', count, 3)
    .option('--dry-run', 'only show the grid')
    .option('--json', 'one JSON object on standard output')
    .action((id: string | undefined, given: Given) => {
      if (id === undefined) {
        for (const line of studyLines()) io.out(line);
        return;
      }
      const study = find(id);
      const seeds = Array.from({ length: given.seeds }, (_, i) => i + 1);
      if (given.dryRun) {
        const plan = planOf(study, given.scale, seeds);
        for (const line of given.json ? [JSON.stringify(plan)] : planLines(study, plan)) io.out(line);
        return;
      }
      return withApp(false, async ({ api }) => {
        const stop = new AbortController();
        const ignoreInterrupt = io.onInterrupt(() => {
          io.err('Stopping after this step, with a checkpoint; the same command goes on from there.');
          stop.abort();
        });
        try {
          const onProgress = given.json ? () => undefined : showProgress(io);
          const report = await runStudy(api, study, { scale: given.scale, seeds, signal: stop.signal, onProgress });
          for (const line of given.json ? [JSON.stringify(report)] : reportLines(study, report)) io.out(line);
          return 0;
        } finally {
          ignoreInterrupt();
        }
      });
    });
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100)
    throw new InvalidArgumentError('Allowed is a whole number from 1 to 100.');
  return value;
}

function find(id: string): Study {
  const study = studies.find((each) => each.id === id);
  if (study !== undefined) return study;
  throw new AssayError('usage', `study ${id}: unknown; allowed is ${studies.map((each) => each.id).join(', ')}`);
}

function studyLines(): string[] {
  return table(
    ['study', 'question'],
    studies.map(({ id, question }) => [id, question]),
  );
}

function planLines(study: Study, plan: readonly PlannedRun[]): string[] {
  const arms = Map.groupBy(plan, ({ arm }) => arm);
  return [
    `${study.title}: ${study.question}`,
    `${plan.length} runs`,
    ...table(
      ['arm', 'seeds', 'starts from'],
      [...arms].map(([arm, runs]) => {
        const from = runs[0]?.from;
        const parent = plan.find(({ key }) => key === from?.key);
        const start = from === undefined ? 'the policy' : `step ${from.step} of ${parent?.arm}`;
        return [arm, runs.map(({ seed }) => seed).join(' '), start];
      }),
    ),
  ];
}

/** A line for each run, and on a terminal a line that moves. */
function showProgress({ out, terminal }: Io): (progress: StudyProgress) => void {
  let shown = '';
  return ({ done, total, run, fraction }) => {
    if (run.key !== shown) {
      shown = run.key;
      out(`${done + 1}/${total}  ${run.key}`);
    } else if (terminal !== null && fraction > 0 && fraction < 1) {
      terminal.write(`\r      ${Math.round(100 * fraction)} %\r`);
    }
  };
}

function reportLines(study: Study, { conclusions, runs }: StudyReport): string[] {
  const lines = [`${study.title}: ${study.question}`, `${runs.length} runs`, ''];
  for (const { predicate, finding } of conclusions) {
    lines.push(
      `${predicate.id}  ${finding.verdict}  ${predicate.statement}`,
      ...wrapped(`published: ${predicate.source}`),
      ...wrapped(`why: ${finding.why}`),
    );
    for (const { of, verdict, effect, low, high, seeds } of finding.parts) {
      const interval = low === null || high === null ? '' : ` [${figure(low)}, ${figure(high)}]`;
      lines.push(`      ${verdict.padEnd(12)} ${of}: ${figure(effect)}${interval}, ${seeds} seeds`);
    }
    lines.push('');
  }
  return lines;
}

const figure = (value: number): string => (Number.isFinite(value) ? value.toPrecision(3) : '-');

/** Lines of at most WIDTH characters, indented. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '     ';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > WIDTH && line.trim() !== '') {
      lines.push(line);
      line = '     ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
