/** Which runs are queued, running or paused, kept up to date by events, for who must know at once (a window closing). */
import { events, type RunSummary, runSummarySchema } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { Shell } from './shell.ts';

const isActive = ({ status }: RunSummary) => status === 'queued' || status === 'running' || status === 'paused';

export class ActiveRuns {
  readonly #ids = new Set<string>();
  readonly #listeners = new Set<(run: RunSummary) => void>();

  static async watch(shell: Shell): Promise<ActiveRuns> {
    const active = new ActiveRuns();
    shell.listen((event, payload) => {
      if (event === 'run') active.#see(events.run.parse(payload));
    });
    const reply = await shell.dispatch('runs', {});
    if (!reply.ok) throw new AssayError(reply.error.code, reply.error.message);
    for (const run of runSummarySchema.array().parse(reply.value)) active.#see(run);
    return active;
  }

  get count(): number {
    return this.#ids.size;
  }

  /** Called once for each run that ends. */
  onEnd(listener: (run: RunSummary) => void): void {
    this.#listeners.add(listener);
  }

  #see(run: RunSummary): void {
    if (isActive(run)) this.#ids.add(run.id);
    else if (this.#ids.delete(run.id)) for (const listener of this.#listeners) listener(run);
  }
}
