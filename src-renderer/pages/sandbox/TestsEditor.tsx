/** The tests of the program in the playground: what goes in, what is expected, and how the two are compared. */
import { ActionIcon, Button, Select, Textarea, TextInput, Tooltip } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { PROGRAM_TESTS } from '../../../src-shared/verdict.ts';
import { COMPARISONS, type DraftFaults, type DraftTest, newTest } from '../../lib/program-draft.ts';
import css from './TestsEditor.module.css';

type Kind = (typeof PROGRAM_TESTS)[number];
const TEXTS: Readonly<Record<Kind, { help: string; input: string; expected: string }>> = {
  functional: {
    help: 'Arguments and answer in JSON: one argument a line, one answer.',
    input: 'Arguments',
    expected: 'Expected answer',
  },
  stdin: {
    help: 'The whole of standard input, and what the program prints.',
    input: 'Standard input',
    expected: 'Expected output',
  },
  asserts: {
    help: 'Python that calls the function, as candidate or by its name, and raises where it is wrong. The program never sees it.',
    input: 'Asserts',
    expected: '',
  },
};
const COMPARISON_TITLES = { exact: 'Exact', tolerance: 'Tolerance', unordered: 'Any order' } as const;

interface TestsEditorProps {
  readonly kind: Kind;
  readonly tests: readonly DraftTest[];
  readonly faults: DraftFaults;
  readonly onChange: (tests: DraftTest[]) => void;
}

export function TestsEditor({ kind, tests, faults, onChange }: TestsEditorProps) {
  const texts = TEXTS[kind];
  return (
    <section aria-label="Tests">
      <div className={css.head}>
        <h3 className="section-title">Tests</h3>
        <p className={css.help}>{texts.help}</p>
      </div>
      {tests.length === 0 ? null : (
        <div className={css.columns} data-asserts={kind === 'asserts'} aria-hidden>
          <span>{texts.input}</span>
          {kind === 'asserts' ? null : (
            <>
              <span>{texts.expected}</span>
              <span>Comparison</span>
            </>
          )}
        </div>
      )}
      <ol className={css.list}>
        {tests.map((test, i) => (
          <TestRow
            // biome-ignore lint/suspicious/noArrayIndexKey: a test is its position
            key={i}
            number={i + 1}
            kind={kind}
            test={test}
            faults={faults}
            onChange={(change) => onChange(tests.map((t, j) => (j === i ? { ...t, ...change } : t)))}
            onRemove={() => onChange(tests.filter((_, j) => j !== i))}
          />
        ))}
      </ol>
      {faults.tests === undefined ? null : (
        <p className={css.fault} role="alert">
          {faults.tests}
        </p>
      )}
      <Button
        variant="subtle"
        size="compact-xs"
        leftSection={<IconPlus size={14} />}
        onClick={() => onChange([...tests, newTest('', '', tests.at(-1)?.comparison)])}
      >
        Add test
      </Button>
    </section>
  );
}

interface TestRowProps {
  readonly number: number;
  readonly kind: Kind;
  readonly test: DraftTest;
  readonly faults: DraftFaults;
  readonly onChange: (change: Partial<DraftTest>) => void;
  readonly onRemove: () => void;
}

function TestRow({ number, kind, test, faults, onChange, onRemove }: TestRowProps) {
  const texts = TEXTS[kind];
  const area = (label: string, value: string, change: (value: string) => void) => (
    <Textarea
      aria-label={`${label} of test ${number}`}
      size="xs"
      autosize
      minRows={1}
      maxRows={8}
      spellCheck={false}
      classNames={{ input: css.text ?? '' }}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
  const tolerance = (path: 'absolute' | 'relative') => (
    <TextInput
      aria-label={`Largest ${path} difference in test ${number}`}
      leftSection={path === 'absolute' ? '±' : '×'}
      leftSectionWidth={22}
      inputMode="decimal"
      autoComplete="off"
      error={faults[`tests.${number - 1}.${path}`]}
      value={test[path]}
      onChange={(event) => onChange({ [path]: event.currentTarget.value })}
    />
  );
  return (
    <li className={css.test} data-asserts={kind === 'asserts'}>
      <span className={css.number}>{number}</span>
      {area(texts.input, test.input, (input) => onChange({ input }))}
      {kind === 'asserts' ? null : (
        <>
          {area(texts.expected, test.expected, (expected) => onChange({ expected }))}
          <Select
            aria-label={`Comparison of test ${number}`}
            data={COMPARISONS.map((value) => ({ value, label: COMPARISON_TITLES[value] }))}
            value={test.comparison}
            onChange={(value) => {
              const comparison = COMPARISONS.find((c) => c === value);
              if (comparison !== undefined) onChange({ comparison });
            }}
          />
        </>
      )}
      <Tooltip label="Remove test">
        <ActionIcon aria-label={`Remove test ${number}`} onClick={onRemove}>
          <IconTrash size={14} />
        </ActionIcon>
      </Tooltip>
      {test.comparison === 'tolerance' && kind !== 'asserts' ? (
        <div className={css.tolerance}>
          <span className="dim">Numbers may differ by</span>
          {tolerance('absolute')}
          <span className="dim">or, times the expected one,</span>
          {tolerance('relative')}
        </div>
      ) : null}
    </li>
  );
}
