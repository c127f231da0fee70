import { describe, expect, test } from 'vitest';
import {
  endsOf,
  HEAT_STATISTICS,
  type HeatStatistic,
  heatColour,
  heatOf,
  heatScale,
  statisticsOf,
} from '../../../src-renderer/lib/token-heat.ts';
import { OUTCOME_COLOURS, RUN_COLOURS, runColour } from '../../../src-shared/charts/palette.ts';

const stats = {
  logprob: [-0.1, -2, -1],
  entropy: [0.2, 1.8, 0.9],
  klUniform: [9, 3, 5],
  top1: [0.9, 0.4, 0.6],
  top2: [0.05, 0.35, 0.3],
  // ln of the ratio: 0.1, -3, -1.
  logprobAfter: [0, -5, -2],
};
const statistic = (id: string) => HEAT_STATISTICS.find((s) => s.id === id) as HeatStatistic;

/** Relative luminance and contrast as WCAG 2.2 defines them. */
const linear = (c: number) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]: readonly number[]) =>
  0.2126 * linear(r as number) + 0.7152 * linear(g as number) + 0.0722 * linear(b as number);
const contrast = (a: readonly number[], b: readonly number[]) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
};
const hex = (text: string) => [1, 3, 5].map((i) => Number.parseInt(text.slice(i, i + 2), 16));
const over = (heat: number, surface: readonly number[]) => {
  const [r, g, b, alpha] = (heatColour(heat).match(/[\d.]+/g) ?? []).map(Number) as [number, number, number, number];
  return [r, g, b].map((c, i) => c * alpha + (surface[i] as number) * (1 - alpha));
};

describe('heat', () => {
  test.each(HEAT_STATISTICS.map((s) => s.id))('of %s is highest where the policy was least certain', (id) => {
    const scale = heatScale(statistic(id), stats, 3);
    const heats = [0, 1, 2].map((t) => heatOf(scale, statistic(id).of(stats, t)));
    expect(heats[0]).toBe(0);
    expect(heats[1]).toBe(1);
    expect(heats[2]).toBeGreaterThan(0);
    expect(heats[2]).toBeLessThan(1);
  });

  test('of the ratio is there only where it was taken, and says which way a step pushed a token', () => {
    expect(statistic('ratio').of(stats, 1)).toBe(-3);
    expect(endsOf(statistic('ratio'))).toEqual(['likelier', 'less likely']);
    expect(statisticsOf(stats)).toHaveLength(HEAT_STATISTICS.length);
    expect(statisticsOf({ ...stats, logprobAfter: null }).map(({ id }) => id)).not.toContain('ratio');
  });

  test('saturates beyond its scale and shows nothing where there is nothing to tell', () => {
    expect(heatOf({ certain: 0, uncertain: 2 }, 5)).toBe(1);
    expect(heatOf({ certain: 1, uncertain: 1 }, 1)).toBe(0);
    expect(heatOf({ certain: 0, uncertain: 1 }, undefined)).toBe(0);
    expect(heatScale(statistic('entropy'), { ...stats, entropy: [] }, 0)).toEqual({ certain: 0, uncertain: 0 });
    expect(heatColour(0)).toBe('transparent');
  });

  test('one outlier does not wash out the rest', () => {
    const entropy = Array.from({ length: 200 }, (_, i) => (i === 0 ? 1000 : i / 200));
    expect(heatScale(statistic('entropy'), { ...stats, entropy }, 200).uncertain).toBeLessThan(1);
  });

  test('leaves text readable on it in both themes', () => {
    for (const heat of [0.25, 0.5, 0.75, 1]) {
      expect(contrast(over(heat, hex('#ffffff')), hex('#1a1e25'))).toBeGreaterThan(4.5);
      expect(contrast(over(heat, hex('#16191d')), hex('#e4e7eb'))).toBeGreaterThan(4.5);
    }
  });
});

describe('palettes', () => {
  test('a run keeps its colour, and ten runs have ten', () => {
    expect(new Set(Array.from({ length: 10 }, (_, i) => runColour(i + 1, 'light'))).size).toBe(10);
    expect(runColour(14, 'dark')).toBe(runColour(4, 'dark'));
    expect(runColour(0, 'light')).toBe(RUN_COLOURS.light[9]);
  });

  test('every run colour stands out from the dark surface', () => {
    for (const colour of RUN_COLOURS.dark) expect(contrast(hex(colour), hex('#16191d'))).toBeGreaterThan(3);
  });

  test('passing has a colour of its own', () => {
    const { passed, ...others } = OUTCOME_COLOURS;
    expect(Object.values(others)).not.toContain(passed);
  });
});
