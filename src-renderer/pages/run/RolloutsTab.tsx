/** The rollouts of a run: choose a step and a completion on the left, read it on the right. */
import { Button, SegmentedControl, Select } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { formatCount } from '../../../src-shared/format.ts';
import type { RolloutSummary } from '../../../src-shared/rollout.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useIsHere } from '../../components/use-is-here.ts';
import { keysAreTaken } from '../../components/use-list-keys.ts';
import { useRolloutSteps, useRollouts } from '../../data/queries.ts';
import {
  countOutcomes,
  isListed,
  listRollouts,
  nearestStep,
  neighbourStep,
  ROLLOUT_ORDERS,
  type RolloutFilter,
  type RolloutsSearch,
  readRollout,
} from '../../lib/rollout-list.ts';
import { FailurePatterns } from '../rollouts/FailurePatterns.tsx';
import { RolloutFilters } from '../rollouts/RolloutFilters.tsx';
import { RolloutList } from '../rollouts/RolloutList.tsx';
import { RolloutReader } from '../rollouts/RolloutReader.tsx';
import { VerdictBar } from '../rollouts/VerdictBar.tsx';
import css from './RolloutsTab.module.css';

type Split = 'train' | 'eval';

export function RolloutsTab() {
  const { runId } = useParams({ from: '/runs/$runId/rollouts' });
  const search = useSearch({ from: '/runs/$runId/rollouts' });
  const navigate = useNavigate({ from: '/runs/$runId/rollouts' });
  const router = useRouter();
  const isHere = useIsHere();
  const reader = useRef<HTMLElement>(null);
  const filter = filterOf(search);
  const order = search.order ?? 'group';

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
  const all = rollouts.data ?? [];
  const shown = listRollouts(all, filter, order);
  const counts = countOutcomes(all.filter((r) => isListed(r, { ...filter, outcome: undefined })));

  // While the rollouts of another step are on their way, what was read stays.
  const [followed, setFollowed] = useState<RolloutSummary | null>(null);
  const isOld = rollouts.isPlaceholderData || rollouts.data === undefined;
  const found = isOld ? undefined : readRollout(all, shown, search.rollout, followed);
  if (found !== undefined && found !== followed) setFollowed(found);
  const kept = followed?.runId === runId && ofSplit.length > 0 ? followed : undefined;
  const chosen = isOld ? kept : found;

  const go = (changes: Partial<RolloutsSearch>) => {
    if (isHere()) void navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  };
  const read = (at: number, rollout: number) => go({ step: at, split, rollout, view: undefined });
  const toStep = (at: number | undefined) => at !== undefined && go({ step: at, split, rollout: undefined });
  const toNeighbour = (by: number) => () => {
    if (step === undefined || keysAreTaken()) return;
    toStep(
      neighbourStep(
        ofSplit.map((s) => s.step),
        step,
        by,
      ),
    );
  };
  useHotkeys([
    ['[', toNeighbour(-1)],
    [']', toNeighbour(1)],
  ]);

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
            onChange={(value) => {
              setFollowed(null);
              go({ split: value === 'eval' ? 'eval' : 'train', rollout: undefined });
            }}
            fullWidth
          />
          <div className={css.selects}>
            <Select
              aria-label="Step"
              searchable
              data={ofSplit.map((s) => ({ value: String(s.step), label: `Step ${s.step}` }))}
              value={step === undefined ? null : String(step)}
              onChange={(value) => value !== null && toStep(Number(value))}
              disabled={ofSplit.length === 0}
            />
            <Select
              aria-label="Order"
              data={ROLLOUT_ORDERS.map(({ id, title }) => ({ value: id, label: title }))}
              value={order}
              onChange={(value) => go({ order: ROLLOUT_ORDERS.find((o) => o.id === value)?.id })}
            />
          </div>
          <RolloutFilters filter={filter} onChange={go} />
          <VerdictBar counts={counts} chosen={filter.outcome} onChoose={(outcome) => go({ outcome })} />
          <div className={css.listed}>
            <span className="faint">
              {shown.length === all.length ? '' : `${formatCount(shown.length)} of `}
              {all.length === 1 ? '1 rollout' : `${formatCount(all.length)} rollouts`}
            </span>
            <Button
              variant="subtle"
              size="compact-xs"
              aria-pressed={search.view === 'failures'}
              onClick={() => go({ view: search.view === 'failures' ? undefined : 'failures' })}
            >
              What failures share
            </Button>
          </div>
        </div>
        {rollouts.isError ? (
          <ErrorView error={rollouts.error} onRetry={() => void rollouts.refetch()} />
        ) : ofSplit.length === 0 ? (
          <p className={css.none}>{split === 'eval' ? 'No validation rollouts yet.' : 'No training rollouts yet.'}</p>
        ) : shown.length === 0 && !isOld ? (
          <p className={css.none}>No rollout of this step passes the filter.</p>
        ) : (
          <RolloutList
            rollouts={shown}
            order={order}
            chosen={chosen?.id}
            onChoose={(rollout) => step !== undefined && read(step, rollout)}
            onOpen={() => reader.current?.focus()}
          />
        )}
      </div>
      {search.view === 'failures' && step !== undefined ? (
        <FailurePatterns
          runId={runId}
          step={step}
          split={split}
          onOpen={read}
          onClose={() => go({ view: undefined })}
        />
      ) : chosen === undefined ? (
        <div />
      ) : (
        <RolloutReader
          ref={reader}
          summary={chosen}
          siblings={all}
          link={() => {
            const { href } = router.buildLocation({
              to: '/runs/$runId/rollouts',
              params: { runId },
              search: { step: chosen.step, split: chosen.split, rollout: chosen.id },
            });
            return `${window.location.origin}${href}`;
          }}
          onGo={read}
        />
      )}
    </div>
  );
}

function filterOf(search: RolloutsSearch): RolloutFilter {
  const { outcome, problem, minReward, maxReward, advantage, minTokens, maxTokens, cut } = search;
  return { outcome, problem, minReward, maxReward, advantage, minTokens, maxTokens, cut };
}
