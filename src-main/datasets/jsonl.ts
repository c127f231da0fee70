/** Problems from the user's own files: one JSON object a line, with LiveCodeBench's names or ours. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AssayError } from '../../src-shared/errors.ts';
import type { OptionValues, ValuesOf } from '../../src-shared/options.ts';
import type { Problem, Split } from '../../src-shared/problem.ts';
import { type DatasetKind, hashOf } from './dataset.ts';
import { parseProblemLine } from './problem-line.ts';

const options = {
  trainFile: {
    kind: 'text',
    format: 'file',
    optional: true,
    label: 'Training file',
    default: '',
    help: 'Needed for training; an evaluation can do with a validation file alone. JSON Lines: {"id", "statement", "function_name", "tests"} or LiveCodeBench’s {"question_id", "question_content", "metadata", "public_test_cases", "private_test_cases"}.',
  },
  validationFile: {
    kind: 'text',
    format: 'file',
    optional: true,
    label: 'Validation file',
    default: '',
    help: 'Empty: a share of the training file is set aside.',
  },
  testFile: {
    kind: 'text',
    format: 'file',
    optional: true,
    label: 'Test file',
    default: '',
    help: 'Empty: a share of the training file is set aside.',
  },
  validationShare: {
    kind: 'number',
    label: 'Validation share',
    default: 0.1,
    min: 0,
    max: 0.5,
    help: 'Share of the training file set aside for validation where there is no validation file.',
    source: 'own choice',
  },
  testShare: {
    kind: 'number',
    label: 'Test share',
    default: 0.1,
    min: 0,
    max: 0.4,
    help: 'Share of the training file set aside for the test where there is no test file.',
    source: 'own choice',
  },
} as const;
type JsonlOptions = ValuesOf<typeof options>;

export const jsonl: DatasetKind = {
  id: 'jsonl',
  title: 'JSON Lines file',
  help: 'Your own problems, in LiveCodeBench’s format or a shorter one. Files of your choice for training, validation and test; or one file, of which shares are set aside.',
  options,
  conflicts({ problems, limits, evaluation }) {
    const { trainFile, validationFile } = problems.options as JsonlOptions;
    const trainsOnIt = limits.steps > 0 && !evaluation.testTime;
    if (trainFile.trim() !== '' || (!trainsOnIt && validationFile.trim() !== '')) return [];
    const message = trainsOnIt
      ? 'is empty; a value is needed'
      : 'is empty, and so is validationFile; one of them is needed';
    return [{ path: 'problems.options.trainFile', message }];
  },
  open(values: OptionValues) {
    const chosen = values as JsonlOptions;
    // A file is read once for all splits, and anew for the next run.
    const files = new Map<string, Promise<Problem[]>>();
    const read = (path: string): Promise<Problem[]> => {
      const known = files.get(path) ?? readProblems(path);
      files.set(path, known);
      return known;
    };
    const load = (split: Split) => loadSplit(split, chosen, read);
    return { id: 'jsonl', title: `JSON Lines (${chosen.trainFile})`, load, hash: () => hashOf(load) };
  },
};

async function loadSplit(
  split: Split,
  chosen: JsonlOptions,
  read: (path: string) => Promise<Problem[]>,
): Promise<Problem[]> {
  const own = { train: '', validation: chosen.validationFile.trim(), test: chosen.testFile.trim() }[split];
  if (own !== '') return read(own);
  const validationShare = chosen.validationFile.trim() === '' ? chosen.validationShare : 0;
  const testShare = chosen.testFile.trim() === '' ? chosen.testShare : 0;
  const trainFile = chosen.trainFile.trim();
  if (trainFile === '') return [];
  const all = await read(trainFile);
  return all.filter(({ meaning }) => {
    const place = placeOf(meaning);
    if (place < validationShare) return split === 'validation';
    return split === (place < validationShare + testShare ? 'test' : 'train');
  });
}

/** Where a problem falls in [0, 1): by what it asks, so that equal problems share a split and new lines move no old ones. */
function placeOf(meaning: string): number {
  return createHash('sha256').update(meaning).digest().readUInt32BE(0) / 2 ** 32;
}

async function readProblems(path: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  const lineOfId = new Map<string, number>();
  for (const [i, line] of (await readText(path))
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '') continue;
    const at = `${path}, line ${i + 1}`;
    const problem = parseProblemLine(line, at);
    const earlier = lineOfId.get(problem.id);
    if (earlier !== undefined)
      throw new AssayError('usage', `${at}: id: ${problem.id} is also on line ${earlier}; every id must be unique`);
    lineOfId.set(problem.id, i + 1);
    problems.push(problem);
  }
  if (problems.length === 0) throw new AssayError('usage', `${path}: no problems; at least one line is needed`);
  return problems;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new AssayError('not-found', `${path}: ${why}; a JSON Lines file is needed`, { cause: error });
  }
}
