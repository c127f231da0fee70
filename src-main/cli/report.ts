/** `assay report`: a report of a run, of several runs side by side or of a study, written to a folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Api } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { REPORT_FORMATS, type Report, type ReportFormat, type ReportOf } from '../../src-shared/report.ts';
import type { OwnedShell } from '../api/shell.ts';
import { studies } from '../studies/index.ts';
import type { Io } from './io.ts';
import { findRun } from './run-reference.ts';

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

interface Given {
  readonly format: readonly ReportFormat[];
  readonly out: string;
  readonly title?: string;
  readonly author?: string;
  readonly reference?: string;
  readonly scale: 'tiny' | 'paper';
}

export function addReportCommand(program: Command, { io, withApp }: Surroundings): void {
  program
    .command('report')
    .description('write a report in which every number names the runs and configurations that it comes from')
    .argument('<study|run...>', `a study (${studies.map(({ id }) => id).join(', ')}), or runs by number or id`)
    .option('--format <list>', `comma-separated: ${REPORT_FORMATS.join(', ')}`, formats, ['html'])
    .option('--out <folder>', 'where the files go', 'report')
    .option('--title <text>', 'instead of the name of the run or study')
    .option('--author <name>', 'named under the title')
    .option('--reference <run|condition>', 'what the others are held against (default: the first)')
    .option('--scale <scale>', 'of a study: tiny or paper', scale, 'tiny')
    .action((what: string[], given: Given) =>
      withApp(true, async ({ api }) => {
        const report = titled(await api.reportOf(await asked(api, what, given)), given);
        const written: string[] = [];
        for (const format of given.format) {
          const { files } = await api.exportReport({ report, format });
          for (const { name, base64 } of files) {
            const path = join(resolve(given.out), ...name.split('/'));
            await mkdir(dirname(path), { recursive: true });
            await writeFile(path, Buffer.from(base64, 'base64'));
            if (!written.includes(path)) written.push(path);
          }
        }
        for (const path of written) io.out(path);
        return 0;
      }),
    );
}

async function asked(api: Api, what: readonly string[], { reference, scale: of }: Given): Promise<ReportOf> {
  const [only] = what;
  const study = what.length === 1 ? studies.find(({ id }) => id === only) : undefined;
  if (study !== undefined) return { study: study.id, scale: of };
  const all = await api.runs({});
  const runs = what.map((text) => findRun(all, text).id);
  if (runs.length === 1 && runs[0] !== undefined) return { run: runs[0] };
  return { runs, ...(reference === undefined ? {} : { reference: findRun(all, reference).id }) };
}

function titled(report: Report, { title, author, reference }: Given): Report {
  const named = reference === undefined ? undefined : report.conditions.find(({ label }) => label === reference);
  if (reference !== undefined && report.study !== null && named === undefined)
    throw new AssayError(
      'usage',
      `reference ${reference}: allowed is ${report.conditions.map(({ label }) => label).join(', ')}`,
    );
  return {
    ...report,
    ...(title === undefined ? {} : { title }),
    ...(author === undefined ? {} : { author }),
    ...(named === undefined ? {} : { reference: named.label }),
  };
}

function formats(text: string): readonly ReportFormat[] {
  const names = text.split(',').map((name) => name.trim());
  const known = names.filter((name): name is ReportFormat => (REPORT_FORMATS as readonly string[]).includes(name));
  if (known.length < names.length) throw new InvalidArgumentError(`Allowed are ${REPORT_FORMATS.join(', ')}.`);
  return known;
}

function scale(text: string): 'tiny' | 'paper' {
  if (text === 'tiny' || text === 'paper') return text;
  throw new InvalidArgumentError('Allowed are tiny and paper.');
}
