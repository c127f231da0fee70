/**
 * The state of the New run form and what follows from it: values, faults, difference from the preset, cost.
 * Made from the catalogue's descriptors alone; the few paths named here are those that cost is about.
 */
import type { Catalogue, FlatValues, StoredConfig } from '../../src-shared/api.ts';
import { flattenConfig } from '../../src-shared/flatten.ts';
import { formatExact } from '../../src-shared/format.ts';
import { whyInert } from '../../src-shared/inert.ts';
import { type Option, type OptionValue, problemWith, valueFromText } from '../../src-shared/options.ts';
import { kindOption } from '../../src-shared/places.ts';

type Group = Catalogue['groups'][number];

export interface FormState {
  readonly name: string;
  readonly preset: string | null;
  /** What was typed or chosen, by path, as text or as a switch; absent where the preset or the default holds. */
  readonly edits: Readonly<Record<string, string | boolean>>;
}

export interface FormField {
  readonly path: string;
  readonly group: string;
  readonly option: Option;
}

const isSame = (a: OptionValue | undefined, b: OptionValue | undefined) => Object.is(a, b);

/** Values that hold where nothing was edited: defaults, then preset. Covers every member's options. */
export function baseValues(catalogue: Catalogue, preset: string | null): FlatValues {
  const values: Record<string, OptionValue> = {};
  const chosen = catalogue.presets.find((p) => p.id === preset)?.values ?? {};
  for (const group of catalogue.groups) {
    for (const [key, option] of Object.entries(group.options)) values[`${group.id}.${key}`] = option.default;
    if (group.defaultMember !== null) values[`${group.id}.kind`] = group.defaultMember;
  }
  return { ...values, ...chosen };
}

/** The member of a family group that is chosen now; undefined in a plain group or when the choice is unknown. */
export function chosenMember(group: Group, state: FormState, base: FlatValues): Group['members'][number] | undefined {
  const kind = state.edits[`${group.id}.kind`] ?? base[`${group.id}.kind`];
  return group.members.find((m) => m.id === kind);
}

/** All fields of the form as it stands, in order: a family's choice, then the options of the chosen member. */
export function fieldsOf(catalogue: Catalogue, state: FormState): FormField[] {
  const base = baseValues(catalogue, state.preset);
  return catalogue.groups.flatMap((group): FormField[] => {
    const at = (prefix: string, options: Readonly<Record<string, Option>>) =>
      Object.entries(options).map(([key, option]) => ({ path: `${prefix}.${key}`, group: group.id, option }));
    const plain = at(group.id, group.options);
    if (group.members.length === 0) return plain;
    const member = chosenMember(group, state, base);
    const kind = { path: `${group.id}.kind`, group: group.id, option: kindOption(group) };
    return [kind, ...plain, ...at(`${group.id}.options`, member?.options ?? {})];
  });
}

/** What holds at `path` when nothing is edited. A preset's member options count only for the preset's member. */
function baseOf(field: FormField, state: FormState, base: FlatValues): OptionValue {
  const kindPath = `${field.group}.kind`;
  const foreign =
    field.path !== kindPath && state.edits[kindPath] !== undefined && state.edits[kindPath] !== base[kindPath];
  return (foreign ? undefined : base[field.path]) ?? field.option.default;
}

export interface FieldState extends FormField {
  /** As it is shown in the input. */
  readonly shown: string | boolean;
  readonly value: OptionValue;
  readonly base: OptionValue;
  readonly changed: boolean;
  /** One line; null when the value is fine by itself. */
  readonly fault: string | null;
  /** Why the run would not use it; null when it does. */
  readonly inert: string | null;
}

/** Every field with its value and what is wrong with it. */
export function fieldStates(catalogue: Catalogue, state: FormState): FieldState[] {
  const base = baseValues(catalogue, state.preset);
  const fields = fieldsOf(catalogue, state).map((field) => {
    const before = baseOf(field, state, base);
    const edit = state.edits[field.path];
    const value = edit === undefined ? before : typeof edit === 'boolean' ? edit : valueFromText(field.option, edit);
    const shown = edit ?? (typeof before === 'boolean' ? before : formatExact(before));
    // A number that does not parse is shown in the fault as it was typed, not as NaN.
    const unread = typeof value === 'number' && Number.isNaN(value) ? (edit === '' ? undefined : edit) : value;
    return {
      ...field,
      shown,
      value,
      base: before,
      changed: !isSame(value, before),
      fault: problemWith(field.option, unread),
    };
  });
  const values = valuesOf(fields);
  return fields.map((field) => ({ ...field, inert: whyInert(values, field.path) }));
}

/** All values that are fine by themselves, by full path. */
export function valuesOf(fields: readonly Pick<FieldState, 'path' | 'value' | 'fault'>[]): FlatValues {
  return Object.fromEntries(fields.filter((f) => f.fault === null).map((f) => [f.path, f.value]));
}

/** Values to launch with: only what differs from the preset. */
export function changedValues(fields: readonly FieldState[]): FlatValues {
  return Object.fromEntries(fields.filter((f) => f.changed).map((f) => [f.path, f.value]));
}

export interface Difference {
  readonly path: string;
  readonly label: string;
  readonly from: string;
  readonly to: string;
}

/** What was changed against the preset, in the order of the form. */
export function differences(fields: readonly FieldState[]): Difference[] {
  return fields
    .filter((f) => f.changed)
    .map((f) => ({ path: f.path, label: f.option.label, from: formatExact(f.base), to: String(f.shown) }));
}

export interface Cost {
  readonly rolloutsPerStep: number;
  readonly updatesPerStep: number;
  readonly rollouts: number;
  readonly validations: number;
  readonly evaluationSamples: number;
}

/** What the run will sample; null while a number that it depends on is at fault. */
export function costOf(fields: readonly FieldState[]): Cost | null {
  const values = new Map(fields.filter((f) => f.fault === null).map((f) => [f.path, f.value]));
  const read = (path: string): number => {
    const value = values.get(path);
    return typeof value === 'number' ? value : Number.NaN;
  };
  const steps = read('limits.steps');
  const every = read('evaluation.every');
  const problems = read('rollouts.problemsPerStep');
  const rolloutsPerStep = problems * read('rollouts.groupSize');
  // Before the first step, every `every` steps, and after the last.
  const validations = every === 0 ? 0 : 1 + Math.ceil(steps / every);
  const cost: Cost = {
    rolloutsPerStep,
    updatesPerStep: Math.ceil(problems / read('optimiser.minibatchProblems')) * read('optimiser.epochs'),
    rollouts: rolloutsPerStep * steps,
    validations,
    evaluationSamples: validations * read('evaluation.problems') * read('evaluation.samples'),
  };
  return Object.values(cost).every(Number.isFinite) ? cost : null;
}

/** Change one option. An edit that says what already holds is none; leaving a member drops its options' edits. */
export function edit(catalogue: Catalogue, state: FormState, path: string, value: string | boolean): FormState {
  const { [path]: _, ...rest } = state.edits;
  const group = path.slice(0, path.indexOf('.'));
  const edits = path === `${group}.kind` ? dropMemberEdits(rest, group) : rest;
  const field = fieldStates(catalogue, { ...state, edits }).find((f) => f.path === path);
  return { ...state, edits: field?.shown === value ? edits : { ...edits, [path]: value } };
}

function dropMemberEdits(edits: FormState['edits'], group: string): FormState['edits'] {
  return Object.fromEntries(Object.entries(edits).filter(([path]) => !path.startsWith(`${group}.options.`)));
}

/** The form filled in as a stored run was launched. */
export function formFromConfig(catalogue: Catalogue, config: StoredConfig): FormState {
  const preset = catalogue.presets.some((p) => p.id === config.preset) ? config.preset : null;
  return formFromValues(catalogue, { name: '', preset, values: flattenConfig(config) });
}

/** The form with these values over those of the preset. Values that no field has are left out. */
export function formFromValues(
  catalogue: Catalogue,
  { name, preset, values }: { readonly name: string; readonly preset: string | null; readonly values: FlatValues },
): FormState {
  const edits = Object.fromEntries(
    Object.entries(values).map(([path, value]) => [path, typeof value === 'boolean' ? value : formatExact(value)]),
  );
  // As edits they are all there; those that say what holds anyway are none.
  const fields = fieldStates(catalogue, { name, preset, edits });
  return { name, preset, edits: Object.fromEntries(fields.filter((f) => f.changed).map((f) => [f.path, f.shown])) };
}
