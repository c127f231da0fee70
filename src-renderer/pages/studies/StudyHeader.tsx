/** Name, question and state of a study, what can be done with it, and how far it is: one bar for all its runs. */
import { Button, Tooltip } from '@mantine/core';
import { IconArrowsDiff, IconPlayerPlay, IconPlayerStop, IconReport } from '@tabler/icons-react';
import { COMPARED_RUNS } from '../../../src-shared/comparison.ts';
import type { StudyInfo, StudyPlan, StudyProgress, StudySettings } from '../../../src-shared/study.ts';
import { LinkButton } from '../../components/LinkButton.tsx';
import { ThinBar } from '../../components/ThinBar.tsx';
import { countsOf, drawnRuns, isGoing, isSameSettings, progressLine, STATE_WORDS } from '../../lib/studies/view.ts';
import list from '../StudiesPage.module.css';
import css from './StudyHeader.module.css';
import { useStudyControls } from './use-studies.ts';

interface StudyHeaderProps {
  readonly study: StudyInfo;
  readonly settings: StudySettings;
  readonly plan: StudyPlan | undefined;
  readonly progress: StudyProgress | undefined;
}

export function StudyHeader({ study, settings, plan, progress }: StudyHeaderProps) {
  const { start, stop } = useStudyControls(settings);
  const counts = plan === undefined ? null : countsOf(plan);
  const total = plan?.runs.length ?? 0;
  const going = isGoing(progress);
  const isOther = progress !== undefined && !isSameSettings(progress, settings);
  const begun = counts !== null && counts.ready + counts.cut > 0;
  const why = plan === undefined ? null : (plan.refusal?.message ?? (counts?.open === 0 ? 'All runs are there' : null));
  const { runIds } = plan === undefined ? { runIds: [] } : drawnRuns(plan);
  const line = progress === undefined ? '' : progressLine(progress);
  return (
    <header className={css.header}>
      <div className={css.line}>
        <h1 className={css.title}>{study.title}</h1>
        {progress === undefined ? null : (
          <span className={list.state} data-state={progress.state}>
            {STATE_WORDS[progress.state]}
          </span>
        )}
        <span className={`${css.progress} ellipsis`} aria-live="off" title={line}>
          {line}
          {isOther && (going || progress.state === 'interrupted') ? ' (with other values than shown here)' : ''}
        </span>
        <div className={css.controls}>
          {runIds.length < COMPARED_RUNS.least ? null : (
            <LinkButton
              to="/compare"
              search={{ runs: runIds }}
              variant="default"
              leftSection={<IconArrowsDiff size={14} />}
            >
              Compare all
            </LinkButton>
          )}
          {counts === null || counts.ready === 0 ? null : (
            <LinkButton
              to="/reports/new"
              search={{ study: study.id, scale: settings.scale }}
              variant="default"
              leftSection={<IconReport size={14} />}
            >
              Report
            </LinkButton>
          )}
          {going ? (
            <Button
              variant="default"
              leftSection={<IconPlayerStop size={14} />}
              loading={stop.isPending}
              disabled={progress?.state === 'stopping'}
              onClick={() => stop.mutate()}
            >
              Stop
            </Button>
          ) : (
            <Tooltip label={why} disabled={why === null}>
              <Button
                leftSection={<IconPlayerPlay size={14} />}
                loading={start.isPending}
                disabled={plan === undefined}
                {...(why === null ? {} : { 'data-disabled': true, 'aria-disabled': true })}
                onClick={() => {
                  if (why === null) start.mutate();
                }}
              >
                {begun ? 'Go on' : 'Start'}
              </Button>
            </Tooltip>
          )}
        </div>
      </div>
      <p className={css.question}>{study.question}</p>
      <div className={css.bar}>
        {total === 0 || counts === null ? null : (
          <ThinBar
            fraction={progress?.going?.fraction ?? counts.ready / total}
            label="All runs"
            tone={going ? 'running' : 'quiet'}
          />
        )}
      </div>
    </header>
  );
}
