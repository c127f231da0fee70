/** Colours that carry meaning: runs, outcomes, token heat. All told apart by people with colour-vision deficiency: any two
 * runs, and any two outcomes, differ by a CIEDE2000 of 10 or more to every kind of eye (tested). */
import type { Outcome } from '../rollout.ts';

export type Scheme = 'light' | 'dark';

/**
 * Ten colours by M. A. Petroff, "Accessible color sequences for data visualization" (2021), in the published order. In
 * the dark the four that would fall below 3:1 on the surface are others of like hue, as far from the rest as in the light.
 */
export const RUN_COLOURS: Readonly<Record<Scheme, readonly string[]>> = {
  light: ['#3f90da', '#ffa90e', '#bd1f01', '#94a4a2', '#832db6', '#a96b59', '#e76300', '#b9ac70', '#717581', '#92dadd'],
  dark: ['#3f90da', '#ffa90e', '#b1412e', '#94a4a2', '#8c36e1', '#c1746e', '#e76300', '#b9ac70', '#697388', '#92dadd'],
};

/** A run has one colour on every page, by its number (from 1). */
export function runColour(number: number, scheme: Scheme): string {
  const colours = RUN_COLOURS[scheme];
  const size = colours.length;
  return colours[(((number - 1) % size) + size) % size] as string;
}

/** How a line is told from the others: by colour, and where there is none by dash and marker. */
export interface LineLook {
  readonly colour: string;
  /** Lengths of dash and gap in pixels. */
  readonly dash: 'solid' | readonly number[];
  /** A symbol of echarts. */
  readonly marker: string;
}

const DASHES: readonly LineLook['dash'][] = ['solid', [7, 3], [2, 3], [9, 3, 2, 3]];
const MARKERS = ['circle', 'rect', 'triangle', 'diamond', 'emptyCircle', 'emptyRect', 'emptyTriangle'] as const;

/** The look of the `number`th line (from 1): its colour is `runColour`'s; of 140 in a row no two look the same. */
export function lineLook(number: number, scheme: Scheme): LineLook {
  const at = <T>(list: readonly T[]): T => list[(((number - 1) % list.length) + list.length) % list.length] as T;
  return { colour: runColour(number, scheme), dash: at(DASHES), marker: at(MARKERS) };
}

/** From Okabe & Ito, "Color universal design" (2008), their purple a little stronger, and greys for what is nobody's
 * answer. */
export const OUTCOME_COLOURS: Readonly<Record<Outcome, string>> = {
  passed: '#009e73',
  'wrong-answer': '#d55e00',
  'runtime-error': '#cf64a6',
  'compile-error': '#e69f00',
  'time-limit': '#56b4e9',
  'memory-limit': '#56b4e9',
  'output-limit': '#56b4e9',
  'sandbox-error': '#505b70',
  'no-code': '#9fafbf',
};

export const OUTCOME_TITLES: Readonly<Record<Outcome, string>> = {
  passed: 'Passed',
  'wrong-answer': 'Wrong answer',
  'runtime-error': 'Runtime error',
  'compile-error': 'Compile error',
  'time-limit': 'Time limit',
  'memory-limit': 'Memory limit',
  'output-limit': 'Output limit',
  'sandbox-error': 'Sandbox error',
  'no-code': 'No code',
};
