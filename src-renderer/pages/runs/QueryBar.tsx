/** The query bar: filters as it is typed in, completes keys and values, and says what it does not understand. */
import { Combobox, TextInput, useCombobox } from '@mantine/core';
import { IconSearch, IconX } from '@tabler/icons-react';
import { type Ref, useMemo, useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import type { Field } from '../../lib/runs/fields.ts';
import { suggest } from '../../lib/runs/suggest.ts';
import css from './QueryBar.module.css';

interface QueryBarProps {
  readonly ref: Ref<HTMLInputElement>;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly faults: readonly string[];
  readonly fields: readonly Field[];
  readonly runs: readonly RunSummary[];
}

export function QueryBar({ ref, value, onChange, faults, fields, runs }: QueryBarProps) {
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const [caret, setCaret] = useState(value.length);
  const suggestions = useMemo(
    () => (combobox.dropdownOpened ? suggest(value, caret, fields, runs) : []),
    [combobox.dropdownOpened, value, caret, fields, runs],
  );
  const fault = faults[0];
  return (
    <Combobox
      store={combobox}
      position="bottom-start"
      width={420}
      shadow="sm"
      transitionProps={{ duration: 0 }}
      onOptionSubmit={(label) => {
        const taken = suggestions.find((suggestion) => suggestion.label === label);
        if (taken === undefined) return;
        onChange(taken.query);
        setCaret(taken.caret);
        combobox.resetSelectedOption();
        // A key is followed by its values.
        if (!taken.query.slice(0, taken.caret).endsWith(':')) combobox.closeDropdown();
      }}
    >
      <Combobox.Target>
        <TextInput
          ref={ref}
          className={css.bar}
          aria-label="Filter runs"
          placeholder="Filter: words, or reward:self-certainty temp>1 tag:paper"
          leftSection={<IconSearch size={14} />}
          rightSection={
            value === '' ? null : (
              <button type="button" className={css.clear} aria-label="Clear the filter" onClick={() => onChange('')}>
                <IconX size={14} aria-hidden />
              </button>
            )
          }
          error={fault}
          errorProps={{ role: 'status', className: css.fault }}
          value={value}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => {
            onChange(event.currentTarget.value);
            setCaret(event.currentTarget.selectionStart ?? event.currentTarget.value.length);
            combobox.openDropdown();
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
          onClick={() => combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            if (combobox.dropdownOpened) combobox.closeDropdown();
            else if (value !== '') onChange('');
            else event.currentTarget.blur();
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={suggestions.length === 0}>
        <Combobox.Options aria-label="Suggestions" className={`${css.options} scroll`}>
          {suggestions.map(({ label, detail }) => (
            <Combobox.Option value={label} key={label} className={css.option}>
              <span className={`${css.label} ellipsis`}>{label}</span>
              <span className={css.detail}>{detail}</span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
        <p className={css.hint}>
          a,b either · -key:a not · key&gt;1 · name:*part* · words are looked for in names, tags and studies
        </p>
      </Combobox.Dropdown>
    </Combobox>
  );
}
