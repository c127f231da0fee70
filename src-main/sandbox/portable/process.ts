/** A child process that frames come from and go to. Knows nothing of programs or tests. */
import type { ChildProcess } from 'node:child_process';
import { encodeFrame, type Frame, FrameReader } from '../protocol.ts';

const STDERR_CHARS = 2_000;

/** The process ended, by whatever cause, or sent what is no frame; nothing more comes from it. */
export class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded';
  readonly signal: NodeJS.Signals | null;

  constructor(message: string, signal: NodeJS.Signals | null = null) {
    super(message);
    this.signal = signal;
  }
}

interface Waiting {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (reason: ProcessEnded) => void;
}

export class FrameProcess {
  readonly #child: ChildProcess;
  readonly #frames: FrameReader;
  readonly #exited: Promise<void>;
  readonly #received: Frame[] = [];
  #waiting: Waiting | null = null;
  #ended: ProcessEnded | null = null;
  #stderr = '';

  /** @param mostBytes of one frame. */
  constructor(child: ChildProcess, mostBytes: number) {
    this.#child = child;
    this.#frames = new FrameReader(mostBytes);
    const { stdin, stdout, stderr } = child;
    stdin?.on('error', () => undefined); // it has ended, and its exit says why
    stdout?.on('data', (chunk: Buffer) => this.#receive(chunk));
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS);
    });
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#end(new ProcessEnded(`does not start: ${error.message}`));
        if (child.pid === undefined) resolve();
      });
      // 'close' rather than 'exit': all that it wrote has then been read.
      child.once('close', (code, signal) => {
        const reason = this.#stderr.trim().split('\n').at(-1);
        const how = `ended with ${signal ?? `status ${code}`}`;
        this.#end(new ProcessEnded(reason === '' ? how : `${how}: ${reason}`, signal));
        resolve();
      });
    });
  }

  get alive(): boolean {
    return this.#ended === null;
  }

  /** Undefined where it did not start. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(header: object, body: string): void {
    this.#child.stdin?.write(encodeFrame(header, body));
  }

  /** The next frame; rejects with ProcessEnded once there is none. Not to be called again before it has settled. */
  receive(): Promise<Frame> {
    const frame = this.#received.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Ends it at once, for this reason if it has no other; resolves when it has gone. */
  kill(reason: string): Promise<void> {
    this.#end(new ProcessEnded(reason));
    this.#child.kill('SIGKILL');
    return this.#exited;
  }

  #receive(chunk: Buffer): void {
    if (this.#ended !== null) return;
    try {
      for (const frame of this.#frames.push(chunk)) {
        const waiting = this.#waiting;
        this.#waiting = null;
        if (waiting === null) this.#received.push(frame);
        else waiting.resolve(frame);
      }
    } catch (error) {
      void this.kill(`answered nonsense: ${(error as Error).message}`);
    }
  }

  #end(reason: ProcessEnded): void {
    this.#ended ??= reason;
    this.#waiting?.reject(this.#ended);
    this.#waiting = null;
  }
}
