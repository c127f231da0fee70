/** What a block of a report is asked for, by its kind. Most are asked for nothing. */
import { MultiSelect, Select, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { OUTCOME_TITLES } from '../../../src-shared/charts/palette.ts';
import { metricInfo } from '../../../src-shared/charts/spec.ts';
import type { Block } from '../../../src-shared/report.ts';
import { useRolloutSteps, useRollouts, useRuns } from '../../data/queries.ts';

interface BlockFormProps {
  readonly block: Block;
  /** Of the report. */
  readonly runIds: readonly string[];
  /** Names of those that its runs have. */
  readonly metrics: readonly string[];
  readonly onChange: (block: Block) => void;
}

export function BlockForm({ block, runIds, metrics, onChange }: BlockFormProps) {
  switch (block.kind) {
    case 'heading':
      return (
        <TextInput
          aria-label="Heading"
          maxLength={500}
          value={block.text}
          onChange={(event) => onChange({ ...block, text: event.currentTarget.value })}
          data-typed
        />
      );
    case 'text':
      return (
        <Textarea
          size="xs"
          aria-label="Text in Markdown"
          autosize
          minRows={4}
          maxRows={16}
          maxLength={100_000}
          value={block.markdown}
          onChange={(event) => onChange({ ...block, markdown: event.currentTarget.value })}
          data-typed
        />
      );
    case 'chart':
    case 'comparison':
      return (
        <Select
          aria-label="Metric"
          searchable
          data={[...new Set([block.metric, ...metrics])]
            .map((name) => ({ value: name, label: titleOf(name) }))
            .sort((a, b) => a.label.localeCompare(b.label))}
          value={block.metric}
          onChange={(metric) => metric !== null && onChange({ ...block, metric })}
        />
      );
    case 'samples':
      return <SamplesForm block={block} runIds={runIds} onChange={onChange} />;
    default:
      return null;
  }
}

function titleOf(name: string): string {
  const { title } = metricInfo(name);
  return title === name ? name : `${title} (${name})`;
}

/** Rollouts that can be chosen from at once. */
const MOST_OFFERED = 500;

interface SamplesFormProps extends Pick<BlockFormProps, 'runIds' | 'onChange'> {
  readonly block: Extract<Block, { kind: 'samples' }>;
}

function SamplesForm({ block, runIds, onChange }: SamplesFormProps) {
  const runs = useRuns().data ?? [];
  const [runId, setRunId] = useState(runIds[0] ?? '');
  const steps = useRolloutSteps(runId).data ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const key = (of: (typeof steps)[number]) => `${of.split} ${of.step}`;
  // The last validation is what most reports are about.
  const at =
    steps.find((step) => key(step) === chosen) ?? steps.findLast(({ split }) => split === 'eval') ?? steps.at(-1);
  const rollouts = useRollouts(runId, at?.step, at?.split ?? 'eval').data ?? [];
  const offered = rollouts.slice(0, MOST_OFFERED).map((rollout) => ({
    value: String(rollout.id),
    label: `${rollout.problemId}, sample ${rollout.sample}: ${OUTCOME_TITLES[rollout.outcome].toLowerCase()}`,
  }));
  const known = new Set(offered.map(({ value }) => value));
  const elsewhere = block.rollouts
    .map(String)
    .filter((value) => !known.has(value))
    .map((value) => ({ value, label: `Rollout ${value}` }));
  return (
    <>
      <Select
        label="Run"
        searchable
        data={runIds.map((id) => {
          const run = runs.find((other) => other.id === id);
          return { value: id, label: run === undefined ? id : `${run.name} #${run.number}` };
        })}
        value={runId}
        onChange={(id) => id !== null && setRunId(id)}
      />
      <Select
        label="Step"
        data={steps.map((step) => ({
          value: key(step),
          label: `${step.step}, ${step.split === 'eval' ? 'validation' : 'training'}, ${step.count} rollouts`,
        }))}
        value={at === undefined ? null : key(at)}
        onChange={setChosen}
        placeholder="No rollout is stored"
      />
      <MultiSelect
        size="xs"
        label="Rollouts"
        searchable
        maxValues={50}
        limit={100}
        data={[...offered, ...elsewhere]}
        value={block.rollouts.map(String)}
        onChange={(values) => onChange({ ...block, rollouts: values.map(Number) })}
        {...(block.rollouts.length === 0 && { description: 'Choose one: until then the block is left out.' })}
      />
    </>
  );
}
