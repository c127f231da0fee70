/** Problem sets: which kinds there are, what is in the files of one, each of its problems, and whether its own solutions
 * pass its own tests. */
import { Skeleton } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import { AssayError } from '../../src-shared/errors.ts';
import { ErrorView } from '../components/ErrorView.tsx';
import { useCatalogue } from '../data/queries.ts';
import { keyOf, type ProblemSet, problemsCatalogue, setOf } from '../lib/problems/view.ts';
import css from './ProblemsPage.module.css';
import { SetForm } from './problems/SetForm.tsx';
import { SetView } from './problems/SetView.tsx';
import { useReadAnew, useRecent, useReport } from './problems/use-problems.ts';

export function ProblemsPage() {
  const catalogue = useCatalogue();
  if (catalogue.error !== null) return <ErrorView error={catalogue.error} onRetry={() => void catalogue.refetch()} />;
  if (catalogue.data === undefined)
    return (
      <div className={css.loading} role="status" aria-label="Loading the kinds of problems">
        <Skeleton height={320} width={264} animate={false} />
      </div>
    );
  return <Sets catalogue={catalogue.data} />;
}

function Sets({ catalogue }: { catalogue: NonNullable<ReturnType<typeof useCatalogue>['data']> }) {
  const search = useSearch({ from: '/problems' });
  const navigate = useNavigate();
  const readAnew = useReadAnew();
  const [recent, remember] = useRecent();
  const form = useMemo(() => problemsCatalogue(catalogue), [catalogue]);
  const set = useMemo(() => setOf(catalogue, search), [catalogue, search]);
  const report = useReport(set);
  const isThere = report.data !== undefined;
  useEffect(() => {
    if (set !== null && isThere) remember(set);
  }, [set, isThere, remember]);
  const open = (next: ProblemSet) => {
    if (set !== null && keyOf(next) === keyOf(set)) readAnew(set);
    else void navigate({ to: '/problems', search: { kind: next.kind, options: next.options } });
  };
  const fault = report.error instanceof AssayError ? report.error : null;
  return (
    <div className={css.page}>
      <SetForm
        // Another address is another form.
        key={`form ${set === null ? '' : keyOf(set)}`}
        catalogue={form}
        set={set}
        fault={fault}
        reading={report.isFetching}
        recent={recent}
        onInspect={open}
      />
      {set === null ? (
        <div className={css.empty}>
          <h2>Look at a problem set before you train on it</h2>
          <p className="dim">
            Choose a kind, name its files, and press Inspect: how many problems each split has and from when, which are
            there twice, what every problem asks and how it is tested, and whether the published solutions pass the
            published tests on this machine.
          </p>
        </div>
      ) : report.error !== null ? (
        <div className={css.empty}>
          <ErrorView error={report.error} onRetry={() => void report.refetch()} />
        </div>
      ) : report.data === undefined ? (
        <div className={css.loading} role="status">
          <p className="dim">Reading the problems…</p>
          <Skeleton height={120} animate={false} />
          <Skeleton height={320} animate={false} />
        </div>
      ) : (
        <SetView key={`set ${keyOf(set)}`} set={set} report={report.data} />
      )}
    </div>
  );
}
