/** The list of runs by keys: j and k, Enter opens, Space peeks, x chooses, Shift+x up to here, F2 renames, Delete deletes,
 * Alt+up and Alt+down move a waiting run in the queue. */
import { useHotkeys } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { keysAreTaken, useListKeys } from '../../components/use-list-keys.ts';
import type { TableRow } from '../../lib/runs/groups.ts';
import { isLive, type RunActions } from './use-run-actions.ts';
import type { ChosenRuns } from './use-selection.ts';

interface RunKeys {
  readonly rows: readonly TableRow[];
  readonly selection: ChosenRuns;
  readonly actions: RunActions;
  /** The next one first. */
  readonly queue: readonly string[];
  readonly onOpen: (runId: string) => void;
  readonly onToggleGroup: (groupId: string) => void;
  readonly onRename: (run: RunSummary) => void;
  /** Opens or closes the look at a run beside the list. */
  readonly onPeek: () => void;
}

/** @returns Place of the row that the keys are on; -1: none yet. */
export function useRunKeys({
  rows,
  selection,
  actions,
  queue,
  onOpen,
  onToggleGroup,
  onRename,
  onPeek,
}: RunKeys): number {
  const [active, setActive] = useState(-1);
  useEffect(() => setActive((before) => Math.min(before, rows.length - 1)), [rows.length]);
  const row = rows[active];
  const run = row?.kind === 'run' ? row.run : undefined;
  const group = row?.kind === 'group' ? row : undefined;
  const shown = () => rows.flatMap((each) => (each.kind === 'run' ? [each.run.id] : []));

  useListKeys({
    count: rows.length,
    active,
    onMove: setActive,
    onOpen: () => {
      if (run !== undefined) onOpen(run.id);
      else if (group !== undefined) onToggleGroup(group.group.id);
    },
  });

  const choose = (how: 'toggle' | 'extend') => () => {
    if (run !== undefined) selection.choose(run.id, how, shown());
  };
  const peek = (event: KeyboardEvent) => {
    if (keysAreTaken()) return;
    // A focused button or link has a Space of its own.
    if (event.target instanceof HTMLElement && event.target.closest('a, button, [role="tab"]') !== null) return;
    event.preventDefault();
    if (group !== undefined) onToggleGroup(group.group.id);
    else onPeek();
  };
  const move = (by: number) => () => {
    const place = run === undefined ? -1 : queue.indexOf(run.id);
    if (run !== undefined && place >= 0) actions.move(run.id, Math.max(0, place + by));
  };
  const unlessTaken = (body: () => void) => () => {
    if (!keysAreTaken()) body();
  };
  useHotkeys([
    ['space', peek, { preventDefault: false }],
    ['x', unlessTaken(choose('toggle'))],
    ['shift+x', unlessTaken(choose('extend'))],
    ['mod+A', unlessTaken(() => selection.chooseAll(shown()))],
    ['Escape', unlessTaken(selection.clear), { preventDefault: false }],
    ['F2', unlessTaken(() => run !== undefined && onRename(run))],
    [
      'Delete',
      unlessTaken(() => {
        if (selection.runs.length > 0 && !selection.runs.some(isLive)) actions.remove(selection.runs);
      }),
    ],
    ['ArrowLeft', unlessTaken(() => group !== undefined && !group.collapsed && onToggleGroup(group.group.id))],
    ['ArrowRight', unlessTaken(() => group?.collapsed === true && onToggleGroup(group.group.id))],
    ['alt+ArrowUp', unlessTaken(move(-1))],
    ['alt+ArrowDown', unlessTaken(move(1))],
  ]);
  return active;
}
