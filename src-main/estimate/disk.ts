/** Disk of a run: its checkpoints, and what its rollouts add to the database. */
import type { DiskEstimate } from '../../src-shared/estimate.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { adapterShapes } from '../model/adapter.ts';
import { weightShapes } from '../model/weights.ts';
import { policyTraining } from '../training/policy-training.ts';
import type { Facts } from './facts.ts';
import { validations } from './memory.ts';

/** A tensor's entry in the header of a safetensors file, roughly. */
const ENTRY_BYTES = 110;
/** A response token in the database: its id and five statistics (4 bytes each), its text as JSON, and its share of
 * completion and program. The last two as measured on runs of the embedded policy. */
const TOKEN_BYTES = 6 * 4 + 7 + 5;
/** A rollout besides: the narrow columns and the index; and a test's verdict around its input, output and expected value. */
const ROLLOUT_BYTES = 150;
const TEST_BYTES = 80;
const CHARACTERS_PER_PROMPT_TOKEN = 4;
/** Rows do not fill pages to the end: the database is so much larger than what is in it. Measured likewise. */
const PAGE_SHARE = 1.25;
const METRIC_BYTES = 60 * 30;

export function checkpointBytes(config: RunConfig, { model, tokenizerBytes }: Facts): number {
  const { adapter } = policyTraining(config.policy, 0);
  const weights = weightShapes(model);
  const trained = adapter ? adapterShapes(model, adapter) : weights;
  // Weights, with an adapter its own two besides, and two moments of what is trained.
  const files = [weights, ...(adapter ? [trained] : []), trained, trained];
  return files.reduce((sum, shapes) => sum + bytesOf(shapes), tokenizerBytes + 2000);
}

function bytesOf(shapes: ReadonlyMap<string, readonly number[]>): number {
  return [...shapes.values()].reduce((sum, shape) => sum + ENTRY_BYTES + 4 * shape.reduce((a, b) => a * b, 1), 0);
}

/** How many checkpoints there are at the end. */
export function checkpointsOf({ limits }: RunConfig): number {
  const { steps, checkpointEvery, keepBest } = limits;
  if (steps === 0) return 0;
  return (checkpointEvery === 0 ? 1 : Math.ceil(steps / checkpointEvery)) + (keepBest ? 1 : 0);
}

/** @param responseTokens Of a usual response. */
export function databaseBytes(config: RunConfig, facts: Facts, responseTokens: number): number {
  const { rollouts, evaluation, limits } = config;
  const count =
    limits.steps * rollouts.problemsPerStep * rollouts.groupSize +
    validations(config) * facts.validation * evaluation.samples;
  const one =
    ROLLOUT_BYTES +
    TOKEN_BYTES * responseTokens +
    CHARACTERS_PER_PROMPT_TOKEN * facts.promptTokens.mean +
    TEST_BYTES * facts.testsPerProblem +
    facts.testCharacters;
  return Math.round(PAGE_SHARE * (count * one + limits.steps * METRIC_BYTES));
}

export function estimateDisk(
  config: RunConfig,
  facts: Facts,
  freeBytes: number,
  length: { readonly tokens: number; readonly ground: string },
): DiskEstimate {
  const checkpoints = checkpointsOf(config);
  const all = checkpoints * checkpointBytes(config, facts);
  const database = databaseBytes(config, facts, length.tokens);
  return {
    bytes: all + database,
    checkpointBytes: all,
    checkpoints,
    databaseBytes: database,
    freeBytes,
    fits: all + database <= freeBytes,
    ground: `responses of ${Math.round(length.tokens)} tokens, ${length.ground}`,
  };
}
