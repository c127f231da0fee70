/** Above the form: training or evaluation, form or YAML, what is searched for, and whether advanced options are shown. */
import { SegmentedControl, Switch, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import css from './NewRunForm.module.css';

export type Look = 'form' | 'yaml';

interface FormToolsProps {
  readonly evaluates: boolean;
  readonly onEvaluates: (evaluates: boolean) => void;
  readonly look: Look;
  readonly onLook: (look: Look) => void;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly advanced: boolean;
  readonly onAdvanced: (advanced: boolean) => void;
}

export function FormTools(props: FormToolsProps) {
  const { evaluates, look, query } = props;
  return (
    <div className={css.tools} role="toolbar" aria-label="Form">
      <SegmentedControl
        aria-label="What the run does"
        data={[
          { value: 'train', label: 'Train' },
          { value: 'evaluate', label: 'Evaluate' },
        ]}
        value={evaluates ? 'evaluate' : 'train'}
        onChange={(value) => props.onEvaluates(value === 'evaluate')}
      />
      <SegmentedControl
        aria-label="Shown as"
        data={[
          { value: 'form', label: 'Form' },
          { value: 'yaml', label: 'YAML' },
        ]}
        value={look}
        onChange={(value) => props.onLook(value === 'yaml' ? 'yaml' : 'form')}
      />
      {look === 'form' ? (
        <>
          <TextInput
            className={css.search}
            aria-label="Find an option"
            placeholder="Find an option"
            leftSection={<IconSearch size={14} />}
            value={query}
            autoComplete="off"
            onChange={(event) => props.onQuery(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') event.preventDefault();
              if (event.key === 'Escape') props.onQuery('');
            }}
          />
          <Switch
            label="Advanced"
            checked={props.advanced}
            onChange={(event) => props.onAdvanced(event.currentTarget.checked)}
          />
        </>
      ) : null}
    </div>
  );
}
