/** Which problems of a data set a run uses. */
import type { Problem } from '../../src-shared/problem.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { Dataset } from '../datasets/dataset.ts';

export interface RunProblems {
  readonly train: readonly Problem[];
  /** Those that are used. */
  readonly validation: readonly Problem[];
}

/** What a run trains on, nothing where it has no steps, and is validated on: with `evaluation.testTime` the same. */
export async function problemsOf({ limits, evaluation }: RunConfig, dataset: Dataset): Promise<RunProblems> {
  const validation = (await dataset.load('validation')).slice(0, evaluation.problems);
  if (limits.steps === 0) return { train: [], validation };
  return { train: evaluation.testTime ? validation : await dataset.load('train'), validation };
}
