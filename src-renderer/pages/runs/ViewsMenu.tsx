/** Views of the table that were kept under a name: opened, kept anew, forgotten, linked to. */
import { Button, Menu, Modal, TextInput } from '@mantine/core';
import { IconBookmark, IconCheck, IconDeviceFloppy, IconLink, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys, useViews } from '../../data/queries.ts';
import { isSameView, type RunsView, viewSchema } from '../../lib/runs/view.ts';

const KIND = 'runs';

interface ViewsMenuProps {
  readonly view: RunsView;
  readonly onOpen: (view: RunsView) => void;
}

export function ViewsMenu({ view, onOpen }: ViewsMenuProps) {
  const api = useApi();
  const queries = useQueryClient();
  const [naming, setNaming] = useState<string | null>(null);
  // One that another version kept and that cannot be read is not offered.
  const saved = (useViews(KIND).data ?? []).flatMap(({ id, name, state }) => {
    const parsed = viewSchema.safeParse(state);
    return parsed.success ? [{ id, name, state: parsed.data }] : [];
  });
  const current = saved.find(({ state }) => isSameView(state, view));

  const attempt = (action: string, done: string, body: () => Promise<unknown>) => {
    body()
      .then(() => {
        notifyDone(done);
        return queries.invalidateQueries({ queryKey: keys.views(KIND) });
      })
      .catch((error: unknown) => notifyFailure(action, error));
  };
  const save = (name: string) => {
    const before = saved.find((other) => other.name === name);
    attempt('Saving the view', `Saved as ${name}`, () =>
      api.saveView({ ...(before && { id: before.id }), kind: KIND, name, state: view }),
    );
    setNaming(null);
  };
  const name = naming?.trim() ?? '';
  return (
    <>
      <Menu>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={14} />}>
            {current?.name ?? 'Views'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {saved.length === 0 ? (
            <Menu.Label>Keep a filter, an order and its columns under a name.</Menu.Label>
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
          <Menu.Item leftSection={<IconDeviceFloppy size={14} />} onClick={() => setNaming(current?.name ?? '')}>
            Save this view
          </Menu.Item>
          <Menu.Item
            leftSection={<IconLink size={14} />}
            onClick={() =>
              void navigator.clipboard.writeText(window.location.href).then(
                () => notifyDone('Copied'),
                (error: unknown) => notifyFailure('Copy', error),
              )
            }
          >
            Copy its link
          </Menu.Item>
          {current === undefined ? null : (
            <Menu.Item
              leftSection={<IconTrash size={14} />}
              onClick={() =>
                attempt('Forgetting the view', `Forgot ${current.name}`, () => api.deleteView({ id: current.id }))
              }
            >
              Forget {current.name}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={naming !== null} onClose={() => setNaming(null)} title="Save this view" size="sm">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (name !== '') save(name);
          }}
          style={{ display: 'flex', flexDirection: 'column', gap: 12 }}
        >
          <TextInput
            label="Name"
            description={
              saved.some((other) => other.name === name) ? 'Takes the place of the one with this name.' : ' '
            }
            inputWrapperOrder={['label', 'input', 'description']}
            maxLength={120}
            value={naming ?? ''}
            onChange={(event) => setNaming(event.currentTarget.value)}
            data-autofocus
          />
          <Button type="submit" disabled={name === ''} style={{ alignSelf: 'end' }}>
            Save
          </Button>
        </form>
      </Modal>
    </>
  );
}
