/** Typed access to the metadata of a GGUF file. */
import type { GgufValue } from './header.ts';

/** Every method throws an Error that names the file, the key, its value and what is allowed. */
export class Metadata {
  readonly path: string;
  readonly #values: ReadonlyMap<string, GgufValue>;

  constructor(values: ReadonlyMap<string, GgufValue>, path: string) {
    this.path = path;
    this.#values = values;
  }

  text(key: string): string {
    return this.optionalText(key) ?? this.#missing(key);
  }

  optionalText(key: string): string | null {
    const value = this.#values.get(key) ?? null;
    if (value === null || typeof value === 'string') return value;
    return this.#wrong(key, value, 'a text');
  }

  /** One of several texts. */
  oneOf<T>(key: string, allowed: ReadonlyMap<string, T>, absent?: string): T {
    const value = this.optionalText(key) ?? absent ?? this.#missing(key);
    const found = allowed.get(value);
    if (found !== undefined) return found;
    throw new Error(
      `${this.path}: ${key}: ${JSON.stringify(value)} is not supported; allowed is ${[...allowed.keys()].join(', ')}`,
    );
  }

  flag(key: string): boolean | null {
    const value = this.#values.get(key) ?? null;
    if (value === null || typeof value === 'boolean') return value;
    return this.#wrong(key, value, 'true or false');
  }

  /** A positive, finite number. */
  number(key: string, absent: number): number {
    const value = this.#values.get(key) ?? absent;
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
    return this.#wrong(key, value, 'a number above 0');
  }

  /** A whole number, 0 or more. @param absent Without it, the key must be there and its value 1 or more. */
  count(key: string, absent?: number): number {
    const value = this.#values.get(key) ?? absent ?? this.#missing(key);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= (absent === undefined ? 1 : 0))
      return value;
    return this.#wrong(key, value, 'a whole number');
  }

  /** A whole number, from 1 to `most`. @param absent Without it, the key must be there. */
  size(key: string, most: number, absent?: number): number {
    const value = this.#values.get(key) ?? absent ?? this.#missing(key);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
    return this.#wrong(key, value, `a whole number from 1 to ${most}`);
  }

  optionalCount(key: string): number | null {
    return this.#values.has(key) ? this.count(key, 0) : null;
  }

  /** A whole number, 0 or more, which must be there. */
  tokenId(key: string): number {
    return this.optionalCount(key) ?? this.#missing(key);
  }

  texts(key: string): readonly string[] {
    return this.#list(key, (value) => typeof value === 'string', 'a list of texts');
  }

  /** Whole numbers; null where the key is absent. */
  numbers(key: string): readonly number[] | null {
    if (!this.#values.has(key)) return null;
    return this.#list(key, (value) => typeof value === 'number', 'a list of numbers');
  }

  #list<T extends GgufValue>(key: string, is: (value: GgufValue) => boolean, allowed: string): readonly T[] {
    const values = this.#values.get(key) ?? this.#missing(key);
    if (Array.isArray(values) && values.every(is)) return values as readonly T[];
    return this.#wrong(key, Array.isArray(values) ? 'a list' : values, allowed);
  }

  #missing(key: string): never {
    throw new Error(`${this.path}: metadata ${key} is missing`);
  }

  #wrong(key: string, value: GgufValue, allowed: string): never {
    const shown = JSON.stringify(value).slice(0, 80);
    throw new Error(`${this.path}: metadata ${key} is ${shown}; it must be ${allowed}`);
  }
}
