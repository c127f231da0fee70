/**
 * One owner of a data folder at a time. The lock is an open exclusive transaction on a database of its own: the
 * operating system ends it with the process, so a crash leaves no stale lock and nobody has to judge process ids.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { AssayError } from '../../src-shared/errors.ts';
import { storeError } from './errors.ts';

/** Long enough for the glance that `isOwned` takes at the lock; an owner keeps it for hours. */
const TRY_MS = 500;

const lockFile = (home: string) => join(home, 'lock.db');
/** For people only: who holds the lock. Written after it was taken, so it may be missing for a moment. */
const ownerFile = (home: string) => join(home, 'owner.pid');

const isBusy = (error: unknown) => String((error as { code?: unknown } | null)?.code).startsWith('SQLITE_BUSY');

export interface FolderLock {
  release(): void;
}

/** Become the owner of an existing folder. @throws AssayError `locked`, naming the folder and the owner's process id. */
export function lockFolder(home: string): FolderLock {
  let database: Sqlite.Database | undefined;
  try {
    database = new Sqlite(lockFile(home), { timeout: TRY_MS });
    database.exec('BEGIN EXCLUSIVE');
    writeFileSync(ownerFile(home), `${process.pid}\n`);
  } catch (error) {
    database?.close();
    throw isBusy(error) ? ownedError(home) : storeError(error, home, lockFile(home));
  }
  const held = database;
  return {
    release() {
      if (!held.open) return;
      // Best effort: the lock is what counts, and the next owner overwrites the file.
      rmSync(ownerFile(home), { force: true });
      held.close();
    },
  };
}

/** Whether a process owns the folder now. */
export function isOwned(home: string): boolean {
  let database: Sqlite.Database | undefined;
  try {
    database = new Sqlite(lockFile(home), { readonly: true, fileMustExist: true, timeout: 0 });
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    if ((error as { code?: unknown }).code === 'SQLITE_CANTOPEN') return false;
    throw storeError(error, home, lockFile(home));
  } finally {
    database?.close();
  }
}

export function ownedError(home: string): AssayError {
  const pid = ownerPid(home);
  return new AssayError(
    'locked',
    `Data folder ${home} is in use by another Assay${pid === null ? '' : ` (process ${pid})`}`,
    { hint: 'Use that one, close it first, or choose another folder with ASSAY_HOME.' },
  );
}

function ownerPid(home: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(ownerFile(home), 'utf8'), 10);
    return Number.isInteger(pid) ? pid : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw storeError(error, home);
  }
}
