/** Validation samples of table `rollouts`, counted by problem: what comparisons of runs are made from. */
import { z } from 'zod';
import { rolloutSummarySchema } from '../../src-shared/rollout.ts';
import { flagColumn } from './columns.ts';
import type { Database } from './database.ts';

const outcomeRow = z.object({ problemId: z.string(), passed: z.number().int(), samples: z.number().int() });
export type ProblemOutcome = z.infer<typeof outcomeRow>;

const sampleRow = rolloutSummarySchema.extend({
  finished: flagColumn,
  prompt: z.string(),
  completion: z.string(),
  code: z.string().nullable(),
});
export type ValidationSample = z.infer<typeof sampleRow>;

export class OutcomesTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** By problem, in the order of the validation. A sample that the sandbox could not judge is not among the samples. */
  ofStep(runId: string, step: number): ProblemOutcome[] {
    return this.#db.all(
      outcomeRow,
      `SELECT problem_id, sum(outcome = 'passed') AS passed, sum(outcome <> 'sandbox-error') AS samples FROM rollouts
       WHERE run_id = @runId AND step = @step AND split = 'eval' GROUP BY problem_id ORDER BY min(id)`,
      { runId, step },
    );
  }

  /** Steps whose validation samples are stored, in order. */
  steps(runId: string): number[] {
    return this.#db
      .all(
        z.object({ step: z.number().int() }),
        `SELECT step FROM steps s WHERE run_id = @runId AND EXISTS
           (SELECT 1 FROM rollouts r WHERE r.run_id = s.run_id AND r.step = s.step AND r.split = 'eval')
         ORDER BY step`,
        { runId },
      )
      .map(({ step }) => step);
  }

  /** All samples of one problem at a step. */
  samples(runId: string, step: number, problemId: string): ValidationSample[] {
    return this.#db.all(
      sampleRow,
      `SELECT id, run_id, step, split, problem_id, sample, tokens, finished, outcome, tests_passed, tests_total, reward,
         advantage, mean_entropy, mean_logprob, prompt, completion, code FROM rollouts
       WHERE run_id = @runId AND step = @step AND split = 'eval' AND problem_id = @problemId ORDER BY sample`,
      { runId, step, problemId },
    );
  }
}
