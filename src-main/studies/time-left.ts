/** How long the rest of a study takes: what is estimated of each run to come, which the runs before it make better. */
import type { Api } from '../../src-shared/api.ts';
import type { PlannedRun } from './study.ts';

export class TimeLeft {
  readonly #api: Pick<Api, 'estimateRun'>;
  #seconds: ReadonlyMap<string, number | null> = new Map();

  constructor(api: Pick<Api, 'estimateRun'>) {
    this.#api = api;
  }

  /** Estimate these runs anew. What cannot be estimated has no time; it never fails. */
  async look(runs: readonly PlannedRun[]): Promise<void> {
    const seconds = new Map<string, number | null>();
    for (const { preset, values } of runs) {
      const condition = conditionOf({ preset, values });
      if (seconds.has(condition)) continue;
      const estimate = await this.#api.estimateRun({ preset, values: { ...values } }).catch(() => null);
      seconds.set(condition, estimate?.seconds?.total ?? null);
    }
    this.#seconds = seconds;
  }

  /** @param fraction Share of the first that is done. Null where there is nothing to go by for one of them. */
  of(runs: readonly PlannedRun[], fraction: number): number | null {
    let total = 0;
    for (const [i, run] of runs.entries()) {
      const seconds = this.#seconds.get(conditionOf(run)) ?? null;
      if (seconds === null) return null;
      total += i === 0 ? seconds * (1 - fraction) : seconds;
    }
    return total;
  }
}

/** Runs that differ in their seed alone take as long. */
const conditionOf = ({ preset, values }: Pick<PlannedRun, 'preset' | 'values'>): string =>
  JSON.stringify({ preset, values: { ...values, 'seeds.run': null } });
