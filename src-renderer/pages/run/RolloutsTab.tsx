/** The rollouts of a run: choose a step and a completion on the left, read it on the right. */
import { SegmentedControl, Select } from '@mantine/core';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { Outcome } from '../../../src-shared/rollout.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useRolloutSteps, useRollouts } from '../../data/queries.ts';
import { formatCount } from '../../lib/format.ts';
import { OUTCOME_TITLES } from '../../lib/palette.ts';
import { countOutcomes, listRollouts, nearestStep, ROLLOUT_ORDERS, type RolloutOrder } from '../../lib/rollout-list.ts';
import { RolloutList } from '../rollouts/RolloutList.tsx';
import { RolloutReader } from '../rollouts/RolloutReader.tsx';
import css from './RolloutsTab.module.css';

type Split = 'train' | 'eval';

export function RolloutsTab() {
  const { runId } = useParams({ from: '/runs/$runId/rollouts' });
  const search = useSearch({ from: '/runs/$runId/rollouts' });
  const navigate = useNavigate({ from: '/runs/$runId/rollouts' });
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [order, setOrder] = useState<RolloutOrder>('group');

  const steps = useRolloutSteps(runId);
  const split: Split = search.split ?? (steps.data?.some((s) => s.split === 'train') === false ? 'eval' : 'train');
  const ofSplit = useMemo(
    () => (steps.data ?? []).filter((s) => s.split === split).sort((a, b) => b.step - a.step),
    [steps.data, split],
  );
  // Without a step in the address: the newest when the list was opened. What is being read must not change under the eye.
  const [opened, setOpened] = useState<{ readonly split: Split; readonly step: number } | null>(null);
  const newest = ofSplit[0]?.step;
  if (newest !== undefined && opened?.split !== split) setOpened({ split, step: newest });
  const step = nearestStep(
    ofSplit.map((s) => s.step),
    search.step ?? (opened?.split === split ? opened.step : undefined),
  );
  const rollouts = useRollouts(runId, step, split);
  const shown = useMemo(() => listRollouts(rollouts.data ?? [], outcome, order), [rollouts.data, outcome, order]);
  const counts = useMemo(() => countOutcomes(rollouts.data ?? []), [rollouts.data]);
  const chosen = shown.find((r) => r.id === search.rollout) ?? shown[0];

  const go = (next: { step?: number | undefined; split?: Split; rollout?: number | undefined }) =>
    void navigate({ search: (before) => ({ ...before, rollout: undefined, ...next }), replace: true });

  if (steps.isError && steps.data === undefined)
    return <ErrorView error={steps.error} onRetry={() => void steps.refetch()} />;
  if (steps.data === undefined) return null;
  if (steps.data.length === 0)
    return (
      <p className={css.empty}>
        No rollouts yet. They appear here, with every token’s statistics, after the first step.
      </p>
    );
  return (
    <div className={css.page}>
      <div className={css.left}>
        <div className={css.tools}>
          <SegmentedControl
            aria-label="Split"
            data={[
              { value: 'train', label: 'Training' },
              { value: 'eval', label: 'Validation' },
            ]}
            value={split}
            onChange={(value) => go({ split: value === 'eval' ? 'eval' : 'train' })}
            fullWidth
          />
          <div className={css.selects}>
            <Select
              aria-label="Step"
              searchable
              data={ofSplit.map((s) => ({ value: String(s.step), label: `Step ${s.step}` }))}
              value={step === undefined ? null : String(step)}
              onChange={(value) => value !== null && go({ step: Number(value) })}
              disabled={ofSplit.length === 0}
            />
            <Select
              aria-label="Order"
              data={ROLLOUT_ORDERS.map(({ id, title }) => ({ value: id, label: title }))}
              value={order}
              onChange={(value) => {
                const found = ROLLOUT_ORDERS.find((o) => o.id === value);
                if (found !== undefined) setOrder(found.id);
              }}
            />
          </div>
          <Select
            aria-label="Outcome"
            data={[
              { value: 'all', label: `All outcomes (${formatCount(rollouts.data?.length ?? 0)})` },
              ...counts.map(({ outcome: o, count }) => ({
                value: o,
                label: `${OUTCOME_TITLES[o]} (${formatCount(count)})`,
              })),
            ]}
            value={outcome !== null && counts.some((c) => c.outcome === outcome) ? outcome : 'all'}
            onChange={(value) => setOutcome(counts.find((c) => c.outcome === value)?.outcome ?? null)}
          />
        </div>
        {rollouts.isError ? (
          <ErrorView error={rollouts.error} onRetry={() => void rollouts.refetch()} />
        ) : ofSplit.length === 0 ? (
          <p className={css.none}>{split === 'eval' ? 'No validation rollouts yet.' : 'No training rollouts yet.'}</p>
        ) : (
          <RolloutList
            rollouts={shown}
            grouped={order === 'group'}
            chosen={chosen?.id}
            onChoose={(rollout) => go({ step, split, rollout })}
          />
        )}
      </div>
      {chosen === undefined ? <div /> : <RolloutReader summary={chosen} siblings={rollouts.data ?? []} />}
    </div>
  );
}
