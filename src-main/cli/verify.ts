/** `assay verify`: recomputes every number of a written report from the store. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { Command } from 'commander';
import { AssayError } from '../../src-shared/errors.ts';
import { CHECK_STATUSES, type ReportFile, type Verification } from '../../src-shared/report.ts';
import type { OwnedShell } from '../api/shell.ts';
import type { Io } from './io.ts';

/** Of the checks that do not hold; all of them with --json. */
const SHOWN = 40;

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

export function addVerifyCommand(program: Command, { io, withApp }: Surroundings): void {
  program
    .command('verify')
    .description('hold a written report against the store: exit code 1 where a number differs')
    .argument('<report.html|folder>', 'a page, or the folder that "assay report" wrote')
    .option('--json', 'one JSON object on standard output')
    .action((path: string, given: { json?: boolean }) =>
      withApp(true, async ({ api }) => {
        const found = await api.verifyReport({ files: await filesAt(path) });
        for (const line of given.json ? [JSON.stringify(found)] : lines(found)) io.out(line);
        return found.holds ? 0 : 1;
      }),
    );
}

async function filesAt(path: string): Promise<ReportFile[]> {
  const kind = await stat(path).catch(() => null);
  if (kind === null) throw new AssayError('not-found', `${path}: there is no such file or folder`);
  const names = kind.isDirectory()
    ? (await readdir(path, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => relative(path, join(entry.parentPath, entry.name)))
        .sort()
    : [''];
  return Promise.all(
    names.map(async (name) => ({
      name: name === '' ? basename(path) : name.split(sep).join('/'),
      type: '',
      base64: (await readFile(name === '' ? path : join(path, name))).toString('base64'),
    })),
  );
}

function lines({ title, checks, read, unread, holds }: Verification): string[] {
  const numbers = (status: string) =>
    checks.filter((check) => check.status === status).reduce((sum, { count }) => sum + count, 0);
  const wrong = checks.filter(({ status }) => status !== 'same');
  return [
    title,
    CHECK_STATUSES.map((status) => `${numbers(status)} ${status}`).join(', '),
    ...wrong
      .slice(0, SHOWN)
      .map(({ id, what, status, why }) => `  ${status}: ${id} (${what})${why === null ? '' : `: ${why}`}`),
    ...(wrong.length > SHOWN ? [`  and ${wrong.length - SHOWN} more`] : []),
    ...(read.length === 0 ? [] : [`held against their numbers: ${read.join(', ')}`]),
    ...unread.map(({ name, why }) => `not checked: ${name}, ${why}`),
    holds ? 'Every number is what the store gives.' : 'The report does not hold.',
  ];
}
