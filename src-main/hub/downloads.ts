/** The downloads of this process: started, stopped, followed; and those that an earlier one left unfinished. */
import { AssayError, toErrorData } from '../../src-shared/errors.ts';
import type { Download, DownloadRequest } from '../../src-shared/models.ts';
import {
  discard,
  download,
  downloadName,
  type Progress,
  type Surroundings,
  stageFolder,
  unfinished,
  type Wish,
} from './download.ts';
import { Hub, type HubOptions } from './hub.ts';
import { parseRepo, repoText, safePath } from './repository.ts';

export interface DownloadsOptions extends HubOptions, Pick<Surroundings, 'freeBytes' | 'waitsMs'> {}

interface Going {
  readonly control: AbortController;
  readonly ended: Promise<void>;
}

const TELL_EVERY_MS = 250;
/** Over which the rate is taken. */
const RATE_MS = 5000;

export class Downloads {
  readonly #home: string;
  readonly #publish: (download: Download) => void;
  readonly #options: DownloadsOptions;
  readonly #going = new Map<string, Going>();
  /** As they stand, or ended, in this process. */
  readonly #known = new Map<string, Download>();

  constructor(home: string, publish: (download: Download) => void, options: DownloadsOptions = {}) {
    this.#home = home;
    this.#publish = publish;
    this.#options = options;
  }

  /** A hub of its own each time: its address and token may have changed. */
  hub(): Hub {
    return new Hub(this.#options);
  }

  /** @returns Its id. @throws AssayError `usage`, or `conflict` where it goes on already. */
  start({ repo: text, revision, folder, files }: DownloadRequest): string {
    const inside = folder?.replace(/\/+$/, '') || null;
    const wish: Wish = {
      repo: parseRepo(text, revision),
      folder: inside === null ? null : safePath(inside),
      files: files ?? null,
    };
    const id = idOf(wish);
    if (this.#going.has(id)) throw new AssayError('conflict', `${repoText(wish.repo)}: is being downloaded already`);
    const hub = this.hub();
    const control = new AbortController();
    this.#tell({ ...beginning(id, wish), state: 'starting' });
    const ended = this.#carryOut(id, wish, hub, control).finally(() => this.#going.delete(id));
    this.#going.set(id, { control, ended });
    return id;
  }

  /** Stop one and wait until it has; what is there stays unless it is discarded. */
  async cancel(id: string, discards: boolean): Promise<void> {
    const going = this.#going.get(id);
    going?.control.abort(new Stopped());
    await going?.ended;
    const known = (await this.list()).find((each) => each.id === id);
    if (known === undefined) {
      if (going === undefined) throw new AssayError('not-found', `There is no download ${id}`);
      return;
    }
    if (!discards) return;
    const { repo, revision, folder, files } = known;
    await discard(stageFolder(this.#home, { repo: parseRepo(repo, revision), folder, files }), repo);
    this.#known.delete(id);
  }

  /** Those of this process, and those that are left on disk. */
  async list(): Promise<Download[]> {
    const left = (await unfinished(this.#home)).map(({ plan, bytes, filesDone }): Download => {
      const { repo, folder, files, commit, totalBytes, filesTotal } = plan;
      const wish = { repo, folder, files };
      return { ...beginning(idOf(wish), wish), commit, bytes, totalBytes, filesDone, filesTotal, state: 'stopped' };
    });
    return [...this.#known.values(), ...left.filter(({ id }) => !this.#known.has(id))];
  }

  /** Stop all. */
  async close(): Promise<void> {
    await Promise.all([...this.#going.keys()].map((id) => this.cancel(id, false)));
  }

  async #carryOut(id: string, wish: Wish, hub: Hub, control: AbortController): Promise<void> {
    const rate = new Rate();
    let last = Number.NEGATIVE_INFINITY;
    const onProgress = (progress: Progress) => {
      const now = performance.now();
      rate.take(now, progress.bytes);
      const state = { ...this.#get(id, wish), ...progress, state: 'downloading' as const, ...rate.of(progress) };
      this.#known.set(id, state);
      if (now - last < TELL_EVERY_MS) return;
      last = now;
      this.#publish(state);
    };
    const still = { file: null, bytesPerSecond: null, secondsLeft: null };
    try {
      const { freeBytes, waitsMs } = this.#options;
      const path = await download(wish, {
        ...{ home: this.#home, hub, signal: control.signal, onProgress },
        ...(freeBytes === undefined ? {} : { freeBytes }),
        ...(waitsMs === undefined ? {} : { waitsMs }),
      });
      this.#tell({ ...this.#get(id, wish), ...still, state: 'finished', path });
    } catch (error) {
      const stopped = control.signal.aborted;
      const data = stopped ? null : toErrorData(error);
      if (data?.code === 'internal') console.error(`Download of ${repoText(wish.repo)} failed:`, error);
      this.#tell({ ...this.#get(id, wish), ...still, state: stopped ? 'stopped' : 'failed', error: data });
    }
  }

  #get(id: string, wish: Wish): Download {
    return this.#known.get(id) ?? { ...beginning(id, wish), state: 'starting' };
  }

  #tell(state: Download): void {
    this.#known.set(state.id, state);
    this.#publish(state);
  }
}

class Stopped extends Error {
  override readonly name = 'Stopped';
}

const idOf = (wish: Wish) => `${wish.repo.kind === 'dataset' ? 'datasets/' : ''}${downloadName(wish)}`;

function beginning(id: string, { repo, folder, files }: Wish): Omit<Download, 'state'> {
  return {
    ...{ id, repo: repoText(repo), revision: repo.revision, folder, files: files === null ? null : [...files] },
    ...{ commit: null, bytes: 0, totalBytes: 0, filesDone: 0, filesTotal: 0, file: null },
    ...{ bytesPerSecond: null, secondsLeft: null, error: null, path: null },
  };
}

/** Bytes a second over the last seconds. */
class Rate {
  #seen: { readonly at: number; readonly bytes: number }[] = [];

  take(at: number, bytes: number): void {
    // What begins anew has fewer than before.
    if (bytes < (this.#seen.at(-1)?.bytes ?? 0)) this.#seen = [];
    const [first, ...others] = this.#seen;
    if (first !== undefined && at - (others[0]?.at ?? at) > RATE_MS) this.#seen = others;
    if (at - (this.#seen.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= 100) this.#seen.push({ at, bytes });
  }

  of({ bytes, totalBytes }: Progress): Pick<Download, 'bytesPerSecond' | 'secondsLeft'> {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    const seconds = first && last ? (last.at - first.at) / 1000 : 0;
    if (!first || !last || seconds < 0.5) return { bytesPerSecond: null, secondsLeft: null };
    const bytesPerSecond = (last.bytes - first.bytes) / seconds;
    return { bytesPerSecond, secondsLeft: bytesPerSecond > 0 ? (totalBytes - bytes) / bytesPerSecond : null };
  }
}
