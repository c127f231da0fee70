/** Everything that the document is written from. */
import type { Judged } from './findings.ts';
import type { Run } from './runs.ts';
import type { PresetSummary } from './summary.ts';

export interface Picture {
  readonly file: string;
  readonly alt: string;
}

export interface Report {
  readonly runs: readonly Run[];
  readonly missing: readonly { readonly preset: string; readonly seed: number }[];
  readonly summaries: readonly PresetSummary[];
  readonly judged: readonly Judged[];
  readonly pictures: readonly Picture[];
  /** Weights of the embedded policy; null where runs started from another. */
  readonly parameters: number | null;
}
