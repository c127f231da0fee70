/** j and k (or the arrows) move through a list, Enter opens. The same habit in every list of the window. */
import { useHotkeys } from '@mantine/hooks';
import { useLayoutEffect, useRef } from 'react';

interface ListKeys {
  readonly count: number;
  /** -1: none yet. */
  readonly active: number;
  readonly onMove: (index: number) => void;
  readonly onOpen?: (index: number) => void;
}

/** Whether what is open above the page has the keys for now: a dialog, a popover, a menu. */
export const keysAreTaken = (): boolean => document.querySelector('[role="dialog"], [role="menu"]') !== null;

export function useListKeys({ count, active, onMove, onOpen }: ListKeys): void {
  // A key may come again before the list has been drawn with what the last one did.
  const at = useRef(active);
  useLayoutEffect(() => {
    at.current = active;
  }, [active]);
  const move = (by: number) => () => {
    if (count === 0 || keysAreTaken()) return;
    at.current = Math.min(count - 1, Math.max(0, at.current + by));
    onMove(at.current);
  };
  const open = (event: KeyboardEvent) => {
    if (keysAreTaken()) return;
    // A focused link or button has an Enter of its own.
    if (event.target instanceof HTMLElement && event.target.closest('a, button, [role="tab"]') !== null) return;
    if (at.current >= 0 && at.current < count) onOpen?.(at.current);
  };
  useHotkeys([
    ['j', move(1)],
    ['ArrowDown', move(1)],
    ['k', move(-1)],
    ['ArrowUp', move(-1)],
    ['Enter', open, { preventDefault: false }],
  ]);
}
