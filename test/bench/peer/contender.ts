/**
 * A process that measures one figure of one side: it prints one JSON line when it is ready (and warm), and one more for
 * every line it is sent. It ends when its standard input does, so none is left behind.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { z } from 'zod';

export interface Command {
  /** Named in errors. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const keptErrorCharacters = 2000;

export class Contender {
  readonly #name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<string>;
  #errors = '';

  /** @param threads Cores that the process may use; its libraries take one thread each. */
  constructor({ name, file, args, env = {} }: Command, threads: number) {
    this.#name = name;
    const pinned = threads === availableParallelism() ? [] : ['taskset', '-c', `0-${threads - 1}`];
    const [program = file, ...rest] = [...pinned, file, ...args];
    const count = String(threads);
    const counts = { OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count };
    this.#child = spawn(program, rest, { stdio: 'pipe', env: { ...process.env, ...counts, ...env } });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-keptErrorCharacters);
    });
    // Writing to a process that has died is reported by its end.
    this.#child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('close', (code, signal) => resolve(`ended with ${signal ?? `status ${code}`}`));
    });
  }

  /** The line that it prints by itself. @throws Error with its error when it dies instead. */
  async ready<T>(schema: z.ZodType<T>): Promise<T> {
    const line = await this.#lines.next();
    if (!line.done) return schema.parse(JSON.parse(line.value));
    const end = await this.#ended;
    const errors = this.#errors.trim().split('\n');
    throw new Error(`${this.#name}: ${end}: ${errors.findLast((text) => /^\w*Error/.test(text)) ?? errors.at(-1)}`);
  }

  /** One measurement. */
  measure<T>(schema: z.ZodType<T>): Promise<T> {
    this.#child.stdin.write('\n');
    return this.ready(schema);
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }
}

/** What a process says that measures only once. */
export async function askOnce<T>(command: Command, threads: number, schema: z.ZodType<T>): Promise<T> {
  const contender = new Contender(command, threads);
  try {
    return await contender.ready(schema);
  } finally {
    await contender.close();
  }
}
