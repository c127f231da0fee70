/** What can be done with a chart: take it away as a picture or as numbers, change its axis and its size, make it large. */
import { ActionIcon, Menu } from '@mantine/core';
import {
  IconDots,
  IconFileTypeCsv,
  IconFileTypeSvg,
  IconMaximize,
  IconPhoto,
  IconPin,
  IconPinnedOff,
} from '@tabler/icons-react';
import { notifyDone, notifyFailure } from '../components/ErrorView.tsx';
import { CHART_SIZES, type ChartSize } from './chart-layout.ts';

/** What the page that a chart stands on lets people do with it. */
export interface ChartPlace {
  readonly size: ChartSize;
  readonly onSize: (size: ChartSize) => void;
  readonly pinned: boolean;
  readonly onPin: (pinned: boolean) => void;
}

interface ChartMenuProps {
  readonly title: string;
  /** Null where a logarithmic axis makes no sense. */
  readonly log: boolean | null;
  readonly onLog: (log: boolean) => void;
  readonly onExpand?: (() => void) | undefined;
  readonly place?: ChartPlace | undefined;
  readonly png: () => Promise<Blob> | undefined;
  readonly svg: () => Promise<string>;
  readonly csv: () => Promise<string>;
}

const SIZE_TITLES: Readonly<Record<ChartSize, string>> = { s: 'Small', m: 'Medium', l: 'Large' };

export function ChartMenu({ title, log, onLog, onExpand, place, png, svg, csv }: ChartMenuProps) {
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
  const copyText = (what: string, text: Promise<string>) =>
    void copy(
      what,
      text.then((value) => navigator.clipboard.writeText(value)),
    );
  return (
    <Menu width={192}>
      <Menu.Target>
        <ActionIcon size={24} aria-label={`${title}: menu`}>
          <IconDots size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPhoto size={14} />} onClick={copyPng}>
          Copy as PNG
        </Menu.Item>
        <Menu.Item leftSection={<IconFileTypeSvg size={14} />} onClick={() => copyText('SVG', svg())}>
          Copy as SVG
        </Menu.Item>
        <Menu.Item leftSection={<IconFileTypeCsv size={14} />} onClick={() => copyText('CSV', csv())}>
          Copy as CSV
        </Menu.Item>
        {log === null ? null : (
          <Menu.CheckboxItem checked={log} onChange={onLog} closeMenuOnClick>
            Log y axis
          </Menu.CheckboxItem>
        )}
        {onExpand === undefined ? null : (
          <Menu.Item leftSection={<IconMaximize size={14} />} onClick={onExpand}>
            Full screen
          </Menu.Item>
        )}
        {place === undefined ? null : (
          <>
            <Menu.Divider />
            <Menu.RadioGroup
              value={place.size}
              onChange={(value) => {
                const size = CHART_SIZES.find((known) => known === value);
                if (size !== undefined) place.onSize(size);
              }}
            >
              {CHART_SIZES.map((size) => (
                <Menu.RadioItem key={size} value={size} closeMenuOnClick>
                  {SIZE_TITLES[size]}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <Menu.Divider />
            <Menu.Item
              leftSection={place.pinned ? <IconPinnedOff size={14} /> : <IconPin size={14} />}
              onClick={() => place.onPin(!place.pinned)}
            >
              {place.pinned ? 'Take off the top' : 'Keep at the top'}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
