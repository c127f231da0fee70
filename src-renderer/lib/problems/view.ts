/** What the page of problems shows: its address, the form of a set, the sets that were looked at last. Pure. */
import { z } from 'zod';
import type { Catalogue, FlatValues } from '../../../src-shared/api.ts';
import { type OptionValue, optionValueSchema } from '../../../src-shared/options.ts';
import { SPLITS } from '../../../src-shared/problem.ts';
import type { ProblemReport } from '../../../src-shared/problem-sets.ts';
import { type FieldState, type FormState, formFromValues } from '../run-form.ts';

const GROUP = 'problems';
export const KIND_PATH = `${GROUP}.kind`;
const OPTIONS = `${GROUP}.options.`;

/** A problem set as the calls take it; options that are left out have their defaults. */
export const problemSetSchema = z.object({ kind: z.string(), options: z.record(z.string(), optionValueSchema) });
export type ProblemSet = z.infer<typeof problemSetSchema>;

/** A wrong value is left out, never an error: addresses are typed and kept by people. */
export const problemsSearch = z.object({
  kind: z.string().optional().catch(undefined),
  options: z.record(z.string(), optionValueSchema).optional().catch(undefined),
  /** Of the list. */
  split: z.enum(SPLITS).optional().catch(undefined),
  q: z.string().max(200).optional().catch(undefined),
  /** The problem that is open, and the split that it is in. */
  problem: z.string().optional().catch(undefined),
  in: z.enum(SPLITS).optional().catch(undefined),
});
export type ProblemsSearch = z.infer<typeof problemsSearch>;

/** The set that the address names; null where it names none that is known. */
export function setOf(catalogue: Catalogue, { kind, options = {} }: ProblemsSearch): ProblemSet | null {
  const known = kindsOf(catalogue).some(({ id }) => id === kind);
  return kind === undefined || !known ? null : { kind, options };
}

export type Kind = Catalogue['groups'][number]['members'][number];

export const kindsOf = (catalogue: Catalogue): readonly Kind[] =>
  catalogue.groups.find(({ id }) => id === GROUP)?.members ?? [];

/** The catalogue of one group's form, without presets: every field starts from its default. @param only Options that are
 * kept, where not all are. */
export function catalogueOf(catalogue: Catalogue, group: string, only?: readonly string[]): Catalogue {
  const kept = catalogue.groups.filter(({ id }) => id === group);
  const groups = kept.map((each) => ({
    ...each,
    options: Object.fromEntries(Object.entries(each.options).filter(([key]) => only?.includes(key) ?? true)),
  }));
  return { ...catalogue, groups, presets: [] };
}

export const problemsCatalogue = (catalogue: Catalogue): Catalogue => catalogueOf(catalogue, GROUP);

/** @param catalogue Of this form. */
export const formOf = (catalogue: Catalogue, set: ProblemSet | null): FormState =>
  set === null
    ? { name: '', preset: null, edits: {} }
    : formFromValues(catalogue, { name: '', preset: null, values: valuesOf(set) });

/** A set as values of a run, by path. */
export const valuesOf = ({ kind, options }: ProblemSet): FlatValues => ({
  [KIND_PATH]: kind,
  ...Object.fromEntries(Object.entries(options).map(([key, value]) => [`${OPTIONS}${key}`, value])),
});

/** The set that the form stands for, its options those that were changed. */
export function setOfFields(fields: readonly FieldState[]): ProblemSet {
  const options: Record<string, OptionValue> = {};
  for (const { path, value, changed } of fields)
    if (path.startsWith(OPTIONS) && changed) options[path.slice(OPTIONS.length)] = value;
  return { kind: String(fields.find(({ path }) => path === KIND_PATH)?.value ?? ''), options };
}

export const isKindField = ({ path }: Pick<FieldState, 'path'>): boolean => path === KIND_PATH;

/** Told apart by what they are, whatever the order of their options. */
export const keyOf = ({ kind, options }: ProblemSet): string =>
  JSON.stringify([kind, Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** A set in a few words: its files by their names, then what else was changed. */
export function nameOf(catalogue: Catalogue, { kind, options }: ProblemSet): string {
  const known = kindsOf(catalogue).find(({ id }) => id === kind);
  const words = Object.entries(options).map(([key, value]) => {
    const option = known?.options[key];
    if (option?.kind === 'text' && option.format === 'file') return baseName(String(value));
    if (option?.kind === 'choice')
      return option.choices.find((choice) => choice.value === value)?.label ?? String(value);
    return `${option?.label ?? key} ${String(value)}`;
  });
  return [known?.title ?? kind, ...words].join(' · ');
}

const baseName = (path: string) => path.trim().split(/[\\/]/).filter(Boolean).at(-1) ?? path;

export const RECENT_KEY = 'assay-problem-sets';
const MOST_RECENT = 6;
const recentSchema = z.array(problemSetSchema);

/** What cannot be read is nothing that was kept. */
export function readRecent(text: string | null | undefined): ProblemSet[] {
  if (text === null || text === undefined) return [];
  try {
    return recentSchema.safeParse(JSON.parse(text)).data ?? [];
  } catch {
    return []; // Not JSON: some other program's.
  }
}

/** The set first, and once. */
export const withRecent = (recent: readonly ProblemSet[], set: ProblemSet): ProblemSet[] =>
  [set, ...recent.filter((other) => keyOf(other) !== keyOf(set))].slice(0, MOST_RECENT);

export const totalOf = ({ splits }: ProblemReport): number => splits.reduce((sum, { problems }) => sum + problems, 0);
