/** Python values in a readable form: Python's repr, but for text, which has JSON's quotes. */
import type { PyValue } from './values.ts';

/** Python, too, writes no longer ones in decimal: it takes more than linear time. */
const MOST_DECIMAL_DIGITS = 4300;

/** The value as Python prints it; whole numbers of more than 4,300 digits in hexadecimal, an object of any other type as
 * `<its type's name>`. */
export function formatPython(value: PyValue): string {
  const pieces: string[] = [];
  writePython(value, (piece) => pieces.push(piece));
  return pieces.join('');
}

/** formatPython in pieces, for what would be too long to hold. */
export function writePython(value: PyValue, write: (piece: string) => void): void {
  const put = (part: PyValue): void => {
    if (typeof part !== 'object' || part === null) {
      write(formatPlain(part));
      return;
    }
    switch (part.kind) {
      case 'list':
        series('[', part.items, put, ']');
        break;
      case 'tuple':
        series('(', part.items, put, part.items.length === 1 ? ',)' : ')');
        break;
      case 'set':
        if (part.items.length === 0) write('set()');
        else series('{', part.items, put, '}');
        break;
      case 'dict':
        series('{', part.entries, putEntry, '}');
        break;
      default:
        write(formatTyped(part));
    }
  };
  const putEntry = ([key, item]: readonly [PyValue, PyValue]): void => {
    put(key);
    write(': ');
    put(item);
  };
  const series = <T>(open: string, items: readonly T[], putItem: (item: T) => void, close: string): void => {
    write(open);
    items.forEach((item, i) => {
      if (i > 0) write(', ');
      putItem(item);
    });
    write(close);
  };
  put(value);
}

function formatPlain(value: null | boolean | number | bigint | string): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return formatBigInt(value);
  return typeof value === 'string' ? JSON.stringify(value) : `${value}`;
}

type Typed = Exclude<PyValue & object, { readonly kind: 'list' | 'tuple' | 'set' | 'dict' }>;

function formatTyped(value: Typed): string {
  switch (value.kind) {
    case 'float':
      return formatFloat(value.value);
    case 'complex':
      return formatComplex(value.real, value.imaginary);
    case 'bytes':
      return formatBytes(Buffer.from(value.base64, 'base64'));
    case 'other':
      return `<${value.name}>`;
  }
}

/** In decimal digits, or after 0x in hexadecimal ones. */
export function formatBigInt(value: bigint): string {
  const hex = value.toString(16);
  if (hex.length * Math.log10(16) <= MOST_DECIMAL_DIGITS) return `${value}`;
  return hex.startsWith('-') ? `-0x${hex.slice(1)}` : `0x${hex}`;
}

/** Python's repr of a float. */
export function formatFloat(value: number): string {
  const text = formatDigits(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Shortest digits that read back as the value, as Python lays them out: plain for exponents from -4 to 15. */
function formatDigits(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0';
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power >= 16 || power < -4) return `${digits}e${power < 0 ? '-' : '+'}${`${Math.abs(power)}`.padStart(2, '0')}`;
  return `${value}`;
}

function formatComplex(real: number, imaginary: number): string {
  const unit = `${formatDigits(imaginary)}j`;
  if (Object.is(real, 0)) return unit;
  return `(${formatDigits(real)}${/^[-+]/.test(unit) ? '' : '+'}${unit})`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function formatBytes(bytes: Buffer): string {
  const quote = bytes.includes("'") && !bytes.includes('"') ? '"' : "'";
  const text = bytes.toString('latin1').replace(/[^ -~]|[\\'"]/g, (char) => {
    if (char === quote) return `\\${char}`;
    if (char === "'" || char === '"') return char;
    return ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `b${quote}${text}${quote}`;
}
