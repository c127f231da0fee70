/** The reports that are kept: opened, renamed, deleted with undo; new ones made, written ones verified. */
import { ActionIcon, Button, Modal, Skeleton, TextInput } from '@mantine/core';
import { IconFileText, IconPencil, IconTrash } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { formatAgo, formatCount } from '../../src-shared/format.ts';
import { ErrorView, notifyFailure } from '../components/ErrorView.tsx';
import { useListKeys } from '../components/use-list-keys.ts';
import { useNow } from '../data/queries.ts';
import css from './ReportsPage.module.css';
import { StartReport } from './reports/StartReport.tsx';
import { type SavedReport, useReportChanges, useReports } from './reports/use-reports.ts';
import { VerifyReport } from './reports/VerifyReport.tsx';

export function ReportsPage() {
  const { reports, unreadable, error, retry } = useReports();
  if (error !== null) return <ErrorView error={error} onRetry={retry} />;
  if (reports === undefined)
    return (
      <div className={css.page} role="status" aria-label="Loading reports">
        <Skeleton height={16} animate={false} />
      </div>
    );
  if (reports.length === 0 && unreadable === 0) return <Start />;
  return (
    <div className={`${css.page} scroll`}>
      <div className={css.tools}>
        <StartReport />
        <VerifyReport />
      </div>
      <List reports={reports} />
      {unreadable === 0 ? null : (
        <p className="faint">
          {formatCount(unreadable)} more cannot be read: another version of Assay kept{' '}
          {unreadable === 1 ? 'it' : 'them'}.
        </p>
      )}
    </div>
  );
}

function Start() {
  return (
    <div className={css.start}>
      <IconFileText size={32} stroke={1.25} className="faint" aria-hidden />
      <h2>Report what was found</h2>
      <p className="dim">
        A report is made of runs, a comparison or a study with one click: charts with bands over seeds, tables of
        effects, verdicts, what differs in the configuration. Every number in it names the runs, the step and the
        estimator that it comes from, and can be verified later. Add your own words, and export it as HTML, PDF,
        Markdown, LaTeX or CSV.
      </p>
      <div className={css.tools}>
        <StartReport />
        <VerifyReport />
      </div>
    </div>
  );
}

function List({ reports }: { reports: readonly SavedReport[] }) {
  const navigate = useNavigate();
  const now = useNow();
  const { rename, remove } = useReportChanges();
  const [active, setActive] = useState(-1);
  const [renamed, setRenamed] = useState<SavedReport | null>(null);
  useListKeys({
    count: reports.length,
    active,
    onMove: setActive,
    onOpen: (index) => {
      const report = reports[index];
      if (report !== undefined) void navigate({ to: '/reports/$reportId', params: { reportId: report.id } });
    },
  });
  const attempt = (action: string, work: Promise<unknown>) =>
    void work.catch((error: unknown) => notifyFailure(action, error));
  return (
    <>
      <table className={css.table} aria-label="Reports">
        <thead>
          <tr>
            <th scope="col">Report</th>
            <th scope="col" className="number">
              Runs
            </th>
            <th scope="col" className="number">
              Blocks
            </th>
            <th scope="col">Changed</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {reports.map((saved, i) => {
            const { id, report, updatedAt } = saved;
            const runs = new Set(report.conditions.flatMap((condition) => condition.runs)).size;
            return (
              <tr key={id} data-active={i === active}>
                <th scope="row">
                  <Link to="/reports/$reportId" params={{ reportId: id }} className={css.title} title={report.title}>
                    {report.title}
                  </Link>
                  {report.author === null ? null : <span className="faint"> {report.author}</span>}
                </th>
                <td className="number">{formatCount(runs)}</td>
                <td className="number">{formatCount(report.blocks.length)}</td>
                <td>{formatAgo(updatedAt, now)}</td>
                <td>
                  <ActionIcon aria-label={`Rename ${report.title}`} onClick={() => setRenamed(saved)}>
                    <IconPencil size={14} />
                  </ActionIcon>
                  <ActionIcon
                    aria-label={`Delete ${report.title}`}
                    onClick={() => attempt('Deleting the report', remove(saved))}
                  >
                    <IconTrash size={14} />
                  </ActionIcon>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <Modal
        opened={renamed !== null}
        onClose={() => setRenamed(null)}
        title="Rename the report"
        size="sm"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {renamed === null ? null : (
          <TitleForm
            title={renamed.report.title}
            onSubmit={(title) => {
              attempt('Renaming the report', rename(renamed, title));
              setRenamed(null);
            }}
          />
        )}
      </Modal>
    </>
  );
}

function TitleForm({ title, onSubmit }: { title: string; onSubmit: (title: string) => void }) {
  const [text, setText] = useState(title);
  const typed = text.trim();
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (typed !== '') onSubmit(typed);
      }}
    >
      <TextInput
        label="Title"
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      <Button type="submit" disabled={typed === ''}>
        Rename
      </Button>
    </form>
  );
}
