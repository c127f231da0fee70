/** All that is known of the chosen model, and what can be done with it. */
import { Button, Switch } from '@mantine/core';
import { IconChartBar, IconPlus, IconTrash } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { formatBytes, formatCompact, formatCount } from '../../../src-shared/format.ts';
import type { Model, ModelFacts } from '../../../src-shared/models.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { fits, samplingText } from '../../lib/models/view.ts';
import css from './ModelPanel.module.css';
import { useModelMemory } from './use-models.ts';

interface ModelPanelProps {
  readonly model: Model;
  readonly onRemove: (model: Model) => void;
}

export function ModelPanel({ model, onRemove }: ModelPanelProps) {
  const { name, facts, refusal } = model;
  return (
    <aside className={`${css.panel} scroll`} aria-label="Chosen model">
      <h2 className={css.name}>{name}</h2>
      {refusal === null ? null : (
        <p className={css.refusal} role="alert">
          No run can start from it. {refusal}
        </p>
      )}
      {facts === null ? null : <Start model={model} facts={facts} />}
      {facts === null ? null : <Memory model={model} />}
      <Facts facts={factsOf(model)} />
      {model.kind === 'downloaded' ? (
        <div className={css.actions}>
          <Button variant="default" leftSection={<IconTrash size={14} />} onClick={() => onRemove(model)}>
            Remove
          </Button>
        </div>
      ) : null}
    </aside>
  );
}

function Start({ model, facts }: { readonly model: Model; readonly facts: ModelFacts }) {
  const [asAuthors, setAsAuthors] = useState(false);
  const said = samplingText(facts);
  const { sampling } = facts;
  const search = {
    policy: model.source,
    ...(asAuthors && sampling !== null ? { sampling } : {}),
  };
  return (
    <>
      <div className={css.actions}>
        <LinkButton to="/new-run" search={search} leftSection={<IconPlus size={14} />}>
          New run with this
        </LinkButton>
        <LinkButton
          to="/new-run"
          search={{ ...search, steps: 0 }}
          variant="default"
          leftSection={<IconChartBar size={14} />}
        >
          Evaluate
        </LinkButton>
      </div>
      {said === null ? null : (
        <Switch
          mt={8}
          checked={asAuthors}
          onChange={(event) => setAsAuthors(event.currentTarget.checked)}
          label="Sample as its authors do"
          description={said}
        />
      )}
    </>
  );
}

const MEMORY = [
  ['full', 'To train all weights'],
  ['lora', 'To train with LoRA'],
  ['generate', 'To generate'],
] as const;

function Memory({ model }: { readonly model: Model }) {
  const { data, error } = useModelMemory(model);
  return (
    <section className={css.part} aria-label="Memory">
      <h3 className="section-title">Memory with default options</h3>
      {error !== null ? (
        <p className={css.refusal}>{error.message}</p>
      ) : data === undefined ? (
        <p className="faint">Being planned</p>
      ) : (
        <>
          {MEMORY.map(([part, title]) => (
            <div key={part} className={css.memory} data-fits={fits(data, data[part])}>
              <span>{title}</span>
              <span className={css.bytes}>{formatBytes(data[part])}</span>
              <div className={css.bar} aria-hidden>
                <div style={{ width: `${Math.min(100, (100 * data[part]) / data.machineBytes)}%` }} />
              </div>
            </div>
          ))}
          <p className={`${css.ground} faint`}>
            {data.rough
              ? `Roughly: ${data.engine} computes on a device with memory of its own.`
              : `Of the ${formatBytes(data.machineBytes)} that this machine has, with ${data.engine}.`}
          </p>
        </>
      )}
    </section>
  );
}

type Fact = readonly [name: string, value: ReactNode];

function factsOf({ path, bytes, facts, origin, runs }: Model): Fact[] {
  return [
    ...(facts === null ? [] : ofFiles(facts)),
    ['Size', formatBytes(bytes)],
    ...(origin === null
      ? []
      : ([
          ['Repository', origin.repo],
          ['Commit', <Copied key="commit" text={origin.commit} shown={origin.commit.slice(0, 12)} what="commit" />],
          ...(origin.revision === origin.commit ? [] : ([['Revision', origin.revision]] as const)),
        ] as const)),
    ['Path', <Copied key="path" text={path} shown={path} what="path" />],
    ['Runs', formatCount(runs)],
  ];
}

function ofFiles(facts: ModelFacts): Fact[] {
  const { architecture, layers, hiddenSize, parameters, format, types, context, vocabulary } = facts;
  return [
    ['Architecture', architecture],
    ['Parameters', formatCompact(parameters)],
    ['Layers', `${formatCount(layers)} of width ${formatCount(hiddenSize)}`],
    ['Format', format === 'gguf' ? 'GGUF' : 'safetensors'],
    ['Numbers', types.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`).join(', ')],
    ['Context', `${formatCount(context)} tokens`],
    ['Vocabulary', `${formatCount(vocabulary)} tokens`],
    ['Chat template', facts.chatTemplate ? 'yes' : 'none: it continues text'],
    ['Thinking', facts.thinking ? 'can be switched' : 'no switch'],
    ['Ends with', facts.endTokens.map(({ id, text }) => `${text} (${id})`).join(', ')],
    ['Sampled with', samplingText(facts) ?? 'its files do not say'],
  ];
}

function Copied({ text, shown, what }: { readonly text: string; readonly shown: string; readonly what: string }) {
  return (
    <span className={css.copied}>
      <span className="mono">{shown}</span>
      <CopyButton text={() => text} label={`Copy ${what}`} />
    </span>
  );
}

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className={css.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
