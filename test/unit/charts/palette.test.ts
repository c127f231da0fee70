/** Whether the colours that carry meaning are told apart, by culori's model of colour-vision deficiency (Machado 2009). */
import {
  type Color,
  differenceCiede2000,
  filterDeficiencyDeuter,
  filterDeficiencyProt,
  filterDeficiencyTrit,
  parse,
  wcagContrast,
} from 'culori';
import { expect, test } from 'vitest';
import { CHART_COLOURS } from '../../../src-shared/charts/colours.ts';
import { lineLook, OUTCOME_COLOURS, RUN_COLOURS, type Scheme } from '../../../src-shared/charts/palette.ts';

const SCHEMES: readonly Scheme[] = ['light', 'dark'];
const EYES: Readonly<Record<string, (colour: string) => Color>> = {
  normal: rgb,
  protanopia: (colour) => filterDeficiencyProt(1)(rgb(colour)),
  deuteranopia: (colour) => filterDeficiencyDeuter(1)(rgb(colour)),
  tritanopia: (colour) => filterDeficiencyTrit(1)(rgb(colour)),
};
const distance = differenceCiede2000();

function rgb(colour: string): Color {
  const parsed = parse(colour);
  if (parsed === undefined) throw new Error(`${colour} is no colour`);
  return parsed;
}

function nearest(colours: readonly string[], eye: (colour: string) => Color) {
  const pairs = colours.flatMap((a, i) =>
    colours.slice(0, i).map((b) => ({ pair: `${b} and ${a}`, apart: distance(eye(a), eye(b)) })),
  );
  return pairs.reduce((least, pair) => (pair.apart < least.apart ? pair : least));
}

for (const [name, eye] of Object.entries(EYES)) {
  test.each(SCHEMES)(`runs are told apart, ${name}, %s`, (scheme) => {
    const { pair, apart } = nearest(RUN_COLOURS[scheme], eye);
    expect(apart, pair).toBeGreaterThan(10);
  });
  test(`outcomes are told apart, ${name}`, () => {
    const { pair, apart } = nearest([...new Set(Object.values(OUTCOME_COLOURS))], eye);
    expect(apart, pair).toBeGreaterThan(10);
  });
}

test('in the dark every run stands out from the surface by 3:1, the least for graphics (WCAG 1.4.11)', () => {
  for (const colour of RUN_COLOURS.dark)
    expect(wcagContrast(colour, CHART_COLOURS.dark.surface), colour).toBeGreaterThanOrEqual(3);
});

test('without any colour, lines still differ by dash and marker', () => {
  const looks = Array.from({ length: 28 }, (_, i) => lineLook(i + 1, 'light'));
  expect(new Set(looks.map(({ dash, marker }) => `${dash} ${marker}`)).size).toBe(28);
});
