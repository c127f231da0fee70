/** Names of the hub and on this disk: which repository is meant, and where what it sends may lie. Nothing a server says is a path. */
import { AssayError } from '../../src-shared/errors.ts';

export interface Repo {
  readonly kind: 'model' | 'dataset';
  /** `owner/name`. */
  readonly name: string;
  readonly revision: string;
}

/** The hub's own rule, and no two dashes or dots in a row, which it forbids too. */
const PART = /^(?!.*(?:--|\.\.))[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9_])?$/;
const REVISION = /^(?!.*(?:\.\.|\/\/))[A-Za-z0-9_][\w./+-]{0,199}$/;
/** A name that every file system takes: not hidden, not kept by a system for itself, no end that Windows drops. */
const FILE_NAME = /^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[A-Za-z0-9_][\w .()+=,@-]{0,149}$/i;
const MOST_DEPTH = 8;

/** @param text `owner/name[@revision]`, `datasets/owner/name`, or the address of its page. @throws AssayError `usage`. */
export function parseRepo(text: string, revision?: string): Repo {
  const plain = text
    .trim()
    .replace(/^https?:\/\/[^/]+\//i, '')
    .replace(/[?#].*$/, '')
    .replace(/\/(?:tree|blob|resolve)\/([^/]+).*$/, '@$1')
    .replace(/\/+$/, '');
  const at = plain.indexOf('@');
  const path = at < 0 ? plain : plain.slice(0, at);
  const parts = path.split('/');
  const isDataset = parts[0] === 'datasets' && parts.length === 3;
  const name = isDataset ? parts.slice(1) : parts[0] === 'models' && parts.length === 3 ? parts.slice(1) : parts;
  if (name.length !== 2 || !name.every((part) => PART.test(part)))
    throw new AssayError(
      'usage',
      `repository ${JSON.stringify(text.slice(0, 120))}: not a name of the hub; allowed is owner/name, owner/name@revision or datasets/owner/name`,
      { path: 'repo' },
    );
  const chosen = revision ?? (at < 0 ? 'main' : plain.slice(at + 1));
  if (!REVISION.test(chosen))
    throw new AssayError('usage', `revision ${JSON.stringify(chosen.slice(0, 80))}: not a branch, tag or commit`, {
      path: 'revision',
    });
  return { kind: isDataset ? 'dataset' : 'model', name: name.join('/'), revision: chosen };
}

/** As people write it. */
export const repoText = ({ kind, name }: Pick<Repo, 'kind' | 'name'>): string =>
  kind === 'dataset' ? `datasets/${name}` : name;

/** Of its folder on this disk; one of a subfolder is told apart. The hub's names have no two dashes in a row. */
export function folderName({ name }: Pick<Repo, 'name'>, folder: string | null): string {
  return [...name.split('/'), ...(folder === null ? [] : folder.split('/'))].join('--');
}

/** Whether a path that a server named may become a path below a folder of ours. */
export function isSafePath(path: string): boolean {
  const parts = path.split('/');
  return parts.length <= MOST_DEPTH && parts.every((part) => FILE_NAME.test(part) && !/[. ]$/.test(part));
}

/** @throws AssayError `usage` where a path of the repository cannot be one of this disk. */
export function safePath(path: string): string {
  if (isSafePath(path)) return path;
  throw new AssayError('usage', `${JSON.stringify(path.slice(0, 120))}: cannot be the name of a file on this machine`);
}
