/** One collapsible group of the form. In a family, the member is chosen first and its options follow. */
import { memo } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import type { FieldState } from '../../lib/run-form.ts';
import { type FieldProps, OptionField } from './OptionField.tsx';
import css from './OptionGroup.module.css';
import { Section } from './Section.tsx';

interface OptionGroupProps extends FieldProps {
  readonly group: Catalogue['groups'][number];
  /** Those that are shown. */
  readonly fields: readonly FieldState[];
  readonly opened: boolean;
  readonly moreOpened: boolean;
  /** Only what is searched for is there: all of it is shown. */
  readonly searching: boolean;
  readonly onToggle: (group: string) => void;
  readonly onToggleMore: (group: string) => void;
}

export const OptionGroup = memo(function OptionGroup(props: OptionGroupProps) {
  const { group, fields, opened, moreOpened, searching, onToggle, onToggleMore } = props;
  const { catalogue, preset, warnings, onChange, onReset } = props;
  const shared = { catalogue, preset, warnings, onChange, onReset };
  const kind = fields.find((f) => f.path === `${group.id}.kind`);
  const member = group.members.find((m) => m.id === kind?.value);
  const isMain = (f: FieldState) => searching || !f.option.advanced;
  const main = fields.filter((f) => f !== kind && isMain(f));
  const advanced = fields.filter((f) => f !== kind && !isMain(f));
  const field = (f: FieldState) => <OptionField key={f.path} field={f} {...shared} />;
  const open = opened || searching;
  const changed = fields.filter((f) => f.changed).length;
  const faults = fields.filter((f) => f.fault !== null).length;
  const doubts = warnings.filter((w) => fields.some((f) => f.path === w.path)).length;
  return (
    <Section
      title={group.title}
      opened={open}
      onToggle={() => onToggle(group.id)}
      summary={summary(fields, member?.title)}
      marks={
        <>
          {faults > 0 ? <span className={css.faults}>{faults === 1 ? '1 error' : `${faults} errors`}</span> : null}
          {doubts > 0 ? <span className={css.doubts}>{doubts === 1 ? '1 warning' : `${doubts} warnings`}</span> : null}
          {changed > 0 ? <span className={css.changed}>{changed} changed</span> : null}
        </>
      }
    >
      {kind === undefined ? null : (
        <div className={css.kind}>
          <OptionField field={kind} {...shared} bare />
          {member === undefined ? null : <p className={css.memberHelp}>{member.help}</p>}
        </div>
      )}
      {main.length === 0 ? null : <div className={css.fields}>{main.map(field)}</div>}
      {advanced.length === 0 ? null : (
        <button type="button" className={css.more} aria-expanded={moreOpened} onClick={() => onToggleMore(group.id)}>
          {moreOpened ? 'Less' : `More (${advanced.length})`}
        </button>
      )}
      {moreOpened && advanced.length > 0 ? <div className={css.fields}>{advanced.map(field)}</div> : null}
    </Section>
  );
});

/** What a closed group holds, in a line. */
function summary(fields: readonly FieldState[], member: string | undefined): string {
  const values = fields
    .filter((f) => !f.path.endsWith('.kind') && !f.option.advanced)
    .map((f) => `${f.option.label} ${typeof f.shown === 'boolean' ? (f.shown ? 'on' : 'off') : f.shown}`);
  return [member, ...values].filter(Boolean).join(' · ');
}
