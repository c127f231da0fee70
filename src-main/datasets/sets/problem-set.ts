/** A published problem set as a data-set kind: what is common to all of them. A set says how a record of its files reads
 * as a problem; this file finds the records, deals the problems out to the splits and keeps them. */
import { AssayError } from '../../../src-shared/errors.ts';
import { defaultsOf, type Options, type OptionValues, type ValuesOf } from '../../../src-shared/options.ts';
import { type Problem, SPLITS, type Split } from '../../../src-shared/problem.ts';
import { type Dataset, type DatasetKind, hashOf, type Published, type Solution } from '../dataset.ts';
import { fault } from '../parsing.ts';
import { type FileRecord, filesOf, recordsOf } from '../records.ts';
import { charactersHeld, TextsOnDisk } from '../texts-on-disk.ts';
import { fileOption, type Splits, splitOptions } from './options.ts';
import { splitByShare } from './split.ts';

/** A record of a set, before its tests are unpacked. */
export interface Entry {
  readonly id: string;
  /** As `Problem.meaning`. */
  readonly meaning: string;
  /** The split that the set publishes it in; null where it is in none of them; by share where there is none. */
  readonly split?: Split | null;
  /** YYYY-MM-DD */
  readonly date?: string;
  /** @throws AssayError `usage` */
  problem(): Problem;
  /** The best known first. @throws AssayError `usage` */
  solutions?(): readonly Solution[];
}

/** A record that makes no problem here, and why. */
export interface LeftOut {
  readonly leftOut: string;
}

/** Reads the records of one pass over the files; null where the options do not ask for it. */
export type ReadEntry = (record: FileRecord) => Entry | LeftOut | null;

interface Definition<O extends Options> {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** What the files are called and where they come from. */
  readonly files: string;
  readonly splits: Splits;
  /** Shares by default, where the set has them. */
  readonly shares?: { readonly validation: number; readonly test: number };
  /** Columns of Parquet files that only solutions need, and large ones that nothing needs. */
  readonly solutionColumns?: readonly string[];
  readonly unread?: readonly string[];
  /** Its own options, beside the file and the splits. */
  readonly options: O;
  /** What is wrong with their values, by the option's name. */
  faults?(options: ValuesOf<O>): readonly { readonly option: string; readonly message: string }[];
  /** The files to read, where not all of those found. @throws AssayError */
  choose?(files: readonly string[], options: ValuesOf<O>, path: string): readonly string[];
  reader(options: ValuesOf<O>): ReadEntry | Promise<ReadEntry>;
  /** What is said where nothing is left. */
  whyEmpty?(options: ValuesOf<O>): string;
}

/** Characters of all tests of a set that are kept in memory: the short ones. */
const MOST_TEST_CHARS = 2 ** 30;

interface Common {
  readonly path: string;
  readonly validateOn?: string;
  readonly validationShare?: number;
  readonly testShare?: number;
}

type Chosen<O extends Options> = Common & ValuesOf<O>;

/** Values were checked against these descriptors before anything is opened: here they get their type back. */
const chosenOf = <O extends Options>(options: Options, values: OptionValues): Chosen<O> =>
  ({ ...defaultsOf(options), ...values }) as unknown as Chosen<O>;

export function problemSet<O extends Options>(set: Definition<O>): DatasetKind {
  const options: Options = { ...fileOption(set), ...set.options, ...splitOptions(set) };
  const faultsOf = (chosen: Chosen<O>) => {
    const together = (chosen.validationShare ?? 0) + (chosen.testShare ?? 0);
    return [
      ...(together > 1
        ? [{ option: 'testShare', message: `with validationShare ${together} of the problems; allowed is 1 at most` }]
        : []),
      ...(set.faults?.(chosen) ?? []),
    ];
  };
  return {
    id: set.id,
    title: set.title,
    help: set.help,
    options,
    conflicts: ({ problems }) =>
      faultsOf(chosenOf<O>(options, problems.options)).map(({ option, message }) => ({
        path: `problems.options.${option}`,
        message,
      })),
    open(values: OptionValues) {
      const chosen = chosenOf<O>(options, values);
      const [wrong] = faultsOf(chosen);
      if (wrong !== undefined) {
        const path = `problems.options.${wrong.option}`;
        throw new AssayError('usage', `${path}: ${wrong.message}`, { path });
      }
      return open(set, chosen);
    },
  };
}

interface Contents {
  readonly problems: Readonly<Record<Split, Problem[]>>;
  readonly leftOut: Map<string, number>;
}

function open<O extends Options>(set: Definition<O>, chosen: Chosen<O>): Dataset {
  let read: Promise<Contents> | undefined;
  // Read once for all splits, and anew for the next run.
  const contents = (): Promise<Contents> => {
    read ??= readSet(set, chosen);
    return read;
  };
  const load = async (split: Split) => (await contents()).problems[split];
  return {
    id: set.id,
    title: `${set.title} (${chosen.path})`,
    load,
    hash: () => hashOf(load),
    leftOut: async () => (await contents()).leftOut,
    async published(split, mostSolutions) {
      const found: Published[] = [];
      for await (const { entry, in: inSplit } of entriesOf(set, chosen, 'solutions')) {
        if (inSplit !== split || 'leftOut' in entry) continue;
        const solutions = (entry.solutions?.() ?? []).slice(0, mostSolutions);
        found.push({ problemId: entry.id, date: entry.date ?? null, solutions });
      }
      return found;
    },
  };
}

async function readSet<O extends Options>(set: Definition<O>, chosen: Chosen<O>): Promise<Contents> {
  const problems: Record<Split, Problem[]> = { train: [], validation: [], test: [] };
  const leftOut = new Map<string, number>();
  const leave = (reason: string) => leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
  const texts = new TextsOnDisk();
  let characters = 0;
  for await (const { entry, in: split } of entriesOf(set, chosen, 'problems')) {
    if ('leftOut' in entry) leave(entry.leftOut);
    else if (split === null) leave('in no split of the set');
    else {
      const problem = texts.problem(entry.problem());
      for (const test of [...problem.visibleTests, ...problem.hiddenTests]) characters += charactersHeld(test);
      if (characters > MOST_TEST_CHARS)
        throw fault(
          chosen.path,
          `its tests have more than ${MOST_TEST_CHARS} characters, the most allowed; take fewer files, a shorter window of dates, or fewer tests a problem (mostTests)`,
        );
      problems[split].push(problem);
    }
  }
  if (SPLITS.every((split) => problems[split].length === 0))
    throw fault(chosen.path, `no problems${set.whyEmpty?.(chosen) ?? ''}${inWords(leftOut)}`);
  return { problems, leftOut };
}

const inWords = (leftOut: ReadonlyMap<string, number>) =>
  leftOut.size === 0 ? '' : `; left out: ${[...leftOut].map(([reason, n]) => `${n} (${reason})`).join(', ')}`;

interface Placed {
  readonly entry: Entry | LeftOut;
  readonly in: Split | null;
}

async function* entriesOf<O extends Options>(
  set: Definition<O>,
  chosen: Chosen<O>,
  pass: 'problems' | 'solutions',
): AsyncGenerator<Placed> {
  const found = await filesOf(chosen.path);
  const files = set.choose?.(found, chosen, chosen.path) ?? found;
  const read = await set.reader(chosen);
  const without = [...(set.unread ?? []), ...(pass === 'solutions' ? [] : (set.solutionColumns ?? []))];
  const placeOfId = new Map<string, string>();
  for (const file of files) {
    for await (const record of recordsOf(file, without)) {
      const entry = read(record);
      if (entry === null) continue;
      if ('leftOut' in entry) {
        yield { entry, in: null };
        continue;
      }
      const earlier = placeOfId.get(entry.id);
      if (earlier !== undefined)
        throw fault(`${record.at}: id`, `${entry.id} is also at ${earlier}; every id must be unique`);
      placeOfId.set(entry.id, record.at);
      yield { entry, in: splitOf(entry, set.splits, chosen) };
    }
  }
}

function splitOf({ split, meaning }: Entry, splits: Splits, chosen: Common): Split | null {
  const { validateOn, validationShare = 0, testShare = 0 } = chosen;
  if (splits === 'shares') return splitByShare(meaning, { validation: validationShare, test: testShare });
  if (validateOn === 'all') return 'validation';
  if (split === undefined || split === null) return null;
  if (validateOn === 'test') return split === 'train' ? 'train' : split === 'test' ? 'validation' : 'test';
  if (splits === 'train-test' && split === 'train')
    return splitByShare(meaning, { validation: validationShare, test: 0 });
  return split;
}
