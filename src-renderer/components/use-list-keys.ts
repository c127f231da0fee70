/** j and k (or the arrows) move through a list, Enter opens. The same habit in every list of the window. */
import { useHotkeys } from '@mantine/hooks';

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
  const move = (by: number) => () => {
    if (count > 0 && !keysAreTaken()) onMove(Math.min(count - 1, Math.max(0, active + by)));
  };
  const open = (event: KeyboardEvent) => {
    if (keysAreTaken()) return;
    // A focused link or button has an Enter of its own.
    if (event.target instanceof HTMLElement && event.target.closest('a, button, [role="tab"]') !== null) return;
    if (active >= 0 && active < count) onOpen?.(active);
  };
  useHotkeys([
    ['j', move(1)],
    ['ArrowDown', move(1)],
    ['k', move(-1)],
    ['ArrowUp', move(-1)],
    ['Enter', open, { preventDefault: false }],
  ]);
}
