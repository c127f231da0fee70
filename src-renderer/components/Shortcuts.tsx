/** The list of keys, on `?`. */
import { Kbd, Modal } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useSyncExternalStore } from 'react';
import { PAGES } from '../lib/pages.ts';
import css from './Shortcuts.module.css';

const KEYS: readonly (readonly [readonly string[], string])[] = [
  [['Ctrl/Cmd', 'K'], 'Find anything'],
  ...PAGES.map(({ key, title }) => [['g', key], `Go to ${title.toLowerCase()}`] as const),
  [['j'], 'Next in a list'],
  [['k'], 'Previous in a list'],
  [['Enter'], 'Open'],
  [['['], 'Step before, in rollouts'],
  [[']'], 'Step after, in rollouts'],
  [['Space'], 'Peek, in the list of runs'],
  [['x'], 'Select; with Shift, all up to here'],
  [['←', '→'], 'Crosshair of the chart that has the focus; with Shift, pan it'],
  [['+', '-'], 'Zoom the chart; 0 shows all of it'],
  [['Esc'], 'Close, or clear the selection'],
  [['Ctrl/Cmd', 'Z'], 'Undo'],
  [['?'], 'This list'],
];

let isOpen = false;
const listeners = new Set<() => void>();
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
function setOpen(open: boolean): void {
  isOpen = open;
  for (const listener of listeners) listener();
}

export const showShortcuts = () => setOpen(true);

export function Shortcuts() {
  const opened = useSyncExternalStore(subscribe, () => isOpen);
  useHotkeys([['shift+?', showShortcuts]]);
  return (
    <Modal
      opened={opened}
      onClose={() => setOpen(false)}
      title="Keyboard shortcuts"
      size="sm"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <dl className={css.keys}>
        {KEYS.map(([keys, what]) => (
          <div key={what} className={css.row}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key} size="xs">
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
