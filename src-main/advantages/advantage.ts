/** The advantage family: from the rewards of one group to one number a rollout. */
import type { Options, OptionValues } from '../../src-shared/options.ts';

export interface Advantage<O extends Options = Options> {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly options: O;
  /**
   * @param rewards of one group; null where a rollout was not scored.
   * @returns one advantage a rollout, null where it has no reward; null for the whole group when fewer than two
   * rollouts were scored, since nothing can be compared.
   */
  ofGroup(rewards: readonly (number | null)[], options: OptionValues): (number | null)[] | null;
}
