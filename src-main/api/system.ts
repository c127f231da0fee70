/** Calls about Assay itself: what can be chosen, and how this machine is doing. */
import type { AppStatus } from '../../src-shared/api.ts';
import { AssayError } from '../../src-shared/errors.ts';
import { catalogue } from '../catalogue.ts';
import { findEngine } from '../engine/index.ts';
import { devicesOf } from '../estimate/devices.ts';
import type { LazySandbox } from '../runs/lazy-sandbox.ts';
import { VERSION } from '../version.ts';
import type { ApiContext, Bodies } from './context.ts';
import { createUsageMeter } from './usage.ts';

export function systemCalls(context: ApiContext): Bodies<'catalogue' | 'devices' | 'status'> {
  const { home, store, control, sandbox, rates } = context;
  const usage = createUsageMeter();
  // Looking for engines loads libraries: once is enough, since none is installed while we run.
  let engine: Promise<string | null> | null = null;
  return {
    catalogue: () => catalogue(),
    devices: ({ measure }) => devicesOf(rates, measure),
    status: async () => {
      engine ??= automaticEngine();
      const runs = [...store.runs.withStatus('running'), ...store.runs.withStatus('queued')].map(control.present);
      const count = (status: string) => runs.filter((run) => run.status === status).length;
      return {
        version: VERSION,
        home,
        engine: await engine,
        running: count('running'),
        queued: count('queued'),
        ...(await usage()),
        isolation: isolationOf(sandbox),
        testsPerSecond: sandbox?.opened?.stats().testsPerSecond ?? 0,
      };
    },
  };
}

/** What `auto` stands for; null where no engine can run. */
async function automaticEngine(): Promise<string | null> {
  try {
    return (await findEngine('auto')).id;
  } catch (error) {
    if (error instanceof AssayError && error.code === 'engine') return null;
    throw error;
  }
}

/** Opening takes a moment, so the first answer is null and a later one tells. */
function isolationOf(sandbox: LazySandbox | null): AppStatus['isolation'] {
  if (sandbox === null) return null;
  if (sandbox.failure !== null) return { level: 'none', detail: sandbox.failure };
  if (sandbox.opened === null) {
    // A failure is kept in `failure` and shown the next time.
    sandbox.open().catch(() => undefined);
    return null;
  }
  const { level, detail } = sandbox.opened.isolation;
  return { level, detail };
}
