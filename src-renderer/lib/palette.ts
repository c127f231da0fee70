/** Colours that carry meaning: runs, outcomes, token heat. The same in the window and in reports. */
export * from '../../src-shared/charts/palette.ts';
