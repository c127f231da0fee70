/** Tables of results: a number in each cell, as mean over seeds with its interval. */
import { mean } from '../stats/describe.ts';
import { studentInterval } from '../stats/effects.ts';

/** Mean over seeds with the 95 % Student-t interval, null for one seed. */
export interface Cell {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly seeds: number;
}

export interface ResultTable {
  readonly title: string;
  /** What the numbers are, in words. */
  readonly note: string;
  /** `percent`: fractions, to be shown times 100. */
  readonly unit: 'percent' | 'number';
  /** What the rows are. */
  readonly rows: string;
  readonly columns: readonly string[];
  readonly values: readonly {
    readonly row: string;
    /** One a column; null where nothing was measured. */
    readonly cells: readonly (Cell | null)[];
  }[];
}

/** @param perSeed Null where a seed lacks the number: it is left out. */
export function cellOf(perSeed: readonly (number | null | undefined)[]): Cell | null {
  const known = perSeed.filter((value) => value !== null && value !== undefined);
  if (known.length === 0) return null;
  const interval = studentInterval(known);
  return { mean: mean(known), low: interval?.low ?? null, high: interval?.high ?? null, seeds: known.length };
}
