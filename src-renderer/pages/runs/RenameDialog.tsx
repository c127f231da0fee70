/** A new name for a run. */
import { Button, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';

interface RenameDialogProps {
  /** Null: closed. */
  readonly run: RunSummary | null;
  readonly onClose: () => void;
  readonly onRename: (run: RunSummary, name: string) => void;
}

export function RenameDialog({ run, onClose, onRename }: RenameDialogProps) {
  return (
    <Modal opened={run !== null} onClose={onClose} title={run === null ? '' : `Rename run #${run.number}`} size="sm">
      {run === null ? null : (
        <NameForm
          key={run.id}
          name={run.name}
          onSubmit={(name) => {
            onRename(run, name);
            onClose();
          }}
        />
      )}
    </Modal>
  );
}

function NameForm({ name, onSubmit }: { name: string; onSubmit: (name: string) => void }) {
  const [text, setText] = useState(name);
  const typed = text.trim();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed !== '') onSubmit(typed);
      }}
      style={{ display: 'flex', flexDirection: 'column', gap: 12 }}
    >
      <TextInput
        label="Name"
        value={text}
        maxLength={120}
        onChange={(event) => setText(event.currentTarget.value)}
        onFocus={(event) => event.currentTarget.select()}
        data-autofocus
      />
      <Button type="submit" disabled={typed === ''} style={{ alignSelf: 'end' }}>
        Rename
      </Button>
    </form>
  );
}
