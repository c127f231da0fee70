/** Calls about the policies that a user brings: which there are, what each is, and downloading them. */
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';
import type { modelCalls as described, Model } from '../../src-shared/models.ts';
import { resolveConfig } from '../catalogue.ts';
import { freeDiskBytes } from '../estimate/machine.ts';
import { policyMemory } from '../estimate/policy-memory.ts';
import { lookAt } from '../hub/facts.ts';
import { choicesOf, listRepository } from '../hub/listing.ts';
import { parseRepo, repoText } from '../hub/repository.ts';
import { bringBack, bytesIn, dropRemoved, shelfFolder, shelved, takeAway } from '../hub/shelf.ts';
import { resourcePath } from '../resources.ts';
import type { Store } from '../store/store.ts';
import type { ApiContext, Bodies } from './context.ts';

const EMBEDDED = 'embedded';
const CHECKPOINT = 'checkpoint:';
const LIVE: ReadonlySet<string> = new Set(['queued', 'running', 'paused']);

type Known = Pick<Model, 'source' | 'name' | 'kind' | 'path' | 'origin'>;

export function modelCalls({ home, store, control, downloads }: ApiContext): Bodies<keyof typeof described> {
  const modelOf = async (known: Known, runs: ReadonlyMap<string, number>): Promise<Model> => ({
    ...known,
    ...(await lookAt(known.path)),
    runs: runs.get(known.source) ?? 0,
  });
  return {
    models: async () => {
      await dropRemoved(home);
      const runs = runsBySource(store);
      const models: Model[] = [];
      // One after another: each holds a tokenizer while it is looked at.
      for (const known of await everyPolicy(home, runs)) models.push(await modelOf(known, runs));
      return { folder: shelfFolder(home, 'model'), models, downloads: await downloads.list() };
    },
    checkModel: async ({ path }) => {
      const runs = runsBySource(store);
      const source = absolute(path.trim());
      const found = (await everyPolicy(home, runs)).find((known) => known.source === source);
      return modelOf(found ?? opened(source), runs);
    },
    modelMemory: ({ source }) => {
      const of = (values: Record<string, string | number>) =>
        resolveConfig({ preset: null, values: { 'policy.source': source, ...values } });
      const full = of({});
      return policyMemory(store, {
        full,
        lora: of({ 'policy.adapter': 'lora' }),
        generate: of({ 'limits.steps': 0, 'evaluation.samples': full.rollouts.groupSize }),
      });
    },
    repository: async ({ repo: text, revision }) => {
      const listing = await listRepository(downloads.hub(), parseRepo(text, revision));
      const { repo, commit, gated } = listing;
      return {
        ...{ repo: repoText(repo), kind: repo.kind, revision: repo.revision, commit, gated },
        choices: choicesOf(listing),
        freeBytes: await freeDiskBytes(home),
      };
    },
    fetchModel: (request) => ({ id: downloads.start(request) }),
    cancelFetch: async ({ id, discard }) => {
      await downloads.cancel(id, discard);
      return {};
    },
    removeModel: async ({ source, forGood }) => {
      const path = absolute(source);
      const needing = store.runs
        .all()
        .map(control.present)
        .find((run) => LIVE.has(run.status) && isWithin(absolute(String(run.config.policy.source ?? EMBEDDED)), path));
      if (needing !== undefined)
        throw new AssayError('conflict', `${basename(path)}: run #${needing.number} starts from it and is not over`, {
          hint: 'Stop that run first.',
        });
      const { bytes } = await lookAt(path);
      const all = bytes > 0 ? bytes : await bytesIn(path);
      const undo = await takeAway(home, path);
      if (forGood) await dropRemoved(home, Number.POSITIVE_INFINITY);
      return { undo, bytes: all };
    },
    restoreModel: async ({ undo }) => {
      await bringBack(home, undo);
      return {};
    },
  };
}

const isWithin = (path: string, folder: string) => path === folder || dirname(path) === folder;

/** As it is compared: `embedded` as it is, a path in full. */
function absolute(source: string): string {
  return source === EMBEDDED || source.startsWith(CHECKPOINT) || isAbsolute(source) ? source : resolve(source);
}

/** How many runs were launched from each source. */
function runsBySource(store: Store): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { config, origin } of store.runs.all()) {
    // A run of another machine names a folder of that machine.
    if (origin !== null) continue;
    const source = absolute(String(config.policy.source ?? EMBEDDED));
    if (!source.startsWith(CHECKPOINT)) counts.set(source, (counts.get(source) ?? 0) + 1);
  }
  return counts;
}

async function everyPolicy(home: string, runs: ReadonlyMap<string, number>): Promise<Known[]> {
  const known = [...embedded(), ...(await downloaded(home))];
  const used = [...runs.keys()]
    .filter((source) => source !== EMBEDDED && !known.some((each) => each.source === source))
    .sort()
    .map((source): Known => ({ ...opened(source), kind: 'used' }));
  return [...known, ...used];
}

/** None in a copy of Assay that comes without. */
function embedded(): Known[] {
  try {
    const path = resourcePath('policy');
    return [{ source: EMBEDDED, name: 'The embedded policy', kind: 'embedded', path, origin: null }];
  } catch {
    return [];
  }
}

async function downloaded(home: string): Promise<Known[]> {
  return (await shelved(home)).flatMap(({ folder, name, source, files }) => {
    const origin = source && { repo: source.repo, revision: source.revision, commit: source.commit };
    const title = source?.folder == null ? name : `${name}/${source.folder}`;
    const shared = { kind: 'downloaded' as const, origin };
    if (files.length === 0) return [{ ...shared, source: folder, name: title, path: folder }];
    return files.map((path) => ({ ...shared, source: path, name: basename(path), path }));
  });
}

const opened = (source: string): Known => ({
  source,
  name: basename(source) || source,
  kind: 'opened',
  path: source,
  origin: null,
});
