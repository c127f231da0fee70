/** From a preset to launched runs: the form on the left, what it amounts to on the right. */
import { Skeleton } from '@mantine/core';
import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Catalogue, RunDetail } from '../../src-shared/api.ts';
import { formatExact } from '../../src-shared/format.ts';
import type { ModelFacts } from '../../src-shared/models.ts';
import { ErrorView } from '../components/ErrorView.tsx';
import { useCatalogue, useRunIfAny, useViews } from '../data/queries.ts';
import { samplingEdits } from '../lib/models/view.ts';
import type { Draft } from '../lib/new-run/draft.ts';
import { ownPresets } from '../lib/new-run/own-presets.ts';
import { type ProblemSet, valuesOf } from '../lib/problems/view.ts';
import { edit, type FormState, formFromConfig } from '../lib/run-form.ts';
import css from './NewRunPage.module.css';
import { NewRunForm } from './new-run/NewRunForm.tsx';

export function NewRunPage() {
  const search = useSearch({ from: '/new-run' });
  const catalogue = useCatalogue();
  const source = useRunIfAny(search.from);
  const views = useViews('preset');
  const own = useMemo(() => ownPresets(views.data ?? []), [views.data]);
  const error = catalogue.error ?? source.error ?? views.error;
  if (error !== null)
    return (
      <ErrorView
        error={error}
        onRetry={() => void Promise.all([catalogue.refetch(), source.refetch(), views.refetch()])}
      />
    );
  const waiting = search.from !== undefined && source.data === undefined;
  if (catalogue.data === undefined || views.data === undefined || waiting)
    return (
      <div className={css.loading} role="status" aria-label="Loading the form">
        <Skeleton height={16} width={220} animate={false} />
        <Skeleton height={320} animate={false} />
      </div>
    );
  const start = JSON.stringify(search);
  return (
    <NewRunForm
      // Another starting point is another form.
      key={start}
      start={start}
      known={catalogue.data}
      own={own}
      fresh={freshForm(catalogue.data, search, source.data)}
    />
  );
}

interface Start {
  readonly preset?: string | undefined;
  readonly checkpoint?: string | undefined;
  readonly policy?: string | undefined;
  readonly sampling?: ModelFacts['sampling'] | undefined;
  readonly steps?: number | undefined;
  readonly problems?: ProblemSet | undefined;
}

function freshForm(catalogue: Catalogue, start: Start, source: RunDetail | undefined): Draft {
  const preset = catalogue.presets.find((p) => p.id === start.preset) ?? catalogue.presets[0];
  const state: FormState =
    source === undefined
      ? { name: '', preset: preset?.id ?? null, edits: {} }
      : formFromConfig(catalogue, source.config);
  const edits = [
    ...(start.checkpoint === undefined ? [] : ([['policy.source', `checkpoint:${start.checkpoint}`]] as const)),
    ...(start.policy === undefined ? [] : ([['policy.source', start.policy]] as const)),
    ...samplingEdits(start.sampling ?? null, start.steps === 0),
    ...Object.entries(start.problems === undefined ? {} : valuesOf(start.problems)).map(
      ([path, value]) => [path, typeof value === 'boolean' ? value : formatExact(value)] as const,
    ),
    ...(start.steps === undefined ? [] : ([['limits.steps', String(start.steps)]] as const)),
  ];
  const form = edits.reduce((edited, [path, value]) => edit(catalogue, edited, path, value), state);
  return { ...form, edits: { ...form.edits }, several: { seeds: '', axes: [] }, tags: [] };
}
