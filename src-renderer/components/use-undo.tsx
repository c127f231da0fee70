/** Undo of what was just done: a button in the notification, and Ctrl+Z or Cmd+Z, the last first. */
import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useCallback, useRef } from 'react';
import { notifyDone, notifyFailure } from './ErrorView.tsx';

const OFFERED_MS = 10_000;
const MOST = 50;

interface Done {
  readonly id: string;
  readonly message: string;
  readonly undo: () => Promise<unknown>;
}

/** @returns Says what was done and how it is undone. */
export function useUndo(): (message: string, undo: () => Promise<unknown>) => void {
  const stack = useRef<Done[]>([]);

  const undo = useCallback((done: Done | undefined) => {
    if (done === undefined) return;
    stack.current = stack.current.filter((other) => other !== done);
    notifications.hide(done.id);
    done.undo().then(
      () => notifyDone(`Undone: ${done.message}`),
      (error: unknown) => notifyFailure('Undo', error),
    );
  }, []);
  useHotkeys([['mod+Z', () => undo(stack.current.at(-1))]]);

  return useCallback(
    (message, body) => {
      const done: Done = { id: crypto.randomUUID(), message, undo: body };
      stack.current = [...stack.current, done].slice(-MOST);
      notifications.show({
        id: done.id,
        autoClose: OFFERED_MS,
        message: (
          <span style={{ display: 'flex', alignItems: 'center', justifyContent: 'space-between', gap: 12 }}>
            {message}
            <Button size="compact-xs" variant="default" onClick={() => undo(done)}>
              Undo
            </Button>
          </span>
        ),
      });
    },
    [undo],
  );
}
