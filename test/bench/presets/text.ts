/** Numbers, lists and tables as the document writes them. */
import type { Config } from './runs.ts';
import type { Estimate } from './statistics.ts';
import type { PresetSummary } from './summary.ts';

const MINUS = '\u2212';
export const fixed = (value: number, digits: number) => {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `${MINUS}${text}` : text;
};
const spread = (half: number | null, digits: number) => {
  if (half === null) return '';
  const least = 10 ** -digits / 2;
  return half > 0 && half < least ? ` ± <${(2 * least).toFixed(digits)}` : ` ± ${half.toFixed(digits)}`;
};
/** `54.1 ± 2.4`; without the second part where there is one seed. */
export const plain = ({ mean, half }: Estimate, digits = 1) => `${fixed(mean, digits)}${spread(half, digits)}`;
const scaled = ({ mean, half, n }: Estimate, by: number): Estimate => ({
  mean: by * mean,
  half: half === null ? null : by * half,
  n,
});
/** A fraction in per cent. */
export const percent = (value: Estimate) => plain(scaled(value, 100));
/** A difference of fractions in points, with its sign. */
export const signedPercent = (value: Estimate) =>
  `${Number((100 * value.mean).toFixed(1)) > 0 ? '+' : ''}${percent(value)}`;
/** `a, b and c` */
export const list = (items: readonly string[]) =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
/** `token entropy and random reward` */
export const titlesOf = (summaries: readonly PresetSummary[]) =>
  list(summaries.map(({ title }) => title.toLowerCase().replace('grpo', 'GRPO')));
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
/** @param left Columns that are set flush left; numbers follow. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[], left = 1) =>
  [row(head), row(head.map((_, i) => (i < left ? '---' : '---:'))), ...rows.map(row)].join('\n');

/** How often a step updates the policy. */
export function updates({ rollouts, optimiser }: Config): string {
  const count = Math.ceil(rollouts.problemsPerStep / optimiser.minibatchProblems) * optimiser.epochs;
  return `${count} update${count === 1 ? '' : 's'} a step`;
}
