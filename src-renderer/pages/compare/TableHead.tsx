/** The head of a section that holds a table: its title, what is going on, and the table to take away as CSV. */
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconClipboard, IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { type CsvCell, download, toCsv } from '../../lib/csv.ts';
import css from './tables.module.css';

interface TableHeadProps {
  readonly title: string;
  /** Of the file, without `.csv`. */
  readonly file: string;
  /** Null while there is no table yet. */
  readonly rows: (() => CsvCell[][]) | null;
  readonly children?: ReactNode;
}

export function TableHead({ title, file, rows, children }: TableHeadProps) {
  const attempt = (action: string, work: (text: string) => Promise<void> | void) => {
    if (rows === null) return;
    toCsv(rows())
      .then(work)
      .catch((error: unknown) => notifyFailure(action, error));
  };
  const copy = (text: string) => navigator.clipboard.writeText(text).then(() => notifyDone(`${title} copied as CSV`));
  return (
    <div className={css.head}>
      <h2 className="section-title">{title}</h2>
      {children}
      <span className={css.actions}>
        <Tooltip label="Copy as CSV">
          <ActionIcon
            size={24}
            aria-label={`Copy ${title.toLowerCase()} as CSV`}
            disabled={rows === null}
            onClick={() => attempt('Copy', copy)}
          >
            <IconClipboard size={14} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Download as CSV">
          <ActionIcon
            size={24}
            aria-label={`Download ${title.toLowerCase()} as CSV`}
            disabled={rows === null}
            onClick={() => attempt('Download', (text) => download(`${file}.csv`, text))}
          >
            <IconDownload size={14} />
          </ActionIcon>
        </Tooltip>
      </span>
    </div>
  );
}
