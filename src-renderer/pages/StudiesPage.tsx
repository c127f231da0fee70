/** The ready-made studies: what each answers, how far it is, what the rest takes, and what came out. */
import { Skeleton } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { formatBytes, formatCount, formatRoughly, NO_VALUE } from '../../src-shared/format.ts';
import { STUDY_SEEDS, type StudyInfo, type StudyProgress } from '../../src-shared/study.ts';
import { ErrorView } from '../components/ErrorView.tsx';
import { ThinBar } from '../components/ThinBar.tsx';
import { useListKeys } from '../components/use-list-keys.ts';
import { useStudies } from '../data/queries.ts';
import { type Counts, countsOf, isGoing, STATE_WORDS, settingsOf } from '../lib/studies/view.ts';
import css from './StudiesPage.module.css';
import { useStudyPlan, useStudyProgress, useStudyReport } from './studies/use-studies.ts';
import { VerdictCounts } from './studies/Verdict.tsx';

export function StudiesPage() {
  const studies = useStudies();
  const progress = useStudyProgress().data;
  const navigate = useNavigate();
  const [active, setActive] = useState(-1);
  const list = studies.data ?? [];
  useListKeys({
    count: list.length,
    active,
    onMove: setActive,
    onOpen: (index) => {
      const study = list[index];
      if (study !== undefined) void navigate({ to: '/studies/$studyId', params: { studyId: study.id } });
    },
  });
  if (studies.isError) return <ErrorView error={studies.error} onRetry={() => void studies.refetch()} />;
  if (studies.data === undefined || progress === undefined)
    return (
      <div className={css.loading} role="status" aria-label="Loading studies">
        {Array.from({ length: 6 }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: six placeholders without identity
          <Skeleton key={i} height={16} animate={false} />
        ))}
      </div>
    );
  return (
    <div className={`${css.page} scroll`}>
      <p className={css.intro}>
        A study is a set of runs that together answer one question, and the published findings that they are held
        against. Start one, and its runs are made one after another, also while this window is closed; runs that are
        there already, whoever started them, are not made again. A verdict takes {STUDY_SEEDS.usual} seeds.
      </p>
      <table className={css.table} aria-label="Studies">
        <thead>
          <tr>
            <th scope="col">Study</th>
            <th scope="col">State</th>
            <th scope="col">Runs</th>
            <th scope="col" className="number">
              The rest takes
            </th>
            <th scope="col">Findings</th>
          </tr>
        </thead>
        <tbody>
          {list.map((study, i) => (
            <Row
              key={study.id}
              study={study}
              progress={progress.find(({ id }) => id === study.id)}
              isActive={i === active}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly study: StudyInfo;
  readonly progress: StudyProgress | undefined;
  readonly isActive: boolean;
}

function Row({ study, progress, isActive }: RowProps) {
  const settings = settingsOf(study, {}, progress);
  const plan = useStudyPlan(settings).data;
  const counts = plan === undefined ? null : countsOf(plan);
  const report = useStudyReport(settings, counts !== null && counts.ready > 0).data;
  const total = plan?.runs.length ?? 0;
  const going = progress?.going ?? null;
  return (
    <tr data-active={isActive}>
      <th scope="row">
        <Link to="/studies/$studyId" params={{ studyId: study.id }} className={css.title}>
          {study.title}
        </Link>
        <span className={css.question}>{study.question}</span>
      </th>
      <td>
        <span className={css.state} data-state={progress?.state ?? 'none'}>
          {progress === undefined ? standingWord(counts) : STATE_WORDS[progress.state]}
        </span>
      </td>
      <td className={css.runs}>
        {counts === null || plan === undefined ? (
          NO_VALUE
        ) : plan.refusal !== null && total === 0 ? (
          <span className="faint">refused</span>
        ) : (
          <>
            <span>
              {formatCount(counts.ready)} of {formatCount(total)}
            </span>
            <ThinBar
              fraction={going?.fraction ?? counts.ready / Math.max(1, total)}
              label={`Runs of ${study.title}`}
              tone={isGoing(progress) ? 'running' : 'quiet'}
            />
          </>
        )}
      </td>
      <td className="number">
        {plan === undefined ? (
          NO_VALUE
        ) : plan.refusal !== null ? (
          <span className="faint">refused</span>
        ) : (
          <Cost plan={plan} />
        )}
      </td>
      <td>
        {report === undefined ? (
          <span className="faint">{formatCount(study.findings.length)} to hold against</span>
        ) : (
          <VerdictCounts findings={report.findings} />
        )}
      </td>
    </tr>
  );
}

/** Of a study that was never started: others may have made its runs. */
function standingWord(counts: Counts | null): string {
  if (counts === null) return '';
  if (counts.open === 0) return 'Complete';
  return counts.ready > 0 ? 'In part' : 'Not started';
}

function Cost({ plan }: { plan: NonNullable<ReturnType<typeof useStudyPlan>['data']> }) {
  const { estimate } = plan;
  if (estimate === null) return <span className="faint">nothing</span>;
  const { seconds, disk, largest } = estimate;
  return (
    <>
      {seconds === null ? (
        <span className="faint">{largest.estimate.measuring ? 'measuring' : NO_VALUE}</span>
      ) : (
        formatRoughly(seconds.total)
      )}
      <span className="faint">, {formatBytes(disk.bytes)}</span>
    </>
  );
}
