/** What the reward of a rollout was made of: scores, weights, and terms that add up to it. */

import { formatExact, formatNumber, formatSigned, NO_VALUE } from '../../../src-shared/format.ts';
import type { RolloutDetail } from '../../../src-shared/rollout.ts';
import { rewardTable } from '../../lib/reward-parts.ts';
import css from './RewardParts.module.css';

export function RewardParts({ rollout: { parts, reward } }: { rollout: Pick<RolloutDetail, 'parts' | 'reward'> }) {
  const table = rewardTable(parts, reward);
  if (table === null) return null;
  const { rows, sum, addsUp } = table;
  const notes = [
    ...(rows.some(({ flipped }) => flipped)
      ? ['The score was turned into its opposite before it was weighed: its term is of the opposite.']
      : []),
    ...(rows.some(({ normalised }) => normalised)
      ? ['Terms are of scores as deviations from the mean of the group, in standard deviations.']
      : []),
    ...(reward === null
      ? ['A part with a weight has no score, so that there is no reward.']
      : addsUp
        ? []
        : [`The terms add up to ${formatNumber(sum, 4)}, not to the reward that was recorded.`]),
  ];
  return (
    <section aria-label="Parts of the reward" className={css.parts}>
      <table>
        <caption className="section-title">Parts of the reward</caption>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">Score</th>
            <th scope="col">Weight</th>
            <th scope="col">Adds</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, title, score, weight, term, flipped }) => (
            <tr key={id}>
              <th scope="row">
                {title}
                {flipped ? <span className={css.flipped}>flipped</span> : null}
              </th>
              <td>{formatNumber(score, 4)}</td>
              <td>{weight === null ? NO_VALUE : formatExact(weight)}</td>
              <td>{term === null ? NO_VALUE : formatSigned(term, 4)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Reward</th>
            <td />
            <td />
            <td>{formatNumber(reward, 4)}</td>
          </tr>
        </tfoot>
      </table>
      {notes.map((note) => (
        <p key={note} className={css.note}>
          {note}
        </p>
      ))}
    </section>
  );
}
