/** One collapsible group of the form. In a family, the member is chosen first and its options follow. */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { memo } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import type { FieldState } from '../../lib/run-form.ts';
import { OptionField } from './OptionField.tsx';
import css from './OptionGroup.module.css';

interface OptionGroupProps {
  readonly group: Catalogue['groups'][number];
  readonly fields: readonly FieldState[];
  readonly catalogue: Catalogue;
  readonly opened: boolean;
  readonly moreOpened: boolean;
  readonly onToggle: (group: string) => void;
  readonly onToggleMore: (group: string) => void;
  readonly onChange: (path: string, value: string | boolean) => void;
  readonly onReset: (path: string) => void;
}

export const OptionGroup = memo(function OptionGroup(props: OptionGroupProps) {
  const { group, fields, catalogue, opened, moreOpened, onToggle, onToggleMore } = props;
  const kind = fields.find((f) => f.path === `${group.id}.kind`);
  const member = group.members.find((m) => m.id === kind?.value);
  const main = fields.filter((f) => f !== kind && !f.option.advanced);
  const advanced = fields.filter((f) => f !== kind && f.option.advanced);
  const field = (f: FieldState) => (
    <OptionField key={f.path} field={f} catalogue={catalogue} onChange={props.onChange} onReset={props.onReset} />
  );
  return (
    <section className={css.group} aria-label={group.title}>
      <button type="button" className={css.head} aria-expanded={opened} onClick={() => onToggle(group.id)}>
        {opened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
        <span className={css.title}>{group.title}</span>
        {opened ? null : <span className={`${css.summary} ellipsis`}>{summary(fields, member?.title)}</span>}
        <Marks fields={fields} />
      </button>
      {opened ? (
        <div className={css.body}>
          {kind === undefined ? null : (
            <div className={css.kind}>
              <OptionField field={kind} catalogue={catalogue} onChange={props.onChange} onReset={props.onReset} bare />
              {member === undefined ? null : <p className={css.memberHelp}>{member.help}</p>}
            </div>
          )}
          {main.length === 0 ? null : <div className={css.fields}>{main.map(field)}</div>}
          {advanced.length === 0 ? null : (
            <button
              type="button"
              className={css.more}
              aria-expanded={moreOpened}
              onClick={() => onToggleMore(group.id)}
            >
              {moreOpened ? 'Less' : `More (${advanced.length})`}
            </button>
          )}
          {moreOpened && advanced.length > 0 ? <div className={css.fields}>{advanced.map(field)}</div> : null}
        </div>
      ) : null}
    </section>
  );
});

/** What a closed group holds, in a line. */
function summary(fields: readonly FieldState[], member: string | undefined): string {
  const values = fields
    .filter((f) => !f.path.endsWith('.kind') && !f.option.advanced)
    .map((f) => `${f.option.label} ${typeof f.shown === 'boolean' ? (f.shown ? 'on' : 'off') : f.shown}`);
  return [member, ...values].filter(Boolean).join(' · ');
}

function Marks({ fields }: { fields: readonly FieldState[] }) {
  const changed = fields.filter((f) => f.changed).length;
  const faults = fields.filter((f) => f.fault !== null).length;
  return (
    <>
      {faults > 0 ? <span className={css.faults}>{faults === 1 ? '1 error' : `${faults} errors`}</span> : null}
      {changed > 0 ? <span className={css.changed}>{changed} changed</span> : null}
    </>
  );
}
