/** All runs: found by a query, sorted, grouped, chosen and acted on. */
import { Button, Skeleton } from '@mantine/core';
import { IconFileImport, IconFlask2, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { ErrorView } from '../components/ErrorView.tsx';
import { LinkButton } from '../components/LinkButton.tsx';
import { useBin, useRuns } from '../data/queries.ts';
import css from './RunsPage.module.css';
import { BinDialog } from './runs/BinDialog.tsx';
import { RunsList } from './runs/RunsList.tsx';
import { useRunActions } from './runs/use-run-actions.ts';

export function RunsPage() {
  const runs = useRuns();
  const actions = useRunActions();
  const [binOpened, setBinOpened] = useState(false);
  if (runs.isError && runs.data === undefined)
    return <ErrorView error={runs.error} onRetry={() => void runs.refetch()} />;
  if (runs.data === undefined) return <Loading />;
  return (
    <>
      {runs.data.length === 0 ? (
        <Empty onBin={() => setBinOpened(true)} />
      ) : (
        <RunsList runs={runs.data} actions={actions} onBin={() => setBinOpened(true)} />
      )}
      <BinDialog opened={binOpened} onClose={() => setBinOpened(false)} onRestore={actions.restore} />
    </>
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

function Empty({ onBin }: { onBin: () => void }) {
  const binned = useBin(true).data?.length ?? 0;
  return (
    <div className={css.empty}>
      <IconFlask2 size={32} stroke={1.25} className="faint" aria-hidden />
      <h2>No runs yet</h2>
      <p className="dim">
        A run trains a policy to write programs, from unit tests or from its own certainty, and records every step. Here
        it is found again: by its name, its tags or any option, beside the runs that it is compared with.
      </p>
      <p className="dim">Start with a preset: it runs on this machine as it is.</p>
      <LinkButton to="/new-run" size="sm" leftSection={<IconPlus size={14} />}>
        Launch a first run
      </LinkButton>
      <LinkButton to="/import" search={{}} variant="subtle" leftSection={<IconFileImport size={14} />}>
        Import runs made elsewhere
      </LinkButton>
      {binned === 0 ? null : (
        <Button variant="subtle" leftSection={<IconTrash size={14} />} onClick={onBin}>
          {binned} in the bin
        </Button>
      )}
    </div>
  );
}
