/** Several runs from one form: a run for each seed and each point of a grid over a few options. */
import type { FlatValues } from '../../../src-shared/api.ts';
import { formatExact } from '../../../src-shared/format.ts';
import { type OptionValue, problemWith, valueFromText } from '../../../src-shared/options.ts';
import { changedValues, type FieldState } from '../run-form.ts';

export const MOST_RUNS = 200;
export const MOST_AXES = 3;
const MOST_SEED = 2_147_483_647;
const NAME_CHARS = 120;
const SEED = 'seeds.run';

export interface Several {
  /** As typed: `1-3`, or `1, 5, 9`; empty: the seed of the form. */
  readonly seeds: string;
  readonly axes: readonly Axis[];
}
export interface Axis {
  /** Of an option; empty while none is chosen. */
  readonly path: string;
  /** As typed, with commas between them. */
  readonly values: string;
}
export const NOT_SEVERAL: Several = { seeds: '', axes: [] };

export interface PlannedRun {
  readonly name: string;
  /** To launch with, over the preset. */
  readonly values: FlatValues;
  /** What sets it apart from the others, by path; empty for a single run. */
  readonly own: FlatValues;
}
export interface Plan {
  /** Empty while something is at fault. */
  readonly runs: readonly PlannedRun[];
  readonly faults: readonly { readonly at: 'seeds' | 'count' | number; readonly message: string }[];
}

/** Whole numbers and ranges, in order, each once. @returns one line where it is neither */
export function parseSeeds(text: string): number[] | string {
  const seeds = new Set<number>();
  for (const part of text.split(',').map((p) => p.trim())) {
    const [, first, last] = /^(\d+)(?:\s*(?:-|\.\.)\s*(\d+))?$/.exec(part) ?? [];
    if (first === undefined) return `${part === '' ? 'nothing' : part} is no seed; write 1-3, or 1, 5, 9`;
    const [from, to] = [Number(first), Number(last ?? first)];
    if (to > MOST_SEED) return `${to} is out of range; allowed is 0 to ${MOST_SEED}`;
    if (to < from) return `${part} ends before it begins`;
    if (to - from >= MOST_RUNS) return `${part} is ${to - from + 1} seeds; allowed are ${MOST_RUNS}`;
    for (let seed = from; seed <= to; seed++) seeds.add(seed);
  }
  return [...seeds];
}

/** @returns one line where a value is not the option's, or is there twice */
export function parseAxis(field: FieldState | undefined, { path, values }: Axis): OptionValue[] | string {
  if (field === undefined) return path === '' ? 'Choose an option' : `${path} is no option of this run`;
  if (field.inert !== null) return `${path} has no effect: ${field.inert}`;
  const found: OptionValue[] = [];
  for (const text of values.split(',').map((v) => v.trim())) {
    const value = valueFromText(field.option, text);
    const unread = typeof value === 'number' && Number.isNaN(value) ? (text === '' ? undefined : text) : value;
    const wrong = problemWith(field.option, unread);
    if (wrong !== null) return wrong;
    if (found.includes(value)) return `${text} is there twice`;
    found.push(value);
  }
  return found;
}

/**
 * @param fields as they are launched, against the preset that the app knows
 * @param name Of a single run; of several what they have in common.
 */
export function planOf(fields: readonly FieldState[], name: string, several: Several): Plan {
  const faults: { at: 'seeds' | 'count' | number; message: string }[] = [];
  const axes: { path: string; values: readonly OptionValue[] }[] = [];
  several.axes.forEach((axis, at) => {
    const twice = several.axes.findIndex((other) => other.path === axis.path) < at;
    const field = axis.path === SEED ? undefined : fields.find((f) => f.path === axis.path);
    const values = twice && axis.path !== '' ? `${axis.path} is there twice` : parseAxis(field, axis);
    if (typeof values === 'string') faults.push({ at, message: values });
    else axes.push({ path: axis.path, values });
  });
  if (several.seeds.trim() !== '') {
    const seeds = parseSeeds(several.seeds);
    if (typeof seeds === 'string') faults.push({ at: 'seeds', message: seeds });
    else axes.push({ path: SEED, values: seeds });
  }
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (count > MOST_RUNS) faults.push({ at: 'count', message: `${count} runs at once; allowed are ${MOST_RUNS}` });
  if (faults.length > 0) return { runs: [], faults };

  const shared = changedValues(fields);
  const points = axes.reduce<FlatValues[]>(
    (rows, { path, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [path]: value }))),
    [{}],
  );
  const labels = labelsOf(axes.map(({ path }) => path));
  return {
    faults,
    runs: points.map((own) => ({
      own,
      name: count === 1 ? name : nameOf(name, own, labels),
      values: { ...withoutLeft(shared, fields, own), ...own },
    })),
  };
}

/** Options of a member go with it, where a run has another one. */
function withoutLeft(values: FlatValues, fields: readonly FieldState[], own: FlatValues): FlatValues {
  const left = Object.entries(own)
    .filter(([path, value]) => path.endsWith('.kind') && fields.find((f) => f.path === path)?.value !== value)
    .map(([path]) => path.replace(/kind$/, 'options.'));
  return Object.fromEntries(Object.entries(values).filter(([path]) => !left.some((prefix) => path.startsWith(prefix))));
}

/** The last part of a path, or the group of a family's choice; the whole path where that would say two things. */
function labelsOf(paths: readonly string[]): ReadonlyMap<string, string> {
  const short = (path: string) => {
    const [group = '', ...rest] = path.split('.');
    return path === SEED ? 'seed' : rest.at(-1) === 'kind' ? group : (rest.at(-1) ?? path);
  };
  return new Map(
    paths.map((path) => [path, paths.filter((other) => short(other) === short(path)).length > 1 ? path : short(path)]),
  );
}

function nameOf(name: string, own: FlatValues, labels: ReadonlyMap<string, string>): string {
  const parts = Object.entries(own).map(([path, value]) => `${labels.get(path)} ${formatExact(value)}`);
  const ending = parts.join(', ').slice(0, NAME_CHARS - 4);
  return `${name.slice(0, NAME_CHARS - ending.length - 2)}, ${ending}`;
}
