import { describe, expect, test } from 'vitest';
import { studentQuantile } from '../../../src-main/stats/distributions.ts';
import { CHART_COLOURS } from '../../../src-shared/charts/colours.ts';
import { meanBand, t975 } from '../../../src-shared/charts/mean-band.ts';
import { type OverlayLine, type OverlayView, overlayOption } from '../../../src-shared/charts/overlay.ts';
import { lineLook } from '../../../src-shared/charts/palette.ts';

const run = (...values: [step: number, value: number][]) => values.map(([step, value]) => ({ step, x: step, value }));
const view: OverlayView = { colours: CHART_COLOURS.light, unit: 'fraction', x: 'step' };

describe('the mean of runs', () => {
  test('has the 95 % interval of Student’s t, as computed by hand', () => {
    const [first, second] = meanBand([run([0, 1], [10, 3]), run([0, 2], [10, 5]), run([0, 3], [10, 4])]);
    // Mean 2, spread 1, three runs: 4.3026527 / sqrt(3).
    expect(first).toMatchObject({ step: 0, x: 0, value: 2, n: 3 });
    expect(first?.high).toBeCloseTo(2 + 4.3026527 / Math.sqrt(3), 9);
    expect(first?.low).toBeCloseTo(2 - 4.3026527 / Math.sqrt(3), 9);
    expect(second?.value).toBe(4);
  });

  test('takes a run that measured before and after on the line between, and none beyond its ends', () => {
    const points = meanBand([run([0, 0], [10, 10]), run([0, 0], [5, 1], [20, 4])]);
    expect(points.map(({ step, value, n }) => [step, value, n])).toEqual([
      [0, 0, 2],
      [5, 3, 2],
      [10, 6, 2],
      [20, 4, 1],
    ]);
    expect(points[3]?.low).toBeUndefined();
    expect(meanBand([])).toEqual([]);
  });

  test('uses quantiles that agree with those of the statistics', () => {
    for (const freedom of [1, 2, 5, 9, 10, 11, 20, 100, 1000])
      expect(Math.abs(t975(freedom) / studentQuantile(0.975, freedom) - 1)).toBeLessThan(1e-5);
    expect(() => t975(0)).toThrow(RangeError);
  });
});

describe('an overlay', () => {
  const lines: OverlayLine[] = [1, 2].map((number) => ({
    id: `line ${number}`,
    label: `Group ${number}`,
    look: lineLook(number, 'light'),
    points: meanBand([run([0, 0.1], [10, 0.4 * number]), run([0, 0.2], [10, 0.3 * number])]),
    collapse: number === 2 ? 7 : null,
  }));
  const drawn = (more: Partial<OverlayView> = {}) =>
    overlayOption(lines, { ...view, ...more }) as {
      series: { id: string; data: number[][]; markLine?: { data: unknown }; lineStyle: { type?: unknown } }[];
      xAxis: object;
    };

  test('draws a mean, a band and a mark for each line, and tells them apart without colour', () => {
    const { series } = drawn();
    expect(series.map(({ id }) => id)).toEqual([
      'line 1 low',
      'line 1 height',
      'line 1',
      'line 2 low',
      'line 2 height',
      'line 2',
    ]);
    expect(series.filter(({ markLine }) => markLine !== undefined).map(({ id }) => id)).toEqual(['line 2']);
    expect(series[2]?.lineStyle.type).not.toEqual(series[5]?.lineStyle.type);
  });

  test('keeps fractions inside 0 and 1, and leaves out of a logarithmic axis what it has no place for', () => {
    const { series } = drawn();
    for (const [x, low] of series[0]?.data ?? []) {
      const height = series[1]?.data.find(([at]) => at === x)?.[1] ?? 0;
      expect(low).toBeGreaterThanOrEqual(0);
      expect((low ?? 0) + height).toBeLessThanOrEqual(1 + 1e-12);
    }
    expect(
      drawn({ logX: true })
        .series.at(-1)
        ?.data.map(([x]) => x),
    ).toEqual([10]);
  });

  test('a band of lengths or entropies stops at zero, one of what can be negative does not', () => {
    const wide = (first: number) =>
      overlayOption(
        [
          {
            id: 'l',
            label: 'l',
            look: lineLook(1, 'light'),
            points: meanBand([run([0, first], [1, 3]), run([0, 9], [1, 90])]),
          },
        ],
        { ...view, unit },
      ) as ReturnType<typeof drawn>;
    let unit: OverlayView['unit'] = 'tokens';
    const least = (first = 1) => Math.min(...(wide(first).series[0]?.data.map(([, low]) => low ?? 0) ?? []));
    expect(least()).toBe(0);
    unit = 'nats';
    expect(least()).toBe(0);
    expect(least(-20)).toBeLessThan(-20);
    unit = 'number';
    expect(least()).toBeLessThan(-1);
  });

  test('is the same for the same input, and leaves out lines without a point', () => {
    expect(JSON.stringify(drawn())).toBe(JSON.stringify(drawn()));
    expect(overlayOption([{ id: 'e', label: 'e', look: lineLook(1, 'dark'), points: [] }], view)).toMatchObject({
      series: [],
    });
  });

  test('looks of 140 lines in a row are all different', () => {
    const looks = Array.from({ length: 140 }, (_, i) => JSON.stringify(lineLook(i + 1, 'light')));
    expect(new Set(looks).size).toBe(140);
  });
});
