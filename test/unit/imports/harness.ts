/** A store to import into, and what it looks like from outside: to show that a refusal left it as it was. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished } from 'vitest';
import { databaseFile } from '../../../src-main/store/home.ts';
import { openStore, type Store } from '../../../src-main/store/store.ts';
import { AssayError } from '../../../src-shared/errors.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

export const fixtures = join(import.meta.dirname, '..', '..', 'fixtures', 'imports');
export const fixture = (...parts: string[]): string => join(fixtures, ...parts);
export const readFixture = (name: string): unknown => JSON.parse(readFileSync(fixture(name), 'utf8'));

export async function freshStore(): Promise<{ home: string; store: Store }> {
  const home = await temporaryFolder();
  const store = openStore(home, 'owner');
  onTestFinished(() => store.close());
  return { home, store };
}

/** Every row of every table, and every path with the hash of its bytes; the database's own files are left out. */
export function picture(home: string): unknown {
  const database = new Sqlite(databaseFile(home), { readonly: true });
  try {
    const tables = database
      .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .all()
      // Counts of numbers given out go up and never back.
      .filter(({ name }) => name !== 'sqlite_sequence');
    const rows = tables.map(({ name }) => [name, database.prepare(`SELECT * FROM ${name}`).all()]);
    const files = readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('assay.db'))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path, entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'folder'];
      })
      .sort();
    return { rows, files };
  } finally {
    database.close();
  }
}

/** The refusal, in one line, that leaves store and folders as they were. */
export async function expectRefusal(
  home: string,
  body: () => Promise<unknown>,
  code: AssayError['code'] | null = 'corrupt',
): Promise<string> {
  const before = picture(home);
  const error = await body().then(
    () => expect.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AssayError);
  const { message, code: got } = error as AssayError;
  if (code !== null) expect([got, message]).toEqual([code, expect.any(String)]);
  expect(message).not.toMatch(/\n/);
  expect(message.length).toBeLessThan(700);
  expect(picture(home)).toEqual(before);
  return message;
}
