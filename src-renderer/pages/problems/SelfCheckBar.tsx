/** The self-check: the solutions that a set publishes, run on its own tests in the sandbox of the runs. */
import { Button } from '@mantine/core';
import { OUTCOME_TITLES } from '../../../src-shared/charts/palette.ts';
import { formatCount, formatPercent } from '../../../src-shared/format.ts';
import type { Split } from '../../../src-shared/problem.ts';
import type { ProblemReport } from '../../../src-shared/problem-sets.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { OutcomeMark } from '../../components/OutcomeMark.tsx';
import { ThinBar } from '../../components/ThinBar.tsx';
import { checkedSplits, type SelfCheck } from '../../lib/problems/self-check.ts';
import type { ProblemSet } from '../../lib/problems/view.ts';
import css from './SelfCheckBar.module.css';
import { useSelfCheck } from './use-problems.ts';

const FAILURES_SHOWN = 10;

interface SelfCheckBarProps {
  readonly set: ProblemSet;
  readonly report: ProblemReport;
  readonly onOpen: (split: Split, id: string) => void;
}

export function SelfCheckBar({ set, report, onOpen }: SelfCheckBarProps) {
  const { check, start, stop } = useSelfCheck(set, report);
  if (checkedSplits(report).length === 0)
    return <p className={css.none}>It publishes no solutions with which its tests could be checked.</p>;
  const going = check?.state === 'running' || check?.state === 'stopping';
  return (
    <section className={css.check} aria-label="Self-check">
      <div className={css.line}>
        {going ? (
          <Button variant="default" disabled={check.state === 'stopping'} onClick={stop}>
            {check.state === 'stopping' ? 'Cancelling' : 'Cancel'}
          </Button>
        ) : (
          <Button variant="default" onClick={start}>
            {check === undefined ? 'Check the reference solutions' : 'Check again'}
          </Button>
        )}
        {check === undefined ? (
          <span className="faint">Runs each on its own tests, in the sandbox that judges policies.</span>
        ) : (
          <Standing check={check} />
        )}
      </div>
      {going ? (
        <ThinBar fraction={check.looked / Math.max(1, check.problems)} label="Reference solutions checked" />
      ) : null}
      {check?.state === 'failed' ? <ErrorView error={check.error} /> : null}
      {check === undefined ? null : <Lacks check={check} />}
      {check === undefined ? null : <Failures check={check} onOpen={onOpen} />}
    </section>
  );
}

function Standing({ check: { state, looked, problems, run, passed } }: { check: SelfCheck }) {
  const share = run === 0 ? '' : ` (${formatPercent(passed / run)})`;
  const where =
    state === 'running' || state === 'stopping'
      ? `${formatCount(looked)} of ${formatCount(problems)} looked at`
      : state === 'finished'
        ? run === problems
          ? ''
          : `${formatCount(problems - run)} have none that could be run`
        : `cut off after ${formatCount(looked)} of ${formatCount(problems)}`;
  return (
    <span role="status">
      <strong>
        {formatCount(passed)} of {formatCount(run)} problems pass{share}
      </strong>
      {where === '' ? null : <span className="dim">; {where}</span>}
    </span>
  );
}

/** What this machine does not have. */
function Lacks({ check: { missing } }: { check: SelfCheck }) {
  if (missing.size === 0) return null;
  return (
    <ul className={css.lacks} aria-label="Not there on this machine">
      {[...missing].map(([what, problems]) => (
        <li key={what}>
          {formatCount(problems)} {problems === 1 ? 'problem' : 'problems'} not run: {what}
        </li>
      ))}
    </ul>
  );
}

function Failures({ check: { failures }, onOpen }: { check: SelfCheck } & Pick<SelfCheckBarProps, 'onOpen'>) {
  if (failures.length === 0) return null;
  const shown = failures.slice(0, FAILURES_SHOWN);
  return (
    <ul className={css.failures} aria-label="Solutions that fail">
      {shown.map(({ split, problemId, language, verdict, detail }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: failures are only added
        <li key={i}>
          <OutcomeMark outcome={verdict} />
          <button type="button" onClick={() => onOpen(split, problemId)}>
            {problemId}
          </button>
          <span className="dim">
            {OUTCOME_TITLES[verdict]}, {language}
          </span>
          {detail === null ? null : (
            <span className={`${css.detail} ellipsis`} title={detail}>
              {detail}
            </span>
          )}
        </li>
      ))}
      {failures.length > shown.length ? (
        <li className="faint">and {formatCount(failures.length - shown.length)} more</li>
      ) : null}
    </ul>
  );
}
