/** Comparisons that were kept under a name: opened, kept anew, renamed, deleted, linked to. */
import { Button, Menu, Modal, TextInput } from '@mantine/core';
import { IconBookmark, IconCheck, IconDeviceFloppy, IconLink, IconPencil, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { useUndo } from '../../components/use-undo.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys, useViews } from '../../data/queries.ts';
import { type CompareView, compareViewSchema, isSameView } from '../../lib/comparison/view.ts';

const KIND = 'comparison';

interface SavedComparison {
  readonly id: string;
  readonly name: string;
  readonly state: CompareView;
}

/** One that another version kept and that cannot be read is not offered. */
export function useSavedComparisons(): readonly SavedComparison[] {
  return (useViews(KIND).data ?? []).flatMap(({ id, name, state }) => {
    const parsed = compareViewSchema.safeParse(state);
    return parsed.success ? [{ id, name, state: parsed.data }] : [];
  });
}

interface SavedComparisonsProps {
  readonly view: CompareView;
  readonly onOpen: (view: CompareView) => void;
}

type Asked = { readonly what: 'save' | 'rename'; readonly name: string };

export function SavedComparisons({ view, onOpen }: SavedComparisonsProps) {
  const api = useApi();
  const queries = useQueryClient();
  const offerUndo = useUndo();
  const [asked, setAsked] = useState<Asked | null>(null);
  const saved = useSavedComparisons();
  const current = saved.find(({ state }) => isSameView(state, view));
  const refresh = () => queries.invalidateQueries({ queryKey: keys.views(KIND) });

  const keep = async ({ what, name }: Asked) => {
    const before = what === 'rename' ? current : saved.find((other) => other.name === name);
    await api.saveView({ ...(before && { id: before.id }), kind: KIND, name, state: view });
    await refresh();
    notifyDone(what === 'rename' ? `Renamed to ${name}` : `Saved as ${name}`);
  };
  const forget = async ({ id, name, state }: SavedComparison) => {
    await api.deleteView({ id });
    await refresh();
    offerUndo(`Deleted ${name}`, async () => {
      await api.saveView({ kind: KIND, name, state });
      await refresh();
    });
  };
  const attempt = (action: string, work: Promise<unknown>) =>
    work.catch((error: unknown) => notifyFailure(action, error));
  const name = asked?.name.trim() ?? '';
  return (
    <>
      <Menu>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={14} />}>
            {current?.name ?? 'Saved'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflow: 'auto' }}>
          {saved.length === 0 ? (
            <Menu.Label>Keep runs, reference, groups and metrics under a name.</Menu.Label>
          ) : (
            saved.map((other) => (
              <Menu.Item
                key={other.id}
                leftSection={other === current ? <IconCheck size={14} /> : <span style={{ width: 14 }} />}
                onClick={() => onOpen(other.state)}
              >
                {other.name}
              </Menu.Item>
            ))
          )}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconDeviceFloppy size={14} />}
            onClick={() => setAsked({ what: 'save', name: current?.name ?? '' })}
          >
            Save this comparison
          </Menu.Item>
          <Menu.Item
            leftSection={<IconLink size={14} />}
            onClick={() =>
              void attempt(
                'Copy',
                navigator.clipboard.writeText(window.location.href).then(() => notifyDone('Copied')),
              )
            }
          >
            Copy its link
          </Menu.Item>
          {current === undefined ? null : (
            <>
              <Menu.Item
                leftSection={<IconPencil size={14} />}
                onClick={() => setAsked({ what: 'rename', name: current.name })}
              >
                Rename {current.name}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconTrash size={14} />}
                onClick={() => void attempt('Deleting the comparison', forget(current))}
              >
                Delete {current.name}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={asked?.what === 'rename' ? `Rename ${current?.name ?? ''}` : 'Save this comparison'}
        size="sm"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (asked === null || name === '') return;
            void attempt('Saving the comparison', keep({ ...asked, name }));
            setAsked(null);
          }}
          style={{ display: 'flex', flexDirection: 'column', gap: 12 }}
        >
          <TextInput
            label="Name"
            description={
              asked?.what === 'save' && saved.some((other) => other.name === name)
                ? 'Takes the place of the one with this name.'
                : ' '
            }
            inputWrapperOrder={['label', 'input', 'description']}
            maxLength={120}
            value={asked?.name ?? ''}
            onChange={(event) => asked !== null && setAsked({ ...asked, name: event.currentTarget.value })}
            data-autofocus
          />
          <Button type="submit" disabled={name === ''} style={{ alignSelf: 'end' }}>
            {asked?.what === 'rename' ? 'Rename' : 'Save'}
          </Button>
        </form>
      </Modal>
    </>
  );
}
