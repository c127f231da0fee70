/** `assay problems`: what a problem set holds, and whether its own solutions pass its own tests. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Api } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { OptionValue } from '../../src-shared/options.ts';
import { SPLITS, type Split } from '../../src-shared/problem.ts';
import type { ProblemReport, SolutionCheck } from '../../src-shared/problem-sets.ts';
import type { OwnedShell } from '../api/shell.ts';
import { DATASET_HELP, datasetSets } from './dataset.ts';
import { type Io, table } from './io.ts';
import { applySets } from './values.ts';

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

interface Given {
  readonly set: readonly string[];
  readonly first: number;
  readonly check?: true;
  readonly split?: Split;
  readonly solutions: number;
  readonly json?: true;
}

/** Problems of one call: enough to keep the sandbox busy, few enough to show that it goes on. */
const AT_ONCE = 32;
const FAILURES_SHOWN = 10;

export function addProblemsCommand(program: Command, { io, withApp }: Surroundings): void {
  program
    .command('problems')
    .description('read a problem set and say what is in it; with --check, run its solutions on its tests')
    .argument('<set>', DATASET_HELP)
    .option('--set <path=value>', 'set an option of the set; repeatable', collect, [])
    .option('--first <n>', 'problems shown of each split', wholeNumber, 3)
    .option('--check', 'run the solutions that it publishes in the sandbox; exit code 0 only where all pass')
    .addOption(new Option('--split <split>', 'the one that is checked (default: all)').choices(SPLITS))
    .option('--solutions <n>', 'solutions tried of each problem', wholeNumber, 1)
    .option('--json', 'one JSON object a line on standard output')
    .action((text: string, given: Given) =>
      withApp(true, async ({ api }) => {
        const set = await setOf(api, text, given.set);
        const report = await api.inspectProblems({ ...set, first: given.first });
        for (const line of given.json ? [JSON.stringify(report)] : reportLines(report)) io.out(line);
        if (!given.check) return 0;
        const splits = report.splits.filter(({ split }) => given.split === undefined || split === given.split);
        const checked: SolutionCheck['checked'] = [];
        for (const { split, problems, withSolutions } of splits) {
          if (!withSolutions) continue;
          for (let from = 0; from < problems; from += AT_ONCE) {
            const part = await api.checkSolutions({ ...set, split, from, count: AT_ONCE, solutions: given.solutions });
            checked.push(...part.checked);
            if (given.json) for (const each of part.checked) io.out(JSON.stringify({ split, ...each }));
            else progress(io, `${split}: ${Math.min(problems, from + AT_ONCE)} of ${problems} problems checked`);
          }
        }
        const total = splits.reduce((sum, { problems }) => sum + problems, 0);
        const outcome = outcomeOf(checked, total);
        for (const line of given.json ? [JSON.stringify(outcome)] : outcomeLines(outcome)) io.out(line);
        return outcome.withSolutions > 0 && outcome.passed === outcome.withSolutions ? 0 : 1;
      }),
    );
}

const collect = (value: string, all: readonly string[]) => [...all, value];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 100) throw new InvalidArgumentError('It must be a whole number up to 100.');
  return value;
}

/** On the line before it, where there is a terminal. */
function progress(io: Io, line: string): void {
  if (io.terminal !== null) io.terminal.write(`\r\x1b[2K${line}\r`);
  else io.err(line);
}

async function setOf(api: Api, text: string, sets: readonly string[]) {
  const catalogue = await api.catalogue({});
  const values = applySets(catalogue, null, {}, [...datasetSets(catalogue, text), ...sets]);
  const options: Record<string, OptionValue> = {};
  for (const [path, value] of Object.entries(values)) {
    if (path === 'problems.kind') continue;
    if (!path.startsWith('problems.options.'))
      throw new AssayError('usage', `--set ${path}: is no option of a problem set; allowed is problems.options.*`);
    options[path.slice('problems.options.'.length)] = value;
  }
  return { kind: String(values['problems.kind']), options };
}

export function reportLines({ title, hash, splits, leftOut, duplicates }: ProblemReport): string[] {
  const rows = splits.map(({ split, problems, tests, kinds, dates, withSolutions }) => [
    split,
    String(problems),
    tests === null ? '-' : tests.least === tests.most ? String(tests.most) : range(tests),
    Object.keys(kinds).join(', ') || '-',
    dates === null ? '-' : `${dates.first} to ${dates.last}`,
    withSolutions === null ? '-' : String(withSolutions),
  ]);
  const shown = splits.flatMap(({ split, first }) => first.map((each) => ({ split, ...each })));
  return [
    title,
    `hash ${hash}`,
    '',
    ...table(['split', 'problems', 'tests a problem', 'kinds', 'dates', 'with solutions'], rows),
    ...leftOut.map(({ reason, records }) => `Left out: ${records} that ${reason.replace(/^in /, 'are in ')}.`),
    ...duplicateLines(duplicates),
    ...(shown.length === 0
      ? []
      : [
          '',
          ...table(
            ['', 'problem', 'tests', ''],
            shown.map(({ split, id, tests, functionName, statement }) => [
              split,
              id,
              String(tests),
              `${functionName === '' ? '' : `${functionName}: `}${statement}`.slice(0, 60),
            ]),
          ),
        ]),
  ];
}

const range = ({ least, mean, most }: { least: number; mean: number; most: number }) =>
  `${least} to ${most}, mean ${mean.toFixed(1)}`;

function duplicateLines({ groups, acrossSplits, first }: ProblemReport['duplicates']): string[] {
  if (groups === 0) return ['No problem is there twice.'];
  const across = acrossSplits === 0 ? 'none of them across splits' : `${acrossSplits} of them ACROSS SPLITS`;
  return [
    `Asked more than once: ${groups}, ${across}:`,
    ...first.map((group) => `  ${group.map(({ split, id }) => `${id} (${split})`).join(', ')}`),
  ];
}

interface Outcome {
  readonly problems: number;
  readonly withSolutions: number;
  /** Problems of which every solution that was tried passed. */
  readonly passed: number;
  /** Problems with a solution in a language that cannot be run here. */
  readonly notRun: number;
  readonly failures: readonly { readonly problemId: string; readonly why: string }[];
}

/** @param problems How many there are, those without a solution among them. */
export function outcomeOf(checked: SolutionCheck['checked'], problems: number): Outcome {
  const tried = checked.filter(({ solutions }) => solutions.some(({ verdict }) => verdict !== null));
  const passes = ({ verdict }: { verdict: string | null }) => verdict === null || verdict === 'passed';
  return {
    problems,
    withSolutions: tried.length,
    passed: tried.filter(({ solutions }) => solutions.every(passes)).length,
    notRun: checked.filter(({ solutions }) => solutions.some(({ verdict }) => verdict === null)).length,
    failures: checked.flatMap(({ problemId, solutions }) =>
      solutions
        .filter(({ verdict }) => verdict !== 'passed')
        .map(({ language, verdict, detail }) => ({
          problemId,
          why: `${language} ${verdict ?? 'not run'}${detail === null ? '' : `: ${detail}`}`,
        })),
    ),
  };
}

export function outcomeLines({ problems, withSolutions, passed, notRun, failures }: Outcome): string[] {
  if (withSolutions === 0 && notRun === 0)
    return ['', `None of the ${problems} problems has a solution: there is nothing to check.`];
  const share = withSolutions === 0 ? '' : ` (${((100 * passed) / withSolutions).toFixed(1)} %)`;
  return [
    '',
    `${passed} of ${withSolutions} problems pass with their solutions${share}; ${problems - withSolutions} have none that could be run.`,
    ...failures.slice(0, FAILURES_SHOWN).map(({ problemId, why }) => `  ${problemId}: ${why}`),
    ...(failures.length > FAILURES_SHOWN ? [`  and ${failures.length - FAILURES_SHOWN} more (--json lists all)`] : []),
  ];
}
