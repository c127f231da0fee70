/** What an estimate has to know of a run's policy and problems. Reading it takes a moment, so the last ones are kept. */
import { stat } from 'node:fs/promises';
import { AssayError } from '../../src-shared/errors.ts';
import type { Problem } from '../../src-shared/problem.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { datasets } from '../datasets/index.ts';
import { charactersHeld } from '../datasets/texts-on-disk.ts';
import type { ModelConfig } from '../model/config.ts';
import { describePolicy, policyPaths } from '../model/policy-files.ts';
import { promptWriter } from '../model/prompt.ts';
import { tokenizerOf } from '../model/tokenizer.ts';
import { weightShapes } from '../model/weights.ts';
import { excerpt } from '../sandbox/excerpt.ts';
import { policyPrompt } from '../training/policy-training.ts';
import { problemsOf } from '../training/problems.ts';

export interface Facts {
  readonly model: ModelConfig;
  /** Of the policy, an adapter not counted. */
  readonly parameters: number;
  /** Of the tokenizer's files and those that go with them. */
  readonly tokenizerBytes: number;
  readonly promptTokens: { readonly shortest: number; readonly mean: number; readonly longest: number };
  /** Problems that are used, and the tests of one. */
  readonly train: number;
  readonly validation: number;
  readonly testsPerProblem: number;
  /** Text of all problems that is held in memory, and what a rollout keeps of the tests of a mean one. */
  readonly problemCharacters: number;
  readonly testCharacters: number;
}

const KEPT = 8;
/** Prompts that are tokenised: the shortest and the longest by characters, which have the extremes by tokens among them,
 * and as many others for the mean. */
const LOOKED_AT = 24;
const known = new Map<string, Promise<Facts>>();

/** @param folder Of the policy. @throws AssayError `usage` with path `policy.source` or `problems.options` where they cannot be read. */
export async function factsOf(config: RunConfig, folder: string): Promise<Facts> {
  const { problems, evaluation, limits } = config;
  // What cannot be read now fails below, with its reason.
  const paths = await policyPaths(folder).catch(() => []);
  const changed = await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs));
  const key = JSON.stringify([
    ...[folder, changed, policyPrompt(config.policy), problems, evaluation.problems, evaluation.testTime],
    limits.steps === 0,
  ]);
  const found = known.get(key) ?? read(config, folder);
  known.delete(key);
  known.set(key, found);
  for (const old of [...known.keys()].slice(0, -KEPT)) known.delete(old);
  // What failed may be there the next time.
  found.catch(() => known.delete(key));
  return found;
}

async function read(config: RunConfig, folder: string): Promise<Facts> {
  const { model, tokenizer, tokenizerBytes, promptOf } = await at('policy.source', async () => {
    // Weights need not be there where a configuration is.
    const { config: model, companions } = await describePolicy(folder);
    const tokenizer = tokenizerOf(companions, folder);
    const tokenizerBytes = [...companions.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    return { model, tokenizer, tokenizerBytes, promptOf: promptWriter(tokenizer, policyPrompt(config.policy)) };
  });
  const { train, validation } = await at('problems.options', async () => {
    const kind = datasets.find(({ id }) => id === config.problems.kind);
    if (kind === undefined) throw new Error(`${config.problems.kind} is unknown`);
    return problemsOf(config, kind.open(config.problems.options));
  });
  const all = [...new Set([...train, ...validation])];
  const lengths = (some: readonly Problem[]) => some.map((problem) => tokenizer.encode(promptOf(problem)).length);
  const byLength = all.toSorted((a, b) => b.statement.length - a.statement.length);
  const stride = Math.max(1, Math.floor(all.length / LOOKED_AT));
  const spread = all.filter((_, i) => i % stride === 0);
  const usual = lengths(spread);
  const testsOf = ({ visibleTests, hiddenTests }: Problem) => [...visibleTests, ...hiddenTests];
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  const seen = spread.flatMap(testsOf);
  const count = Math.max(1, all.length);
  return {
    model,
    parameters: [...weightShapes(model).values()].reduce((n, shape) => n + shape.reduce((a, b) => a * b, 1), 0),
    tokenizerBytes,
    promptTokens: {
      shortest: Math.max(1, Math.min(...lengths(byLength.slice(-LOOKED_AT)), ...usual)),
      longest: Math.max(1, ...lengths(byLength.slice(0, LOOKED_AT)), ...usual),
      mean: sum(usual) / Math.max(1, usual.length),
    },
    train: train.length,
    validation: validation.length,
    testsPerProblem: sum(all.map((problem) => testsOf(problem).length)) / count,
    problemCharacters: sum(
      all.map(
        (problem) => problem.statement.length + problem.starterCode.length + sum(testsOf(problem).map(charactersHeld)),
      ),
    ),
    testCharacters:
      sum(seen.map(({ input, expected }) => excerpt(input).length + excerpt(expected).length)) /
      Math.max(1, spread.length),
  };
}

async function at<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new AssayError('usage', message.startsWith(path) ? message : `${path}: ${message}`, { path, cause: error });
  }
}
