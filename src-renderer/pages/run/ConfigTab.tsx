/** The configuration that a run was launched with, and what it really ran on. */
import { IconCopyPlus } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import type { Catalogue, RunDetail } from '../../../src-shared/api.ts';
import { flattenConfig } from '../../../src-shared/flatten.ts';
import { formatCount, formatExact, NO_VALUE } from '../../../src-shared/format.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { LinkButton } from '../../components/LinkButton.tsx';
import { useCatalogue, useRun } from '../../data/queries.ts';
import { type FieldState, fieldStates, formFromConfig } from '../../lib/run-form.ts';
import { toYaml } from '../../lib/run-yaml.ts';
import css from './ConfigTab.module.css';

export function ConfigTab() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const run = useRun(runId).data;
  const catalogue = useCatalogue().data;
  if (run === undefined || catalogue === undefined) return null;
  const { config } = run;
  if (run.origin !== null && run.origin.format !== 'assay') return <ForeignConfig run={run} />;
  const fields = fieldStates(catalogue, formFromConfig(catalogue, config));
  const preset = catalogue.presets.find((p) => p.id === config.preset);
  return (
    <div className={`${css.page} scroll`}>
      <div className={css.tools}>
        <span className="dim">
          {preset === undefined ? 'Launched without a preset.' : `Launched from ${preset.title}.`} Values that differ
          are marked.
        </span>
        <span className={css.actions}>
          <CopyButton text={() => toYaml(config.name, config.preset, flattenConfig(config))} label="Copy YAML" />
          <LinkButton to="/new-run" search={{ from: runId }} variant="default" leftSection={<IconCopyPlus size={14} />}>
            New run from this
          </LinkButton>
        </span>
      </div>
      <div className={css.groups}>
        <Ran run={run} />
        {catalogue.groups.map((group) => (
          <Group key={group.id} group={group} fields={fields.filter((f) => f.group === group.id)} />
        ))}
      </div>
    </div>
  );
}

/** What another tool had configured, by its own keys: none of Assay's options applied. */
function ForeignConfig({ run }: { run: RunDetail }) {
  const theirs = Object.entries(run.config.other ?? {});
  return (
    <div className={`${css.page} scroll`}>
      <div className={css.tools}>
        <span className="dim">
          Imported from {run.origin?.file} ({run.origin?.format}).{' '}
          {theirs.length === 0 ? 'It says nothing of its configuration.' : 'The keys are those of that tool.'}
        </span>
      </div>
      <div className={css.groups}>
        <section className={css.group} aria-label="Configuration">
          <dl>
            {theirs.map(([key, value]) => (
              <div key={key}>
                <dt title={key}>{key}</dt>
                <dd className="ellipsis" title={String(value)}>
                  {formatExact(value)}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </div>
  );
}

function Ran({ run }: { run: RunDetail }) {
  const facts: [string, string | null][] = [
    ['Engine', run.engine],
    ['Device', run.device],
    ['Precision', run.precision],
    ['Parameters', run.parameters === null ? null : formatCount(run.parameters)],
    ['Sandbox isolation', run.isolation],
    ['Code version', run.codeVersion],
    ['Data set', run.datasetHash],
  ];
  return (
    <section className={css.group} aria-label="Ran on">
      <h2 className="section-title">Ran on</h2>
      <dl>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="ellipsis" title={value ?? ''}>
              {value ?? NO_VALUE}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Group({ group, fields }: { group: Catalogue['groups'][number]; fields: readonly FieldState[] }) {
  return (
    <section className={css.group} aria-label={group.title}>
      <h2 className="section-title">{group.title}</h2>
      <dl>
        {fields.map((field) => (
          <div key={field.path} data-changed={field.changed}>
            <dt title={field.path}>{field.path.endsWith('.kind') ? 'Kind' : field.option.label}</dt>
            <dd className="ellipsis" title={field.changed ? `preset: ${formatExact(field.base)}` : undefined}>
              {shownValue(field)}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function shownValue({ option, value }: FieldState): string {
  if (option.kind === 'choice') return option.choices.find((c) => c.value === value)?.label ?? String(value);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return `${formatExact(value)}${option.kind === 'number' && option.unit !== undefined ? ` ${option.unit}` : ''}`;
}
