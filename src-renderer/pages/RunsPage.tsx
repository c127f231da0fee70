/** All runs, newest first: what each is, how far it is, how good it is. */
import { Skeleton, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconFlask2, IconPlus, IconSearch } from '@tabler/icons-react';
import { useMemo, useRef, useState } from 'react';
import { ErrorView } from '../components/ErrorView.tsx';
import { LinkButton } from '../components/LinkButton.tsx';
import { useCatalogue, useRuns } from '../data/queries.ts';
import css from './RunsPage.module.css';
import { RunsTable } from './runs/RunsTable.tsx';

export function RunsPage() {
  const runs = useRuns();
  const catalogue = useCatalogue().data;
  const [filter, setFilter] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => input.current?.focus()]]);

  const shown = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    return (runs.data ?? []).filter((run) => {
      const text = `${run.name} #${run.number} ${run.status} ${run.reward} ${run.preset ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }, [runs.data, filter]);
  const rewardTitles = useMemo(() => {
    const members = catalogue?.groups.find((g) => g.id === 'reward')?.members ?? [];
    return new Map(members.map((m) => [m.id, m.title]));
  }, [catalogue]);

  if (runs.isError && runs.data === undefined)
    return <ErrorView error={runs.error} onRetry={() => void runs.refetch()} />;
  if (runs.data === undefined) return <Loading />;
  if (runs.data.length === 0) return <Empty />;
  return (
    <div className={css.page}>
      <div className={css.tools}>
        <TextInput
          ref={input}
          aria-label="Filter runs"
          placeholder="Filter by name, status or reward"
          leftSection={<IconSearch size={14} />}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            setFilter('');
            event.currentTarget.blur();
          }}
          w={280}
        />
        <LinkButton to="/new-run" leftSection={<IconPlus size={14} />} ml="auto">
          New run
        </LinkButton>
      </div>
      {shown.length === 0 ? (
        <p className={css.none}>No run matches “{filter}”.</p>
      ) : (
        <RunsTable runs={shown} rewardTitles={rewardTitles} />
      )}
    </div>
  );
}

function Loading() {
  return (
    <div className={css.loading} role="status" aria-label="Loading runs">
      {Array.from({ length: 6 }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: six placeholders without identity
        <Skeleton key={i} height={16} animate={false} />
      ))}
    </div>
  );
}

function Empty() {
  return (
    <div className={css.empty}>
      <IconFlask2 size={32} stroke={1.25} className="faint" aria-hidden />
      <h2>No runs yet</h2>
      <p className="dim">
        A run trains a policy to write programs, from unit tests or from its own certainty, and records every step.
        Start with a preset: it runs on this machine as it is.
      </p>
      <LinkButton to="/new-run" size="sm" leftSection={<IconPlus size={14} />}>
        Launch a first run
      </LinkButton>
    </div>
  );
}
