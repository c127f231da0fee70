/** A program and its tests on the left, what the sandbox says of them on the right. What is written survives a reload. */
import { Button, Kbd, Menu, Select, Switch, TextInput } from '@mantine/core';
import { useHotkeys, useSessionStorage } from '@mantine/hooks';
import { IconChevronDown, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { SandboxInfo } from '../../../src-shared/api.ts';
import { LANGUAGES } from '../../../src-shared/verdict.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useApi } from '../../data/api-context.tsx';
import {
  DRAFT_KEY,
  type Draft,
  type DraftFaults,
  EXAMPLES,
  firstDraft,
  type ProgramInput,
  programOf,
  readDraft,
} from '../../lib/program-draft.ts';
import { CodeEditor } from './CodeEditor.tsx';
import { Field } from './Field.tsx';
import css from './Playground.module.css';
import { Results } from './Results.tsx';
import { TestsEditor } from './TestsEditor.tsx';

const KIND_TITLES = { functional: 'Function call', stdin: 'Standard input', asserts: 'Asserts' } as const;
const KINDS = ['functional', 'stdin', 'asserts'] as const;
const NO_FAULTS: DraftFaults = {};

export function Playground({ info }: { info: SandboxInfo }) {
  const api = useApi();
  const [draft, setDraft] = useSessionStorage<Draft>({
    key: DRAFT_KEY,
    defaultValue: firstDraft,
    deserialize: readDraft,
    getInitialValueInEffect: false,
  });
  const [faults, setFaults] = useState(NO_FAULTS);
  const run = useMutation({
    mutationFn: async (input: ProgramInput) => ({ input, result: await api.runProgram(input) }),
  });
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part });
    setFaults(NO_FAULTS);
  };
  const start = () => {
    if (run.isPending) return;
    const program = programOf(draft);
    if ('faults' in program) {
      setFaults(program.faults);
      return;
    }
    setFaults(NO_FAULTS);
    run.mutate(program.input);
  };
  useHotkeys([['mod+Enter', start]], []);

  const current = useMemo(() => {
    const program = programOf(draft);
    return 'input' in program ? JSON.stringify(program.input) : null;
  }, [draft]);

  return (
    <form
      className={css.page}
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <div className={css.left}>
        <div className={`${css.inputs} scroll`}>
          <ProgramFields info={info} draft={draft} faults={faults} onChange={change} />
          <div>
            <CodeEditor value={draft.code} onChange={(code) => change({ code })} label="Program" fault={faults.code} />
            {faults.code === undefined ? null : (
              <p className={css.fault} role="alert">
                {faults.code}
              </p>
            )}
          </div>
          <TestsEditor kind={draft.kind} tests={draft.tests} faults={faults} onChange={(tests) => change({ tests })} />
          <LimitFields draft={draft} faults={faults} onChange={change} />
        </div>
        <div className={css.actions}>
          <Button type="submit" loading={run.isPending} leftSection={<IconPlayerPlayFilled size={14} />}>
            Run
          </Button>
          <span className="faint">
            <Kbd size="xs">{isMac() ? '⌘' : 'Ctrl'}</Kbd> <Kbd size="xs">Enter</Kbd>
          </span>
          <Examples onLoad={(example) => change(example)} />
        </div>
      </div>
      <section className={`${css.right} scroll`} aria-label="Result">
        {run.isError ? (
          <ErrorView error={run.error} />
        ) : run.data === undefined ? (
          <p className={css.empty}>
            {run.isPending
              ? 'Running…'
              : 'Run shows the verdict of every test here: what went in, what came out, how long it took and how much memory it needed. The program runs as the programs of a policy do.'}
          </p>
        ) : (
          <Results
            // Another result opens other tests.
            key={run.submittedAt}
            input={run.data.input}
            result={run.data.result}
            stale={JSON.stringify(run.data.input) !== current}
          />
        )}
      </section>
    </form>
  );
}

interface FieldsProps {
  readonly draft: Draft;
  readonly faults: DraftFaults;
  readonly onChange: (part: Partial<Draft>) => void;
}

function ProgramFields({ info, draft, faults, onChange }: FieldsProps & { info: SandboxInfo }) {
  const here = info.languages.find(({ language }) => language === draft.language);
  return (
    <div className={css.fields}>
      <Field id="sandbox-language" label="Language">
        <Select
          id="sandbox-language"
          data={info.languages.map(({ language, title, version }) => ({
            value: language,
            label: title,
            disabled: version === null,
          }))}
          value={draft.language}
          onChange={(value) => {
            const language = LANGUAGES.find((l) => l === value);
            if (language !== undefined) onChange({ language });
          }}
          renderOption={({ option }) => {
            const report = info.languages.find(({ language }) => language === option.value);
            return (
              <div>
                <div>{option.label}</div>
                <div className={css.version}>{report?.version ?? report?.missing}</div>
              </div>
            );
          }}
          comboboxProps={{ width: 320, position: 'bottom-start' }}
        />
      </Field>
      <Field id="sandbox-kind" label="Kind of test">
        <Select
          id="sandbox-kind"
          data={KINDS.map((value) => ({
            value,
            label: KIND_TITLES[value],
            disabled: here !== undefined && !here.kinds.includes(value),
          }))}
          value={draft.kind}
          onChange={(value) => {
            const kind = KINDS.find((k) => k === value);
            if (kind !== undefined) onChange({ kind });
          }}
        />
      </Field>
      {draft.kind === 'stdin' ? null : (
        <Field id="sandbox-function" label="Function name" fault={faults.functionName}>
          <TextInput
            id="sandbox-function"
            className="mono"
            autoComplete="off"
            spellCheck={false}
            error={faults.functionName !== undefined}
            value={draft.functionName}
            onChange={(event) => onChange({ functionName: event.currentTarget.value })}
          />
        </Field>
      )}
    </div>
  );
}

function LimitFields({ draft, faults, onChange }: FieldsProps) {
  const limit = (id: 'wallMs' | 'memoryMb', label: string, unit: string) => (
    <Field id={`sandbox-${id}`} label={label} unit={unit} fault={faults[id]}>
      <TextInput
        id={`sandbox-${id}`}
        inputMode="numeric"
        autoComplete="off"
        error={faults[id] !== undefined}
        value={draft[id]}
        onChange={(event) => onChange({ [id]: event.currentTarget.value })}
      />
    </Field>
  );
  return (
    <section aria-label="Limits">
      <div className={css.fields}>
        {limit('wallMs', 'Time per test', 'ms')}
        {limit('memoryMb', 'Memory per test', 'MB')}
        <Field id="sandbox-stop" label="Stop at the first failure">
          <div className={css.switch}>
            <Switch
              id="sandbox-stop"
              checked={draft.stopAtFirstFailure}
              onChange={(event) => onChange({ stopAtFirstFailure: event.currentTarget.checked })}
            />
          </div>
        </Field>
      </div>
    </section>
  );
}

function Examples({ onLoad }: { onLoad: (draft: Draft) => void }) {
  return (
    <Menu position="top-end">
      <Menu.Target>
        <Button variant="default" ml="auto" rightSection={<IconChevronDown size={14} />}>
          Load example
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {EXAMPLES.map(({ id, title, help, draft }) => (
          <Menu.Item key={id} onClick={() => onLoad(draft)}>
            <div>{title}</div>
            <div className={css.version}>{help}</div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const isMac = (): boolean => /Mac/.test(navigator.platform);
