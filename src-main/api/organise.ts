/** Calls that bring order into many runs: values, options, tags, names, the queue and the bin. */
import { AssayError } from '../../src-shared/errors.ts';
import { flattenConfig } from '../../src-shared/flatten.ts';
import type { OptionValue } from '../../src-shared/options.ts';
import type { organiseCalls as described, RunOptions } from '../../src-shared/organise.ts';
import { binnedRuns } from '../runs/bin.ts';
import type { StoredRun } from '../store/runs.ts';
import type { ApiContext, Bodies } from './context.ts';

const LIVE = new Set<string>(['queued', 'running', 'paused']);

export function organiseCalls({ store, control }: ApiContext): Bodies<keyof typeof described> {
  const found = (runIds: readonly string[]) =>
    [...new Set(runIds)].map((runId) => control.present(store.runs.get(runId)));
  return {
    runValues: ({ runIds, metrics }) => store.steps.values(runIds, metrics),
    runOptions: () => optionsOf(store.runs.all()),
    renameRun: ({ runId, name }) => {
      store.runs.rename(store.runs.get(runId).id, name);
      control.changed([runId]);
      return {};
    },
    tagRuns: ({ runIds, add, remove }) => {
      const changed = store.transaction(() =>
        found(runIds).filter(({ id, tags }) => {
          const kept = tags.filter((tag) => !remove.includes(tag));
          const next = [...kept, ...new Set(add.filter((tag) => !kept.includes(tag)))];
          if (next.join('"') === tags.join('"')) return false;
          store.runs.setTags(id, next);
          return true;
        }),
      );
      control.changed(changed.map(({ id }) => id));
      return {};
    },
    deleteRuns: ({ runIds }) => {
      const runs = found(runIds);
      const live = runs.find(({ status }) => LIVE.has(status));
      if (live !== undefined)
        throw new AssayError('conflict', `Run #${live.number} is ${live.status}: stop it before you delete it`);
      const ids = runs.filter(({ deletedAt }) => deletedAt === null).map(({ id }) => id);
      store.runs.setDeleted(ids, Date.now());
      control.deleted(ids);
      return {};
    },
    restoreRuns: ({ runIds }) => {
      const ids = found(runIds).map(({ id }) => id);
      store.runs.setDeleted(ids, null);
      control.changed(ids);
      return {};
    },
    bin: () => binnedRuns(store),
    emptyBin: () => control.emptyBin(),
    queue: () => [...control.queue()],
    moveInQueue: ({ runId, place }) => {
      control.moveInQueue(runId, place);
      return {};
    },
  };
}

function optionsOf(runs: readonly StoredRun[]): RunOptions {
  const columns = new Map<string, { indices: Map<OptionValue, number>; of: number[] }>();
  for (const [row, run] of runs.entries())
    for (const [path, value] of Object.entries(flattenConfig(run.config))) {
      const column = columns.get(path) ?? { indices: new Map(), of: Array<number>(runs.length).fill(-1) };
      columns.set(path, column);
      const index = column.indices.get(value) ?? column.indices.size;
      column.indices.set(value, index);
      column.of[row] = index;
    }
  return {
    runIds: runs.map(({ id }) => id),
    options: Array.from(columns, ([path, { indices, of }]) => ({
      path,
      values: [...indices.keys()],
      of: of.every((index) => index === 0) ? null : of,
    })),
  };
}
