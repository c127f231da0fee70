/** Python values outside Python: the typed encoding of a function's answer (resources/sandbox/solution.py) and
 * Python's ==. Answers come from untrusted programs: whatever their size and nesting, what is done here takes linear
 * time (but for the sorting of sets and dicts) and a bounded stack. */

/** Whole numbers have one form each: a number up to 2^53 - 1 in size, a bigint beyond. */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'complex'; readonly real: number; readonly imaginary: number }
  | { readonly kind: 'bytes'; readonly base64: string }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly PyValue[] }
  /** A frozenset too, which Python holds equal to a set. */
  | { readonly kind: 'set'; readonly items: readonly PyValue[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [PyValue, PyValue])[] }
  /** A type that equals nothing written in JSON, by its name. */
  | { readonly kind: 'other'; readonly name: string };

/** Containers inside one another that are read at most, in an answer (its encoder stops at 200) as in JSON. Each
 * recursion over values relies on it. */
export const MOST_DEPTH = 256;

export const float = (value: number): PyValue => ({ kind: 'float', value });

/** A whole number in its one form. */
export const wholeNumber = (value: bigint): number | bigint =>
  value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;

/** Reads the answer that a test process sent, parsed as JSON; throws a SyntaxError where it is not of that encoding.
 * By hand rather than by a schema: answers have up to millions of elements. */
export function decodeAnswer(json: unknown): PyValue {
  return decode(json, 0);
}

function decode(json: unknown, depth: number): PyValue {
  if (json === null || typeof json === 'boolean' || typeof json === 'string') return json;
  if (typeof json === 'number' && Number.isSafeInteger(json)) return json + 0; // -0 is 0
  if (depth > MOST_DEPTH) throw new SyntaxError(`The answer is nested deeper than ${MOST_DEPTH}`);
  if (Array.isArray(json)) return { kind: 'list', items: decodeItems(json, depth) };
  if (typeof json === 'object') {
    const [entry, ...more] = Object.entries(json);
    if (entry !== undefined && more.length === 0) return decodeTagged(entry[0], entry[1], depth);
  }
  throw new SyntaxError('The answer is not in the encoding of the sandbox');
}

const decodeItems = (items: readonly unknown[], depth: number): PyValue[] =>
  items.map((item) => decode(item, depth + 1));

function decodeTagged(tag: string, content: unknown, depth: number): PyValue {
  if (tag === 'i' && typeof content === 'string') return wholeNumber(hexToBigInt(content));
  if (tag === 'f' && typeof content === 'string') return float(parseFloatLiteral(content));
  if (tag === 'b' && typeof content === 'string') return { kind: 'bytes', base64: checkedBase64(content) };
  if (tag === 'o' && typeof content === 'string') return { kind: 'other', name: content };
  if (tag === 't' && Array.isArray(content)) return { kind: 'tuple', items: decodeItems(content, depth) };
  if (tag === 's' && Array.isArray(content)) return { kind: 'set', items: decodeItems(content, depth) };
  if (tag === 'd' && Array.isArray(content)) {
    return { kind: 'dict', entries: content.map((entry) => decodeEntry(entry, depth)) };
  }
  if (tag === 'c' && Array.isArray(content)) return decodeComplex(content);
  throw new SyntaxError(`The answer has an unknown part ${JSON.stringify(tag)}`);
}

function decodeEntry(entry: unknown, depth: number): readonly [PyValue, PyValue] {
  if (!Array.isArray(entry) || entry.length !== 2) throw new SyntaxError('The answer has a malformed dict');
  return [decode(entry[0], depth + 1), decode(entry[1], depth + 1)];
}

function decodeComplex(parts: readonly unknown[]): PyValue {
  const [real, imaginary] = parts;
  if (parts.length !== 2 || typeof real !== 'string' || typeof imaginary !== 'string') {
    throw new SyntaxError('The answer has a malformed complex number');
  }
  return { kind: 'complex', real: parseFloatLiteral(real), imaginary: parseFloatLiteral(imaginary) };
}

function hexToBigInt(text: string): bigint {
  if (!/^-?0x[0-9a-f]+$/.test(text)) throw new SyntaxError('The answer has a malformed whole number');
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

/** Python's repr of a float: nan, inf, -inf or a decimal literal. */
function parseFloatLiteral(text: string): number {
  if (text === 'inf') return Infinity;
  if (text === '-inf') return -Infinity;
  if (text === 'nan') return NaN;
  if (!/^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/.test(text)) throw new SyntaxError('The answer has a malformed float');
  return Number(text);
}

function checkedBase64(text: string): string {
  if (Buffer.from(text, 'base64').toString('base64') !== text) throw new SyntaxError('The answer has malformed bytes');
  return text;
}

/** The number that a value is to Python's ==, True being 1 and 1.0 being 1; null for what is none. Equal numbers are
 * equal by ===: those that are whole are in the form of PyValue's, all others are of type number. */
export function numberOf(value: PyValue): number | bigint | null {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === null || typeof value !== 'object') return null;
  if (value.kind === 'float') return numberOfFloat(value.value);
  return value.kind === 'complex' && value.imaginary === 0 ? numberOfFloat(value.real) : null;
}

/** numberOf for a float. */
export const numberOfFloat = (value: number): number | bigint =>
  Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;

/** Python's ==: True is 1, 1 is 1.0 and (1+0j) (exactly, at any size), NaN equals nothing, a list is never a tuple, a
 * dict's order does not count. */
export function pythonEquals(a: PyValue, b: PyValue): boolean {
  return matches(a, b, (left, right) => left === right);
}

/** As pythonEquals, but that `same` says which numbers are equal, other than booleans and keys of dicts. */
export function matches(a: PyValue, b: PyValue, same: (a: number | bigint, b: number | bigint) => boolean): boolean {
  const left = numberOf(a);
  const right = numberOf(b);
  if (left !== null && right !== null) {
    return typeof a === 'boolean' || typeof b === 'boolean' ? left === right : same(left, right);
  }
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (a.kind !== b.kind) return false;
  if ((a.kind === 'list' || a.kind === 'tuple') && b.kind === a.kind) {
    return a.items.length === b.items.length && a.items.every((item, i) => matches(item, b.items[i] as PyValue, same));
  }
  if (a.kind === 'dict' && b.kind === 'dict') {
    if (a.entries.length !== b.entries.length) return false;
    const keys = new Identities();
    const values = new Map(b.entries.map(([key, value]) => [keys.add(key), value]));
    return a.entries.every(([key, value]) => {
      const identity = keys.find(key);
      const other = values.get(identity);
      // Each key of b serves once: a forged dict may have one key many times.
      return other !== undefined && values.delete(identity) && matches(value, other, same);
    });
  }
  const identities = new Identities();
  const identity = identities.add(b);
  return identities.find(a) === identity;
}

/** Numbers values so that two have the same number exactly where Python's == holds. What makes it linear is that a
 * container is known by the numbers of its parts, not by their text. */
export class Identities {
  readonly #numbers = new Map<string, number>();
  #next = 0;

  /** The number of a value; a new one where the value is new, or equals nothing, itself included. */
  add(value: PyValue): number {
    const name = this.#name(value, (part) => this.add(part));
    const known = name === null ? undefined : this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#next += 1;
    if (name !== null) this.#numbers.set(name, this.#next);
    return this.#next;
  }

  /** The number of the added value that equals this one; -1 where there is none. Keeps nothing. */
  find(value: PyValue): number {
    const name = this.#name(value, (part) => this.find(part));
    return (name === null ? undefined : this.#numbers.get(name)) ?? -1;
  }

  /** Null for what equals nothing. In `find`, -1 in a name makes it one that no added value has. */
  #name(value: PyValue, numberOfPart: (part: PyValue) => number): string | null {
    const number = numberOf(value);
    if (number !== null) return Number.isNaN(number) ? null : nameOfNumber(number);
    if (value === null) return 'None';
    if (typeof value === 'string') return `s${value}`;
    if (typeof value !== 'object') return null;
    switch (value.kind) {
      case 'list':
      case 'tuple':
        return `${value.kind} ${value.items.map(numberOfPart).join()}`;
      case 'set':
        return `set ${sorted(new Set(value.items.map(numberOfPart)))}`;
      case 'dict': {
        const values = new Map(value.entries.map(([key, item]) => [numberOfPart(key), numberOfPart(item)]));
        return `dict ${sorted(values.keys()).map((key) => `${key}:${values.get(key)}`)}`;
      }
      case 'bytes':
        return `bytes ${value.base64}`;
      case 'complex':
        if (Number.isNaN(value.real) || Number.isNaN(value.imaginary)) return null;
        return `complex ${value.real} ${value.imaginary}`;
      default:
        return null;
    }
  }
}

const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);

/** Hexadecimal where it is a bigint: decimal digits would take more than linear time. */
const nameOfNumber = (number: number | bigint): string =>
  typeof number === 'bigint' ? `n0x${number.toString(16)}` : `n${number}`;
