/** What can be done to several runs at once; all of it but a stop can be undone. */
import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { useUndo } from '../../components/use-undo.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys } from '../../data/queries.ts';

export const isLive = ({ status }: RunSummary): boolean =>
  status === 'queued' || status === 'running' || status === 'paused';

const named = (runs: readonly RunSummary[]): string => {
  const [first] = runs;
  return runs.length === 1 && first !== undefined ? `${first.name} #${first.number}` : `${runs.length} runs`;
};
const idsOf = (runs: readonly RunSummary[]): string[] => runs.map(({ id }) => id);

export interface RunActions {
  tag(runs: readonly RunSummary[], tag: string): void;
  untag(runs: readonly RunSummary[], tag: string): void;
  rename(run: RunSummary, name: string): void;
  stop(runs: readonly RunSummary[]): void;
  remove(runs: readonly RunSummary[]): void;
  restore(runIds: readonly string[]): void;
  move(runId: string, place: number): void;
}

export function useRunActions(): RunActions {
  const api = useApi();
  const queries = useQueryClient();
  const offerUndo = useUndo();
  return useMemo(() => {
    const attempt = (action: string, body: () => Promise<void>) => {
      body().catch((error: unknown) => notifyFailure(action, error));
    };
    const binChanged = () => queries.invalidateQueries({ queryKey: keys.bin });
    return {
      tag: (runs, tag) =>
        attempt('Tagging', async () => {
          const without = idsOf(runs.filter(({ tags }) => !tags.includes(tag)));
          if (without.length === 0) return;
          await api.tagRuns({ runIds: without, add: [tag], remove: [] });
          offerUndo(`Tagged ${named(runs)} with ${tag}`, () =>
            api.tagRuns({ runIds: without, add: [], remove: [tag] }),
          );
        }),
      untag: (runs, tag) =>
        attempt('Removing the tag', async () => {
          const those = idsOf(runs.filter(({ tags }) => tags.includes(tag)));
          if (those.length === 0) return;
          await api.tagRuns({ runIds: those, add: [], remove: [tag] });
          offerUndo(`Took ${tag} off ${named(runs)}`, () => api.tagRuns({ runIds: those, add: [tag], remove: [] }));
        }),
      rename: (run, name) =>
        attempt('Renaming', async () => {
          if (name === run.name) return;
          await api.renameRun({ runId: run.id, name });
          offerUndo(`Renamed ${run.name} to ${name}`, () => api.renameRun({ runId: run.id, name: run.name }));
        }),
      stop: (runs) =>
        attempt('Stop', async () => {
          const live = runs.filter(isLive);
          for (const { id } of live) await api.stopRun({ runId: id });
          notifyDone(`Stops ${named(live)}`);
        }),
      remove: (runs) =>
        attempt('Delete', async () => {
          const runIds = idsOf(runs);
          await api.deleteRuns({ runIds });
          await binChanged();
          offerUndo(`Deleted ${named(runs)}`, async () => {
            await api.restoreRuns({ runIds });
            await binChanged();
          });
        }),
      restore: (runIds) =>
        attempt('Restore', async () => {
          await api.restoreRuns({ runIds: [...runIds] });
          await binChanged();
        }),
      move: (runId, place) =>
        attempt('Moving in the queue', async () => void (await api.moveInQueue({ runId, place }))),
    };
  }, [api, queries, offerUndo]);
}
