/** What the worker of a run wrote: the end of it, followed while the run goes on, and what came before on demand. */
import { Button, Checkbox } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { formatBytes, formatCount } from '../../../src-shared/format.ts';
import { LOG_CHUNK } from '../../../src-shared/series.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { useRun } from '../../data/queries.ts';
import { logLines } from '../../lib/log-text.ts';
import css from './LogTab.module.css';
import tables from './tables.module.css';

const LINE_PX = 18;
const FOLLOW_MS = 1000;

interface Piece {
  readonly text: string;
  /** Bytes of the file before the text, and up to its end. */
  readonly start: number;
  readonly next: number;
  readonly size: number;
}

export function LogTab() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const run = useRun(runId).data;
  const { piece, error, retry, earlier } = useLog(runId, run?.status === 'running' || run?.status === 'paused');
  if (error !== null && piece === null) return <ErrorView error={error} onRetry={retry} />;
  if (piece === null) return null;
  if (piece.size === 0)
    return (
      <p className={tables.empty}>
        Nothing written. What the training process prints, an error with its whole trace among it, appears here.
      </p>
    );
  return <LogLines key={runId} piece={piece} onEarlier={earlier} />;
}

/** The log from somewhere to its end, read on while `follow`. */
function useLog(runId: string, follow: boolean) {
  const api = useApi();
  const [piece, setPiece] = useState<Piece | null>(null);
  const [error, setError] = useState<unknown>(null);
  const next = useRef(-LOG_CHUNK);
  const reading = useRef(false);

  const readOn = useCallback(async () => {
    if (reading.current) return;
    reading.current = true;
    try {
      for (;;) {
        const read = await api.runLog({ runId, from: next.current });
        next.current = read.size === 0 ? -LOG_CHUNK : read.next;
        setPiece((before) =>
          before === null || read.size < before.next
            ? read
            : { ...read, start: before.start, text: before.text + read.text },
        );
        if (read.next >= read.size) break;
      }
      setError(null);
    } catch (failure) {
      setError(failure);
    } finally {
      reading.current = false;
    }
  }, [api, runId]);
  useEffect(() => {
    void readOn();
    if (!follow) return;
    const timer = setInterval(() => void readOn(), FOLLOW_MS);
    return () => clearInterval(timer);
  }, [readOn, follow]);

  const start = piece?.start ?? 0;
  const earlier = useCallback(async () => {
    const from = Math.max(0, start - LOG_CHUNK);
    const read = await api.runLog({ runId, from });
    // A piece ends between characters, so it may reach less far than asked for.
    if (read.next === start)
      setPiece((before) => before && { ...before, start: read.start, text: read.text + before.text });
  }, [api, runId, start]);
  return { piece, error, retry: () => void readOn(), earlier };
}

function LogLines({ piece, onEarlier }: { piece: Piece; onEarlier: () => Promise<void> }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [follow, setFollow] = useState(true);
  const lines = useMemo(() => logLines(piece.text), [piece.text]);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 20,
  });
  useEffect(() => {
    if (follow && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [follow, lines.length, rows]);
  const onScroll = () => {
    const element = scroller.current;
    if (element === null) return;
    setFollow(element.scrollHeight - element.scrollTop - element.clientHeight < 2 * LINE_PX);
  };
  return (
    <div className={css.page}>
      <div className={css.tools}>
        <span className="dim">
          {formatCount(lines.length)} lines, {formatBytes(piece.next - piece.start)} of {formatBytes(piece.size)}
        </span>
        {piece.start > 0 ? (
          <Button variant="subtle" size="compact-xs" onClick={() => void onEarlier()}>
            Load what came before
          </Button>
        ) : null}
        <Checkbox
          ml="auto"
          size="xs"
          label="Follow"
          checked={follow}
          onChange={(event) => setFollow(event.currentTarget.checked)}
        />
        <CopyButton text={() => lines.join('\n')} label="Copy the log" />
      </div>
      <div
        ref={scroller}
        className={`${css.log} scroll`}
        role="log"
        aria-label="Worker log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area is reached by key
        tabIndex={0}
        onScroll={onScroll}
      >
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map(({ index, start }) => (
            <div key={index} className={css.line} style={{ transform: `translateY(${start}px)` }}>
              {lines[index]}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
