/** Which runs are queued, running or paused, kept up to date by events, for who must know at once (a window closing). */
import { type EventPayload, events, type RunSummary, runSummarySchema } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { Shell } from './shell.ts';

const isActive = ({ status }: RunSummary) => status === 'queued' || status === 'running' || status === 'paused';

export class ActiveRuns {
  readonly #runs = new Map<string, RunSummary>();
  readonly #studies = new Set<string>();
  readonly #onEnd = new Set<(run: RunSummary) => void>();
  readonly #onChange = new Set<() => void>();

  static async watch(shell: Shell): Promise<ActiveRuns> {
    const active = new ActiveRuns();
    shell.listen((event, payload) => {
      if (event === 'run') active.#see(events.run.parse(payload));
      // Nothing of a study goes on by itself, so that none does yet.
      if (event === 'study') active.#seeStudy(events.study.parse(payload));
    });
    const reply = await shell.dispatch('runs', {});
    if (!reply.ok) throw new AssayError(reply.error.code, reply.error.message);
    for (const run of runSummarySchema.array().parse(reply.value)) active.#see(run);
    return active;
  }

  get count(): number {
    return this.#runs.size;
  }

  /** No run is active, and none is to come of a study, which is between two runs for a moment. */
  get isIdle(): boolean {
    return this.#runs.size === 0 && this.#studies.size === 0;
  }

  list(): readonly RunSummary[] {
    return [...this.#runs.values()];
  }

  /** Called once for each run that ends. */
  onEnd(listener: (run: RunSummary) => void): void {
    this.#onEnd.add(listener);
  }

  /** Called when any run changed, active or not. */
  onChange(listener: () => void): void {
    this.#onChange.add(listener);
  }

  #seeStudy({ id, going }: EventPayload<'study'>): void {
    if (going === null) this.#studies.delete(id);
    else this.#studies.add(id);
  }

  #see(run: RunSummary): void {
    if (isActive(run)) this.#runs.set(run.id, run);
    else if (this.#runs.delete(run.id)) for (const listener of this.#onEnd) listener(run);
    for (const listener of this.#onChange) listener();
  }
}
