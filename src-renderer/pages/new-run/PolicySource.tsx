/** What the policy starts from: the embedded one, a model that is known here, a checkpoint found by its run, or a path. */
import { Select, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { formatAgo, formatPercentWithError, NO_VALUE } from '../../../src-shared/format.ts';
import type { Lineage } from '../../../src-shared/lineage.ts';
import { useApi } from '../../data/api-context.tsx';
import { keys, useModels } from '../../data/queries.ts';
import { modelDetail } from '../../lib/models/view.ts';
import css from './OptionField.module.css';

const EMBEDDED = 'embedded';
const CHECKPOINT = 'checkpoint:';
const MODEL = 'model';
const PATH = 'path';

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
  const models = useModelChoices();
  // What is being typed stays in its field, also where it has become the path of a model.
  const [typing, setTyping] = useState(false);
  const isModel = !typing && models.some((choice) => choice.value === value);
  const kind = value === EMBEDDED ? EMBEDDED : value.startsWith(CHECKPOINT) ? CHECKPOINT : isModel ? MODEL : PATH;
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
          { value: MODEL, label: 'A model', disabled: models.length === 0 },
          { value: CHECKPOINT, label: 'A checkpoint', disabled: first === undefined },
          { value: PATH, label: 'A folder or GGUF file' },
        ]}
        value={kind}
        onChange={(next) => {
          if (next === null || next === kind) return;
          setTyping(next === PATH);
          if (next === CHECKPOINT) onChange(first ?? CHECKPOINT);
          else if (next === MODEL) onChange(models[0]?.value ?? '');
          else onChange(next === PATH ? '' : next);
        }}
      />
      {kind === MODEL ? (
        <Select
          {...shared}
          aria-label="Model"
          searchable
          data={models}
          value={value}
          onChange={(next) => next !== null && onChange(next)}
          nothingFoundMessage="No model matches"
          comboboxProps={{ width: 420, position: 'bottom-start' }}
          renderOption={({ option }) => (
            <Choice label={option.label} detail={models.find((choice) => choice.value === option.value)?.detail} />
          )}
        />
      ) : null}
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
            <Choice label={option.label} detail={checkpoints.find((choice) => choice.value === option.value)?.detail} />
          )}
        />
      ) : null}
      {kind === PATH ? (
        <TextInput
          {...shared}
          aria-label="Folder or GGUF file"
          placeholder="Folder with config.json and safetensors, or a .gguf file"
          value={value}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      ) : null}
    </div>
  );
}

function Choice({ label, detail }: { readonly label: string; readonly detail: string | undefined }) {
  return (
    <div>
      <div>{label}</div>
      <Text fz={12} lh="16px" c="dimmed">
        {detail}
      </Text>
    </div>
  );
}

/** Those that a run can start from. */
function useModelChoices(): readonly SourceChoice[] {
  const { data } = useModels();
  return useMemo(
    () =>
      (data?.models ?? [])
        .filter(({ kind, refusal }) => kind !== 'embedded' && refusal === null)
        .map((model) => ({ value: model.source, label: model.name, detail: modelDetail(model) })),
    [data],
  );
}

interface SourceChoice {
  readonly value: string;
  readonly label: string;
  readonly detail: string;
}

/** All that are on disk, the newest first. */
function useCheckpointChoices(): readonly SourceChoice[] {
  const api = useApi();
  const { data } = useQuery({ queryKey: keys.lineage(''), queryFn: () => api.lineage({}) });
  return useMemo(() => (data === undefined ? [] : choicesOf(data)), [data]);
}

function choicesOf({ runs, checkpoints }: Lineage): SourceChoice[] {
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
