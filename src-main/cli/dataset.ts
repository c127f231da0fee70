/** A problem set as it is named on the command line: its kind, and where its files are, as humaneval=HumanEval.jsonl.gz. */
import { resolve } from 'node:path';
import type { Catalogue } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';

/** Where a kind keeps its files: those that it evaluates on, where it tells them apart. */
const FILE_OPTIONS = ['path', 'validationFile'] as const;

export const DATASET_HELP = 'problem set: its kind, and its files after an equals sign: humaneval=HumanEval.jsonl.gz';

/**
 * `--set` pairs for a set.
 * @param text `<kind>` or `<kind>=<path>`, with commas between several paths
 * @throws AssayError `usage`
 */
export function datasetSets(catalogue: Catalogue, text: string): string[] {
  const equals = text.indexOf('=');
  const id = (equals < 0 ? text : text.slice(0, equals)).trim();
  const path = equals < 0 ? '' : text.slice(equals + 1).trim();
  const members = catalogue.groups.find((group) => group.id === 'problems')?.members ?? [];
  const member = members.find((each) => each.id === id);
  if (member === undefined)
    throw new AssayError(
      'usage',
      `problem set ${id}: unknown; allowed is ${members.map((each) => each.id).join(', ')}`,
    );
  const kind = `problems.kind=${id}`;
  const option = FILE_OPTIONS.find((name) => Object.hasOwn(member.options, name));
  if (equals < 0) return [kind];
  if (option === undefined) throw new AssayError('usage', `problem set ${id}: has no files; allowed is ${id} alone`);
  if (path === '') throw new AssayError('usage', `problem set ${text}: no file after the equals sign`);
  const files = path
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => resolve(part.trim()));
  return [kind, `problems.options.${option}=${files.join(',')}`];
}
