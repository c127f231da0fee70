/** The call that takes runs in. Only the process that owns the data folder imports. */
import { clearAbandoned } from '../bundle/staging.ts';
import { importRuns } from '../imports/index.ts';
import { ownedError } from '../store/lock.ts';
import type { ApiContext, Bodies } from './context.ts';

export function importCalls({ home, store, control, sandbox }: ApiContext): Bodies<'importRuns'> {
  // A process without a sandbox only reads.
  const isOwner = sandbox !== null;
  const cleared = isOwner
    ? clearAbandoned(home, store).catch((error: unknown) =>
        console.error('What an interrupted import left cannot be taken away now:', error),
      )
    : null;
  return {
    importRuns: async ({ path, format }) => {
      if (!isOwner) throw ownedError(home);
      await cleared;
      const report = await importRuns(store, home, path, format);
      control.changed(report.imported.map(({ runId }) => runId));
      return report;
    },
  };
}
