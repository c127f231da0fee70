/** `assay study`: lists the ready-made studies, has the runs of one made, and prints its tables, and its verdicts beside
 * the published findings. */
import { basename, extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Api, Catalogue, FlatValues } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { seedsUpTo } from '../../src-shared/study.ts';
import type { OwnedShell } from '../api/shell.ts';
import { planEstimate } from '../estimate/plan.ts';
import { findStudy, studies } from '../studies/index.ts';
import {
  runStudy,
  type StudyOptions,
  type StudyProgress,
  type StudyReport,
  type Survey,
  surveyOf,
  toMake,
} from '../studies/run-study.ts';
import { type ProblemSet, SCALES, type Scale, type Study } from '../studies/study.ts';
import type { Cell, ResultTable } from '../studies/tables.ts';
import { planEstimateLines } from './estimate.ts';
import { type Io, table } from './io.ts';
import { readRunFile } from './run-file.ts';
import { applySets } from './values.ts';

const WIDTH = 100;

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

interface Given {
  readonly scale: Scale;
  readonly seeds: number;
  readonly set: readonly string[];
  readonly on: readonly string[];
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
    .option(
      '--set <path=value>',
      'set an option for all runs, by its full path or an unambiguous ending; repeatable',
      collect,
      [],
    )
    .option(
      '--on <problems.yaml>',
      "evaluate on the problems of this run file, in place of the study's own; repeatable",
      collect,
      [],
    )
    .option('--dry-run', 'only show the grid, which of its runs are there, and what the others take of this machine')
    .option('--json', 'one JSON object on standard output')
    .action((id: string | undefined, given: Given) => {
      if (id === undefined) {
        for (const line of studyLines()) io.out(line);
        return;
      }
      const study = findStudy(id);
      const seeds = seedsUpTo(given.seeds);
      const optionsOf = async (api: Api): Promise<StudyOptions> => ({
        scale: given.scale,
        seeds,
        ...inputsOf(study, await api.catalogue({}), given),
      });
      if (given.dryRun)
        return withApp(true, async ({ api }) => {
          const survey = await surveyOf(api, study, await optionsOf(api));
          const missing = toMake(survey);
          const estimate = missing.length === 0 ? null : await planEstimate(api, missing, true);
          const lines = estimate === null ? [] : ['', ...planEstimateLines(estimate)];
          for (const line of given.json
            ? [JSON.stringify({ ...survey, estimate })]
            : [...surveyLines(study, survey), ...lines])
            io.out(line);
          return 0;
        });
      return withApp(false, async ({ api }) => {
        const options = await optionsOf(api);
        const stop = new AbortController();
        const ignoreInterrupt = io.onInterrupt(() => {
          io.err('Stopping after this step, with a checkpoint; the same command goes on from there.');
          stop.abort();
        });
        try {
          const shown = given.json
            ? {}
            : { onSurvey: (survey: Survey) => io.out(standingLine(survey)), onProgress: showProgress(io) };
          const report = await runStudy(api, study, { ...options, ...shown, signal: stop.signal });
          for (const line of given.json ? [JSON.stringify(report)] : reportLines(study, report)) io.out(line);
          return 0;
        } finally {
          ignoreInterrupt();
        }
      });
    });
}

const collect = (value: string, all: readonly string[]) => [...all, value];

/** What a problem set may say of how it is evaluated. */
const SET_PATHS = /^(problems\.|evaluation\.|limits\.test|rollouts\.maxNewTokens$)/;

function inputsOf(study: Study, catalogue: Catalogue, { set, on }: Given): { values: FlatValues; sets?: ProblemSet[] } {
  const values = applySets(catalogue, null, {}, set);
  if (on.length === 0) return { values };
  if (study.sets === undefined)
    throw new AssayError('usage', `--on ${on[0]}: study ${study.id} evaluates on no other problems`);
  const sets = on.map((file): ProblemSet => {
    const { name, values: own } = readRunFile(catalogue, file);
    const other = Object.keys(own).find((path) => !SET_PATHS.test(path));
    if (other !== undefined)
      throw new AssayError('usage', `${file}: ${other}: problems to evaluate on have problems and evaluation alone`);
    if (own['problems.kind'] === undefined) throw new AssayError('usage', `${file}: problems.kind: is missing`);
    return { name: name ?? basename(file, extname(file)), values: own };
  });
  return { values, sets };
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100)
    throw new InvalidArgumentError('Allowed is a whole number from 1 to 100.');
  return value;
}

function studyLines(): string[] {
  return table(
    ['study', 'question'],
    studies.map(({ id, question }) => [id, question]),
  );
}

/** `21 runs: 12 ready, 9 to make`. */
function standingLine({ plan }: Survey): string {
  const words = {
    ...{ ready: 'ready', live: 'running or queued', cut: 'to go on with' },
    ...{ failed: 'to make again', missing: 'to make' },
  } as const;
  const counts = (Object.keys(words) as (keyof typeof words)[]).flatMap((standing) => {
    const count = plan.filter((run) => run.standing === standing).length;
    return count === 0 ? [] : [`${count} ${words[standing]}`];
  });
  return `${plan.length} runs: ${counts.join(', ')}`;
}

function surveyLines(study: Study, survey: Survey): string[] {
  const { plan } = survey;
  const arms = Map.groupBy(plan, ({ arm }) => arm);
  return [
    `${study.title}: ${study.question}`,
    standingLine(survey),
    ...table(
      ['arm', 'seeds', 'ready', 'starts from'],
      [...arms].map(([arm, runs]) => {
        const from = runs[0]?.from;
        const parent = plan.find(({ key }) => key === from?.key);
        const start = from === undefined ? 'the policy' : `step ${from.step} of ${parent?.arm}`;
        const ready = runs.filter(({ standing }) => standing === 'ready').length;
        return [arm, runs.map(({ seed }) => seed).join(' '), `${ready} of ${runs.length}`, start];
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

function reportLines(study: Study, { conclusions, runs, tables }: StudyReport): string[] {
  const lines = [`${study.title}: ${study.question}`, `${runs.length} runs`, ''];
  for (const each of tables) lines.push(...tableLines(each), '');
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

function tableLines({ title, note, unit, rows, columns, values }: ResultTable): string[] {
  const number = (value: number) => (unit === 'percent' ? (100 * value).toFixed(1) : figure(value));
  const cell = (of: Cell | null) => {
    if (of === null) return '-';
    const interval = of.low === null || of.high === null ? '' : ` [${number(of.low)}, ${number(of.high)}]`;
    return `${number(of.mean)}${interval}`;
  };
  return [
    `${title}${unit === 'percent' ? ', %' : ''}`,
    ...table(
      [rows, ...columns],
      values.map(({ row, cells }) => [row, ...cells.map(cell)]),
    ),
    ...wrapped(note),
  ];
}

const figure = (value: number): string => {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) < 1000 ? value.toPrecision(3) : value.toFixed(0);
};

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
