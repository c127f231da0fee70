/** A value of a report as text: three to four significant digits, as many decimals for its interval as for itself. */
import { formatCount, NO_VALUE } from '../../src-shared/format.ts';
import type { Value, ValueUnit } from '../../src-shared/report.ts';

const MINUS = '\u2212';

export interface ValueText {
  readonly main: string;
  /** `[71.7, 75.5]`; null where there is none. */
  readonly interval: string | null;
}

/** Without its unit: that stands in the head of a column, or behind it in a sentence (`unitAfter`). */
export function formatValue({ value, low, high, unit }: Value): ValueText {
  if (typeof value === 'string') return { main: value, interval: null };
  if (value === null) return { main: NO_VALUE, interval: null };
  const write = writer(unit, [value, low, high]);
  const signed = unit === 'points' && value > 0 ? '+' : '';
  const interval = low === null || high === null ? null : `[${write(low)}, ${write(high)}]`;
  return { main: signed + write(value), interval };
}

/** The unit as it follows a value in a sentence. */
export function unitAfter(unit: ValueUnit): string {
  switch (unit) {
    case 'fraction':
      return '\u202f%';
    case 'points':
      return ' points';
    case 'tokens':
    case 'nats':
    case 'words':
      return ` ${unit}`;
    case 'seconds':
      return '\u202fs';
    default:
      return '';
  }
}

/** As a column's title has it: `%`, `points`; empty where there is none. */
export const unitName = (unit: ValueUnit): string => unitAfter(unit).trim();

function writer(unit: ValueUnit, all: readonly (number | null)[]): (value: number) => string {
  if (unit === 'fraction' || unit === 'points') return (value) => fixed(100 * value, 1);
  if (unit === 'count' || unit === 'step') return formatCount;
  const size = Math.max(...all.map((value) => Math.abs(value ?? 0)));
  if (size === 0) return () => '0';
  if (size < 1e-3 || size >= 1e6) return (value) => value.toExponential(2).replace('e+', 'e').replaceAll('-', MINUS);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(size)));
  return (value) => fixed(value, decimals);
}

/** Never `−0.0`. */
function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', MINUS);
}
