/** What a reward was made of, as a table whose terms add up to it. */
import type { RolloutDetail } from '../../src-shared/rollout.ts';

const PARTS = [
  { id: 'source', title: 'Reward source' },
  { id: 'second', title: 'Second source' },
  { id: 'format', title: 'Format' },
  { id: 'overlong', title: 'Overlong' },
  { id: 'length', title: 'Too short' },
] as const;

export interface RewardPart {
  readonly id: string;
  readonly title: string;
  readonly score: number | null;
  readonly weight: number | null;
  /** Null: the part is only recorded, and adds nothing. */
  readonly term: number | null;
  readonly flipped: boolean;
  /** The term is not weight times score: the scores were first turned into deviations from the group's mean. */
  readonly normalised: boolean;
}

export interface RewardTable {
  readonly rows: readonly RewardPart[];
  readonly sum: number;
  /** The sum is the reward, up to rounding. */
  readonly addsUp: boolean;
}

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));

/** Null where no parts were recorded. */
export function rewardTable(parts: RolloutDetail['parts'], reward: number | null): RewardTable | null {
  if (parts === null) return null;
  const rows = PARTS.flatMap(({ id, title }): RewardPart[] => {
    const of = (suffix: string) => parts[`${id}${suffix}`] ?? null;
    const [score, weight, term] = [of(''), of('-weight'), of('-term')];
    if (score === null && weight === null && term === null) return [];
    const flipped = id === 'source' && parts.flipped === 1;
    // Of a flipped score the bounds are not recorded, and so not what the term would be.
    const normalised = !flipped && score !== null && weight !== null && term !== null && !near(score * weight, term);
    return [{ id, title, score, weight, term, flipped, normalised }];
  });
  const sum = rows.reduce((total, { term }) => total + (term ?? 0), 0);
  return rows.length === 0 ? null : { rows, sum, addsUp: reward !== null && near(sum, reward) };
}
