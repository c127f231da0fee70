/** The queue: runs that wait, in their order, moved by drag or by key. */
import { DragDropProvider } from '@dnd-kit/react';
import { isSortable, useSortable } from '@dnd-kit/react/sortable';
import { ActionIcon, Button, Popover } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconGripVertical, IconListNumbers } from '@tabler/icons-react';
import type { RunSummary } from '../../../src-shared/api.ts';
import css from './QueueMenu.module.css';

interface QueueMenuProps {
  /** The next one first. */
  readonly runs: readonly RunSummary[];
  readonly onMove: (runId: string, place: number) => void;
}

export function QueueMenu({ runs, onMove }: QueueMenuProps) {
  return (
    <Popover position="bottom-end" width={360}>
      <Popover.Target>
        <Button variant="default" leftSection={<IconListNumbers size={14} />}>
          Queue {runs.length}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <p className={css.help}>One run trains at a time; these follow from the top. Drag, or use the arrows.</p>
        <DragDropProvider
          onDragEnd={({ operation, canceled }) => {
            const { source } = operation;
            if (canceled || !isSortable(source) || source.index === source.initialIndex) return;
            onMove(String(source.id), source.index);
          }}
        >
          <ol className={`${css.list} scroll`} aria-label="Queue">
            {runs.map((run, index) => (
              <Waiting key={run.id} run={run} index={index} count={runs.length} onMove={onMove} />
            ))}
          </ol>
        </DragDropProvider>
      </Popover.Dropdown>
    </Popover>
  );
}

interface WaitingProps {
  readonly run: RunSummary;
  readonly index: number;
  readonly count: number;
  readonly onMove: (runId: string, place: number) => void;
}

function Waiting({ run, index, count, onMove }: WaitingProps) {
  const { ref, handleRef, isDragging } = useSortable({ id: run.id, index });
  return (
    <li ref={ref} className={css.waiting} data-dragging={isDragging}>
      <button type="button" ref={handleRef} className={css.grip} aria-label={`Move ${run.name} #${run.number}`}>
        <IconGripVertical size={14} aria-hidden />
      </button>
      <span className={css.place}>{index + 1}</span>
      <span className="ellipsis" title={run.name}>
        {run.name}
      </span>
      <span className="faint">#{run.number}</span>
      <ActionIcon
        size={22}
        ml="auto"
        aria-label={`${run.name} #${run.number} earlier`}
        disabled={index === 0}
        onClick={() => onMove(run.id, index - 1)}
      >
        <IconChevronUp size={14} />
      </ActionIcon>
      <ActionIcon
        size={22}
        aria-label={`${run.name} #${run.number} later`}
        disabled={index === count - 1}
        onClick={() => onMove(run.id, index + 1)}
      >
        <IconChevronDown size={14} />
      </ActionIcon>
    </li>
  );
}
