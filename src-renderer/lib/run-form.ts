/**
 * The state of the New run form and what follows from it: values, faults, difference from the preset, cost, YAML.
 * Made from the catalogue's descriptors alone; the few paths named here are those that cost and warnings are about.
 */
import type { Catalogue, FlatValues, StoredConfig } from '../../src-shared/api.ts';
import { type Option, type OptionValue, problemWith, valueFromText } from '../../src-shared/options.ts';
import { formatExact } from './format.ts';

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

/** The descriptor of a family's choice, so that it is checked and shown like every other option. */
export function kindOption(group: Group): Option {
  return {
    kind: 'choice',
    label: group.title,
    help: `Which ${group.title.toLowerCase()} the run uses.`,
    default: group.defaultMember ?? '',
    choices: group.members.map((m) => ({ value: m.id, label: m.title, help: m.help })),
  };
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
}

/** Every field with its value and what is wrong with it. */
export function fieldStates(catalogue: Catalogue, state: FormState): FieldState[] {
  const base = baseValues(catalogue, state.preset);
  return fieldsOf(catalogue, state).map((field) => {
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

/** Choices that are allowed but rarely meant. */
export function warningsOf(fields: readonly FieldState[]): string[] {
  const value = (path: string) => fields.find((f) => f.path === path && f.fault === null)?.value;
  const warnings: string[] = [];
  if (value('evaluation.every') === 0) warnings.push('Validation is off: the run will have no accuracy to compare.');
  if (value('optimiser.learningRate') === 0) warnings.push('The learning rate is 0: the policy will not change.');
  const [steps, warmup] = [value('limits.steps'), value('optimiser.warmupSteps')];
  if (typeof steps === 'number' && typeof warmup === 'number' && warmup >= steps && steps > 0)
    warnings.push(`Warm-up takes ${warmup} of ${steps} steps: the learning rate never reaches its peak.`);
  return warnings;
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

/** Resolved values of a stored run, by full path. */
export function flattenConfig(config: StoredConfig): FlatValues {
  const flat: Record<string, OptionValue> = {};
  for (const [group, content] of Object.entries(config)) {
    if (content === null || typeof content !== 'object') continue;
    if ('options' in content && typeof content.options === 'object') {
      flat[`${group}.kind`] = String(content.kind);
      for (const [key, value] of Object.entries(content.options)) flat[`${group}.options.${key}`] = value;
    } else for (const [key, value] of Object.entries(content)) flat[`${group}.${key}`] = value as OptionValue;
  }
  return flat;
}

/** The form filled in as a stored run was launched. */
export function formFromConfig(catalogue: Catalogue, config: StoredConfig): FormState {
  const preset = catalogue.presets.some((p) => p.id === config.preset) ? config.preset : null;
  const flat = flattenConfig(config);
  let state: FormState = { name: '', preset, edits: {} };
  // The choices first: they decide which options exist.
  const paths = Object.keys(flat).sort((a, b) => Number(b.endsWith('.kind')) - Number(a.endsWith('.kind')));
  for (const path of paths) {
    const value = flat[path] as OptionValue;
    state = edit(catalogue, state, path, typeof value === 'boolean' ? value : formatExact(value));
  }
  return state;
}
