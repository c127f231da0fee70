/**
 * Options described as data. From one descriptor come the form field, the CLI flag, the check, the config file's
 * schema and the help text. A value is addressed by its dotted path, for example `rollouts.groupSize`.
 */
import { z } from 'zod';
import { AssayError } from './errors.ts';

export const optionValueSchema = z.union([z.number(), z.string(), z.boolean()]);
export type OptionValue = z.infer<typeof optionValueSchema>;
/** Values by the last part of their path, inside one group. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

const base = {
  label: z.string(),
  /** One or two sentences: what it does and when to change it. */
  help: z.string(),
  /** Where the default comes from: paper, code base, or `own choice`. */
  source: z.string().optional(),
  /** Shown only under "More". */
  advanced: z.boolean().optional(),
};
export const optionSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('number'),
    ...base,
    default: z.number(),
    min: z.number(),
    max: z.number(),
    integer: z.boolean().optional(),
    unit: z.string().optional(),
  }),
  z.object({
    kind: z.literal('choice'),
    ...base,
    default: z.string(),
    choices: z.array(z.object({ value: z.string(), label: z.string(), help: z.string().optional() })).readonly(),
  }),
  z.object({ kind: z.literal('boolean'), ...base, default: z.boolean() }),
  z.object({
    kind: z.literal('text'),
    ...base,
    default: z.string(),
    /** What is expected, in words; `file` gets a picker where there is one. */
    format: z.enum(['name', 'file', 'policy']),
    optional: z.boolean().optional(),
  }),
]);
export type Option = z.infer<typeof optionSchema>;
export type Options = Readonly<Record<string, Option>>;

/** The typed values that a set of descriptors describes. */
export type ValuesOf<O extends Options> = {
  readonly [K in keyof O]: O[K]['kind'] extends 'number' ? number : O[K]['kind'] extends 'boolean' ? boolean : string;
};

export function defaultsOf<O extends Options>(options: O): ValuesOf<O> {
  return Object.fromEntries(Object.entries(options).map(([key, option]) => [key, option.default])) as ValuesOf<O>;
}

/** What is wrong with a value, in one line without the path; null when it is fine. */
export function problemWith(option: Option, value: unknown): string | null {
  switch (option.kind) {
    case 'number': {
      const range = `${option.integer ? 'a whole number' : 'a number'} from ${option.min} to ${option.max}${option.unit ? ` ${option.unit}` : ''}`;
      if (typeof value !== 'number' || !Number.isFinite(value)) return `${show(value)} is not ${range}`;
      if (option.integer && !Number.isInteger(value)) return `${value} is not ${range}`;
      return value < option.min || value > option.max ? `${value} is out of range; allowed is ${range}` : null;
    }
    case 'choice': {
      const allowed = option.choices.map((c) => c.value);
      return typeof value === 'string' && allowed.includes(value)
        ? null
        : `${show(value)} is unknown; allowed is ${allowed.join(', ')}`;
    }
    case 'boolean':
      return typeof value === 'boolean' ? null : `${show(value)} is not true or false`;
    case 'text': {
      if (typeof value !== 'string') return `${show(value)} is not text`;
      if (value.length > 4096) return `${value.length} characters is too long; allowed are 4096`;
      return value.trim() === '' && !option.optional ? 'is empty; a value is needed' : null;
    }
    default:
      option satisfies never;
      return null;
  }
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Check all values of one group and fill in defaults. @throws AssayError `usage` with the option's path. */
export function parseOptions<O extends Options>(options: O, values: unknown, path: string): ValuesOf<O> {
  const given = values ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw new AssayError('usage', `${path}: ${show(given)} is not a group of options`, { path });
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(options, key)) {
      const at = `${path}.${key}`;
      throw new AssayError(
        'usage',
        `${at}: unknown option; allowed is ${Object.keys(options).join(', ') || 'nothing'}`,
        {
          path: at,
        },
      );
    }
  }
  const out: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) {
    const value = (given as Record<string, unknown>)[key] ?? option.default;
    const wrong = problemWith(option, value);
    if (wrong !== null) throw new AssayError('usage', `${path}.${key}: ${wrong}`, { path: `${path}.${key}` });
    out[key] = value;
  }
  return out as ValuesOf<O>;
}

/** Read a value typed by a person (`--set path=value`) as its option wants it; the check comes later. */
export function valueFromText(option: Option, text: string): OptionValue {
  if (option.kind === 'number') return text.trim() === '' ? Number.NaN : Number(text);
  if (option.kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
