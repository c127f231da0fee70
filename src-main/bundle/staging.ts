/**
 * Where an import lies while it is not yet believed: a folder below `incoming` of the data folder. Folders of runs are
 * moved from there to their places inside the transaction that makes their rows; what was moved without a row, because
 * the process died in between, is found by the list that was written before and taken away at the next start.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import { ensureFolder, runFolder } from '../store/home.ts';
import type { Store } from '../store/store.ts';
import { runIdSchema } from './format.ts';

const LIST = 'moves.json';
const listSchema = z.array(runIdSchema);
const incoming = (home: string) => join(home, 'incoming');

export class Staging {
  readonly folder: string;
  readonly #home: string;
  readonly #moved: string[] = [];

  private constructor(home: string, folder: string) {
    this.#home = home;
    this.folder = folder;
  }

  static async open(home: string): Promise<Staging> {
    ensureFolder(home, incoming(home));
    return new Staging(home, await mkdtemp(join(incoming(home), 'import-')));
  }

  /** Where the folder of a run is made ready. */
  runFolder(runId: string): string {
    return join(this.folder, 'runs', runId);
  }

  /** Move the folders of runs to their places. Inside the transaction, after everything that can fail.
   * @throws AssayError `conflict` where a folder of that name is there already. */
  move(runIds: readonly string[]): void {
    if (runIds.length === 0) return;
    ensureFolder(this.#home, join(this.#home, 'runs'));
    const targets = runIds.map((runId) => ({ from: this.runFolder(runId), to: runFolder(this.#home, runId) }));
    // Before the list is written: what it names may be taken away.
    for (const { to } of targets)
      if (existsSync(to))
        throw new AssayError('conflict', `The folder ${to} is there already, without a run. Nothing was imported`, {
          hint: 'Move it away, then import again.',
        });
    const list = openSync(join(this.folder, LIST), 'w');
    try {
      writeSync(list, JSON.stringify(runIds));
      fsyncSync(list);
    } finally {
      closeSync(list);
    }
    for (const { from, to } of targets) {
      renameSync(from, to);
      this.#moved.push(to);
    }
  }

  /** Undo the moves of a transaction that came to nothing. */
  takeBack(): void {
    for (const folder of this.#moved.splice(0)) rmSync(folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    // Left where another import is under way.
    await rmdir(incoming(this.#home)).catch(() => undefined);
  }
}

/** Take away what imports that died have left. Only at start, by the owner of the folder. */
export async function clearAbandoned(home: string, store: Store): Promise<void> {
  const folders = await readdir(incoming(home)).catch(() => []);
  for (const name of folders) {
    const folder = join(incoming(home), name);
    const text = await readFile(join(folder, LIST), 'utf8').catch(() => '[]');
    const listed = listSchema.safeParse(parse(text));
    // An unreadable list was not yet complete, and then nothing had been moved.
    for (const runId of listed.data ?? [])
      if (store.runs.find(runId) === null) await rm(runFolder(home, runId), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  }
  // Also where it is empty: the process may have died right after it was made.
  await rm(incoming(home), { recursive: true, force: true });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Torn; the schema says so.
  }
}
