/** How many rollouts have each outcome, as a bar; each count narrows the list to its outcome. */

import { OUTCOME_COLOURS, OUTCOME_TITLES } from '../../../src-shared/charts/palette.ts';
import { formatCount } from '../../../src-shared/format.ts';
import type { Outcome } from '../../../src-shared/rollout.ts';
import { OutcomeMark } from '../../components/OutcomeMark.tsx';
import css from './VerdictBar.module.css';

interface VerdictBarProps {
  readonly counts: readonly { readonly outcome: Outcome; readonly count: number }[];
  readonly chosen: Outcome | undefined;
  readonly onChoose: (outcome: Outcome | undefined) => void;
}

export function VerdictBar({ counts, chosen, onChoose }: VerdictBarProps) {
  return (
    <fieldset className={css.verdicts} aria-label="Outcome">
      <div className={css.bar} aria-hidden>
        {counts.map(({ outcome, count }) => (
          <span
            key={outcome}
            data-faint={chosen !== undefined && chosen !== outcome}
            style={{ flexGrow: count, background: OUTCOME_COLOURS[outcome] }}
          />
        ))}
      </div>
      <div className={css.counts}>
        {counts.map(({ outcome, count }) => (
          <button
            key={outcome}
            type="button"
            aria-pressed={outcome === chosen}
            aria-label={`${OUTCOME_TITLES[outcome]}: ${formatCount(count)}`}
            title={OUTCOME_TITLES[outcome]}
            onClick={() => onChoose(outcome === chosen ? undefined : outcome)}
          >
            <OutcomeMark outcome={outcome} size={14} />
            {formatCount(count)}
          </button>
        ))}
      </div>
    </fieldset>
  );
}
