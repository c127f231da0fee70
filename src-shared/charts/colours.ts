/** Colours of charts that are not data. A canvas cannot read the style sheet, so they stand here once more. */
import type { ChartColours } from './option.ts';

export const CHART_COLOURS: Readonly<Record<'light' | 'dark', ChartColours & { readonly surface: string }>> = {
  light: {
    line: '#cdd2da',
    grid: '#eceef2',
    text: '#69727e',
    pointer: '#8791a0',
    collapse: '#c02f2a',
    surface: '#ffffff',
  },
  dark: {
    line: '#3a414b',
    grid: '#22262c',
    text: '#8791a0',
    pointer: '#69727e',
    collapse: '#f0736c',
    surface: '#16191d',
  },
};
