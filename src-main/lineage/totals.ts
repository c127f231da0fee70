/** How much was trained before a step of a run, along its chain since the root. */
import type { StoredRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { ancestryOf } from './ancestry.ts';

export interface Trained {
  readonly steps: number;
  /** Response tokens of training rollouts; null where a run on the way did not log them. */
  readonly tokens: number | null;
}

/** Reads each run's tokens once. */
export class Totals {
  readonly #store: Store;
  readonly #tokens = new Map<string, ReadonlyMap<number, number>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Before the run itself. */
  before(run: StoredRun): Trained {
    return ancestryOf(this.#store, run).stages.reduce<Trained>(
      (sum, { run: stage, until }) => (until === null ? sum : this.#add(sum, stage.id, until)),
      { steps: 0, tokens: 0 },
    );
  }

  /** @param before of the run. */
  at(before: Trained, runId: string, step: number): Trained {
    return this.#add(before, runId, step);
  }

  #add(sum: Trained, runId: string, step: number): Trained {
    const tokens = step === 0 ? 0 : this.#tokensOf(runId).get(step);
    return {
      steps: sum.steps + step,
      tokens: sum.tokens === null || tokens === undefined ? null : sum.tokens + tokens,
    };
  }

  #tokensOf(runId: string): ReadonlyMap<number, number> {
    const known =
      this.#tokens.get(runId) ??
      new Map(this.#store.steps.series(runId, 'train/tokens').map(({ step, value }) => [step, value]));
    this.#tokens.set(runId, known);
    return known;
  }
}
