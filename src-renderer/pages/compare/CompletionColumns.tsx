/** The samples of one problem in two to four runs, a column a run. The model's text reaches the page as text nodes only. */
import { ActionIcon, SegmentedControl, Select, Switch } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconExternalLink, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { OUTCOME_TITLES } from '../../../src-shared/charts/palette.ts';
import type { MatchedCompletions } from '../../../src-shared/comparison.ts';
import { formatCount, NO_VALUE } from '../../../src-shared/format.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { ErrorView } from '../../components/ErrorView.tsx';
import { OutcomeMark } from '../../components/OutcomeMark.tsx';
import { useRollout } from '../../data/queries.ts';
import { CERTAINTY_STATISTICS, type HeatStatistic } from '../../lib/token-heat.ts';
import { Completion } from '../rollouts/Completion.tsx';
import { TokenHeat } from '../rollouts/TokenHeat.tsx';
import css from './Completions.module.css';
import { Swatch } from './Swatch.tsx';
import type { Compared } from './use-comparison.ts';

type Rollouts = NonNullable<MatchedCompletions['completions']>[number]['rollouts'];
type Rollout = Rollouts[number];

interface CompletionColumnsProps {
  readonly compared: Compared;
  readonly columns: readonly string[];
  readonly matched: MatchedCompletions;
  /** The problem is another by now, and its samples are on their way. */
  readonly isBehind: boolean;
  readonly onColumn: (index: number, runId: string | null) => void;
  /** Null where no further column fits. */
  readonly onAdd: ((runId: string) => void) | null;
}

export function CompletionColumns({ compared, columns, matched, isBehind, onColumn, onAdd }: CompletionColumnsProps) {
  const [heat, setHeat] = useState(false);
  // As in the reader of one run.
  const [promptOpened, setPromptOpened] = useLocalStorage({
    key: 'assay-prompt',
    defaultValue: true,
    getInitialValueInEffect: false,
  });
  const [statisticId, setStatistic] = useState<string>(CERTAINTY_STATISTICS[0].id);
  const [sample, setSample] = useState(0);
  const statistic = CERTAINTY_STATISTICS.find(({ id }) => id === statisticId) ?? CERTAINTY_STATISTICS[0];
  const { comparison, runs } = compared;
  const choices = comparison.groups
    .flatMap(({ runIds }) => runIds)
    .map((runId) => {
      const run = runs.get(runId);
      return { value: runId, label: run === undefined ? runId : `#${run.number} ${run.name}` };
    });
  const left = choices.filter(({ value }) => !columns.includes(value));
  const prompt = matched.completions?.flatMap(({ rollouts }) => rollouts)[0]?.prompt;
  return (
    <div className={`${css.reader} scroll`} data-behind={isBehind}>
      <div className={css.readerTools}>
        <details
          className={css.prompt}
          open={promptOpened}
          onToggle={(event) => setPromptOpened(event.currentTarget.open)}
        >
          <summary>Prompt</summary>
          <pre>{prompt ?? ''}</pre>
        </details>
        <span className={css.heat}>
          {heat ? (
            <SegmentedControl
              aria-label="Statistic of the heat map"
              data={CERTAINTY_STATISTICS.map(({ id, title }) => ({ value: id, label: title }))}
              value={statistic.id}
              onChange={setStatistic}
            />
          ) : null}
          <Switch
            label="Certainty heat map"
            labelPosition="left"
            checked={heat}
            onChange={(event) => setHeat(event.currentTarget.checked)}
          />
          {onAdd === null || left.length === 0 ? null : (
            <Select
              aria-label="Add a column"
              placeholder="Add a column"
              searchable
              w={160}
              data={left}
              value={null}
              onChange={(runId) => runId !== null && onAdd(runId)}
            />
          )}
        </span>
      </div>
      <div className={css.columns} style={{ gridTemplateColumns: `repeat(${columns.length}, minmax(200px, 1fr))` }}>
        {columns.map((runId, index) => {
          const own = matched.completions?.find((column) => column.runId === runId);
          const step = matched.steps.find((column) => column.runId === runId)?.step;
          return (
            <Column
              key={runId}
              runId={runId}
              compared={compared}
              choices={choices.filter(({ value }) => value === runId || !columns.includes(value))}
              rollouts={own?.rollouts ?? []}
              step={step ?? null}
              sample={sample}
              onSample={setSample}
              statistic={heat ? statistic : null}
              onRun={(next) => onColumn(index, next)}
              canRemove={columns.length > 2}
            />
          );
        })}
      </div>
    </div>
  );
}

interface ColumnProps {
  readonly runId: string;
  readonly compared: Compared;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly rollouts: Rollouts;
  readonly step: number | null;
  /** The same sample is shown in all columns, as far as they have it. */
  readonly sample: number;
  readonly onSample: (sample: number) => void;
  readonly statistic: HeatStatistic | null;
  readonly onRun: (runId: string | null) => void;
  readonly canRemove: boolean;
}

function Column(props: ColumnProps) {
  const { runId, compared, choices, rollouts, step, sample, onSample, statistic, onRun, canRemove } = props;
  const group = compared.comparison.groups.find(({ runIds }) => runIds.includes(runId));
  const look = compared.looks.get(group?.key ?? '');
  const shown = rollouts[Math.min(sample, rollouts.length - 1)];
  const name = choices.find(({ value }) => value === runId)?.label ?? runId;
  return (
    <section className={css.column} aria-label={name}>
      <div className={css.columnHead}>
        {look === undefined ? null : <Swatch look={look} />}
        <Select
          aria-label="Run of this column"
          variant="unstyled"
          searchable
          flex={1}
          data={[...choices]}
          value={runId}
          onChange={(next) => next !== null && onRun(next)}
        />
        <span className="faint">step {formatCount(step)}</span>
        {canRemove ? (
          <ActionIcon size={22} aria-label={`Take the column of ${name} away`} onClick={() => onRun(null)}>
            <IconX size={12} />
          </ActionIcon>
        ) : null}
      </div>
      <div className={css.samples}>
        {rollouts.map((rollout, i) => (
          <button
            key={rollout.id}
            type="button"
            aria-label={`Sample ${i + 1}: ${OUTCOME_TITLES[rollout.outcome]}`}
            aria-pressed={rollout === shown}
            onClick={() => onSample(i)}
          >
            <OutcomeMark outcome={rollout.outcome} size={18} />
          </button>
        ))}
        {shown === undefined ? null : <Facts rollout={shown} />}
      </div>
      {shown === undefined ? (
        <p className="faint">No samples of this problem.</p>
      ) : statistic === null ? (
        <Completion text={shown.completion} />
      ) : (
        <Heat rolloutId={shown.id} statistic={statistic} />
      )}
    </section>
  );
}

function Facts({ rollout }: { rollout: Rollout }) {
  return (
    <span className={css.facts}>
      {`${rollout.testsTotal === 0 ? NO_VALUE : `${rollout.testsPassed}/${rollout.testsTotal} tests`} · ${formatCount(rollout.tokens)} tokens${rollout.finished ? '' : ', cut off'}`}
      <CopyButton text={() => rollout.completion} label="Copy completion" />
      <Link
        to="/runs/$runId/rollouts"
        params={{ runId: rollout.runId }}
        search={{ step: rollout.step, split: 'eval', rollout: rollout.id }}
        aria-label="Open this rollout in its run"
        title="Open in its run"
        className={css.open}
      >
        <IconExternalLink size={14} aria-hidden />
      </Link>
    </span>
  );
}

function Heat({ rolloutId, statistic }: { rolloutId: number; statistic: HeatStatistic }) {
  const rollout = useRollout(rolloutId);
  if (rollout.isError) return <ErrorView error={rollout.error} onRetry={() => void rollout.refetch()} />;
  return rollout.data === undefined ? null : <TokenHeat rollout={rollout.data} statistic={statistic} />;
}
