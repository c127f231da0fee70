/** Downloads that go on, or that could: where each stands, and what can be done with it. */
import { Button } from '@mantine/core';
import type { Download } from '../../../src-shared/models.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { ThinBar } from '../../components/ThinBar.tsx';
import { downloadText, fractionOf, isGoing } from '../../lib/models/view.ts';
import css from './DownloadList.module.css';

interface DownloadListProps {
  readonly downloads: readonly Download[];
  readonly onStop: (download: Download) => void;
  readonly onGoOn: (download: Download) => void;
  readonly onDiscard: (download: Download) => void;
  /** Of one that is whole: its files stay. */
  readonly onDismiss: (download: Download) => void;
}

export function DownloadList({ downloads, onStop, onGoOn, onDiscard, onDismiss }: DownloadListProps) {
  if (downloads.length === 0) return null;
  return (
    <ul className={css.list} aria-label="Downloads">
      {downloads.map((download) => (
        <li key={download.id} className={css.item} data-state={download.state}>
          <div className={css.what}>
            <span className={`${css.name} ellipsis`}>
              {download.repo}
              {download.files === null ? '' : `: ${download.files.join(', ')}`}
            </span>
            <span className={css.where} title={download.error?.hint}>
              {downloadText(download)}
            </span>
            {download.error?.hint === undefined ? null : <span className={css.hint}>{download.error.hint}</span>}
            <ThinBar
              fraction={fractionOf(download)}
              label={`Download of ${download.repo}`}
              tone={isGoing(download) ? 'running' : 'quiet'}
            />
          </div>
          {download.state === 'finished' ? (
            <>
              <CopyButton text={() => download.path ?? ''} label={`Copy the folder of ${download.repo}`} />
              <Button variant="subtle" aria-label={`Dismiss ${download.repo}`} onClick={() => onDismiss(download)}>
                Dismiss
              </Button>
            </>
          ) : isGoing(download) ? (
            <Button variant="default" aria-label={`Stop ${download.repo}`} onClick={() => onStop(download)}>
              Stop
            </Button>
          ) : (
            <>
              <Button variant="default" aria-label={`Go on with ${download.repo}`} onClick={() => onGoOn(download)}>
                {download.bytes > 0 ? 'Go on' : 'Try again'}
              </Button>
              <Button variant="subtle" aria-label={`Discard ${download.repo}`} onClick={() => onDiscard(download)}>
                Discard
              </Button>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
