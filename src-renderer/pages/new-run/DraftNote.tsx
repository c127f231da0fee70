/** Says that the form is as it was left, and offers to start anew. */
import { ActionIcon, Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import css from './NewRunForm.module.css';

interface DraftNoteProps {
  readonly onKeep: () => void;
  readonly onDiscard: () => void;
}

export function DraftNote({ onKeep, onDiscard }: DraftNoteProps) {
  return (
    <div className={css.draft} role="status">
      <span>Draft restored: the form is as it was left.</span>
      <Button size="compact-xs" variant="default" onClick={onDiscard}>
        Discard
      </Button>
      <ActionIcon size={22} aria-label="Keep the draft" onClick={onKeep}>
        <IconX size={14} />
      </ActionIcon>
    </div>
  );
}
