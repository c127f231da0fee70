/** The call that writes runs to files. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkTarget, exportBundle } from '../bundle/export.ts';
import { exportTables } from '../bundle/tables.ts';
import { ensureFolder } from '../store/home.ts';
import type { ApiContext, Bodies } from './context.ts';

/** Where exports go that nobody names a path for. @param home Data folder. */
export const exportsFolder = (home: string): string => join(home, 'exports');

export function bundleCalls({ home, store }: ApiContext): Bodies<'exportRuns'> {
  const defaultPath = (runIds: readonly string[], format: string) => {
    const numbers = [...new Set(runIds)].map((id) => store.runs.get(id).number).sort((a, b) => a - b);
    const named =
      numbers.length > 5 ? `${numbers.slice(0, 5).join('-')}-and-${numbers.length - 5}-more` : numbers.join('-');
    const time = new Date().toISOString().slice(0, 19).replaceAll(':', '');
    return join(ensureFolder(home, exportsFolder(home)), `runs-${named}-${time}.${format}`);
  };
  return {
    exportRuns: async ({ runIds, format, path, rollouts, checkpoints }) => {
      for (const runId of runIds) store.runs.get(runId);
      const target = path === undefined ? defaultPath(runIds, format) : resolve(path);
      await checkTarget(target);
      if (format === 'assay') await exportBundle(store, { runIds, rollouts, checkpoints, path: target });
      const written = format === 'assay' ? [target] : await exportTables(store, runIds, format, target);
      return {
        files: await Promise.all(written.map(async (file) => ({ path: file, bytes: (await stat(file)).size }))),
      };
    },
  };
}
