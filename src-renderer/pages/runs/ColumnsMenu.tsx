/** Which columns the table has: added by a search, ordered by drag or by key, pinned, taken off. */
import { DragDropProvider } from '@dnd-kit/react';
import { isSortable, useSortable } from '@dnd-kit/react/sortable';
import { ActionIcon, Button, Popover, TextInput } from '@mantine/core';
import { IconColumns3, IconGripVertical, IconPin, IconPinFilled, IconPlus, IconX } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import type { RunOptions } from '../../../src-shared/organise.ts';
import { allColumns, type ColumnInfo, NAME } from '../../lib/runs/columns.ts';
import { DEFAULT_LAYOUT, type Layout } from '../../lib/runs/view.ts';
import css from './ColumnsMenu.module.css';

const MOST_FOUND = 40;

interface ColumnsMenuProps {
  readonly layout: Layout;
  /** Those of the layout, in its order. */
  readonly columns: readonly ColumnInfo[];
  readonly catalogue: Catalogue | undefined;
  readonly options: RunOptions | null;
  readonly onLayout: (layout: Partial<Layout>) => void;
}

export function ColumnsMenu({ layout, columns, catalogue, options, onLayout }: ColumnsMenuProps) {
  const [search, setSearch] = useState('');
  const found = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    return allColumns(catalogue, options).filter(({ id, title }) => {
      const text = `${title} ${id}`.toLowerCase();
      return !layout.columns.includes(id) && words.every((word) => text.includes(word));
    });
  }, [search, catalogue, options, layout.columns]);
  const place = (from: number, to: number) => {
    const next = [...layout.columns];
    next.splice(to, 0, ...next.splice(from, 1));
    onLayout({ columns: next });
  };
  const pin = (id: string) =>
    onLayout({
      pinned: layout.pinned.includes(id) ? layout.pinned.filter((other) => other !== id) : [...layout.pinned, id],
    });
  return (
    <Popover position="bottom-end" width={340} trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns3 size={14} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={css.menu}>
        <div className={css.head}>
          <span className="section-title">Shown</span>
          <Button size="compact-xs" variant="subtle" onClick={() => onLayout({ ...DEFAULT_LAYOUT })}>
            Reset
          </Button>
        </div>
        <DragDropProvider
          onDragEnd={({ operation, canceled }) => {
            const { source } = operation;
            if (!canceled && isSortable(source)) place(source.initialIndex, source.index);
          }}
        >
          <ul className={`${css.list} scroll`} aria-label="Columns shown">
            {columns.map((column, index) => (
              <ShownColumn
                key={column.id}
                column={column}
                index={index}
                isPinned={layout.pinned.includes(column.id)}
                onPin={() => pin(column.id)}
                onRemove={() => onLayout({ columns: layout.columns.filter((id) => id !== column.id) })}
              />
            ))}
          </ul>
        </DragDropProvider>
        <TextInput
          mt="sm"
          aria-label="Add a column"
          placeholder="Add a metric, an option or a fact"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-autofocus
        />
        <ul className={`${css.list} scroll`} aria-label="Columns to add">
          {found.slice(0, MOST_FOUND).map(({ id, title, section }) => (
            <li key={id}>
              <button type="button" className={css.add} onClick={() => onLayout({ columns: [...layout.columns, id] })}>
                <IconPlus size={14} aria-hidden />
                <span className="ellipsis" title={id}>
                  {section === 'Option' ? id.slice(id.indexOf(':') + 1) : title}
                </span>
                <span className={css.section}>{section}</span>
              </button>
            </li>
          ))}
        </ul>
        {found.length > MOST_FOUND ? (
          <p className={css.more}>{found.length - MOST_FOUND} more: type to find them</p>
        ) : null}
      </Popover.Dropdown>
    </Popover>
  );
}

interface ShownColumnProps {
  readonly column: ColumnInfo;
  readonly index: number;
  readonly isPinned: boolean;
  readonly onPin: () => void;
  readonly onRemove: () => void;
}

function ShownColumn({ column, index, isPinned, onPin, onRemove }: ShownColumnProps) {
  // The name leads: it is what a row is known by.
  const isFixed = column.id === NAME;
  const { ref, handleRef, isDragging } = useSortable({ id: column.id, index, disabled: isFixed });
  return (
    <li ref={ref} className={css.shown} data-dragging={isDragging}>
      <button
        type="button"
        ref={handleRef}
        className={css.grip}
        aria-label={`Move ${column.title}`}
        disabled={isFixed}
        data-hidden={isFixed}
      >
        <IconGripVertical size={14} aria-hidden />
      </button>
      <span className="ellipsis">{column.title}</span>
      <ActionIcon size={22} ml="auto" aria-label={`Pin ${column.title}`} aria-pressed={isPinned} onClick={onPin}>
        {isPinned ? <IconPinFilled size={14} /> : <IconPin size={14} />}
      </ActionIcon>
      <ActionIcon size={22} aria-label={`Take off ${column.title}`} disabled={isFixed} onClick={onRemove}>
        <IconX size={14} />
      </ActionIcon>
    </li>
  );
}
