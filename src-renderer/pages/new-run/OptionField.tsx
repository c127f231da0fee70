/** The input of one option, made from its descriptor: label, unit, help, range, source and what is wrong with it. */
import { ActionIcon, Autocomplete, Select, Switch, Text, TextInput, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconInfoCircle } from '@tabler/icons-react';
import { type KeyboardEvent, memo } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import type { Option } from '../../../src-shared/options.ts';
import { formatExact } from '../../lib/format.ts';
import type { FieldState } from '../../lib/run-form.ts';
import css from './OptionField.module.css';

/** The id of an option's input, so that a fault can put the cursor there. */
export const inputId = (path: string): string => `option-${path}`;

interface OptionFieldProps {
  readonly field: FieldState;
  readonly catalogue: Catalogue;
  readonly onChange: (path: string, value: string | boolean) => void;
  readonly onReset: (path: string) => void;
  /** Without its label on screen: the heading above says the same. */
  readonly bare?: boolean;
}

export const OptionField = memo(function OptionField({ field, catalogue, onChange, onReset, bare }: OptionFieldProps) {
  const { path, option, changed } = field;
  const id = inputId(path);
  const faultId = `${id}-fault`;
  return (
    <div className={css.field} data-fault={field.fault !== null}>
      <div className={css.label} hidden={bare}>
        <label htmlFor={id}>{option.label}</label>
        {option.kind === 'number' && option.unit !== undefined ? <span className="faint">{option.unit}</span> : null}
        <Tooltip label={<Help option={option} path={path} />}>
          <button type="button" className={css.info} aria-label={`About ${option.label}`}>
            <IconInfoCircle size={14} aria-hidden />
          </button>
        </Tooltip>
        {changed ? (
          <Tooltip label={`Back to ${formatExact(field.base)}`}>
            <ActionIcon size={18} ml="auto" aria-label={`Reset ${option.label}`} onClick={() => onReset(path)}>
              <IconArrowBackUp size={14} />
            </ActionIcon>
          </Tooltip>
        ) : null}
      </div>
      <Input
        field={field}
        id={id}
        faultId={faultId}
        catalogue={catalogue}
        onChange={(value) => onChange(path, value)}
      />
      {field.fault === null ? null : (
        <p id={faultId} className={css.fault} role="alert">
          {field.fault}
        </p>
      )}
    </div>
  );
});

interface InputProps {
  readonly field: FieldState;
  readonly id: string;
  readonly faultId: string;
  readonly catalogue: Catalogue;
  readonly onChange: (value: string | boolean) => void;
}

function Input({ field, id, faultId, catalogue, onChange }: InputProps) {
  const { option, shown, fault, changed } = field;
  const shared = {
    id,
    error: fault !== null,
    'aria-label': option.label,
    'data-changed': changed,
    ...(fault === null ? {} : { 'aria-describedby': faultId }),
  };
  switch (option.kind) {
    case 'boolean':
      return <Switch id={id} checked={shown === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
    case 'choice':
      return (
        <Select
          {...shared}
          data={option.choices.map(({ value, label }) => ({ value, label }))}
          value={String(shown)}
          onChange={(value) => value !== null && onChange(value)}
          renderOption={({ option: item }) => {
            const help = option.choices.find((c) => c.value === item.value)?.help;
            return (
              <div>
                <div>{item.label}</div>
                {help === undefined ? null : (
                  <Text fz={12} lh="16px" c="dimmed">
                    {help}
                  </Text>
                )}
              </div>
            );
          }}
          comboboxProps={{ width: 320, position: 'bottom-start' }}
        />
      );
    case 'number':
      return (
        <TextInput
          {...shared}
          inputMode="decimal"
          autoComplete="off"
          value={String(shown)}
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => stepWithArrows(event, option, String(shown), onChange)}
        />
      );
    case 'text':
      return (
        <Autocomplete
          {...shared}
          data={suggestions(field.path, catalogue)}
          value={String(shown)}
          onChange={onChange}
          autoComplete="off"
          spellCheck={false}
        />
      );
    default:
      option satisfies never;
      return null;
  }
}

/** Values known to make sense; anything else can be typed. */
function suggestions(path: string, catalogue: Catalogue): string[] {
  if (path === 'policy.engine')
    return ['auto', ...catalogue.engines.filter((e) => e.unavailable === null).map((e) => e.id)];
  return path === 'policy.source' ? ['embedded'] : [];
}

/** Up and down change a whole number by one, as in a number input, which could not take `1e-4`. */
function stepWithArrows(
  event: KeyboardEvent,
  option: Extract<Option, { kind: 'number' }>,
  shown: string,
  onChange: (value: string) => void,
): void {
  const by = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
  const value = Number(shown);
  if (by === 0 || !option.integer || !Number.isInteger(value)) return;
  event.preventDefault();
  onChange(String(Math.min(option.max, Math.max(option.min, value + by))));
}

function Help({ option, path }: { option: Option; path: string }) {
  const range =
    option.kind === 'number'
      ? `${option.integer ? 'A whole number' : 'A number'} from ${formatExact(option.min)} to ${formatExact(option.max)}. `
      : '';
  return (
    <div className={css.help}>
      <p>{option.help}</p>
      <p className={css.helpNote}>
        {range}Default {formatExact(option.default)}
        {option.source === undefined ? '.' : ` (${option.source}).`}
      </p>
      <p className={css.helpPath}>{path}</p>
    </div>
  );
}
