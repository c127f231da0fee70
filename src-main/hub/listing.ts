/** What a repository holds at one commit, and what of it Assay can use: policy folders, GGUF files, files of problems. */
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import { AssayError } from '../../src-shared/errors.ts';
import type { RepositoryChoice } from '../../src-shared/models.ts';
import type { Hub } from './hub.ts';
import { isSafePath, type Repo, repoText, safePath } from './repository.ts';

/** What says that a file is whole: SHA-256 of a large one, git's SHA-1 of a small one. */
export interface Digest {
  readonly kind: 'sha256' | 'git-sha1';
  readonly hex: string;
}

export interface RemoteFile {
  /** Inside the repository. */
  readonly path: string;
  readonly size: number;
  readonly digest: Digest;
}

export interface Listing {
  readonly repo: Repo;
  readonly commit: string;
  readonly gated: boolean;
  readonly files: readonly RemoteFile[];
}

/** A file to download, and where it then lies below its folder. */
export interface PlannedFile extends RemoteFile {
  readonly to: string;
}

const MOST_FILES = 100_000;
/** Of a file that is read whole: configuration, tokenizer. */
const MOST_TEXT_BYTES = 256 << 20;

const infoSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/), gated: z.unknown() });
const entrySchema = z.object({
  type: z.string(),
  path: z.string().min(1).max(4096),
  size: z.int().nonnegative(),
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).optional(),
});

/** The commit that a revision stands for now, and its files. @throws AssayError as `Hub.get` does. */
export async function listRepository(hub: Hub, repo: Repo, signal?: AbortSignal): Promise<Listing> {
  const text = repoText(repo);
  const what = `${text}@${repo.revision}`;
  const shared = { hubUrl: hub.endpoint, fetch: hub.fetching(what, signal) };
  const question = { ...shared, name: repo.name, revision: repo.revision, additionalFields: ['sha' as const] };
  const wrong = (error: unknown) =>
    error instanceof AssayError || signal?.aborted
      ? error
      : new AssayError('corrupt', `${what}: the hub's answer makes no sense`, { cause: error });
  try {
    const info = await (repo.kind === 'model' ? modelInfo(question) : datasetInfo(question));
    const { sha: commit, gated } = infoSchema.parse(info);
    const files: RemoteFile[] = [];
    let seen = 0;
    for await (const entry of listFiles({
      ...shared,
      repo: { type: repo.kind, name: repo.name },
      revision: commit,
      recursive: true,
    })) {
      if (++seen > MOST_FILES) throw new AssayError('usage', `${what}: has more than ${MOST_FILES} files`);
      if (entry.type !== 'file') continue;
      const { path, size, oid, lfs } = entrySchema.parse(entry);
      files.push({
        path,
        size: lfs?.size ?? size,
        digest: lfs ? { kind: 'sha256', hex: lfs.oid } : { kind: 'git-sha1', hex: oid },
      });
    }
    return { repo, commit, gated: gated !== false && gated !== undefined && gated !== null, files };
  } catch (error) {
    throw wrong(error);
  }
}

/** Where a file of a repository is had from. */
export function fileUrl(hub: Hub, { kind, name }: Repo, commit: string, path: string): string {
  const inside = path.split('/').map(encodeURIComponent).join('/');
  return `${hub.endpoint}/${kind === 'dataset' ? 'datasets/' : ''}${name}/resolve/${commit}/${inside}`;
}

const TEXTS: ReadonlySet<string> = new Set([
  ...['config.json', 'generation_config.json', 'special_tokens_map.json', 'chat_template.jinja'],
  ...['tokenizer.json', 'tokenizer_config.json', 'model.safetensors.index.json'],
]);
const SHARD = /^model-\d{5}-of-\d{5}\.safetensors$/;
const IS_GGUF = /\.gguf$/i;
const IS_SPLIT = /-\d{5}-of-\d{5}\.gguf$/i;
const IS_PICKLE = /\.(bin|pt|pth|pkl|ckpt)$/i;
const IS_PROBLEMS = /\.(jsonl|json|parquet)(\.gz)?$/i;
const IS_ABOUT = /(^|\/)(dataset_infos|\.?gitattributes|package|config)\.json$/i;

const split = (path: string) => {
  const slash = path.lastIndexOf('/');
  return { folder: slash < 0 ? '' : path.slice(0, slash), name: path.slice(slash + 1) };
};

/** What of a folder makes a policy: where weights lie in one file, none of its parts is taken, as when it is read. */
function policyFiles(files: readonly RemoteFile[], folder: string): RemoteFile[] {
  const own = files.filter(({ path }) => split(path).folder === folder);
  const names = own.map(({ path }) => split(path).name);
  const isWhole = names.includes('model.safetensors');
  return own.filter(({ path }) => {
    const { name } = split(path);
    if (name === 'model.safetensors') return true;
    if (SHARD.test(name) || name === 'model.safetensors.index.json') return !isWhole;
    return TEXTS.has(name);
  });
}

/** Everything that can be downloaded as one thing, what fits best first. */
export function choicesOf({ repo, files }: Listing): RepositoryChoice[] {
  if (repo.kind === 'dataset')
    return files
      .filter(({ path }) => IS_PROBLEMS.test(path) && !IS_ABOUT.test(path))
      .map((file) => fileChoice(file, null));
  const folders = [
    ...new Set(
      files.map(({ path }) => split(path)).flatMap(({ folder, name }) => (name === 'config.json' ? folder : [])),
    ),
  ].sort();
  return [
    ...folders.map((folder) => folderChoice(files, folder)),
    ...files
      .filter(({ path }) => IS_GGUF.test(path))
      .map((file) =>
        fileChoice(
          file,
          IS_SPLIT.test(file.path) ? 'one of several parts of a policy; allowed is a GGUF file that is whole' : null,
        ),
      ),
  ];
}

function fileChoice(file: RemoteFile, refusal: string | null): RepositoryChoice {
  return {
    kind: 'file',
    path: file.path,
    title: file.path,
    bytes: file.size,
    files: [{ path: file.path, bytes: file.size }],
    refusal: refusal ?? (isSafePath(file.path) ? null : 'its name cannot be one of this machine'),
  };
}

function folderChoice(all: readonly RemoteFile[], folder: string): RepositoryChoice {
  const files = policyFiles(all, folder);
  const has = (name: string) => files.some(({ path }) => split(path).name === name);
  const weights = files.some(({ path }) => path.endsWith('.safetensors'));
  const pickles = all.some(({ path }) => split(path).folder === folder && IS_PICKLE.test(path));
  return {
    kind: 'folder',
    path: folder,
    title: folder === '' ? 'The whole policy (safetensors)' : `${folder} (safetensors)`,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    files: files.map(({ path, size }) => ({ path, bytes: size })),
    refusal: !weights
      ? `has no model.safetensors${pickles ? '; its weights are pickles, which can run programs and are never read' : ''}`
      : !has('tokenizer.json') || !has('tokenizer_config.json')
        ? 'has no tokenizer.json with a tokenizer_config.json'
        : folder !== '' && !isSafePath(folder)
          ? 'its name cannot be one of this machine'
          : null,
  };
}

/**
 * The files of a request, small ones first: what refuses a policy stands in them.
 * @throws AssayError `usage` that names what is offered.
 */
export function planOf(
  listing: Listing,
  { folder, files }: { readonly folder: string | null; readonly files: readonly string[] | null },
): PlannedFile[] {
  const { repo } = listing;
  const choices = choicesOf(listing);
  const what = `${repoText(repo)}@${repo.revision}`;
  const offered = choices.filter(({ refusal }) => refusal === null);
  const list = (some: readonly RepositoryChoice[]) =>
    some.length === 0
      ? 'nothing that Assay can read'
      : `${some
          .slice(0, 8)
          .map(({ kind, path }) => (kind === 'folder' ? `the folder ${path || '/'}` : path))
          .join(', ')}${some.length > 8 ? ` and ${some.length - 8} more` : ''}`;
  const pick = (kind: RepositoryChoice['kind'], path: string) => {
    const found = choices.find((choice) => choice.kind === kind && choice.path === path);
    if (found === undefined)
      throw new AssayError(
        'usage',
        `${what}: ${JSON.stringify(path || '/')} cannot be had; it offers ${list(offered)}`,
      );
    if (found.refusal !== null) throw new AssayError('usage', `${what}: ${found.title}: ${found.refusal}`);
    return found;
  };
  const automatic = () => {
    const root = choices.find(({ kind, path }) => kind === 'folder' && path === '');
    const [first, ...others] = offered;
    if (root?.refusal === null && repo.kind === 'model') return root;
    if (first !== undefined && others.length === 0) return first;
    const because = root?.refusal && offered.length === 0 ? `: ${root.refusal}` : '';
    throw new AssayError('usage', `${what}: name what to download${because}; it offers ${list(offered)}`, {
      hint: 'Choose one with --file, or a folder with --folder.',
    });
  };
  const chosen =
    files !== null ? files.map((path) => pick('file', path)) : [folder === null ? automatic() : pick('folder', folder)];
  const byPath = new Map(listing.files.map((file) => [file.path, file]));
  const planned = chosen.flatMap((choice) =>
    choice.files.flatMap(({ path }) => {
      const file = byPath.get(path);
      // A policy lies flat in its folder; files of a data set keep theirs, of which several have the same names.
      return file === undefined ? [] : [{ ...file, to: safePath(repo.kind === 'model' ? split(path).name : path) }];
    }),
  );
  const taken = new Map<string, string>();
  for (const { path, to, size } of planned) {
    const same = taken.get(to.toLowerCase());
    if (same !== undefined)
      throw new AssayError('usage', `${what}: ${path} and ${same} would be the same file on this machine`);
    taken.set(to.toLowerCase(), path);
    if (TEXTS.has(to) && size > MOST_TEXT_BYTES)
      throw new AssayError('usage', `${what}: ${path} has ${size} bytes; at most ${MOST_TEXT_BYTES} are allowed`);
  }
  return planned.toSorted((a, b) => Number(isWeight(a)) - Number(isWeight(b)) || (a.to < b.to ? -1 : 1));
}

export const isWeight = ({ to }: Pick<PlannedFile, 'to'>): boolean => !TEXTS.has(to);
