/** Written reports held against the store: all the same, or what differs and why. */
import { Button, FileButton, Modal } from '@mantine/core';
import { IconAlertTriangle, IconFileCheck, IconShieldCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import { formatCount } from '../../../src-shared/format.ts';
import type { Check, Verification } from '../../../src-shared/report.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { base64Of } from '../../lib/reports/files.ts';
import css from './VerifyReport.module.css';

export function VerifyReport() {
  const api = useApi();
  const reset = useRef<() => void>(null);
  const work = useMutation({
    mutationFn: async (files: readonly File[]) =>
      api.verifyReport({
        files: await Promise.all(
          files.map(async (file) => ({
            name: file.name,
            type: file.type,
            base64: base64Of(new Uint8Array(await file.arrayBuffer())),
          })),
        ),
      }),
    // The same file may be chosen again.
    onSettled: () => reset.current?.(),
  });
  const { isPending, data, error } = work;
  return (
    <>
      <FileButton
        multiple
        accept=".html,.htm,.json,.md,.svg,.tex,.csv"
        resetRef={reset}
        onChange={(files) => files.length > 0 && work.mutate(files)}
      >
        {(props) => (
          <Button {...props} variant="default" loading={isPending} leftSection={<IconFileCheck size={14} />}>
            Verify a report
          </Button>
        )}
      </FileButton>
      <Modal
        opened={data !== undefined || error !== null}
        onClose={() => work.reset()}
        title={data === undefined ? 'Verify a report' : data.title}
        size="xl"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {error === null ? null : <ErrorView error={error} />}
        {data === undefined ? null : <Findings {...data} />}
      </Modal>
    </>
  );
}

function Findings({ checks, read, unread, holds }: Verification) {
  const bad = checks.filter(({ status }) => status !== 'same');
  const count = (of: readonly Check[]) => of.reduce((sum, check) => sum + check.count, 0);
  return (
    <div className={css.findings}>
      <p className={css.verdict} data-holds={holds} role="status">
        {holds ? <IconShieldCheck size={18} aria-hidden /> : <IconAlertTriangle size={18} aria-hidden />}
        {holds
          ? `All the same: ${formatCount(count(checks))} numbers, computed anew from the runs.`
          : `${formatCount(bad.length)} of ${formatCount(checks.length)} checks do not hold.`}
      </p>
      {bad.length === 0 ? null : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by key
        <section className={`${css.scroll} scroll`} tabIndex={0} aria-label="What differs">
          <table className={css.table}>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Finding</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {bad.map((check) => (
                <tr key={check.id}>
                  <td>
                    {check.what}
                    <span className={css.id}>{check.id}</span>
                  </td>
                  <td className={css.status}>{check.status}</td>
                  <td>{check.why}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <p className="faint">
        Held against its numbers: {read.join(', ') || 'no file'}.
        {unread.length === 0 ? '' : ` Not: ${unread.map(({ name, why }) => `${name} (${why})`).join('; ')}.`} Text that
        a person wrote is not checked.
      </p>
    </div>
  );
}
