/** The blocks of a report in their order: added, opened to be filled in, moved by drag or by key, removed with undo. */
import { DragDropProvider } from '@dnd-kit/react';
import { isSortable, useSortable } from '@dnd-kit/react/sortable';
import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconGripVertical, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Block, BlockKind } from '../../../src-shared/report.ts';
import { useUndo } from '../../components/use-undo.tsx';
import {
  BLOCK_KINDS,
  changeItem,
  type Draft,
  detailOf,
  type Item,
  insertItem,
  moveItem,
  newBlock,
  removeItem,
} from '../../lib/reports/draft.ts';
import { BlockForm } from './BlockForm.tsx';
import css from './BlockList.module.css';

const KINDS = Object.keys(BLOCK_KINDS) as BlockKind[];

interface BlockListProps {
  readonly draft: Draft;
  readonly metrics: readonly string[];
  readonly onChange: (change: (draft: Draft) => Draft) => void;
}

export function BlockList({ draft: { report, items }, metrics, onChange }: BlockListProps) {
  const [opened, setOpened] = useState<string | null>(null);
  const offerUndo = useUndo();
  const changeItems = (body: (items: readonly Item[]) => Item[]) =>
    onChange((draft) => ({ ...draft, items: body(draft.items) }));
  const move = (key: string, place: number) => changeItems((all) => moveItem(all, key, place));
  const add = (kind: BlockKind) => {
    const item = { key: crypto.randomUUID(), block: newBlock(kind, metrics[0] ?? 'eval/avg@k') };
    const at = items.findIndex(({ key }) => key === opened);
    changeItems((all) => insertItem(all, item, at === -1 ? all.length : at + 1));
    setOpened(item.key);
  };
  const remove = (item: Item, place: number) => {
    changeItems((all) => removeItem(all, item.key));
    offerUndo(`Removed ${BLOCK_KINDS[item.block.kind].title.toLowerCase()}`, async () =>
      changeItems((all) => insertItem(all, item, place)),
    );
  };
  return (
    <section aria-label="Blocks" className={css.section}>
      <div className={css.head}>
        <h2 className="section-title">Blocks</h2>
        <Menu width={220}>
          <Menu.Target>
            <Button size="compact-xs" variant="default" leftSection={<IconPlus size={12} />}>
              Add block
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {KINDS.map((kind) => (
              <Menu.Item
                key={kind}
                disabled={kind === 'verdicts' && report.study === null}
                title={BLOCK_KINDS[kind].help}
                onClick={() => add(kind)}
              >
                {BLOCK_KINDS[kind].title}
                {kind === 'verdicts' && report.study === null ? ', of a study only' : ''}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </div>
      {items.length === 0 ? <p className="faint">No block yet: the report is its title and its runs.</p> : null}
      <DragDropProvider
        onDragEnd={({ operation, canceled }) => {
          const { source } = operation;
          if (canceled || !isSortable(source) || source.index === source.initialIndex) return;
          move(String(source.id), source.index);
        }}
      >
        <ol className={css.list} aria-label="Blocks of the report">
          {items.map((item, index) => (
            <BlockItem
              key={item.key}
              item={item}
              index={index}
              count={items.length}
              isOpen={item.key === opened}
              runIds={report.conditions.flatMap(({ runs }) => runs)}
              metrics={metrics}
              onToggle={() => setOpened(item.key === opened ? null : item.key)}
              onChange={(block) => changeItems((all) => changeItem(all, item.key, block))}
              onMove={(place) => move(item.key, place)}
              onRemove={() => remove(item, index)}
            />
          ))}
        </ol>
      </DragDropProvider>
    </section>
  );
}

/** The form of a block that was opened: in sight, and ready to be typed into. */
function bringForward(form: HTMLElement | null): void {
  form?.scrollIntoView({ block: 'nearest' });
  form?.querySelector<HTMLElement>('[data-typed]')?.focus();
}

interface BlockItemProps {
  readonly item: Item;
  readonly index: number;
  readonly count: number;
  readonly isOpen: boolean;
  readonly runIds: readonly string[];
  readonly metrics: readonly string[];
  readonly onToggle: () => void;
  readonly onChange: (block: Block) => void;
  readonly onMove: (place: number) => void;
  readonly onRemove: () => void;
}

function BlockItem({ item, index, count, isOpen, onToggle, onMove, onRemove, ...form }: BlockItemProps) {
  const { ref, handleRef, isDragging } = useSortable({ id: item.key, index });
  const { title, help } = BLOCK_KINDS[item.block.kind];
  const detail = detailOf(item.block);
  const name = detail === '' ? title : `${title}: ${detail}`;
  return (
    <li ref={ref} className={css.item} data-dragging={isDragging} data-open={isOpen}>
      <div className={css.line}>
        <button type="button" ref={handleRef} className={css.grip} aria-label={`Move ${name}`}>
          <IconGripVertical size={14} aria-hidden />
        </button>
        <button type="button" className={css.name} aria-expanded={isOpen} onClick={onToggle} title={name}>
          <span className={css.kind}>{title}</span>
          <span className="ellipsis">{detail}</span>
        </button>
        <ActionIcon size={22} aria-label={`${name} up`} disabled={index === 0} onClick={() => onMove(index - 1)}>
          <IconChevronUp size={14} />
        </ActionIcon>
        <ActionIcon
          size={22}
          aria-label={`${name} down`}
          disabled={index === count - 1}
          onClick={() => onMove(index + 1)}
        >
          <IconChevronDown size={14} />
        </ActionIcon>
        <ActionIcon size={22} aria-label={`Remove ${name}`} onClick={onRemove}>
          <IconTrash size={14} />
        </ActionIcon>
      </div>
      {isOpen ? (
        <div ref={bringForward} className={css.form}>
          <p className={css.help}>{help}</p>
          <BlockForm block={item.block} {...form} />
        </div>
      ) : null}
    </li>
  );
}
