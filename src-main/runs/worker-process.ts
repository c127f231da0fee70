/** A worker process as four methods, whether Node or Electron started it. Knows nothing of what is said. */
import { fork } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WorkerProcess {
  readonly pid: number | undefined;
  /** A worker that is gone does not get it; its exit says so. */
  send(message: unknown): void;
  /** At once and without asking. */
  kill(): void;
}

export interface WorkerListeners {
  onMessage(message: unknown): void;
  /** Standard output and standard error. */
  onOutput(text: string): void;
  /** Once, also when the process could not be started. */
  onExit(exit: WorkerExit): void;
}

/** @param entry Path of the module that the process runs. */
export type StartWorker = (entry: string, listeners: WorkerListeners) => WorkerProcess;

/** Under plain Node: the command line, the browser mode, tests. */
export const nodeWorker: StartWorker = (entry, { onMessage, onOutput, onExit }) => {
  const child = fork(entry, [], {
    // Typed arrays as they are, and none of the flags (a test runner's, a debugger's) of this process.
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let gone = false;
  const leave = (exit: WorkerExit) => {
    if (gone) return;
    gone = true;
    onExit(exit);
  };
  child.on('message', onMessage);
  // `close` and not `exit`: by then every message and all output have arrived.
  child.on('close', (code, signal) => leave({ code, signal }));
  child.on('error', (error) => {
    onOutput(`${error.message}\n`);
    // A failed `send` ends in `close`; only a process that never started has no other end.
    if (child.pid === undefined) leave({ code: null, signal: null });
  });
  for (const stream of [child.stdout, child.stderr]) listenTo(stream, onOutput);
  return {
    pid: child.pid,
    send: (message) => {
      if (child.connected) child.send(message as object);
    },
    kill: () => void child.kill('SIGKILL'),
  };
};

/** The part of Electron's `utilityProcess` that is used here; `electron` itself is imported by its entries only. */
export interface UtilityProcesses {
  fork(entry: string, args: string[], options: { serviceName: string; stdio: 'pipe' }): UtilityChild;
}
interface UtilityChild {
  readonly pid: number | undefined;
  readonly stdout: NodeJS.ReadableStream | null;
  readonly stderr: NodeJS.ReadableStream | null;
  postMessage(message: unknown): void;
  kill(): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
}

/** Under Electron: `openApp({ startWorker: electronWorker(utilityProcess) })`. */
export function electronWorker(utilityProcess: UtilityProcesses): StartWorker {
  return (entry, { onMessage, onOutput, onExit }) => {
    const child = utilityProcess.fork(entry, [], { serviceName: 'assay-training', stdio: 'pipe' });
    child.on('message', onMessage);
    child.on('exit', (code) => onExit({ code, signal: null }));
    for (const stream of [child.stdout, child.stderr]) listenTo(stream, onOutput);
    return {
      get pid() {
        return child.pid;
      },
      send: (message) => child.postMessage(message),
      kill: () => {
        // `child.kill()` only asks; a worker that hangs would not hear it.
        if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
      },
    };
  };
}

function listenTo(stream: Readable | NodeJS.ReadableStream | null, onOutput: (text: string) => void): void {
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => onOutput(text));
}
