/** Every policy in a row: what it is, how large, and what runs of it take of this machine. */
import { Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { formatBytes, formatCompact, formatCount, NO_VALUE } from '../../../src-shared/format.ts';
import type { Model } from '../../../src-shared/models.ts';
import { fits, typesText } from '../../lib/models/view.ts';
import css from './ModelTable.module.css';
import { useModelMemory } from './use-models.ts';

const KIND_WORDS: Readonly<Record<Model['kind'], string>> = {
  embedded: 'comes with Assay',
  downloaded: 'downloaded',
  used: 'runs started from it',
  opened: 'opened just now',
};

interface ModelTableProps {
  readonly models: readonly Model[];
  readonly chosen: string | undefined;
  readonly onChoose: (source: string) => void;
}

export function ModelTable({ models, chosen, onChoose }: ModelTableProps) {
  return (
    <table className={css.table} aria-label="Models">
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Architecture</th>
          <th scope="col" className="number">
            Parameters
          </th>
          <th scope="col">On disk</th>
          <th scope="col" className="number">
            Size
          </th>
          <th scope="col" className="number">
            Context
          </th>
          <th scope="col" className="number">
            To train
          </th>
          <th scope="col" className="number">
            With LoRA
          </th>
          <th scope="col" className="number">
            Runs
          </th>
        </tr>
      </thead>
      <tbody>
        {models.map((model) => (
          // A click anywhere chooses; for the keyboard there are j, k and the link.
          <tr key={model.source} data-chosen={model.source === chosen} onClick={() => onChoose(model.source)}>
            <th scope="row">
              <Link
                to="/models"
                search={{ model: model.source }}
                className={css.name}
                aria-current={model.source === chosen}
              >
                {model.name}
              </Link>
              <span className="faint">
                {model.facts?.format === 'gguf' && model.origin !== null ? model.origin.repo : KIND_WORDS[model.kind]}
              </span>
            </th>
            {model.facts === null ? (
              <td colSpan={7} className={css.refusal}>
                {model.refusal}
              </td>
            ) : (
              <Cells model={model} facts={model.facts} />
            )}
            <td className="number">{formatCount(model.runs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cells({ model, facts }: { readonly model: Model; readonly facts: NonNullable<Model['facts']> }) {
  const memory = useModelMemory(model);
  const cell = (part: 'full' | 'lora') => {
    if (memory.data === undefined) return memory.isError ? NO_VALUE : <span className="faint">…</span>;
    const bytes = memory.data[part];
    if (fits(memory.data, bytes)) return formatBytes(bytes);
    return (
      <Tooltip label={`More than the ${formatBytes(memory.data.machineBytes)} of this machine`}>
        <span className={css.refusal}>{formatBytes(bytes)}</span>
      </Tooltip>
    );
  };
  return (
    <>
      <td>{facts.architecture}</td>
      <td className="number">{formatCompact(facts.parameters)}</td>
      <td>
        {facts.format === 'gguf' ? 'GGUF' : 'safetensors'}, {typesText(facts)}
      </td>
      <td className="number">{formatBytes(model.bytes)}</td>
      <td className="number">{formatCount(facts.context)}</td>
      <td className="number">{cell('full')}</td>
      <td className="number">{cell('lora')}</td>
    </>
  );
}
