/** The list of data sets, in the order of the form. */
import type { DatasetKind } from './dataset.ts';
import { jsonl } from './jsonl.ts';
import { answers } from './sets/answers.ts';
import { apps, taco } from './sets/apps.ts';
import { codecontests } from './sets/codecontests.ts';
import { codecontestsPlus } from './sets/codecontests-plus.ts';
import { humaneval } from './sets/humaneval.ts';
import { livecodebench } from './sets/livecodebench.ts';
import { mbpp } from './sets/mbpp.ts';
import { tinypy } from './tinypy/index.ts';

export { programOf } from './program.ts';

export const datasets: readonly DatasetKind[] = [
  tinypy,
  livecodebench,
  humaneval,
  mbpp,
  codecontests,
  codecontestsPlus,
  apps,
  taco,
  answers,
  jsonl,
];
