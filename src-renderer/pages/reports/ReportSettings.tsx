/** What a report is about: its title, who wrote it, its conditions, and the one that the others are held against. */
import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { formatCount } from '../../../src-shared/format.ts';
import { type Draft, relabelled } from '../../lib/reports/draft.ts';
import css from './ReportPage.module.css';

const NONE = '\0none';

interface ReportSettingsProps {
  readonly report: Draft['report'];
  readonly onChange: (change: (report: Draft['report']) => Draft['report']) => void;
}

export function ReportSettings({ report, onChange }: ReportSettingsProps) {
  const { title, author, conditions, reference } = report;
  return (
    <section aria-label="About" className={css.settings}>
      <TextInput
        label="Title"
        maxLength={200}
        value={title}
        error={title.trim() === '' ? 'A report needs a title to be kept' : null}
        onChange={({ currentTarget: { value } }) => onChange((before) => ({ ...before, title: value }))}
      />
      <TextInput
        label="Author"
        maxLength={200}
        value={author ?? ''}
        onChange={({ currentTarget: { value } }) => onChange((before) => ({ ...before, author: value || null }))}
      />
      {conditions.length < 2 ? null : (
        <>
          <Select
            label="Reference"
            data={[{ value: NONE, label: 'None' }, ...conditions.map(({ label }) => ({ value: label, label }))]}
            value={reference ?? NONE}
            onChange={(value) => onChange((before) => ({ ...before, reference: value === NONE ? null : value }))}
          />
          <fieldset className={css.conditions}>
            <legend className="section-title">Conditions</legend>
            {conditions.map(({ label, runs }, i) => (
              <ConditionLabel
                // biome-ignore lint/suspicious/noArrayIndexKey: conditions keep their places
                key={i}
                label={label}
                runs={runs.length}
                taken={conditions.flatMap((other) => (other.label === label ? [] : [other.label]))}
                onChange={(to) => onChange((before) => relabelled(before, label, to))}
              />
            ))}
          </fieldset>
        </>
      )}
    </section>
  );
}

interface ConditionLabelProps {
  readonly label: string;
  readonly runs: number;
  readonly taken: readonly string[];
  readonly onChange: (label: string) => void;
}

/** Taken over when it is left, so that half a word is never the name of a condition. */
function ConditionLabel({ label, runs, taken, onChange }: ConditionLabelProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const isTaken = typed !== null && taken.includes(typed.trim());
  return (
    <TextInput
      aria-label={`Label of ${label}`}
      maxLength={200}
      value={typed ?? label}
      error={isTaken ? 'Another condition has this label' : null}
      rightSectionWidth={64}
      rightSection={<span className="faint">{runs === 1 ? '1 run' : `${formatCount(runs)} runs`}</span>}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => {
        if (typed !== null) onChange(typed);
        setTyped(null);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
      }}
    />
  );
}
