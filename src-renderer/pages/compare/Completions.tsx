/** The same validation problems at the same step in two to four runs: outcomes in a list, completions side by side. */
import { Select, Slider } from '@mantine/core';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { formatCount } from '../../../src-shared/format.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useListKeys } from '../../components/use-list-keys.ts';
import { useApi } from '../../data/api-context.tsx';
import { keys } from '../../data/queries.ts';
import {
  columnsOf,
  commonSteps,
  filterProblems,
  MOST_COLUMNS,
  PROBLEM_FILTERS,
  type ProblemFilter,
} from '../../lib/comparison/completions.ts';
import type { CompareView } from '../../lib/comparison/view.ts';
import { CompletionColumns } from './CompletionColumns.tsx';
import css from './Completions.module.css';
import { ProblemList } from './ProblemList.tsx';
import type { Compared } from './use-comparison.ts';

const FILTERS: Readonly<Record<ProblemFilter, string>> = {
  all: 'All problems',
  disagree: 'Runs disagree',
  none: 'No run passes',
  every: 'All runs pass',
};

interface CompletionsProps {
  readonly compared: Compared;
  readonly view: CompareView;
  readonly onChange: (patch: Partial<CompareView>) => void;
}

export function Completions({ compared, view, onChange }: CompletionsProps) {
  const api = useApi();
  const { comparison, reference } = compared;
  const [filter, setFilter] = useState<ProblemFilter>('all');
  const columns = useMemo(
    () => columnsOf(view.columns, comparison.groups, reference),
    [view.columns, comparison.groups, reference],
  );
  const recorded = useQueries({
    queries: columns.map((runId) => ({
      queryKey: keys.rolloutSteps(runId),
      queryFn: () => api.rolloutSteps({ runId }),
    })),
  });
  const steps = commonSteps(
    recorded.map(({ data }) => (data ?? []).filter(({ split }) => split === 'eval').map(({ step }) => step)),
  );
  const matched = useQuery({
    queryKey: ['matched', columns, view.step, view.problem],
    queryFn: () =>
      api.matchedCompletions({
        runIds: columns,
        ...(view.step === null ? {} : { step: view.step }),
        ...(view.problem === null ? {} : { problemId: view.problem }),
      }),
    enabled: columns.length >= 2,
    placeholderData: keepPreviousData,
  });
  const data = matched.data;
  const problems = useMemo(() => filterProblems(data?.problems ?? [], filter), [data, filter]);
  const [first] = problems;
  // The page opens with something to read.
  const read = view.problem ?? first?.problemId;
  const active = problems.findIndex(({ problemId }) => problemId === read);
  const choose = (index: number) => {
    const next = problems[index];
    if (next !== undefined) onChange({ problem: next.problemId });
  };
  useListKeys({ count: problems.length, active, onMove: choose });
  useEffect(() => {
    if (view.problem === null && read !== undefined) onChange({ problem: read });
  }, [view.problem, read, onChange]);

  const at = view.step ?? data?.steps[0]?.step ?? steps.at(-1) ?? 0;
  const setColumn = (index: number, runId: string | null) => {
    const next = [...columns];
    if (runId === null) next.splice(index, 1);
    else next.splice(index, 1, runId);
    onChange({ columns: next });
  };
  return (
    <div className={css.page}>
      <div className={css.tools}>
        <Select
          aria-label="Problems shown"
          w={150}
          data={PROBLEM_FILTERS.map((value) => ({ value, label: FILTERS[value] }))}
          value={filter}
          onChange={(value) => setFilter(PROBLEM_FILTERS.find((known) => known === value) ?? 'all')}
        />
        <span className="faint" role="status">
          {formatCount(problems.length)} of {formatCount(data?.problems.length)} · j and k go through them
        </span>
        <StepSlider steps={steps} at={at} onChange={(step) => onChange({ step })} />
      </div>
      {data !== undefined && !data.common ? (
        <p className={css.note} role="note">
          These runs share no validation step: each is shown at its own nearest one.
        </p>
      ) : null}
      {matched.isError ? (
        <ErrorView
          error={matched.error}
          onRetry={() => (view.problem === null ? void matched.refetch() : onChange({ problem: null }))}
        />
      ) : null}
      {data === undefined ? null : (
        <div className={css.split}>
          <ProblemList problems={problems} active={active} onChoose={choose} />
          <CompletionColumns
            compared={compared}
            columns={columns}
            matched={data}
            isBehind={matched.isPlaceholderData}
            onColumn={setColumn}
            onAdd={columns.length < MOST_COLUMNS ? (runId) => onChange({ columns: [...columns, runId] }) : null}
          />
        </div>
      )}
    </div>
  );
}

interface StepSliderProps {
  readonly steps: readonly number[];
  readonly at: number;
  readonly onChange: (step: number) => void;
}

/** Over the steps that there are, each as far from the next. */
function StepSlider({ steps, at, onChange }: StepSliderProps) {
  const index = steps.reduce(
    (best, step, i) => (Math.abs(step - at) < Math.abs((steps[best] ?? Number.POSITIVE_INFINITY) - at) ? i : best),
    0,
  );
  const [dragged, setDragged] = useState<number | null>(null);
  const shown = dragged ?? index;
  if (steps.length === 0) return null;
  return (
    <div className={css.slider}>
      <span className="dim">Step</span>
      <Slider
        min={0}
        max={Math.max(1, steps.length - 1)}
        step={1}
        value={shown}
        onChange={setDragged}
        onChangeEnd={(value) => {
          setDragged(null);
          const step = steps[value];
          if (step !== undefined) onChange(step);
        }}
        disabled={steps.length < 2}
        size={3}
        thumbSize={12}
        w={180}
        label={null}
        thumbLabel="Step"
        thumbValueText={String(steps[shown] ?? at)}
      />
      <span className={css.step}>{formatCount(steps[shown] ?? at)}</span>
    </div>
  );
}
