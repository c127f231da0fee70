/** What the policy starts from: the embedded one, a checkpoint found by its run, or a folder. */
import { Select, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { formatAgo, formatPercentWithError, NO_VALUE } from '../../../src-shared/format.ts';
import type { Lineage } from '../../../src-shared/lineage.ts';
import { useApi } from '../../data/api-context.tsx';
import { keys } from '../../data/queries.ts';
import css from './OptionField.module.css';

const EMBEDDED = 'embedded';
const CHECKPOINT = 'checkpoint:';

interface PolicySourceProps {
  readonly id: string;
  readonly value: string;
  readonly changed: boolean;
  readonly fault: string | null;
  /** Of what says the fault. */
  readonly faultId: string;
  readonly onChange: (value: string) => void;
}

export function PolicySource({ id, value, changed, fault, faultId, onChange }: PolicySourceProps) {
  const checkpoints = useCheckpointChoices();
  const kind = value === EMBEDDED ? EMBEDDED : value.startsWith(CHECKPOINT) ? CHECKPOINT : 'folder';
  const first = checkpoints[0]?.value;
  const known = checkpoints.some((choice) => choice.value === value);
  const shared = {
    error: fault !== null,
    'data-changed': changed,
    ...(fault === null ? {} : { 'aria-describedby': faultId }),
  };
  return (
    <div className={css.source}>
      <Select
        {...shared}
        id={id}
        data={[
          { value: EMBEDDED, label: 'The embedded policy' },
          { value: CHECKPOINT, label: 'A checkpoint', disabled: first === undefined },
          { value: 'folder', label: 'A folder' },
        ]}
        value={kind}
        onChange={(next) => {
          if (next === null || next === kind) return;
          onChange(next === CHECKPOINT ? (first ?? CHECKPOINT) : next === 'folder' ? '' : next);
        }}
      />
      {kind === CHECKPOINT ? (
        <Select
          {...shared}
          aria-label="Checkpoint"
          searchable
          limit={60}
          data={known ? checkpoints : [{ value, label: value.slice(CHECKPOINT.length), detail: '' }, ...checkpoints]}
          value={value}
          onChange={(next) => next !== null && onChange(next)}
          nothingFoundMessage="No checkpoint matches"
          comboboxProps={{ width: 360, position: 'bottom-start' }}
          renderOption={({ option }) => (
            <div>
              <div>{option.label}</div>
              <Text fz={12} lh="16px" c="dimmed">
                {checkpoints.find((choice) => choice.value === option.value)?.detail}
              </Text>
            </div>
          )}
        />
      ) : null}
      {kind === 'folder' ? (
        <TextInput
          {...shared}
          aria-label="Folder"
          placeholder="With config.json, model.safetensors, tokenizer.json"
          value={value}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      ) : null}
    </div>
  );
}

interface CheckpointChoice {
  readonly value: string;
  readonly label: string;
  readonly detail: string;
}

/** All that are on disk, the newest first. */
function useCheckpointChoices(): readonly CheckpointChoice[] {
  const api = useApi();
  const { data } = useQuery({ queryKey: keys.lineage(''), queryFn: () => api.lineage({}) });
  return useMemo(() => (data === undefined ? [] : choicesOf(data)), [data]);
}

function choicesOf({ runs, checkpoints }: Lineage): CheckpointChoice[] {
  const now = Date.now();
  const byId = new Map(runs.map((run) => [run.runId, run]));
  return checkpoints
    .filter(({ exists }) => exists)
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .map(({ id, runId, step, accuracy, standardError, createdAt }) => {
      const run = byId.get(runId);
      return {
        value: `${CHECKPOINT}${id}`,
        label: `#${run?.number ?? NO_VALUE} ${run?.name ?? runId}, step ${step}`,
        detail: `${accuracy === null ? 'not validated' : formatPercentWithError(accuracy, standardError)} · ${formatAgo(createdAt, now)}`,
      };
    });
}
