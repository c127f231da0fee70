/** The command line's dealings with its terminal: output that survives a closed pipe, Ctrl-C, and errors in one line. */
import { AssayError, toErrorData } from '../../src-shared/errors.ts';

/** npm and the terminal both pass one key press on: what follows this closely is the same press. */
const SAME_PRESS_MS = 500;

export interface Io {
  /** A line to standard output. */
  out(line: string): void;
  /** A line to standard error. */
  err(line: string): void;
  readonly isTerminal: boolean;
  /** The stream for a progress bar; only where `isTerminal`. */
  readonly terminal: NodeJS.WriteStream | null;
  /** Ctrl-C and polite ends: called with 1, then 2. Returns the function that stops listening. */
  onInterrupt(listener: (times: number) => void): () => void;
}

export function processIo(): Io {
  // A reader that goes away (`assay runs | head`) is no error, and the run goes on.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    isTerminal: process.stdout.isTTY === true,
    terminal: process.stdout.isTTY ? process.stdout : null,
    onInterrupt,
  };
}

function onInterrupt(listener: (times: number) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let times = 0;
  let last = Number.NEGATIVE_INFINITY;
  const press = () => {
    const now = performance.now();
    if (now - last < SAME_PRESS_MS) return;
    last = now;
    times++;
    listener(times);
  };
  for (const signal of signals) process.on(signal, press);
  return () => {
    for (const signal of signals) process.off(signal, press);
  };
}

/** One line that says what went wrong, and at most one that says what to do. @returns the exit code */
export function reportError(io: Io, error: unknown): number {
  const { code, message, hint } = toErrorData(error);
  const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' ').trim();
  io.err(`assay: ${oneLine(message)}`);
  if (hint !== undefined) io.err(oneLine(hint));
  // An error of our own making is worth its stack to whoever asks.
  if (!(error instanceof AssayError) && process.env.ASSAY_DEBUG === '1' && error instanceof Error)
    io.err(error.stack ?? '');
  return code === 'usage' ? 2 : 1;
}

/** Rows under a header, columns aligned; the last column is not padded. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
