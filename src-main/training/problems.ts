/** Which problems of a data set a run uses. */
import type { Problem } from '../../src-shared/problem.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { datasets } from '../datasets/index.ts';

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

/** All problems that a run asks for; none of a kind that is not known. @throws AssayError where its files cannot be read. */
export async function usedProblems(config: RunConfig): Promise<readonly Problem[]> {
  const dataset = datasets.find(({ id }) => id === config.problems.kind)?.open(config.problems.options);
  if (dataset === undefined) return [];
  const { train, validation } = await problemsOf(config, dataset);
  return [...train, ...validation];
}
