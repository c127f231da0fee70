/** The bin: deleted runs, brought back or purged for good. */
import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { formatAgo, formatCount } from '../../../src-shared/format.ts';
import { ErrorView, notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys, useBin, useNow } from '../../data/queries.ts';
import css from './BinDialog.module.css';

const DAY_MS = 24 * 3_600_000;

interface BinDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onRestore: (runIds: readonly string[]) => void;
}

export function BinDialog({ opened, onClose, onRestore }: BinDialogProps) {
  const api = useApi();
  const queries = useQueryClient();
  const now = useNow();
  const bin = useBin(opened);
  // What follows cannot be undone, so it is asked for twice.
  const [sure, setSure] = useState(false);
  const empty = useMutation({
    mutationFn: () => api.emptyBin({}),
    onSuccess: ({ purged, kept }) => {
      setSure(false);
      notifyDone(
        `Purged ${formatCount(purged)} ${purged === 1 ? 'run' : 'runs'}${kept === 0 ? '' : `; ${formatCount(kept)} stay`}`,
      );
      return queries.invalidateQueries({ queryKey: keys.bin });
    },
    onError: (error) => notifyFailure('Emptying the bin', error),
  });
  const runs = bin.data ?? [];
  const going = runs.filter(({ keptFor }) => keptFor === null).length;
  return (
    <Modal
      opened={opened}
      onClose={() => {
        setSure(false);
        onClose();
      }}
      title="Bin"
      size="lg"
    >
      {bin.isError ? <ErrorView error={bin.error} onRetry={() => void bin.refetch()} /> : null}
      {bin.data === undefined ? null : runs.length === 0 ? (
        <p className="dim">Nothing is in the bin. Deleted runs wait here for 30 days.</p>
      ) : (
        <>
          <ul className={`${css.list} scroll`} aria-label="Runs in the bin">
            {runs.map(({ id, number, name, deletedAt, purgeAt, keptFor }) => (
              <li key={id} className={css.run}>
                <span className="ellipsis" title={name}>
                  {name}
                </span>
                <span className="faint">#{number}</span>
                <span className={css.fate}>
                  deleted {formatAgo(deletedAt, now)},{' '}
                  {keptFor === null
                    ? `purged in ${formatCount(Math.max(0, Math.ceil((purgeAt - now) / DAY_MS)))} days`
                    : `stays: run #${keptFor} started from it`}
                </span>
                <Button size="compact-xs" variant="default" onClick={() => onRestore([id])}>
                  Restore
                </Button>
              </li>
            ))}
          </ul>
          <div className={css.actions}>
            <Button variant="default" onClick={() => onRestore(runs.map(({ id }) => id))}>
              Restore all
            </Button>
            {sure ? (
              <Button color="red" loading={empty.isPending} onClick={() => empty.mutate()}>
                Purge {formatCount(going)} {going === 1 ? 'run' : 'runs'} and their files for good
              </Button>
            ) : (
              <Button variant="default" disabled={going === 0} onClick={() => setSure(true)}>
                Empty bin
              </Button>
            )}
          </div>
        </>
      )}
    </Modal>
  );
}
