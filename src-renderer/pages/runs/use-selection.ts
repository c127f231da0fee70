/** The chosen runs of the list; those that are gone are chosen no more. */
import { useCallback, useMemo, useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { extend, NOTHING, toggle, toggleAll } from '../../lib/runs/selection.ts';

export interface ChosenRuns {
  readonly ids: ReadonlySet<string>;
  /** In the order of the list that was given. */
  readonly runs: readonly RunSummary[];
  choose(runId: string, how: 'toggle' | 'extend', shown: readonly string[]): void;
  chooseAll(shown: readonly string[]): void;
  clear(): void;
}

export function useSelection(all: readonly RunSummary[]): ChosenRuns {
  const [selection, setSelection] = useState(NOTHING);
  const runs = useMemo(() => all.filter(({ id }) => selection.ids.has(id)), [all, selection.ids]);
  const choose = useCallback(
    (runId: string, how: 'toggle' | 'extend', shown: readonly string[]) =>
      setSelection((before) => (how === 'toggle' ? toggle(before, runId) : extend(before, runId, shown))),
    [],
  );
  const chooseAll = useCallback((shown: readonly string[]) => setSelection((before) => toggleAll(before, shown)), []);
  const clear = useCallback(() => setSelection(NOTHING), []);
  return { ids: selection.ids, runs, choose, chooseAll, clear };
}
