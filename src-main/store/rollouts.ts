/** Table `rollouts`: everything about every completion of a step. */
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import type { RolloutRecord } from '../../src-shared/events.ts';
import {
  type RolloutDetail,
  type RolloutSummary,
  rolloutFaultSchema,
  rolloutSummarySchema,
  testResultSchema,
} from '../../src-shared/rollout.ts';
import type { ProblemHistory } from '../../src-shared/rollouts.ts';
import { flagColumn, float32Column, jsonColumn, toBlob } from './columns.ts';
import type { Database } from './database.ts';

const summaryColumns =
  'id, run_id, step, split, problem_id, sample, tokens, finished, outcome, tests_passed, tests_total, reward, advantage, mean_entropy, mean_logprob';
const summaryRow = rolloutSummarySchema.extend({ finished: flagColumn });
const detailRow = summaryRow
  .extend({
    temperature: z.number(),
    fault: jsonColumn(rolloutFaultSchema).nullable(),
    parts: jsonColumn(z.record(z.string(), z.number())).nullable(),
    prompt: z.string(),
    completion: z.string(),
    code: z.string().nullable(),
    tests: jsonColumn(z.array(testResultSchema)),
    tokenTexts: jsonColumn(z.array(z.string())),
    logprob: float32Column,
    entropy: float32Column,
    klUniform: float32Column,
    top1: float32Column,
    top2: float32Column,
    logprobAfter: float32Column.nullable(),
  })
  .transform(
    ({ logprob, entropy, klUniform, top1, top2, logprobAfter, ...rest }): RolloutDetail => ({
      ...rest,
      stats: { logprob, entropy, klUniform, top1, top2, logprobAfter },
    }),
  );
const historyRow = summaryRow.pick({ id: true, step: true, sample: true, outcome: true, reward: true, tokens: true });
const textRow = historyRow.extend({
  problemId: z.string(),
  finished: flagColumn,
  completion: z.string(),
  code: z.string().nullable(),
  tests: jsonColumn(z.array(testResultSchema.pick({ got: true, expected: true }))),
});
const stepRow = z.object({
  step: z.number().int(),
  split: z.enum(['train', 'eval']),
  count: z.number().int(),
});

export class RolloutsTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(runId: string, step: number, r: RolloutRecord): void {
    this.#db.run(
      `INSERT INTO rollouts (run_id, step, split, problem_id, sample, tokens, finished, outcome, tests_passed,
         tests_total, reward, advantage, mean_entropy, mean_logprob, temperature, fault, parts, prompt, completion, code, tests,
         token_texts, token_ids, logprob, entropy, kl_uniform, top1, top2, logprob_after)
       VALUES (@runId, @step, @split, @problemId, @sample, @tokens, @finished, @outcome, @testsPassed,
         @testsTotal, @reward, @advantage, @meanEntropy, @meanLogprob, @temperature, @fault, @parts, @prompt, @completion, @code,
         @tests, @tokenTexts, @tokenIds, @logprob, @entropy, @klUniform, @top1, @top2, @logprobAfter)`,
      {
        runId,
        step,
        split: r.split,
        problemId: r.problemId,
        sample: r.sample,
        tokens: r.tokenIds.length,
        finished: r.finished ? 1 : 0,
        outcome: r.outcome,
        testsPassed: r.tests.filter((test) => test.verdict === 'passed').length,
        testsTotal: r.tests.length,
        reward: r.reward,
        advantage: r.advantage,
        meanEntropy: mean(r.stats.entropy),
        meanLogprob: mean(r.stats.logprob),
        temperature: r.temperature,
        fault: r.fault === null ? null : JSON.stringify(r.fault),
        parts: r.parts ? JSON.stringify(r.parts) : null,
        prompt: r.prompt,
        completion: r.completion,
        code: r.code,
        tests: JSON.stringify(r.tests),
        tokenTexts: JSON.stringify(r.tokenTexts),
        tokenIds: toBlob(r.tokenIds),
        logprob: toBlob(r.stats.logprob),
        entropy: toBlob(r.stats.entropy),
        klUniform: toBlob(r.stats.klUniform),
        top1: toBlob(r.stats.top1),
        top2: toBlob(r.stats.top2),
        logprobAfter: r.logprobAfter ? toBlob(r.logprobAfter) : null,
      },
    );
  }

  /** Of one step and split, in group order. */
  summaries(runId: string, step: number, split: 'train' | 'eval'): RolloutSummary[] {
    return this.#db.all(
      summaryRow,
      `SELECT ${summaryColumns} FROM rollouts WHERE run_id = @runId AND step = @step AND split = @split ORDER BY id`,
      { runId, step, split },
    );
  }

  /** Of one problem, step by step, each group in its order. */
  history(runId: string, problemId: string, split: 'train' | 'eval'): ProblemHistory {
    const rows = this.#db.all(
      historyRow,
      `SELECT id, step, sample, outcome, reward, tokens FROM rollouts
       WHERE run_id = @runId AND problem_id = @problemId AND split = @split ORDER BY step, id`,
      { runId, problemId, split },
    );
    return [...Map.groupBy(rows, ({ step }) => step)].map(([step, group]) => ({
      step,
      meanTokens: group.reduce((sum, { tokens }) => sum + tokens, 0) / group.length,
      rollouts: group.map(({ step: _, ...rollout }) => rollout),
    }));
  }

  /** What the policy wrote in one step and split and what came of it, in group order. */
  texts(runId: string, step: number, split: 'train' | 'eval'): z.infer<typeof textRow>[] {
    return this.#db.all(
      textRow,
      `SELECT id, step, problem_id, sample, outcome, reward, tokens, finished, completion, code, tests FROM rollouts
       WHERE run_id = @runId AND step = @step AND split = @split ORDER BY id`,
      { runId, step, split },
    );
  }

  /** Steps that have rollouts, in order. */
  steps(runId: string): z.infer<typeof stepRow>[] {
    return this.#db.all(
      stepRow,
      `SELECT step, split, count(*) AS count FROM rollouts WHERE run_id = @runId
       GROUP BY step, split ORDER BY step, split DESC`,
      { runId },
    );
  }

  /** @throws AssayError `not-found`. */
  get(id: number): RolloutDetail {
    const rollout = this.#db.get(detailRow, 'SELECT * FROM rollouts WHERE id = @id', { id });
    if (rollout === null) throw new AssayError('not-found', `There is no rollout ${id}`);
    return rollout;
  }
}

/** 0 for a response without tokens. */
function mean(values: Float32Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
