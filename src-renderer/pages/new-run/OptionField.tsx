/** The input of one option, made from its descriptor: label, unit, help, range, source, and what is wrong or unsound. */
import { ActionIcon, Autocomplete, Popover, Select, Switch, Text, TextInput, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconInfoCircle } from '@tabler/icons-react';
import { type KeyboardEvent, memo } from 'react';
import type { Catalogue } from '../../../src-shared/api.ts';
import { formatExact } from '../../../src-shared/format.ts';
import type { Option } from '../../../src-shared/options.ts';
import type { Warning } from '../../../src-shared/warnings.ts';
import type { FieldState } from '../../lib/run-form.ts';
import { EngineDevice } from './EngineDevice.tsx';
import css from './OptionField.module.css';
import { PolicySource } from './PolicySource.tsx';

/** The id of an option's input, so that a fault can put the cursor there. */
export const inputId = (path: string): string => `option-${path}`;

export interface FieldProps {
  readonly catalogue: Catalogue;
  /** Whose values the fields start from. */
  readonly preset: Catalogue['presets'][number] | undefined;
  readonly warnings: readonly Warning[];
  readonly onChange: (path: string, value: string | boolean) => void;
  readonly onReset: (path: string) => void;
}
interface OptionFieldProps extends FieldProps {
  readonly field: FieldState;
  /** Without its label on screen: the heading above says the same. */
  readonly bare?: boolean;
}

export const OptionField = memo(function OptionField(props: OptionFieldProps) {
  const { field, catalogue, preset, warnings, onChange, onReset, bare } = props;
  const { path, option, changed } = field;
  const id = inputId(path);
  const notesId = `${id}-notes`;
  const own = warnings.filter((warning) => warning.path === path);
  return (
    <div className={css.field} data-fault={field.fault !== null} data-inert={field.inert !== null}>
      <div className={css.label} hidden={bare}>
        <label htmlFor={id}>{option.label}</label>
        {option.kind === 'number' && option.unit !== undefined ? <span className="faint">{option.unit}</span> : null}
        <Popover position="bottom-start" width={320} withArrow>
          <Popover.Target>
            <button type="button" className={css.info} aria-label={`About ${option.label}`}>
              <IconInfoCircle size={14} aria-hidden />
            </button>
          </Popover.Target>
          <Popover.Dropdown>
            <Help option={option} path={path} preset={preset} />
          </Popover.Dropdown>
        </Popover>
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
        notesId={notesId}
        catalogue={catalogue}
        noted={field.fault !== null || field.inert !== null || own.length > 0}
        onChange={(value) => onChange(path, value)}
      />
      {path === 'policy.engine' ? <EngineDevice engine={String(field.shown)} /> : null}
      <div id={notesId}>
        {field.fault === null ? null : (
          <p className={css.fault} role="alert">
            {field.fault}
          </p>
        )}
        {field.inert === null ? null : <p className={css.inert}>No effect: {field.inert}.</p>}
        {own.map(({ text, why, source }) => (
          <div className={css.warning} key={text}>
            {text}{' '}
            <Popover position="bottom-start" width={320} withArrow>
              <Popover.Target>
                <button type="button" aria-label={`Why: ${text}`}>
                  Why
                </button>
              </Popover.Target>
              <Popover.Dropdown>
                <div className={css.help}>
                  <p>{why}</p>
                  <p className={css.helpNote}>Source: {source}.</p>
                </div>
              </Popover.Dropdown>
            </Popover>
          </div>
        ))}
      </div>
    </div>
  );
});

interface InputProps {
  readonly field: FieldState;
  readonly id: string;
  /** Of what is said below it. */
  readonly notesId: string;
  readonly noted: boolean;
  readonly catalogue: Catalogue;
  readonly onChange: (value: string | boolean) => void;
}

function Input({ field, id, notesId, noted, catalogue, onChange }: InputProps) {
  const { option, shown, fault, changed } = field;
  const shared = {
    id,
    error: fault !== null,
    'aria-label': option.label,
    'data-changed': changed,
    ...(noted ? { 'aria-describedby': notesId } : {}),
  };
  switch (option.kind) {
    case 'boolean':
      return (
        <Switch
          id={id}
          checked={shown === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
          {...(noted ? { 'aria-describedby': notesId } : {})}
        />
      );
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
      if (option.format === 'policy')
        return (
          <PolicySource
            id={id}
            value={String(shown)}
            changed={changed}
            fault={fault}
            faultId={notesId}
            onChange={onChange}
          />
        );
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
  return path === 'policy.engine'
    ? ['auto', ...catalogue.engines.filter((e) => e.unavailable === null).map((e) => e.id)]
    : [];
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

interface HelpProps {
  readonly option: Option;
  readonly path: string;
  readonly preset: FieldProps['preset'];
}

function Help({ option, path, preset }: HelpProps) {
  const range =
    option.kind === 'number'
      ? `${option.integer ? 'A whole number' : 'A number'} from ${formatExact(option.min)} to ${formatExact(option.max)}. `
      : '';
  const inPreset = preset?.values[path];
  const source = preset?.sources?.[path];
  return (
    <div className={css.help}>
      <p>{option.help}</p>
      <p className={css.helpNote}>
        {range}Default {formatExact(option.default)}
        {option.source === undefined ? '.' : ` (${option.source}).`}
      </p>
      {inPreset === undefined ? null : (
        <p className={css.helpNote}>
          {preset?.title}: {formatExact(inPreset)}
          {source === undefined ? '.' : ` (${source}).`}
        </p>
      )}
      <p className={css.helpPath}>{path}</p>
    </div>
  );
}
