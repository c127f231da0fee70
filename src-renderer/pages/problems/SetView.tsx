/** A set that was read: what is in it on top, its problems in a list below, and beside the list the one that is open. */
import { Tooltip } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Split } from '../../../src-shared/problem.ts';
import type { ProblemReport } from '../../../src-shared/problem-sets.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { useIsHere } from '../../components/use-is-here.ts';
import { type ProblemSet, type ProblemsSearch, totalOf } from '../../lib/problems/view.ts';
import { ProblemPane } from './ProblemPane.tsx';
import { ProblemTable } from './ProblemTable.tsx';
import { SelfCheckBar } from './SelfCheckBar.tsx';
import css from './SetView.module.css';
import { Duplicates, LeftOut, Splits } from './Summary.tsx';

interface SetViewProps {
  readonly set: ProblemSet;
  readonly report: ProblemReport;
}

export function SetView({ set, report }: SetViewProps) {
  const search = useSearch({ from: '/problems' });
  const navigate = useNavigate({ from: '/problems' });
  const isHere = useIsHere();
  const change = (patch: ProblemsSearch) => {
    if (isHere()) void navigate({ search: (before) => ({ ...before, ...patch }), replace: true });
  };
  const open = (split: Split, problem: string) => change({ in: split, problem });
  const opened =
    search.problem === undefined || search.in === undefined ? null : { split: search.in, id: search.problem };
  const has = (split: Split) => report.splits.some((each) => each.split === split && each.problems > 0);
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h2 className="ellipsis" title={report.title}>
          {report.title}
        </h2>
        <span className={css.hash} title={`SHA-256 of all problems, as runs record it: ${report.hash}`}>
          <span className="mono faint">{report.hash.slice(0, 12)}</span>
          <CopyButton text={() => report.hash} label="Copy the hash of the problems" />
        </span>
        <span className={css.actions}>
          <Tooltip
            label="Its validation split is empty: another share, or another split to validate on, fills it"
            disabled={has('validation')}
          >
            <LinkButton to="/new-run" search={{ problems: set, steps: 0 }} variant="default">
              Evaluate on these
            </LinkButton>
          </Tooltip>
          <Tooltip label="Its training split is empty: a smaller validation share fills it" disabled={has('train')}>
            <LinkButton to="/new-run" search={{ problems: set }} variant="default">
              New run with these
            </LinkButton>
          </Tooltip>
        </span>
      </header>
      <div className={`${css.summary} scroll`}>
        <Splits report={report} />
        <LeftOut report={report} />
        <Duplicates report={report} onOpen={open} />
        <SelfCheckBar set={set} report={report} onOpen={open} />
      </div>
      <div className={css.split}>
        <ProblemTable
          set={set}
          report={report}
          total={totalOf(report)}
          split={search.split ?? null}
          query={search.q ?? ''}
          opened={opened}
          onSplit={(split) => change({ split: split ?? undefined })}
          onQuery={(q) => change({ q: q === '' ? undefined : q })}
          onOpen={open}
          onClose={() => change({ problem: undefined, in: undefined })}
        />
        {opened === null ? null : (
          <ProblemPane
            set={set}
            split={opened.split}
            id={opened.id}
            onClose={() => change({ problem: undefined, in: undefined })}
          />
        )}
      </div>
    </div>
  );
}
