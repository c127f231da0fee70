/** Calls about where runs come from, and about their checkpoints. */
import { bootstrapRun } from '../lineage/bootstrap.ts';
import { chain } from '../lineage/chain.ts';
import { deleteCheckpoint, exportCheckpoint } from '../lineage/checkpoint-keeping.ts';
import { lineage } from '../lineage/lineage.ts';
import { ownedError } from '../store/lock.ts';
import type { ApiContext, Bodies } from './context.ts';

type LineageCalls = 'lineage' | 'chain' | 'bootstrapRun' | 'deleteCheckpoint' | 'exportCheckpoint';

export function lineageCalls({ home, store, control, sandbox }: ApiContext): Bodies<LineageCalls> {
  return {
    lineage: ({ runId }) => lineage(store, control.present, runId),
    chain: (input) => chain(store, input),
    bootstrapRun: (input) => bootstrapRun({ home, store, control }, input),
    deleteCheckpoint: async ({ checkpointId }) => {
      // A process that only reads has no sandbox, and may not write.
      if (sandbox === null) throw ownedError(home);
      const { id } = await deleteCheckpoint(store, home, control.present, checkpointId);
      control.changed([id]);
      return {};
    },
    exportCheckpoint: ({ checkpointId, folder }) => exportCheckpoint(store.checkpoints.get(checkpointId), folder),
  };
}
