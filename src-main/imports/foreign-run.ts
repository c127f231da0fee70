/** A run that another tool logged, as its reader gives it: names and configuration are still those of the tool. */
import { AssayError } from '../../src-shared/errors.ts';
import type { ImportFormat } from '../../src-shared/transfer.ts';

export interface ForeignRun {
  readonly name: string;
  /** Milliseconds since 1970; null where the tool does not say. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly config: Readonly<Record<string, unknown>>;
  readonly points: Points;
}

export interface ForeignReader {
  readonly format: Exclude<ImportFormat, 'assay'>;
  /** What it reads, for messages. */
  readonly reads: string;
  /** Whether a file or folder looks like its own, by name and first bytes. */
  recognises(path: string, look: Look): boolean;
  /**
   * All runs below a path. One that cannot be read is `refused`; the others come all the same.
   * @throws AssayError `corrupt` when nothing can be read.
   */
  read(path: string): Promise<{ runs: ForeignRun[]; refused: { name: string; reason: string }[] }>;
}

/** A first look at a path. */
export interface Look {
  readonly isFolder: boolean;
  /** Of a folder, the files below it, three levels deep, as paths relative to it; of a file, its own name. */
  readonly names: readonly string[];
  /** First bytes of a file. */
  readonly head: Uint8Array;
}

/** What a run may hold at most. */
export const IMPORT_LIMITS = {
  points: 20_000_000,
  names: 5000,
  nameChars: 200,
  fileBytes: 2 ** 32,
  textBytes: 2 ** 28,
} as const;

/** Values by step and name. The last value of a step and name counts; one that is not finite is a gap, and counted. */
export class Points {
  readonly steps = new Map<number, { at: number | null; readonly metrics: Map<string, number> }>();
  readonly #names = new Set<string>();
  readonly #file: string;
  #count = 0;
  notFinite = 0;

  /** @param file For messages. */
  constructor(file: string) {
    this.#file = file;
  }

  /** @param at Milliseconds since 1970. @throws AssayError `corrupt` for a step that is none, or too much of anything. */
  add(step: number, at: number | null, name: string, value: number): void {
    if (!Number.isSafeInteger(step) || step < 0)
      throw new AssayError('corrupt', `${this.#file}: ${step} is not a step; it must be a whole number, 0 or more`);
    if (!Number.isFinite(value)) {
      this.notFinite++;
      return;
    }
    if (++this.#count > IMPORT_LIMITS.points)
      throw new AssayError('corrupt', `${this.#file}: more than ${IMPORT_LIMITS.points} values`);
    if (!this.#names.has(name)) {
      if (name === '' || name.length > IMPORT_LIMITS.nameChars)
        throw new AssayError(
          'corrupt',
          `${this.#file}: a metric name has ${name.length} characters; allowed are 1 to ${IMPORT_LIMITS.nameChars}`,
        );
      this.#names.add(name);
      if (this.#names.size > IMPORT_LIMITS.names)
        throw new AssayError('corrupt', `${this.#file}: more than ${IMPORT_LIMITS.names} metrics`);
    }
    const known = this.steps.get(step);
    if (known === undefined) this.steps.set(step, { at, metrics: new Map([[name, value]]) });
    else {
      known.metrics.set(name, value);
      known.at = at ?? known.at;
    }
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }
}

const MAX_DEPTH = 12;

/** Every number of a nested log record by its path (`a/b`); texts, lists and other things are no metrics. */
export function* numbersOf(
  record: Readonly<Record<string, unknown>>,
  prefix = '',
  depth = 0,
): Generator<[string, number]> {
  if (depth > MAX_DEPTH) return;
  for (const [key, value] of Object.entries(record)) {
    const name = `${prefix}${key}`;
    if (typeof value === 'number') yield [name, value];
    // As Trackio and JSON.dump with allow_nan write them.
    else if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') yield [name, Number(value)];
    else if (typeof value === 'object' && value !== null && !Array.isArray(value))
      yield* numbersOf(value as Record<string, unknown>, `${name}/`, depth + 1);
  }
}

/** JSON text as a record. Python's NaN and Infinity, which no standard allows, become texts. @throws AssayError. */
export function parseRecord(text: string, where: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    try {
      json = JSON.parse(quoteSpecials(text));
    } catch (error) {
      throw new AssayError('corrupt', `${where} is not JSON`, { cause: error });
    }
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new AssayError('corrupt', `${where} is not a JSON object`);
  return json as Record<string, unknown>;
}

/** Strings are matched first, so that nothing inside one changes. */
const quoteSpecials = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (part) => (part.startsWith('"') ? part : `"${part}"`));
