/** The checkpoints of a run: where each lies, how good the policy was, and the way on from it. */
import { IconGitBranch } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { CopyButton } from '../../components/CopyButton.tsx';
import { ErrorView } from '../../components/ErrorView.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { useCheckpoints } from '../../data/queries.ts';
import { formatBytes, formatCount, formatDateTime, formatPercent } from '../../lib/format.ts';
import css from './tables.module.css';

export function CheckpointsTab() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const checkpoints = useCheckpoints(runId);
  if (checkpoints.isError && checkpoints.data === undefined)
    return <ErrorView error={checkpoints.error} onRetry={() => void checkpoints.refetch()} />;
  if (checkpoints.data === undefined) return null;
  if (checkpoints.data.length === 0)
    return (
      <p className={css.empty}>
        No checkpoints yet. One is written at the interval of the configuration and at the end; a run resumes from the
        last and another run can start from any.
      </p>
    );
  const newestFirst = [...checkpoints.data].sort((a, b) => b.step - a.step);
  return (
    <div className={`${css.page} scroll`}>
      <table className={css.table} aria-label="Checkpoints">
        <thead>
          <tr>
            <th className="number">Step</th>
            <th className="number">Accuracy</th>
            <th className="number">Size</th>
            <th>Written</th>
            <th>Folder</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {newestFirst.map((checkpoint) => (
            <tr key={checkpoint.id}>
              <td className="number">{formatCount(checkpoint.step)}</td>
              <td className="number">{formatPercent(checkpoint.accuracy)}</td>
              <td className="number">{formatBytes(checkpoint.bytes)}</td>
              <td className="dim">{formatDateTime(checkpoint.createdAt)}</td>
              <td className={css.wide}>
                <span className={css.folder}>
                  <span className="mono ellipsis" title={checkpoint.folder}>
                    {checkpoint.folder}
                  </span>
                  <CopyButton text={() => checkpoint.folder} label="Copy folder" />
                </span>
              </td>
              <td>
                <LinkButton
                  to="/new-run"
                  search={{ checkpoint: checkpoint.id, from: runId }}
                  variant="subtle"
                  size="compact-xs"
                  leftSection={<IconGitBranch size={14} />}
                >
                  Bootstrap from here
                </LinkButton>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
