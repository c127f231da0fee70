/** What happened to a run, newest first. */
import { useParams } from '@tanstack/react-router';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useNotes } from '../../data/queries.ts';
import { formatCount, formatDateTime } from '../../lib/format.ts';
import css from './tables.module.css';

export function EventsTab() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const notes = useNotes(runId);
  if (notes.isError && notes.data === undefined)
    return <ErrorView error={notes.error} onRetry={() => void notes.refetch()} />;
  if (notes.data === undefined) return null;
  if (notes.data.length === 0)
    return (
      <p className={css.empty}>
        Nothing to note so far. Warnings of the run, such as a damaged checkpoint that was passed over, appear here.
      </p>
    );
  const newestFirst = [...notes.data].sort((a, b) => b.at - a.at || b.id - a.id);
  return (
    <div className={`${css.page} scroll`}>
      <table className={css.table} aria-label="Events">
        <thead>
          <tr>
            <th>Time</th>
            <th className="number">Step</th>
            <th>Level</th>
            <th>Message</th>
          </tr>
        </thead>
        <tbody>
          {newestFirst.map((note) => (
            <tr key={note.id}>
              <td className="dim">{formatDateTime(note.at)}</td>
              <td className="number">{formatCount(note.step)}</td>
              <td data-level={note.level} className={css.level}>
                {note.level}
              </td>
              <td className={css.message}>{note.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
