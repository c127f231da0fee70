/** What the form amounts to: name, tags, difference from the preset, what it takes, warnings. */
import { ActionIcon, Button, TagsInput, TextInput, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowNarrowRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { formatCount, formatPercent } from '../../../src-shared/format.ts';
import { TAG_CHARS, tagSchema } from '../../../src-shared/organise.ts';
import { mostStandardError, type Warning } from '../../../src-shared/warnings.ts';
import { useRuns } from '../../data/queries.ts';
import { type Cost, differences, type FieldState, type FormState } from '../../lib/run-form.ts';
import { Estimate } from './Estimate.tsx';
import css from './SidePanel.module.css';

interface SidePanelProps {
  readonly name: string;
  /** What it is called without a name. */
  readonly title: string;
  readonly tags: readonly string[];
  /** Of the preset that the differences are from; undefined: the defaults. */
  readonly from: string | undefined;
  readonly fields: readonly FieldState[];
  /** As the app gets it. */
  readonly launched: { readonly state: FormState; readonly fields: readonly FieldState[] };
  readonly warnings: readonly Warning[];
  /** Null while a number that it depends on cannot be read. */
  readonly cost: Cost | null;
  readonly onName: (name: string) => void;
  readonly onTags: (tags: string[]) => void;
  readonly onShow: (path: string) => void;
  readonly onReset: (path: string) => void;
  readonly onResetAll: () => void;
  /** Below, always in sight: the launch. */
  readonly children: ReactNode;
}

export function SidePanel(props: SidePanelProps) {
  const { fields, launched, warnings, cost, onShow } = props;
  return (
    <aside className={css.panel} aria-label="This run">
      <div className={`${css.content} scroll`}>
        <TextInput
          label="Name"
          placeholder={props.title}
          maxLength={120}
          value={props.name}
          onChange={(event) => props.onName(event.currentTarget.value)}
          autoComplete="off"
        />
        <Tags tags={props.tags} onTags={props.onTags} />
        <DifferenceList fields={fields} from={props.from} onReset={props.onReset} onResetAll={props.onResetAll} />
        {warnings.length === 0 ? null : (
          <Section title="Warnings">
            <ul className={css.warnings}>
              {warnings.map(({ path, text, why, source }) => (
                <li key={`${path} ${text}`}>
                  <button type="button" onClick={() => onShow(path)}>
                    {text}
                  </button>
                  <span className={css.why}>
                    {why} <span className="faint">({source})</span>
                  </span>
                </li>
              ))}
            </ul>
          </Section>
        )}
        <Estimate
          preset={launched.state.preset}
          fields={launched.fields}
          onShow={(field: FieldState) => onShow(field.path)}
        />
        <CostList cost={cost} problems={fields.find((f) => f.path === 'evaluation.problems')} />
      </div>
      {props.children}
    </aside>
  );
}

function Tags({ tags, onTags }: { tags: readonly string[]; onTags: (tags: string[]) => void }) {
  const known = [...new Set((useRuns().data ?? []).flatMap((run) => run.tags))];
  return (
    <TagsInput
      label="Tags"
      placeholder={tags.length === 0 ? 'A tag, then Enter' : ''}
      size="xs"
      data={known}
      value={[...tags]}
      maxTags={32}
      maxLength={TAG_CHARS}
      onChange={(next) => onTags(next.filter((tag) => tagSchema.safeParse(tag).success))}
    />
  );
}

function Section({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <section className={css.section} aria-label={title}>
      <div className={css.sectionHead}>
        <h2 className="section-title">{title}</h2>
        {note}
      </div>
      {children}
    </section>
  );
}

interface DifferenceListProps {
  readonly fields: readonly FieldState[];
  readonly from: string | undefined;
  readonly onReset: (path: string) => void;
  readonly onResetAll: () => void;
}

function DifferenceList({ fields, from, onReset, onResetAll }: DifferenceListProps) {
  const changes = differences(fields);
  return (
    <Section
      title="Difference from preset"
      note={
        changes.length < 2 ? null : (
          <Button size="compact-xs" variant="subtle" onClick={onResetAll}>
            Reset all
          </Button>
        )
      }
    >
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

interface CostListProps {
  readonly cost: Cost | null;
  readonly problems: FieldState | undefined;
}

function CostList({ cost, problems }: CostListProps) {
  const validated = cost !== null && cost.validations > 0 && problems?.fault === null;
  const evaluates = cost?.rollouts === 0;
  const training: [string, string][] = [
    ['Per step', formatCount(cost?.rolloutsPerStep)],
    ['Updates per step', formatCount(cost?.updatesPerStep)],
    ['Training', formatCount(cost?.rollouts)],
  ];
  const rows: [string, string][] = [
    ...(evaluates ? [] : training),
    ['Validations', formatCount(cost?.validations)],
    ['Validation samples, at most', formatCount(cost?.evaluationSamples)],
    ['In total', formatCount(cost === null ? null : cost.rollouts + cost.evaluationSamples)],
  ];
  return (
    <Section title="Rollouts">
      <dl className={css.cost}>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {validated ? (
        <p className={css.why}>
          Standard error of accuracy: at most {formatPercent(mostStandardError(Number(problems.value)))}, with this many
          problems.
        </p>
      ) : null}
    </Section>
  );
}
