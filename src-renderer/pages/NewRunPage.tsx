/** From a preset to a launched run: the form on the left, what it amounts to on the right. */
import { Skeleton } from '@mantine/core';
import { useSearch } from '@tanstack/react-router';
import type { Catalogue, RunDetail } from '../../src-shared/api.ts';
import { ErrorView } from '../components/ErrorView.tsx';
import { useCatalogue, useRunIfAny } from '../data/queries.ts';
import { edit, type FormState, formFromConfig } from '../lib/run-form.ts';
import css from './NewRunPage.module.css';
import { NewRunForm } from './new-run/NewRunForm.tsx';

export function NewRunPage() {
  const search = useSearch({ from: '/new-run' });
  const catalogue = useCatalogue();
  const source = useRunIfAny(search.from);
  const error = catalogue.error ?? source.error;
  if (error !== null)
    return <ErrorView error={error} onRetry={() => void Promise.all([catalogue.refetch(), source.refetch()])} />;
  if (catalogue.data === undefined || (search.from !== undefined && source.data === undefined))
    return (
      <div className={css.loading} role="status" aria-label="Loading the form">
        <Skeleton height={16} width={220} animate={false} />
        <Skeleton height={320} animate={false} />
      </div>
    );
  return (
    <NewRunForm
      // Another starting point is another form.
      key={JSON.stringify(search)}
      catalogue={catalogue.data}
      initial={initialState(catalogue.data, search, source.data)}
    />
  );
}

interface Start {
  readonly preset?: string | undefined;
  readonly checkpoint?: string | undefined;
}

function initialState(catalogue: Catalogue, start: Start, source: RunDetail | undefined): FormState {
  const preset = catalogue.presets.find((p) => p.id === start.preset) ?? catalogue.presets[0];
  const state: FormState =
    source === undefined
      ? { name: '', preset: preset?.id ?? null, edits: {} }
      : formFromConfig(catalogue, source.config);
  return start.checkpoint === undefined
    ? state
    : edit(catalogue, state, 'policy.source', `checkpoint:${start.checkpoint}`);
}
