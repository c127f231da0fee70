/** Every number, size and time that people read, as text. Nothing else formats numbers for a page or a report. */
import type { Metric } from './metrics.ts';

/** Narrow no-break space: between thousands, and between a number and its unit. */
export const THIN = '\u202f';
const MINUS = '\u2212';
/** Stands where there is no value. */
export const NO_VALUE = '\u2013';

const missing = (value: number | null | undefined): value is null | undefined => value === null || value === undefined;

function unusual(value: number): string | null {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '\u221e' : `${MINUS}\u221e`;
  return null;
}

/** `1234567.5` with the digits it has, as `1 234 567.5`. */
function group(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN);
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/**
 * A measured value with `significant` digits, trailing zeros kept so that a live value does not change its width.
 * Below 1e-3 and from 1e9 on as `1.23e−5`.
 */
export function formatNumber(value: number | null | undefined, significant = 3): string {
  if (missing(value)) return NO_VALUE;
  const odd = unusual(value);
  if (odd !== null) return odd;
  if (value === 0) return '0';
  const sign = value < 0 ? MINUS : '';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e9)
    return (
      sign +
      size
        .toExponential(significant - 1)
        .replace('e-', `e${MINUS}`)
        .replace('e+', 'e')
    );
  // Rounded first: 9.996 has two digits before the point, not one.
  const rounded = Number(size.toPrecision(significant));
  const decimals = Math.max(0, significant - 1 - Math.floor(Math.log10(rounded)));
  return sign + group(size.toFixed(decimals));
}

/** A whole number in full: `12 345`. */
export function formatCount(value: number | null | undefined): string {
  if (missing(value)) return NO_VALUE;
  return unusual(value) ?? (value < 0 ? MINUS : '') + group(Math.abs(Math.round(value)).toFixed(0));
}

/** A large count, short: `1.23 M`. */
export function formatCompact(value: number | null | undefined): string {
  if (missing(value)) return NO_VALUE;
  const size = Math.abs(value);
  const scales = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const;
  for (const [scale, suffix] of scales) {
    if (size >= scale) return `${formatNumber(value / (suffix === 'k' ? 1e3 : scale))}${THIN}${suffix}`;
  }
  return Number.isInteger(value) ? formatCount(value) : formatNumber(value);
}

/** An option's value as it would be typed: exact, with an ASCII minus, small and large numbers as `1e-4`. */
export function formatExact(value: number | string | boolean): string {
  if (typeof value !== 'number') return String(value);
  const size = Math.abs(value);
  const compact = value.toExponential().replace('e+', 'e');
  return size !== 0 && (size < 1e-3 || (size >= 1e6 && compact.length <= 6)) ? compact : String(value);
}

/** A share of 1 as `43.8 %`. */
export function formatPercent(fraction: number | null | undefined, decimals = 1): string {
  if (missing(fraction)) return NO_VALUE;
  return unusual(fraction) ?? `${(fraction * 100).toFixed(decimals).replace('-', MINUS)}${THIN}%`;
}

/** A share with its standard error: `43.8 ± 1.2 %`. */
export function formatPercentWithError(fraction: number | null | undefined, error: number | null | undefined): string {
  if (missing(fraction) || missing(error)) return formatPercent(fraction);
  return `${(fraction * 100).toFixed(1)} \u00b1 ${(error * 100).toFixed(1)}${THIN}%`;
}

/** With its sign, for changes against a reference: `+0.12`, `−3.4`. */
export function formatSigned(value: number | null | undefined, significant = 3): string {
  if (missing(value)) return NO_VALUE;
  return value > 0 ? `+${formatNumber(value, significant)}` : formatNumber(value, significant);
}

const pad = (value: number) => String(value).padStart(2, '0');

/** `16 ms`, `8.1 s`, `42 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
export function formatDuration(seconds: number | null | undefined): string {
  if (missing(seconds) || !Number.isFinite(seconds) || seconds < 0) return NO_VALUE;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)}${THIN}ms`;
  if (seconds < 9.95) return `${formatNumber(seconds, 2)}${THIN}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${THIN}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}${THIN}min ${pad(whole % 60)}${THIN}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}${THIN}h ${pad(minutes % 60)}${THIN}min`;
  return `${Math.floor(hours / 24)}${THIN}d ${hours % 24}${THIN}h`;
}

/** A time to wait, without false precision: `42 s`, `31 min`, `2 h 05 min`, `3 d 4 h`. */
export function formatRoughly(seconds: number | null | undefined): string {
  if (missing(seconds) || !Number.isFinite(seconds) || seconds < 0) return NO_VALUE;
  if (seconds < 59.5) return `${Math.ceil(seconds)}${THIN}s`;
  return seconds < 3600 - 30 ? `${Math.round(seconds / 60)}${THIN}min` : formatDuration(Math.round(seconds / 60) * 60);
}

/** Decimal units, as disks are sold and tools report: `3.1 GB`. */
export function formatBytes(bytes: number | null | undefined): string {
  if (missing(bytes)) return NO_VALUE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? formatCount(value) : formatNumber(value, value < 10 ? 2 : 3)}${THIN}${units[power]}`;
}

/** How long ago, coarse: `just now`, `5 min ago`, `3 h ago`, `2 d ago`; older than a week, the date. */
export function formatAgo(then: number | null, now: number): string {
  if (then === null) return NO_VALUE;
  const minutes = Math.floor((now - then) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes}${THIN}min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}${THIN}h ago`;
  if (minutes < 7 * 24 * 60) return `${Math.floor(minutes / (24 * 60))}${THIN}d ago`;
  return formatDateTime(then).slice(0, 10);
}

/** Local time, sortable: `2026-11-21 09:05:03`. */
export function formatDateTime(time: number | null): string {
  if (time === null) return NO_VALUE;
  const d = new Date(time);
  const date = `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
  return `${date} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

export type Unit = Metric['unit'];

/** Units whose values are never below 0. */
export const NEVER_BELOW_ZERO: ReadonlySet<Unit> = new Set([
  'fraction',
  'tokens',
  'words',
  'count',
  'seconds',
  'bytes',
  'per second',
]);

/** What no value of a series can be below. Nats are log-probabilities or entropies: what was measured tells which. */
export const leastOf = (unit: Unit, measured: number): number =>
  NEVER_BELOW_ZERO.has(unit) || (unit === 'nats' && measured >= 0) ? 0 : Number.NEGATIVE_INFINITY;

/** A metric's value without its unit, except for `%`. */
export function formatMetric(unit: Unit, value: number | null | undefined): string {
  if (unit === 'fraction') return formatPercent(value);
  if (unit === 'count') return formatCount(value);
  if (unit === 'bytes') return formatBytes(value);
  return formatNumber(value, 4);
}

/** The unit as it follows a value; empty where the value says it all. */
export function unitSuffix(unit: Unit): string {
  if (unit === 'seconds') return 's';
  if (unit === 'per second') return '/s';
  return unit === 'fraction' || unit === 'number' || unit === 'count' || unit === 'bytes' ? '' : unit;
}

/** A tick of a chart's axis: as short as it can be. */
export function formatTick(unit: Unit, value: number): string {
  if (unit === 'fraction') return `${trim(formatNumber(value * 100, 3))}${THIN}%`;
  if (unit === 'bytes') return trim(formatBytes(value));
  if (Math.abs(value) >= 1e4) return trim(formatCompact(value));
  return trim(formatNumber(value, 3));
}

/** `0.500` is `0.5` on an axis. */
function trim(text: string): string {
  return text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '');
}
