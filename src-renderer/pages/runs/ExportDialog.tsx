/** Writes the chosen runs to a file: a bundle for another Assay, or tables for other programs. */
import { ActionIcon, Button, Checkbox, Modal, SegmentedControl, Select, Tooltip } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { formatBytes } from '../../../src-shared/format.ts';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  ROLLOUT_CHOICES,
  type RolloutChoice,
} from '../../../src-shared/transfer.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import css from './ExportDialog.module.css';

const FORMATS: Readonly<Record<ExportFormat, { readonly label: string; readonly help: string }>> = {
  assay: { label: 'Assay bundle', help: 'Runs, metrics, notes and configurations that another Assay imports.' },
  parquet: { label: 'Parquet', help: 'One table of all metrics, one of all rollouts.' },
  csv: { label: 'CSV', help: 'The same two tables as text.' },
};
/** Which may be on another machine, looking through a tunnel. The desktop window has a scheme of its own. */
const IN_BROWSER = location.protocol === 'http:';
const nameOf = (path: string) => path.split(/[\\/]/).at(-1) ?? '';
const ROLLOUTS: Readonly<Record<RolloutChoice, string>> = {
  none: 'None',
  samples: 'Samples: the first of eight problems a step',
  all: 'All',
};

interface ExportDialogProps {
  /** Null: closed. */
  readonly runs: readonly RunSummary[] | null;
  readonly onClose: () => void;
}

export function ExportDialog({ runs, onClose }: ExportDialogProps) {
  return (
    <Modal
      opened={runs !== null}
      onClose={onClose}
      title={runs?.length === 1 ? `Export ${runs[0]?.name}` : `Export ${runs?.length ?? 0} runs`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {runs === null ? null : <ExportForm runIds={runs.map(({ id }) => id)} />}
    </Modal>
  );
}

function ExportForm({ runIds }: { runIds: readonly string[] }) {
  const api = useApi();
  const [format, setFormat] = useState<ExportFormat>('assay');
  const [rollouts, setRollouts] = useState<RolloutChoice>('samples');
  const [checkpoints, setCheckpoints] = useState(false);
  const written = useMutation({
    mutationFn: () => api.exportRuns({ runIds: [...runIds], format, rollouts, checkpoints }),
  });
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        written.mutate();
      }}
    >
      <SegmentedControl
        aria-label="Format"
        value={format}
        onChange={setFormat}
        data={EXPORT_FORMATS.map((value) => ({ value, label: FORMATS[value].label }))}
      />
      <p className="dim">{FORMATS[format].help}</p>
      {format === 'assay' ? (
        <>
          <Select
            label="Rollouts"
            value={rollouts}
            onChange={(value) => setRollouts((value as RolloutChoice | null) ?? 'samples')}
            data={ROLLOUT_CHOICES.map((value) => ({ value, label: ROLLOUTS[value] }))}
          />
          <Checkbox
            label="Checkpoints, so that runs can be resumed and bootstrapped from there"
            checked={checkpoints}
            onChange={(event) => setCheckpoints(event.currentTarget.checked)}
          />
        </>
      ) : null}
      <Button type="submit" loading={written.isPending}>
        Export
      </Button>
      <div role="status">
        {written.data?.files.map(({ path, bytes }) => (
          <p key={path} className={css.file}>
            <code>{path}</code> <span className={`${css.size} faint`}>{formatBytes(bytes)}</span>
            <CopyButton text={() => path} label="Copy the path" />
            {IN_BROWSER ? (
              <Tooltip label="Download">
                <ActionIcon component="a" href={`/exports/${nameOf(path)}`} download size={24} aria-label="Download">
                  <IconDownload size={14} />
                </ActionIcon>
              </Tooltip>
            ) : null}
          </p>
        ))}
      </div>
      {written.isError ? <ErrorView error={written.error} /> : null}
    </form>
  );
}
