/** One study: its question, the grid of its runs as it fills, their curves, and what they say of the published findings. */
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import type { StudyInfo, StudyPlan, StudyProgress } from '../../src-shared/study.ts';
import { ErrorView, NotFoundPage } from '../components/ErrorView.tsx';
import { useIsHere } from '../components/use-is-here.ts';
import { useStudies } from '../data/queries.ts';
import { type StudySearch, settingsOf } from '../lib/studies/view.ts';
import { Warnings } from './compare/Warnings.tsx';
import css from './StudyPage.module.css';
import { Figures } from './studies/Figures.tsx';
import { Findings } from './studies/Findings.tsx';
import { Grid } from './studies/Grid.tsx';
import { ResultTables } from './studies/ResultTables.tsx';
import { Settings } from './studies/Settings.tsx';
import { StudyHeader } from './studies/StudyHeader.tsx';
import { type Arms, useArms } from './studies/use-arms.ts';
import { useRunsById, useStudyPlan, useStudyProgress, useStudyReport } from './studies/use-studies.ts';

export function StudyPage() {
  const { studyId } = useParams({ from: '/studies/$studyId' });
  const studies = useStudies();
  const progress = useStudyProgress();
  const error = studies.error ?? progress.error;
  if (error !== null) return <ErrorView error={error} />;
  if (studies.data === undefined || progress.data === undefined) return null;
  const study = studies.data.find(({ id }) => id === studyId);
  if (study === undefined) return <NotFoundPage what={`study ${studyId}`} />;
  return <Page key={study.id} study={study} progress={progress.data.find(({ id }) => id === study.id)} />;
}

interface PageProps {
  readonly study: StudyInfo;
  readonly progress: StudyProgress | undefined;
}

function Page({ study, progress }: PageProps) {
  const search = useSearch({ from: '/studies/$studyId' });
  const navigate = useNavigate({ from: '/studies/$studyId' });
  const isHere = useIsHere();
  const change = useCallback(
    (patch: StudySearch) => {
      if (!isHere()) return;
      void navigate({
        to: '/studies/$studyId',
        params: { studyId: study.id },
        search: (before) => ({ ...before, ...patch }),
        replace: true,
      });
    },
    [navigate, study.id, isHere],
  );
  const settings = settingsOf(study, search, progress);
  const plan = useStudyPlan(settings);
  return (
    <div className={`${css.page} scroll`}>
      <StudyHeader study={study} settings={settings} plan={plan.data} progress={progress} />
      <Settings study={study} settings={settings} plan={plan.data} onChange={change} />
      {plan.error === null ? null : <ErrorView error={plan.error} onRetry={() => void plan.refetch()} />}
      {plan.data === undefined || plan.data.runs.length === 0 ? null : (
        <Results study={study} settings={settings} plan={plan.data} isBehind={plan.isPlaceholderData} />
      )}
    </div>
  );
}

/** In which respects the arms are not comparable: what the findings rest on. */
function ArmWarnings({ arms: { comparison, groupLooks, numberOf } }: { arms: Arms }) {
  const runs = useRunsById();
  const [first] = comparison?.groups ?? [];
  if (comparison === undefined || first === undefined) return null;
  const reference = { group: first.key, runId: null };
  return <Warnings compared={{ comparison, runs, looks: groupLooks, hidden: NONE, reference, numberOf }} />;
}
const NONE: ReadonlySet<string> = new Set();

interface ResultsProps {
  readonly study: StudyInfo;
  readonly settings: ReturnType<typeof settingsOf>;
  readonly plan: StudyPlan;
  readonly isBehind: boolean;
}

function Results({ study, settings, plan, isBehind }: ResultsProps) {
  const arms = useArms(plan, study.figures);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const report = useStudyReport(settings, !isBehind);
  const toggle = (arm: string) =>
    setHidden((before) => {
      const next = new Set(before);
      if (!next.delete(arm)) next.add(arm);
      return next;
    });
  return (
    <>
      <div className={css.columns} data-figures={study.figures.length > 0}>
        <Grid plan={plan} looks={arms.looks} hidden={hidden} onToggle={toggle} />
        {study.figures.length === 0 ? null : <Figures study={study} arms={arms} hidden={hidden} />}
      </div>
      {report.error === null ? null : <ErrorView error={report.error} onRetry={() => void report.refetch()} />}
      <Findings study={study} report={report.data} warnings={<ArmWarnings arms={arms} />} />
      <ResultTables tables={report.data?.tables ?? []} />
    </>
  );
}
