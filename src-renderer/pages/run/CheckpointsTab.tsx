/** The checkpoints of a run: where each lies, how good the policy was, what started from it, and the way on from it. */
import { Tooltip } from '@mantine/core';
import { IconStar } from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import { formatBytes, formatCount, formatDateTime, formatPercentWithError } from '../../../src-shared/format.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useCheckpoints, useLineage, useRun } from '../../data/queries.ts';
import { CheckpointActions } from './CheckpointActions.tsx';
import css from './CheckpointsTab.module.css';
import tables from './tables.module.css';

export function CheckpointsTab() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const run = useRun(runId).data;
  const checkpoints = useCheckpoints(runId);
  const lineage = useLineage(runId).data;
  if (checkpoints.isError && checkpoints.data === undefined)
    return <ErrorView error={checkpoints.error} onRetry={() => void checkpoints.refetch()} />;
  if (checkpoints.data === undefined) return null;
  if (checkpoints.data.length === 0)
    return (
      <p className={tables.empty}>
        No checkpoints yet. One is written at the interval of the configuration and at the end; a run resumes from the
        last and another run can start from any.
      </p>
    );
  const newestFirst = [...checkpoints.data].sort((a, b) => b.step - a.step);
  const best = run?.collapse?.bestCheckpoint?.id;
  const known = new Map(lineage?.checkpoints.map((checkpoint) => [checkpoint.id, checkpoint]));
  const childrenOf = (id: string) =>
    (lineage?.edges ?? []).flatMap((edge) =>
      edge.kind === 'start' && edge.from.checkpointId === id
        ? (lineage?.runs.filter((child) => child.runId === edge.to.runId) ?? [])
        : [],
    );
  return (
    <div className={`${tables.page} scroll`}>
      <table className={tables.table} aria-label="Checkpoints">
        <thead>
          <tr>
            <th className="number">Step</th>
            <th className="number">Accuracy</th>
            <th className="number">Size</th>
            <th>Written</th>
            <th>Started from it</th>
            <th>Folder</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {newestFirst.map((checkpoint) => (
            <tr key={checkpoint.id}>
              <td className="number">{formatCount(checkpoint.step)}</td>
              <td className="number">
                {formatPercentWithError(checkpoint.accuracy, known.get(checkpoint.id)?.standardError)}
              </td>
              <td className="number">{formatBytes(checkpoint.bytes)}</td>
              <td className="dim">{formatDateTime(checkpoint.createdAt)}</td>
              <td>
                <span className={css.children}>
                  {childrenOf(checkpoint.id).map(({ runId: child, number, name }) => (
                    <Link key={child} to="/runs/$runId" params={{ runId: child }} title={name}>
                      #{number}
                    </Link>
                  ))}
                  {checkpoint.id === best ? (
                    <Tooltip label="Of the checkpoints before the collapse that were validated, the best">
                      <span className={css.best}>
                        <IconStar size={14} aria-hidden />
                        best before the collapse
                      </span>
                    </Tooltip>
                  ) : null}
                </span>
              </td>
              <td className={tables.wide}>
                <span className={tables.folder}>
                  <span className="mono ellipsis" title={checkpoint.folder}>
                    {checkpoint.folder}
                  </span>
                  <CopyButton text={() => checkpoint.folder} label="Copy folder" />
                </span>
              </td>
              <td>
                <span className={css.actions}>
                  <CheckpointActions checkpoint={checkpoint} kept={known.get(checkpoint.id)?.kept ?? null} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
