/** What the form amounts to: name, difference from the preset, cost, warnings, YAML, and the launch. */
import { ActionIcon, Button, Kbd, TextInput, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowNarrowRight, IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { type ReactNode, useMemo, useState } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { formatCount } from '../../lib/format.ts';
import { type Cost, differences, type FieldState, type FormState, warningsOf } from '../../lib/run-form.ts';
import { toYaml } from '../../lib/run-yaml.ts';
import css from './SidePanel.module.css';

interface SidePanelProps {
  readonly catalogue: Catalogue;
  readonly state: FormState;
  readonly fields: readonly FieldState[];
  /** Null while a number that it depends on cannot be read. */
  readonly cost: Cost | null;
  readonly launching: boolean;
  readonly onName: (name: string) => void;
  readonly onShow: (field: FieldState) => void;
  readonly onReset: (path: string) => void;
}

const MOD = navigator.userAgent.includes('Mac') ? '⌘' : 'Ctrl';

export function SidePanel({ catalogue, state, fields, cost, launching, onName, onShow, onReset }: SidePanelProps) {
  const preset = catalogue.presets.find((p) => p.id === state.preset);
  const faults = fields.filter((field) => field.fault !== null);
  const warnings = warningsOf(fields);
  return (
    <aside className={css.panel} aria-label="This run">
      <div className={`${css.content} scroll`}>
        <TextInput
          label="Name"
          placeholder={preset?.title ?? 'Untitled run'}
          maxLength={120}
          value={state.name}
          onChange={(event) => onName(event.currentTarget.value)}
          autoComplete="off"
        />
        <DifferenceList fields={fields} from={preset?.title} onReset={onReset} />
        <CostList cost={cost} />
        {warnings.length === 0 ? null : (
          <Section title="Warnings">
            <ul className={css.warnings}>
              {warnings.map((warning) => (
                <li key={warning}>{warning}</li>
              ))}
            </ul>
          </Section>
        )}
        <Yaml name={state.name.trim() || preset?.title || 'Untitled run'} preset={state.preset} fields={fields} />
      </div>
      <div className={css.launch}>
        {faults.length === 0 ? null : (
          <ul className={css.faults}>
            {faults.slice(0, 3).map((field) => (
              <li key={field.path}>
                <button type="button" onClick={() => onShow(field)}>
                  <b>{field.option.label}</b> {field.fault}
                </button>
              </li>
            ))}
            {faults.length > 3 ? <li className="dim">and {faults.length - 3} more</li> : null}
          </ul>
        )}
        <Button
          type="submit"
          size="sm"
          fullWidth
          loading={launching}
          aria-label="Launch run"
          rightSection={
            <span className={css.keys} aria-hidden>
              <Kbd size="xs">{MOD}</Kbd>
              <Kbd size="xs">↵</Kbd>
            </span>
          }
        >
          Launch run
        </Button>
      </div>
    </aside>
  );
}

function Section({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <section className={css.section} aria-label={title}>
      <h2 className="section-title">
        {title}
        {note}
      </h2>
      {children}
    </section>
  );
}

interface DifferenceListProps {
  readonly fields: readonly FieldState[];
  readonly from: string | undefined;
  readonly onReset: (path: string) => void;
}

function DifferenceList({ fields, from, onReset }: DifferenceListProps) {
  const changes = differences(fields);
  return (
    <Section title="Difference from preset">
      {changes.length === 0 ? (
        <p className="faint">None: {from === undefined ? 'all defaults' : `${from} as it is`}.</p>
      ) : (
        <ul className={css.changes}>
          {changes.map((change) => (
            <li key={change.path}>
              <span className={`${css.path} ellipsis`} title={change.path}>
                {change.path}
              </span>
              <span className={css.values}>
                <span className="faint ellipsis">{change.from}</span>
                <IconArrowNarrowRight size={14} className="faint" aria-label="to" />
                <span className="ellipsis">{change.to}</span>
              </span>
              <Tooltip label="Take back">
                <ActionIcon size={20} aria-label={`Take back ${change.path}`} onClick={() => onReset(change.path)}>
                  <IconArrowBackUp size={14} />
                </ActionIcon>
              </Tooltip>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function CostList({ cost }: { cost: Cost | null }) {
  const rows: [string, number | null][] = [
    ['Rollouts per step', cost?.rolloutsPerStep ?? null],
    ['Updates per step', cost?.updatesPerStep ?? null],
    ['Training rollouts', cost?.rollouts ?? null],
    ['Validations', cost?.validations ?? null],
    ['Validation samples, at most', cost?.evaluationSamples ?? null],
    ['Rollouts in total', cost === null ? null : cost.rollouts + cost.evaluationSamples],
  ];
  return (
    <Section title="Cost">
      <dl className={css.cost}>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{formatCount(value)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

interface YamlProps {
  readonly name: string;
  readonly preset: string | null;
  readonly fields: readonly FieldState[];
}

function Yaml({ name, preset, fields }: YamlProps) {
  const [opened, setOpened] = useState(false);
  const yaml = useMemo(
    () => toYaml(name, preset, Object.fromEntries(fields.map((f) => [f.path, f.value]))),
    [name, preset, fields],
  );
  return (
    <section className={css.section} aria-label="YAML">
      <div className={css.yamlHead}>
        <button type="button" className={css.fold} aria-expanded={opened} onClick={() => setOpened(!opened)}>
          {opened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
          <span className="section-title">YAML</span>
        </button>
        <CopyButton text={() => yaml} label="Copy YAML" />
      </div>
      {opened ? <pre className={`${css.yaml} scroll`}>{yaml}</pre> : null}
    </section>
  );
}
