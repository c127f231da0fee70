/** The line at the bottom: the connection, the engine, the load and what fences in the programs of the model. */
import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatBytes, formatCount, formatNumber, THIN } from '../../src-shared/format.ts';
import { useConnection } from '../data/api-context.tsx';
import { useStatus } from '../data/queries.ts';
import css from './StatusBar.module.css';

export function StatusBar() {
  const status = useStatus().data;
  const { state, attempts } = useConnection();
  const stale = state !== 'open';
  return (
    <footer className={css.bar}>
      {stale ? (
        <Item
          tone="waiting"
          help="The window lost its connection to Assay and is trying again. Runs go on without it. If Assay was started anew, open the address that it printed."
        >
          <span role="status">
            {state === 'connecting' ? 'Connecting…' : `Reconnecting…${attempts > 2 ? ` (attempt ${attempts})` : ''}`}
          </span>
        </Item>
      ) : null}
      {status === undefined ? null : (
        <div className={css.items} data-stale={stale}>
          <Item
            tone={status.engine === null ? 'failed' : undefined}
            help={
              status.engine === null
                ? 'No engine can run on this machine.'
                : 'The transformer implementation that "auto" stands for here.'
            }
          >
            engine <b>{status.engine ?? 'none'}</b>
          </Item>
          <Item help="Runs that wait for their turn.">
            queue <b>{formatCount(status.queued)}</b>
          </Item>
          <Item help="Assay and its processes; 100 % is one core.">
            CPU <b>{`${Math.round(status.cpuPercent)}${THIN}%`}</b>
          </Item>
          <Item help="Memory of Assay and its processes.">
            RAM <b>{formatBytes(status.memoryBytes)}</b>
          </Item>
          <Item
            tone={status.isolation === null || status.isolation.level === 'bubblewrap' ? undefined : 'waiting'}
            help={status.isolation?.detail ?? 'The sandbox starts with the first program of the model.'}
          >
            sandbox <b>{status.isolation?.level ?? 'not started'}</b>
            {status.testsPerSecond > 0 ? ` ${formatNumber(status.testsPerSecond)} tests/s` : null}
          </Item>
          <span className={css.version}>Assay {status.version}</span>
        </div>
      )}
    </footer>
  );
}

interface ItemProps {
  readonly help: string;
  readonly tone?: 'waiting' | 'failed' | undefined;
  readonly children: ReactNode;
}

function Item({ help, tone, children }: ItemProps) {
  return (
    <Tooltip label={help} position="top-start">
      <span className={css.item} data-tone={tone}>
        {children}
      </span>
    </Tooltip>
  );
}
