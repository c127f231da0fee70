/** What can be done with a chart: take it away as a picture or as numbers, change its axis, make it large. */
import { ActionIcon, Menu } from '@mantine/core';
import { IconCheck, IconDots, IconFileTypeCsv, IconMaximize, IconPhoto } from '@tabler/icons-react';
import { notifyDone, notifyFailure } from '../components/ErrorView.tsx';

interface ChartMenuProps {
  readonly title: string;
  /** Null where a logarithmic axis makes no sense. */
  readonly log: boolean | null;
  readonly onLog: (log: boolean) => void;
  readonly onExpand?: (() => void) | undefined;
  readonly png: () => Promise<Blob> | undefined;
  readonly csv: () => string;
}

export function ChartMenu({ title, log, onLog, onExpand, png, csv }: ChartMenuProps) {
  const copy = (what: string, work: Promise<void>) =>
    work.then(
      () => notifyDone(`${title} copied as ${what}`),
      (error: unknown) => notifyFailure('Copy', error),
    );
  const copyPng = () => {
    const picture = png();
    if (picture !== undefined)
      void copy('PNG', navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]));
  };
  return (
    <Menu width={176}>
      <Menu.Target>
        <ActionIcon size={24} aria-label={`${title}: menu`}>
          <IconDots size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPhoto size={14} />} onClick={copyPng}>
          Copy as PNG
        </Menu.Item>
        <Menu.Item
          leftSection={<IconFileTypeCsv size={14} />}
          onClick={() => void copy('CSV', navigator.clipboard.writeText(csv()))}
        >
          Copy as CSV
        </Menu.Item>
        {log === null ? null : (
          <Menu.Item
            leftSection={<IconCheck size={14} opacity={log ? 1 : 0} />}
            onClick={() => onLog(!log)}
            role="menuitemcheckbox"
            aria-checked={log}
          >
            Log axis
          </Menu.Item>
        )}
        {onExpand === undefined ? null : (
          <Menu.Item leftSection={<IconMaximize size={14} />} onClick={onExpand}>
            Full screen
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
