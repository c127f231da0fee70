/** What the sandbox said of a program: its verdict, and each test with time, memory, and what came out. */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { OUTCOME_TITLES } from '../../../src-shared/charts/palette.ts';
import { formatCount, formatDuration, formatNumber, NO_VALUE, THIN } from '../../../src-shared/format.ts';
import type { ProgramResult, TestResult } from '../../../src-shared/verdict.ts';
import { OutcomeMark } from '../../components/OutcomeMark.tsx';
import { Texts } from '../../components/Texts.tsx';
import type { ProgramInput } from '../../lib/program-draft.ts';
import css from './Results.module.css';

interface ResultsProps {
  readonly input: ProgramInput;
  readonly result: ProgramResult;
  /** The program or its tests were changed since. */
  readonly stale: boolean;
}

export function Results({ input, result, stale }: ResultsProps) {
  const passed = result.tests.filter(({ verdict }) => verdict === 'passed').length;
  const notRun = input.tests.length - result.tests.length;
  return (
    <div className={css.results} data-stale={stale}>
      <div className={css.verdict} role="status">
        <OutcomeMark outcome={result.verdict} size={20} />
        <strong>{OUTCOME_TITLES[result.verdict]}</strong>
        <span className="dim">
          {formatCount(passed)} of {formatCount(input.tests.length)} tests passed
          {notRun > 0 ? `, ${formatCount(notRun)} not run` : ''}
        </span>
        {stale ? <span className={css.stale}>Changed since</span> : null}
      </div>
      <ol className={css.list} aria-label="Tests">
        {input.tests.slice(0, result.tests.length).map((asked, i) => {
          const test = result.tests[i];
          // biome-ignore lint/suspicious/noArrayIndexKey: a test is its position
          return test === undefined ? null : <TestRow key={i} number={i + 1} result={test} asked={asked} />;
        })}
      </ol>
    </div>
  );
}

interface TestRowProps {
  readonly number: number;
  readonly result: TestResult;
  readonly asked: ProgramInput['tests'][number];
}

function TestRow({ number, result, asked }: TestRowProps) {
  const { verdict, wallMs, memoryMb, detail, got } = result;
  const [opened, setOpened] = useState(verdict !== 'passed');
  const Chevron = opened ? IconChevronDown : IconChevronRight;
  return (
    <li className={css.test}>
      <button type="button" className={css.row} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Chevron size={14} className="faint" aria-hidden />
        <OutcomeMark outcome={verdict} size={16} />
        <span>Test {number}</span>
        <span className="dim">{OUTCOME_TITLES[verdict]}</span>
        <span className={css.figure}>{formatDuration(wallMs / 1000)}</span>
        <span className={css.figure}>{memoryMb === null ? NO_VALUE : `${formatNumber(memoryMb)}${THIN}MB`}</span>
      </button>
      {opened ? (
        <div className={css.detail}>
          {detail === null ? null : <p className={css.reason}>{detail}</p>}
          <Texts texts={asked.kind === 'asserts' ? { Got: got } : { Expected: asked.expected, Got: got }} />
        </div>
      ) : null}
    </li>
  );
}
