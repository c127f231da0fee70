/** The list of data sets, in the order of the form. */
import type { DatasetKind } from './dataset.ts';
import { jsonl } from './jsonl.ts';
import { tinypy } from './tinypy/index.ts';

export const datasets: readonly DatasetKind[] = [tinypy, jsonl];
