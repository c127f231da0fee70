/** What can be done with a checkpoint: evaluate it, go on from it, take it away, delete it. */
import { ActionIcon, Button, Checkbox, Menu, Modal, NumberInput, Select, TextInput } from '@mantine/core';
import { IconDots, IconFileExport, IconGitBranch, IconSettings, IconTargetArrow, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { Checkpoint } from '../../../src-shared/api.ts';
import { formatBytes, formatCount } from '../../../src-shared/format.ts';
import { notifyDone, notifyFailure } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import { keys, useCatalogue } from '../../data/queries.ts';
import css from './CheckpointsTab.module.css';

type Asked = 'bootstrap' | 'export' | 'delete';

interface CheckpointActionsProps {
  readonly checkpoint: Checkpoint;
  /** Why it cannot be deleted; null where it can. */
  readonly kept: string | null;
}

export function CheckpointActions({ checkpoint, kept }: CheckpointActionsProps) {
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  const from = { checkpoint: checkpoint.id, from: checkpoint.runId };
  const name = `step ${formatCount(checkpoint.step)}`;
  return (
    <>
      <Button
        variant="subtle"
        size="compact-xs"
        leftSection={<IconGitBranch size={14} />}
        onClick={() => setAsked('bootstrap')}
      >
        Bootstrap from here
      </Button>
      <Menu width={216} position="bottom-end">
        <Menu.Target>
          <ActionIcon size={24} aria-label={`Checkpoint of ${name}: menu`}>
            <IconDots size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconTargetArrow size={14} />}
            onClick={() => void navigate({ to: '/new-run', search: { ...from, steps: 0 } })}
          >
            Evaluate
          </Menu.Item>
          <Menu.Item
            leftSection={<IconSettings size={14} />}
            onClick={() => void navigate({ to: '/new-run', search: from })}
          >
            New run from here
          </Menu.Item>
          <Menu.Item leftSection={<IconFileExport size={14} />} onClick={() => setAsked('export')}>
            Export the policy
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconTrash size={14} />}
            disabled={kept !== null}
            title={kept ?? undefined}
            onClick={() => setAsked('delete')}
          >
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asked === 'bootstrap'} onClose={close} title={`Bootstrap from ${name}`}>
        <Bootstrap checkpoint={checkpoint} onDone={close} />
      </Modal>
      <Modal opened={asked === 'export'} onClose={close} title={`Export the policy of ${name}`}>
        <Export checkpoint={checkpoint} onDone={close} />
      </Modal>
      <Modal opened={asked === 'delete'} onClose={close} title={`Delete the checkpoint of ${name}`}>
        <Delete checkpoint={checkpoint} onDone={close} />
      </Modal>
    </>
  );
}

interface AskProps {
  readonly checkpoint: Checkpoint;
  readonly onDone: () => void;
}

function Form({
  verb,
  pending,
  disabled = false,
  onSubmit,
  children,
}: {
  verb: string;
  pending: boolean;
  disabled?: boolean;
  onSubmit: () => void;
  children: ReactNode;
}) {
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      <Button type="submit" loading={pending} disabled={disabled}>
        {verb}
      </Button>
    </form>
  );
}

const MOST_SEEDS = 20;

function Bootstrap({ checkpoint, onDone }: AskProps) {
  const api = useApi();
  const queries = useQueryClient();
  const presets = useCatalogue().data?.presets ?? [];
  const [preset, setPreset] = useState('grpo');
  const [seeds, setSeeds] = useState(1);
  const [steps, setSteps] = useState<number | null>(null);
  const [control, setControl] = useState(true);
  const launch = useMutation({
    mutationFn: () =>
      api.bootstrapRun({
        checkpointId: checkpoint.id,
        preset,
        control,
        ...(steps === null ? {} : { values: { 'limits.steps': steps } }),
        ...(seeds > 1 ? { seeds: Array.from({ length: seeds }, (_, i) => i + 1) } : {}),
      }),
    onSuccess: ({ runs }) => {
      const controls = runs.filter(({ controlId }) => controlId !== null).length;
      notifyDone(
        `${runs.length} ${runs.length === 1 ? 'run' : 'runs'} queued from step ${checkpoint.step}${controls === 0 ? '' : ', each with its control'}`,
      );
      void queries.invalidateQueries({ queryKey: keys.lineage(checkpoint.runId) });
      onDone();
    },
    onError: (error) => notifyFailure('Bootstrap', error),
  });
  return (
    <Form verb="Launch" pending={launch.isPending} onSubmit={() => launch.mutate()}>
      <Select
        label="Preset"
        data={presets.map(({ id, title }) => ({ value: id, label: title }))}
        value={preset}
        onChange={(value) => value !== null && setPreset(value)}
        allowDeselect={false}
      />
      <NumberInput
        label="Seeds"
        description={seeds > 1 ? `A run for each of the seeds 1 to ${seeds}` : 'One run, with the seed of the preset'}
        value={seeds}
        onChange={(value) =>
          typeof value === 'number' && setSeeds(Math.min(MOST_SEEDS, Math.max(1, Math.round(value))))
        }
        min={1}
        max={MOST_SEEDS}
      />
      <NumberInput
        label="Steps"
        description="Of the run, and as many of its control; empty: as the preset has it"
        value={steps ?? ''}
        onChange={(value) => setSteps(typeof value === 'number' ? Math.max(1, Math.round(value)) : null)}
        min={1}
        max={1_000_000}
      />
      <Checkbox
        label="With a matched control"
        description="The same configuration, budget and seed, from the policy that this chain began with: without it nothing can be said of the bootstrap."
        checked={control}
        onChange={(event) => setControl(event.currentTarget.checked)}
      />
    </Form>
  );
}

function Export({ checkpoint, onDone }: AskProps) {
  const api = useApi();
  const [folder, setFolder] = useState('');
  const run = useMutation({
    mutationFn: () => api.exportCheckpoint({ checkpointId: checkpoint.id, folder: folder.trim() }),
    onSuccess: ({ folder: written, bytes }) => {
      notifyDone(`${formatBytes(bytes)} written to ${written}`);
      onDone();
    },
    onError: (error) => notifyFailure('Export', error),
  });
  return (
    <Form verb="Export" pending={run.isPending} disabled={folder.trim() === ''} onSubmit={() => run.mutate()}>
      <TextInput
        label="Folder"
        description="Weights, configuration and tokenizer, as other programs open them. An absolute path on the machine that Assay runs on; an empty folder, or one that is not there yet."
        value={folder}
        onChange={(event) => setFolder(event.currentTarget.value)}
        data-autofocus
      />
    </Form>
  );
}

function Delete({ checkpoint, onDone }: AskProps) {
  const api = useApi();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.deleteCheckpoint({ checkpointId: checkpoint.id }),
    onSuccess: () => {
      notifyDone(`Checkpoint of step ${checkpoint.step} deleted`);
      void queries.invalidateQueries({ queryKey: keys.checkpoints(checkpoint.runId) });
      void queries.invalidateQueries({ queryKey: keys.lineage(checkpoint.runId) });
      onDone();
    },
    onError: (error) => notifyFailure('Delete', error),
  });
  return (
    <Form verb="Delete for good" pending={remove.isPending} onSubmit={() => remove.mutate()}>
      <p>
        {formatBytes(checkpoint.bytes)} in {checkpoint.folder} are removed from the disk. The run cannot be resumed from
        this step any more, and this cannot be undone.
      </p>
    </Form>
  );
}
