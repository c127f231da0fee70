/** Python values outside Python: the JSON that Python's json module reads (NaN, Infinity, whole numbers of any size),
 * the typed encoding of a function's answer (resources/sandbox/solution.py), Python's ==, and a readable form. */

export type PyValue =
  | null
  | boolean
  | string
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly PyValue[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [PyValue, PyValue])[] }
  /** A type that equals nothing written in JSON, by its name. */
  | { readonly kind: 'other'; readonly name: string };

const int = (value: bigint): PyValue => ({ kind: 'int', value });
const float = (value: number): PyValue => ({ kind: 'float', value });

/** Reads the answer that a test process sent, parsed as JSON; throws a SyntaxError where it is not of that encoding.
 * By hand rather than by a schema: answers have up to millions of elements. */
export function decodeAnswer(json: unknown): PyValue {
  if (json === null || typeof json === 'boolean' || typeof json === 'string') return json;
  if (Number.isSafeInteger(json)) return int(BigInt(json as number));
  if (Array.isArray(json)) return { kind: 'list', items: json.map(decodeAnswer) };
  if (typeof json === 'object') {
    const [entry, ...more] = Object.entries(json);
    if (entry !== undefined && more.length === 0) return decodeTagged(entry[0], entry[1]);
  }
  throw new SyntaxError('The answer is not in the encoding of the sandbox');
}

function decodeTagged(tag: string, content: unknown): PyValue {
  if (tag === 'i' && typeof content === 'string') return int(hexToBigInt(content));
  if (tag === 'f' && typeof content === 'string') return float(parseFloatLiteral(content));
  if (tag === 'o' && typeof content === 'string') return { kind: 'other', name: content };
  if (tag === 't' && Array.isArray(content)) return { kind: 'tuple', items: content.map(decodeAnswer) };
  if (tag === 'd' && Array.isArray(content)) return { kind: 'dict', entries: content.map(decodeEntry) };
  throw new SyntaxError(`The answer has an unknown part ${JSON.stringify(tag)}`);
}

function decodeEntry(entry: unknown): readonly [PyValue, PyValue] {
  if (!Array.isArray(entry) || entry.length !== 2) throw new SyntaxError('The answer has a malformed dict');
  return [decodeAnswer(entry[0]), decodeAnswer(entry[1])];
}

function hexToBigInt(text: string): bigint {
  if (!/^-?0x[0-9a-f]+$/.test(text)) throw new SyntaxError('The answer has a malformed whole number');
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

/** Python's repr of a float: nan, inf, -inf or a decimal literal. */
function parseFloatLiteral(text: string): number {
  if (text === 'inf') return Infinity;
  if (text === '-inf') return -Infinity;
  return text === 'nan' ? NaN : Number(text);
}

const CONSTANTS: Readonly<Record<string, PyValue>> = {
  null: null,
  true: true,
  false: false,
  NaN: float(NaN),
  Infinity: float(Infinity),
  '-Infinity': float(-Infinity),
};
const SPACE = /[ \t\n\r]*/y;
const CONSTANT = /null|true|false|NaN|-?Infinity/y;
const NUMBER = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;

/** Reads JSON as Python's json.loads does; throws a SyntaxError that names the place. */
export function parsePythonJson(text: string): PyValue {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const takeChar = (char: string): boolean => {
    take(SPACE);
    if (text[at] !== char) return false;
    at += 1;
    return true;
  };
  const fail = (): never => {
    throw new SyntaxError(`JSON: unexpected ${at < text.length ? JSON.stringify(text[at]) : 'end'} at character ${at}`);
  };
  const string = (): string => {
    take(SPACE);
    if (text[at] !== '"') fail();
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    const literal = text.slice(at, end + 1);
    at = end + 1;
    return JSON.parse(literal) as string;
  };
  const series = (close: string, element: () => void): void => {
    if (takeChar(close)) return;
    do element();
    while (takeChar(','));
    if (!takeChar(close)) fail();
  };
  const value = (): PyValue => {
    take(SPACE);
    if (text[at] === '"') return string();
    if (takeChar('[')) {
      const items: PyValue[] = [];
      series(']', () => items.push(value()));
      return { kind: 'list', items };
    }
    if (takeChar('{')) {
      const entries = new Map<string, PyValue>();
      series('}', () => {
        const key = string();
        if (!takeChar(':')) fail();
        entries.set(key, value());
      });
      return { kind: 'dict', entries: [...entries] };
    }
    const constant = take(CONSTANT);
    if (constant !== null) return CONSTANTS[constant[0]] as PyValue;
    const number = take(NUMBER);
    if (number === null) return fail();
    const [literal, whole, fraction, exponent] = number;
    return fraction === undefined && exponent === undefined ? int(BigInt(whole as string)) : float(Number(literal));
  };
  const result = value();
  take(SPACE);
  return at === text.length ? result : fail();
}

/** Python's ==: True is 1, 1 is 1.0 (exactly, at any size), NaN equals nothing, a list is never a tuple. */
export function pythonEquals(a: PyValue, b: PyValue): boolean {
  const left = numeric(a);
  const right = numeric(b);
  if (left !== null || right !== null) return left === right;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  if ((a.kind === 'list' || a.kind === 'tuple') && b.kind === a.kind) {
    return a.items.length === b.items.length && a.items.every((item, i) => pythonEquals(item, b.items[i] as PyValue));
  }
  if (a.kind === 'dict' && b.kind === 'dict') {
    if (a.entries.length !== b.entries.length) return false;
    const values = new Map(b.entries.map(([key, value]) => [dictKey(key), value]));
    return a.entries.every(([key, value]) => {
      const other = values.get(dictKey(key));
      return other !== undefined && pythonEquals(value, other);
    });
  }
  return false;
}

/** A bigint for every number that is whole, else the float; null for what is no number. */
function numeric(value: PyValue): bigint | number | null {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (value === null || typeof value !== 'object') return null;
  if (value.kind === 'int') return value.value;
  if (value.kind !== 'float') return null;
  return Number.isInteger(value.value) ? BigInt(value.value) : value.value;
}

/** Equal for keys that Python holds to be one key; a unique object for what never equals anything. */
function dictKey(key: PyValue): string | object {
  const number = numeric(key);
  if (number !== null) return Number.isNaN(number) ? {} : `number ${number}`;
  if (key === null) return 'None';
  if (typeof key === 'string') return `string ${key}`;
  if (typeof key === 'object' && key.kind === 'tuple') {
    const parts = key.items.map(dictKey);
    return parts.every((part) => typeof part === 'string') ? `tuple ${JSON.stringify(parts)}` : {};
  }
  return {};
}

/** The value much as Python prints it; strings in JSON's quotes. */
export function formatPython(value: PyValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return JSON.stringify(value);
  switch (value.kind) {
    case 'int':
      return `${value.value}`;
    case 'float':
      return formatFloat(value.value);
    case 'list':
      return `[${value.items.map(formatPython).join(', ')}]`;
    case 'tuple':
      return `(${value.items.map(formatPython).join(', ')}${value.items.length === 1 ? ',' : ''})`;
    case 'dict':
      return `{${value.entries.map(([k, v]) => `${formatPython(k)}: ${formatPython(v)}`).join(', ')}}`;
    case 'other':
      return `<${value.name}>`;
  }
}

function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${Object.is(value, -0) ? '-0' : value}.0` : `${value}`;
}
