/** Problems from the user's own files, with LiveCodeBench's names or ours, or with other names that are mapped to them. */
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { defaultsOf, type OptionValues, type ValuesOf } from '../../src-shared/options.ts';
import type { Problem, Split } from '../../src-shared/problem.ts';
import { LANGUAGES } from '../../src-shared/verdict.ts';
import { type DatasetKind, hashOf, type Published, type Solution } from './dataset.ts';
import { checked, fault } from './parsing.ts';
import { parseProblem } from './problem-line.ts';
import { type FileRecord, filesOf, recordsOf } from './records.ts';
import { splitByShare } from './sets/split.ts';

/** Fields of a record, in our names. */
const FIELDS = [
  ...['id', 'statement', 'function_name', 'starter_code', 'difficulty', 'tests', 'public_test_cases'],
  ...['private_test_cases', 'metadata', 'solutions'],
];

const options = {
  trainFile: {
    kind: 'text',
    format: 'file',
    optional: true,
    label: 'Training file',
    default: '',
    help: 'Needed for training; an evaluation can do with a validation file alone. JSON Lines, JSON or Parquet, also under gzip; one file, several with commas between, or a folder. Records are {"id", "statement", "function_name", "tests"} or LiveCodeBench’s {"question_id", "question_content", "metadata", "public_test_cases", "private_test_cases"}; a test is {"input", "output"}, or text: Python code that calls the function. Programs in "solutions" are for checking the tests.',
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
  columns: {
    kind: 'text',
    format: 'name',
    optional: true,
    label: 'Columns',
    default: '',
    help: 'Other names that the records have, as id=task_id, statement=question: our name, then theirs.',
    advanced: true,
  },
} as const;
type JsonlOptions = ValuesOf<typeof options>;

export const jsonl: DatasetKind = {
  id: 'jsonl',
  title: 'Own files',
  help: 'Your own problems, in LiveCodeBench’s format or a shorter one. Files of your choice for training, validation and test; or one file, of which shares are set aside.',
  options,
  conflicts({ problems, limits, evaluation }) {
    const { trainFile, validationFile, columns } = { ...defaultsOf(options), ...problems.options } as JsonlOptions;
    const wrong = columnsFault(columns);
    if (wrong !== null) return [{ path: 'problems.options.columns', message: wrong }];
    const trainsOnIt = limits.steps > 0 && !evaluation.testTime;
    if (trainFile.trim() !== '' || (!trainsOnIt && validationFile.trim() !== '')) return [];
    const message = trainsOnIt
      ? 'is empty; a value is needed'
      : 'is empty, and so is validationFile; one of them is needed';
    return [{ path: 'problems.options.trainFile', message }];
  },
  open(values: OptionValues) {
    // A run that was made before there were columns to map has none.
    const chosen = { ...defaultsOf(options), ...values } as JsonlOptions;
    const wrong = columnsFault(chosen.columns);
    if (wrong !== null)
      throw new AssayError('usage', `problems.options.columns: ${wrong}`, { path: 'problems.options.columns' });
    const columns = columnsOf(chosen.columns);
    // A file is read once for all splits, and anew for the next run.
    const files = new Map<string, Promise<Problem[]>>();
    const read = (path: string): Promise<Problem[]> => {
      const known = files.get(path) ?? readProblems(path, columns);
      files.set(path, known);
      return known;
    };
    const load = (split: Split) => loadSplit(split, chosen, read);
    return {
      id: 'jsonl',
      title: `Own files (${chosen.trainFile})`,
      load,
      hash: () => hashOf(load),
      published: (split, mostSolutions) =>
        loadSplit(split, chosen, (path) => readPublished(path, columns, mostSolutions)),
    };
  },
};

async function loadSplit<T extends { readonly meaning: string }>(
  split: Split,
  chosen: JsonlOptions,
  read: (path: string) => Promise<T[]>,
): Promise<T[]> {
  const own = { train: '', validation: chosen.validationFile.trim(), test: chosen.testFile.trim() }[split];
  if (own !== '') return read(own);
  const validation = chosen.validationFile.trim() === '' ? chosen.validationShare : 0;
  const test = chosen.testFile.trim() === '' ? chosen.testShare : 0;
  const trainFile = chosen.trainFile.trim();
  if (trainFile === '') return [];
  const all = await read(trainFile);
  return all.filter(({ meaning }) => splitByShare(meaning, { validation, test }) === split);
}

/** Our names, by theirs. */
type Columns = ReadonlyMap<string, string>;

function columnsOf(given: string): Columns {
  const pairs = given.split(',').filter((part) => part.trim() !== '');
  return new Map(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(equals + 1).trim(), pair.slice(0, equals).trim()] as const;
    }),
  );
}

function columnsFault(given: string): string | null {
  for (const pair of given.split(',').filter((part) => part.trim() !== ''))
    if (!/^[^=]*[^=\s][^=]*=.*\S/.test(pair)) return `${JSON.stringify(pair.trim())} is not ours=theirs, as id=task_id`;
  const unknown = [...columnsOf(given).values()].find((name) => !FIELDS.includes(name));
  return unknown === undefined ? null : `${unknown} is unknown; allowed is ${FIELDS.join(', ')}`;
}

/** The record under our names. @throws AssayError `usage` where a mapped column is missing. */
function mapped({ value, at }: FileRecord, columns: Columns): unknown {
  if (columns.size === 0 || typeof value !== 'object' || value === null) return value;
  for (const theirs of columns.keys())
    if (!Object.hasOwn(value, theirs))
      throw fault(`${at}: ${theirs}`, `is missing; it has ${Object.keys(value).join(', ') || 'nothing'}`);
  const hidden = new Set(columns.values());
  const entries = Object.entries(value).filter(([name]) => columns.has(name) || !hidden.has(name));
  return Object.fromEntries(entries.map(([name, inner]) => [columns.get(name) ?? name, inner]));
}

async function* problemsIn(path: string, columns: Columns): AsyncGenerator<{ problem: Problem; record: FileRecord }> {
  const placeOfId = new Map<string, string>();
  for (const file of await filesOf(path)) {
    for await (const record of recordsOf(file)) {
      const value = mapped(record, columns);
      const problem = parseProblem(value, record.at);
      const earlier = placeOfId.get(problem.id);
      const here = record.at.slice(file.length + 2);
      if (earlier !== undefined)
        throw fault(`${record.at}: id`, `${problem.id} is also on ${earlier}; every id must be unique`);
      placeOfId.set(problem.id, path === file ? here : record.at);
      yield { problem, record: { ...record, value } };
    }
  }
  if (placeOfId.size === 0) throw fault(path, 'no problems; at least one line is needed');
}

async function readProblems(path: string, columns: Columns): Promise<Problem[]> {
  const problems: Problem[] = [];
  for await (const { problem } of problemsIn(path, columns)) problems.push(problem);
  return problems;
}

const publishedSchema = z.looseObject({
  contest_date: z
    .string('must be text')
    .regex(/^\d{4}-\d{2}-\d{2}/, 'must be a date, YYYY-MM-DD')
    .nullish(),
  solutions: z
    .union(
      [z.string(), z.array(z.union([z.string(), z.looseObject({ language: z.enum(LANGUAGES), code: z.string() })]))],
      'must be code, or a list of code or of {"language", "code"}',
    )
    .nullish(),
});

async function readPublished(path: string, columns: Columns, most: number) {
  const found: (Published & { readonly meaning: string })[] = [];
  for await (const { problem, record } of problemsIn(path, columns)) {
    const { solutions = [], contest_date } = checked(publishedSchema, record.value, record.at);
    const list = typeof solutions === 'string' ? [solutions] : (solutions ?? []);
    found.push({
      problemId: problem.id,
      meaning: problem.meaning,
      date: contest_date?.slice(0, 10) ?? null,
      solutions: list
        .slice(0, most)
        .map((each): Solution => (typeof each === 'string' ? { language: 'python', code: each } : each)),
    });
  }
  return found;
}
