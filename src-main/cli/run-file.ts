/** The file of a run, as `assay run file.yaml` reads it. Every fault is reported with the file, the line and the option. */
import { readFileSync } from 'node:fs';
import type { Catalogue } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { type RunText, readRunText } from '../../src-shared/run-text.ts';

export const isRunFile = (argument: string) => /\.ya?ml$/i.test(argument);

/** @throws AssayError `not-found` when it cannot be read, `usage` for anything wrong inside */
export function readRunFile(catalogue: Catalogue, file: string): RunText {
  return parseRunFile(catalogue, file, readText(file));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new AssayError('not-found', `${file}: ${why}`, { cause: error });
  }
}

export function parseRunFile(catalogue: Catalogue, file: string, text: string): RunText {
  const { run, faults } = readRunText(catalogue, text);
  const first = faults[0];
  if (first === undefined) return run;
  const { line, message, path } = first;
  throw new AssayError('usage', `${file}:${line}: ${message}`, path === undefined ? {} : { path });
}
