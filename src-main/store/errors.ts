/** Failures of the database and of the data folder as errors that say what to do. */
import { AssayError } from '../../src-shared/errors.ts';

const FULL = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT']);
const UNWRITABLE = new Set(['SQLITE_PERM', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT']);
const DAMAGED = new Set(['SQLITE_NOTADB', 'SQLITE_FORMAT']);

/**
 * `error` as an `AssayError` `disk-full`, `locked` or `corrupt` that names the folder or file; any other comes back as it is.
 * @param folder The data folder.
 * @param file The file at fault, where it is known.
 */
export function storeError(error: unknown, folder: string, file = folder): unknown {
  if (error instanceof AssayError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return error;
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? code) : code;
  if (FULL.has(code))
    return new AssayError('disk-full', `The disk of ${folder} is full: ${reason}`, {
      hint: 'Free some space, then resume the run: it goes on from its last checkpoint.',
      cause: error,
    });
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || UNWRITABLE.has(code))
    return new AssayError('locked', `Data folder ${folder} cannot be used: ${reason}`, {
      hint: 'Make it a folder that you can write to, or choose another with ASSAY_HOME.',
      cause: error,
    });
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new AssayError('locked', `${file} is in use by another process: ${reason}`, {
      hint: 'Close the program that has it open and try again.',
      cause: error,
    });
  if (code.startsWith('SQLITE_CORRUPT') || DAMAGED.has(code))
    return new AssayError('corrupt', `${file} is damaged: ${reason}`, {
      hint: 'Restore it from a backup, or move it away to start with an empty list of runs; the checkpoints under runs/ stay.',
      cause: error,
    });
  return error;
}
