/** A verdict as a word with its colour, and how many of each there are. */

import { formatCount } from '../../../src-shared/format.ts';
import type { FindingVerdict, StudyFinding } from '../../../src-shared/study.ts';
import { NOT_YET, verdictCounts } from '../../lib/studies/view.ts';
import css from './Verdict.module.css';

/** @param verdict null: not yet */
export function Verdict({ verdict }: { verdict: FindingVerdict | null }) {
  return (
    <span className={css.verdict} data-verdict={verdict ?? 'none'}>
      {verdict ?? NOT_YET}
    </span>
  );
}

export function VerdictCounts({ findings }: { findings: readonly StudyFinding[] }) {
  return (
    <ul className={css.counts}>
      {verdictCounts(findings).map(({ verdict, count }) => (
        <li key={verdict}>
          {formatCount(count)} <Verdict verdict={verdict} />
        </li>
      ))}
    </ul>
  );
}
