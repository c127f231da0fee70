/** A person's own presets: the form kept under a name, renamed, kept anew, deleted. */
import { Button, Modal, Textarea, TextInput } from '@mantine/core';
import { IconBookmarkPlus, IconPencil, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { useUndo } from '../../components/use-undo.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys } from '../../data/queries.ts';
import type { OwnPreset, OwnPresetState } from '../../lib/new-run/own-presets.ts';
import css from './Presets.module.css';

const KIND = 'preset';

/** Keeping and forgetting, as one does with views. */
function useOwnPresetCalls() {
  const api = useApi();
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: keys.views(KIND) });
  return {
    save: async (name: string, state: OwnPresetState, id?: string) => {
      const saved = await api.saveView({ ...(id === undefined ? {} : { id }), kind: KIND, name, state });
      await refresh();
      return saved;
    },
    remove: async (id: string) => {
      await api.deleteView({ id });
      await refresh();
    },
  };
}

interface SavePresetProps {
  readonly own: readonly OwnPreset[];
  /** The form as it would be kept. */
  readonly present: (note: string) => OwnPresetState;
  /** Nothing is kept that could not be launched. */
  readonly disabled: boolean;
  readonly onSaved: (viewId: string) => void;
}

export function SavePreset({ own, present, disabled, onSaved }: SavePresetProps) {
  const calls = useOwnPresetCalls();
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button
        variant="default"
        fullWidth
        disabled={disabled}
        leftSection={<IconBookmarkPlus size={14} />}
        onClick={() => setOpened(true)}
      >
        Save as preset
      </Button>
      <PresetDialog
        title="Save the form as a preset"
        opened={opened}
        name=""
        note=""
        taken={own.map((preset) => preset.name)}
        onClose={() => setOpened(false)}
        onSave={(name, note) => {
          setOpened(false);
          const before = own.find((preset) => preset.name === name);
          calls.save(name, present(note), before?.viewId).then(
            ({ id }) => {
              notifyDone(`Saved as ${name}`);
              onSaved(id);
            },
            (error: unknown) => notifyFailure('Saving the preset', error),
          );
        }}
      />
    </>
  );
}

/** What can be done with the one that is chosen. */
export function OwnPresetActions({ preset, onDeleted }: { preset: OwnPreset; onDeleted: () => void }) {
  const calls = useOwnPresetCalls();
  const offerUndo = useUndo();
  const [opened, setOpened] = useState(false);
  const { viewId, name, note, values } = preset;
  const state = { preset: preset.preset, values, note };
  const attempt = (action: string, work: Promise<unknown>) =>
    void work.catch((error: unknown) => notifyFailure(action, error));
  return (
    <div className={css.own}>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<IconPencil size={12} />}
        onClick={() => setOpened(true)}
      >
        Rename
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<IconTrash size={12} />}
        onClick={() => {
          onDeleted();
          attempt(
            'Deleting the preset',
            calls.remove(viewId).then(() => offerUndo(`Deleted ${name}`, () => calls.save(name, state, viewId))),
          );
        }}
      >
        Delete
      </Button>
      <PresetDialog
        title="Rename the preset"
        opened={opened}
        name={name}
        note={note}
        taken={[]}
        onClose={() => setOpened(false)}
        onSave={(changed, changedNote) => {
          setOpened(false);
          attempt('Renaming the preset', calls.save(changed, { ...state, note: changedNote }, viewId));
        }}
      />
    </div>
  );
}

interface PresetDialogProps {
  readonly title: string;
  readonly opened: boolean;
  readonly name: string;
  readonly note: string;
  /** Names that would be replaced. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
  readonly onSave: (name: string, note: string) => void;
}

function PresetDialog({ opened, title, onClose, ...rest }: PresetDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size="sm">
      {opened ? <PresetForm {...rest} /> : null}
    </Modal>
  );
}

function PresetForm(props: Omit<PresetDialogProps, 'opened' | 'title' | 'onClose'>) {
  const [name, setName] = useState(props.name);
  const [note, setNote] = useState(props.note);
  const trimmed = name.trim();
  return (
    <form
      onSubmit={(event) => {
        // It is drawn elsewhere, but events still pass to the form of the run.
        event.stopPropagation();
        event.preventDefault();
        if (trimmed !== '') props.onSave(trimmed, note.trim());
      }}
      style={{ display: 'flex', flexDirection: 'column', gap: 12 }}
    >
      <TextInput
        label="Preset name"
        description={props.taken.includes(trimmed) ? 'Takes the place of the one with this name.' : ' '}
        inputWrapperOrder={['label', 'input', 'description']}
        maxLength={120}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Textarea
        label="When to use it"
        maxLength={500}
        autosize
        minRows={2}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Button type="submit" disabled={trimmed === ''} style={{ alignSelf: 'end' }}>
        Save
      </Button>
    </form>
  );
}
