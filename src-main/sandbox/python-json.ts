/** JSON as Python's json module reads and writes it: with NaN, Infinity and whole numbers of any size. */
import { formatBigInt, formatFloat } from './python-repr.ts';
import { float, MOST_DEPTH, type PyValue, wholeNumber } from './values.ts';

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

/** Reads JSON as Python's json.loads does; throws a SyntaxError that names the place. Departures: nesting deeper than
 * MOST_DEPTH is refused; whole numbers of more than 4,300 digits are not. */
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
  const value = (depth: number): PyValue => {
    if (depth > MOST_DEPTH) throw new SyntaxError(`JSON: nested deeper than ${MOST_DEPTH} at character ${at}`);
    take(SPACE);
    if (text[at] === '"') return string();
    if (takeChar('[')) {
      const items: PyValue[] = [];
      series(']', () => items.push(value(depth + 1)));
      return { kind: 'list', items };
    }
    if (takeChar('{')) {
      const entries = new Map<string, PyValue>();
      series('}', () => {
        const key = string();
        if (!takeChar(':')) fail();
        entries.set(key, value(depth + 1));
      });
      return { kind: 'dict', entries: [...entries] };
    }
    const constant = take(CONSTANT);
    if (constant !== null) return CONSTANTS[constant[0]] as PyValue;
    const number = take(NUMBER);
    if (number === null) return fail();
    const [literal, whole, fraction, exponent] = number;
    return fraction === undefined && exponent === undefined
      ? wholeNumber(BigInt(whole as string))
      : float(Number(literal));
  };
  const result = value(0);
  take(SPACE);
  return at === text.length ? result : fail();
}

/** What json.loads reads as this value, but that tuples become lists, as json.dumps has it; null where JSON does not
 * have it: sets, bytes, complex numbers, other objects, whole numbers of more than 4,300 digits (json.loads refuses
 * them), and dicts with keys that are not text, which json.dumps would make text that they do not equal. */
export function toPythonJson(value: PyValue): string | null {
  const pieces: string[] = [];
  const each = <T>(items: readonly T[], write: (item: T) => boolean): boolean =>
    items.every((item, i) => {
      if (i > 0) pieces.push(', ');
      return write(item);
    });
  const push = (piece: string): true => {
    pieces.push(piece);
    return true;
  };
  const write = (part: PyValue): boolean => {
    if (typeof part === 'bigint') {
      const text = formatBigInt(part);
      return !text.includes('x') && push(text);
    }
    if (part === null || typeof part !== 'object') return push(JSON.stringify(part));
    switch (part.kind) {
      case 'float':
        return push(CONSTANT_NAMES.get(part.value) ?? formatFloat(part.value));
      case 'list':
      case 'tuple':
        return push('[') && each(part.items, write) && push(']');
      case 'dict':
        return (
          push('{') &&
          each(
            part.entries,
            ([key, item]) => typeof key === 'string' && push(`${JSON.stringify(key)}: `) && write(item),
          ) &&
          push('}')
        );
      default:
        return false;
    }
  };
  return write(value) ? pieces.join('') : null;
}

const CONSTANT_NAMES: ReadonlyMap<number, string> = new Map([
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  [-Infinity, '-Infinity'],
]);
