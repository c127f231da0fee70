import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatCompact,
  formatCount,
  formatDateTime,
  formatDuration,
  formatExact,
  formatMetric,
  formatNumber,
  formatPercent,
  formatPercentWithError,
  formatRoughly,
  formatSigned,
  formatTick,
  NO_VALUE,
  THIN,
} from '../../../src-shared/format.ts';

/** Thin spaces are hard to see in a test; here they are written as `_`. */
const shown = (text: string) => text.replaceAll(THIN, '_');

describe('measured numbers', () => {
  test.each([
    [0, '0'],
    [1, '1.00'],
    [0.4567, '0.457'],
    [9.996, '10.0'],
    [99.96, '100'],
    [1234.5, '1_235'],
    [123456, '123_456'],
    [-0.5, '\u22120.500'],
    [0.00012345, '1.23e\u22124'],
    [2.5e12, '2.50e12'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '\u2212\u221e'],
    [null, NO_VALUE],
    [undefined, NO_VALUE],
  ])('%s is %s', (value, text) => expect(shown(formatNumber(value))).toBe(text));

  test('what is shown is the value to the digits asked for', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-12, max: 1e15, noNaN: true }),
        fc.integer({ min: 2, max: 6 }),
        (value, digits) => {
          const read = Number(formatNumber(value, digits).replaceAll(THIN, '').replaceAll('\u2212', '-'));
          // Half a unit of the last digit, or of 1 where whole numbers are shown in full.
          expect(Math.abs(read - value)).toBeLessThanOrEqual(
            Math.max(value * 0.5 * 10 ** (1 - digits) * 1.0001, value >= 1000 ? 0.5 : 0),
          );
        },
      ),
    );
  });
});

test('counts are whole and grouped', () => {
  expect(shown(formatCount(25600))).toBe('25_600');
  expect(shown(formatCount(-1234567))).toBe('\u22121_234_567');
  expect(formatCount(999)).toBe('999');
});

test('large counts are short', () => {
  expect(shown(formatCompact(361472))).toBe('361_k');
  expect(shown(formatCompact(1.5e9))).toBe('1.50_G');
  expect(shown(formatCompact(9999))).toBe('9_999');
});

test('option values are exact and can be typed back', () => {
  expect(formatExact(1e-4)).toBe('1e-4');
  expect(formatExact(1e6)).toBe('1e6');
  expect(formatExact(2147483647)).toBe('2147483647');
  expect(formatExact(0.1)).toBe('0.1');
  expect(formatExact(true)).toBe('true');
  fc.assert(fc.property(fc.double({ noNaN: true }), (value) => Number(formatExact(value)) === value));
});

test('shares', () => {
  expect(shown(formatPercent(0.4378))).toBe('43.8_%');
  expect(shown(formatPercent(-0.01))).toBe('\u22121.0_%');
  expect(shown(formatPercentWithError(0.4378, 0.0123))).toBe('43.8 \u00b1 1.2_%');
  expect(shown(formatPercentWithError(0.4378, undefined))).toBe('43.8_%');
});

test('changes carry their sign', () => {
  expect(formatSigned(0.12)).toBe('+0.120');
  expect(formatSigned(-0.12)).toBe('\u22120.120');
  expect(formatSigned(0)).toBe('0');
});

test.each([
  [0.016, '16_ms'],
  [0.9999, '1.0_s'],
  [8.12, '8.1_s'],
  [9.97, '10_s'],
  [59.7, '1_min 00_s'],
  [200, '3_min 20_s'],
  [7500, '2_h 05_min'],
  [273600, '3_d 4_h'],
  [null, NO_VALUE],
  [-1, NO_VALUE],
])('%s seconds are %s', (seconds, text) => expect(shown(formatDuration(seconds))).toBe(text));

test.each([
  [41.2, '42_s'],
  [59.9, '1_min'],
  [1805, '30_min'],
  [3599, '1_h 00_min'],
])('%s seconds to wait are %s', (seconds, text) => expect(shown(formatRoughly(seconds))).toBe(text));

test.each([
  [0, '0_B'],
  [999, '999_B'],
  [3.1e9, '3.1_GB'],
  [44e6, '44.0_MB'],
])('%s bytes are %s', (bytes, text) => expect(shown(formatBytes(bytes))).toBe(text));

test('how long ago', () => {
  const now = new Date(2026, 10, 21, 12, 0, 0).getTime();
  const ago = (minutes: number) => shown(formatAgo(now - minutes * 60_000, now));
  expect(ago(0.5)).toBe('just now');
  expect(ago(5)).toBe('5_min ago');
  expect(ago(180)).toBe('3_h ago');
  expect(ago(3 * 1440)).toBe('3_d ago');
  expect(ago(10 * 1440)).toBe('2026-11-11');
  expect(formatDateTime(now)).toBe('2026-11-21 12:00:00');
});

test('ticks are as short as they can be', () => {
  expect(shown(formatTick('fraction', 0.5))).toBe('50_%');
  expect(shown(formatTick('fraction', 0.005))).toBe('0.5_%');
  expect(formatTick('nats', 0.25)).toBe('0.25');
  expect(formatTick('number', 1.2e-4)).toBe('1.2e\u22124');
  expect(formatTick('number', 100)).toBe('100');
  expect(shown(formatTick('tokens', 20000))).toBe('20_k');
});

test('a metric is shown by its unit', () => {
  expect(shown(formatMetric('fraction', 0.5))).toBe('50.0_%');
  expect(formatMetric('count', 3)).toBe('3');
  expect(formatMetric('nats', 0.55061)).toBe('0.5506');
});
