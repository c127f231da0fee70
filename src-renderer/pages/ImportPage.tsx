/** Takes runs in that were made elsewhere: a file that is chosen or dropped here, or a file or folder by its path. What
 * another program asked to be opened is only named here; it is imported by whoever clicks. */
import { Button, TextInput } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { type DragEvent, useRef, useState } from 'react';
import { formatCount } from '../../src-shared/format.ts';
import type { ImportReport } from '../../src-shared/transfer.ts';
import { ErrorView } from '../components/ErrorView.tsx';
import { useApi, useSendFile } from '../data/api-context.tsx';
import { keys } from '../data/queries.ts';
import css from './ImportPage.module.css';

const FORMATS: readonly (readonly [string, string])[] = [
  ['Assay bundle', '.assay: runs with their metrics, rollouts and checkpoints'],
  ['TensorBoard', 'an event file, or a folder of them'],
  ['Weights & Biases', 'an offline run (.wandb), or an exported history with its configuration'],
  ['Trackio', 'its SQLite file'],
  ['TRL, Transformers', 'trainer_state.json'],
];

export function ImportPage() {
  const { file } = useSearch({ from: '/import' });
  const api = useApi();
  const sendFile = useSendFile();
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [path, setPath] = useState(file ?? '');
  const [over, setOver] = useState(false);
  const taken = useMutation({
    mutationFn: (what: File | string) => (typeof what === 'string' ? api.importRuns({ path: what }) : sendFile(what)),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.runs }),
  });
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [dropped] = event.dataTransfer.files;
    if (dropped !== undefined && !taken.isPending) taken.mutate(dropped);
  };
  return (
    <div className={`${css.page} scroll`}>
      <p className="dim">
        Runs that were made elsewhere stand beside your own: charted, compared and reported, never trained further.
        Nothing in them is believed before it was checked, and a bundle comes whole or not at all.
      </p>
      <fieldset
        className={css.drop}
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <legend className={css.legend}>A file</legend>
        <IconFileImport size={24} stroke={1.25} className="faint" aria-hidden />
        <span className="dim">Drop a file here, or</span>
        <Button loading={taken.isPending} onClick={() => input.current?.click()}>
          Choose a file
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          aria-label="File to import"
          onChange={(event) => {
            const [chosen] = event.currentTarget.files ?? [];
            if (chosen !== undefined) taken.mutate(chosen);
            event.currentTarget.value = '';
          }}
        />
      </fieldset>
      <form
        className={css.path}
        onSubmit={(event) => {
          event.preventDefault();
          if (path.trim() !== '') taken.mutate(path.trim());
        }}
      >
        <TextInput
          label="Or a file or folder of the machine that Assay runs on"
          placeholder="/data/runs/events.out.tfevents"
          value={path}
          onChange={(event) => setPath(event.currentTarget.value)}
          autoFocus={file !== undefined}
        />
        <Button type="submit" variant="default" disabled={path.trim() === '' || taken.isPending}>
          Import
        </Button>
      </form>
      <div role="status">{taken.data === undefined ? null : <Taken report={taken.data} />}</div>
      {taken.isError ? <ErrorView error={taken.error} /> : null}
      <dl className={css.formats}>
        {FORMATS.map(([name, what]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="dim">{what}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Taken({ report }: { report: ImportReport }) {
  const { imported, skipped, refused, notes } = report;
  const ids = imported.map(({ runId }) => runId).join(',');
  return (
    <section className={css.taken} aria-label="What was imported">
      <p>
        {imported.length === 0
          ? 'Nothing new was imported.'
          : `${formatCount(imported.length)} ${imported.length === 1 ? 'run' : 'runs'} imported.`}{' '}
        {imported.length < 2 ? null : (
          <Link to="/compare" search={{ runs: ids.split(',') }}>
            Compare them
          </Link>
        )}
      </p>
      <ul>
        {imported.map(({ runId, number, name }) => (
          <li key={runId}>
            <Link to="/runs/$runId" params={{ runId }}>
              {name} #{number}
            </Link>
          </li>
        ))}
        {skipped.map(({ name, reason }) => (
          <li key={`skipped ${name}`} className="dim">
            {name}: left out, {reason}
          </li>
        ))}
        {refused.map(({ name, reason }) => (
          <li key={`refused ${name}`} className={css.refused}>
            {name}: {reason}
          </li>
        ))}
        {notes.map((note) => (
          <li key={note} className="dim">
            {note}
          </li>
        ))}
      </ul>
    </section>
  );
}
