/** How a language's tools are found on this machine: shared by the members of the family. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { BOX, type Toolchain, ToolchainMissing } from './language.ts';

const ANSWER_MS = 20_000;

/** Paths of the executables of this name on PATH, in its order. */
export async function onPath(name: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const path = join(folder, name);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable && !found.includes(path)) found.push(path);
  }
  return found;
}

/** What the command prints to standard output; null where it does not start, fails or takes 20 seconds. */
export async function outputOf(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], { timeout: ANSWER_MS, encoding: 'utf8' });
    return stdout;
  } catch {
    return null; // the caller says what is missing
  }
}

/** The path without links, where null says that it cannot be shown inside a sandbox at that path. */
export async function showable(path: string): Promise<string | null> {
  const real = await realpath(path);
  if (['/tmp', '/proc', '/dev', BOX].some((folder) => real === folder || real.startsWith(`${folder}/`))) return null;
  // Root starts the sandbox as another user, whom each folder above must let through.
  for (let folder = real; process.getuid?.() === 0 && folder !== '/'; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return null;
  }
  return real;
}

/** Where a file or folder is visible inside: at its own path in /usr, else at `inside`, which tells no names of folders. */
export function placeOf(path: string, inside: string): { readonly path: string; readonly mounts: Toolchain['mounts'] } {
  return path.startsWith('/usr/') ? { path, mounts: {} } : { path: inside, mounts: { [inside]: path } };
}

/** The toolchain at the first of the paths where there is one. `look` gives it, or why the path is of no use.
 * Rejects with a ToolchainMissing that says why none is, and how to install `what`. */
export async function firstOf(
  what: string,
  paths: readonly string[],
  look: (path: string) => Promise<Toolchain | string>,
  install: string,
): Promise<Toolchain> {
  const reasons: string[] = [];
  for (const path of paths) {
    const found = await look(path);
    if (typeof found !== 'string') return found;
    reasons.push(`${path} ${found}`);
  }
  const found = reasons.length === 0 ? 'there is none on PATH' : reasons.join(', ');
  throw new ToolchainMissing(`${what} is needed, and ${found}: install it with ${install}`);
}

/** A LanguageEntry's find: keeps the toolchain for all later calls, and turns any failure, which is not kept, into a
 * ToolchainMissing: without a language the others still run. */
export function finder(find: () => Promise<Toolchain>): () => Promise<Toolchain> {
  let found: Promise<Toolchain> | undefined;
  return () => {
    found ??= find().catch((error: Error) => {
      found = undefined;
      throw error instanceof ToolchainMissing ? error : new ToolchainMissing(error.message);
    });
    return found;
  };
}
