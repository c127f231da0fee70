/** The tests of a rollout as a row of marks; one of them opened with its input, the expected and the given answer. */
import { useState } from 'react';
import { OUTCOME_TITLES } from '../../../src-shared/charts/palette.ts';
import { formatDuration } from '../../../src-shared/format.ts';
import type { Outcome, RolloutTest } from '../../../src-shared/rollout.ts';
import { OutcomeMark } from '../../components/OutcomeMark.tsx';
import { Texts } from '../../components/Texts.tsx';
import css from './TestResults.module.css';

interface TestResultsProps {
  readonly tests: readonly RolloutTest[];
  readonly outcome: Outcome;
}

export function TestResults({ tests, outcome }: TestResultsProps) {
  const [chosen, setChosen] = useState(() => {
    const failed = tests.findIndex((test) => test.verdict !== 'passed');
    return failed >= 0 ? failed : null;
  });
  const test = chosen === null ? undefined : tests[chosen];
  return (
    <section aria-label="Tests">
      <h3 className="section-title">Tests</h3>
      {tests.length === 0 ? (
        <p className={css.none}>
          {outcome === 'no-code'
            ? 'Nothing was judged: the completion holds no program, or no final answer where one is asked for.'
            : 'No test was run.'}
        </p>
      ) : (
        <ul className={css.marks}>
          {tests.map(({ verdict }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a test is its position
            <li key={i}>
              <button
                type="button"
                aria-label={`Test ${i + 1}: ${OUTCOME_TITLES[verdict]}`}
                aria-pressed={i === chosen}
                onClick={() => setChosen(i === chosen ? null : i)}
              >
                <OutcomeMark outcome={verdict} size={18} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {test === undefined || chosen === null ? null : <TestDetail test={test} number={chosen + 1} />}
    </section>
  );
}

function TestDetail({ test, number }: { test: RolloutTest; number: number }) {
  return (
    <div className={css.detail}>
      <p className={css.title}>
        Test {number} · {OUTCOME_TITLES[test.verdict]}
        <span className="faint"> · {formatDuration(test.wallMs / 1000)}</span>
      </p>
      {test.detail === null ? null : <p className={css.reason}>{test.detail}</p>}
      <Texts texts={{ Input: test.input, Expected: test.expected, Got: test.got }} />
    </div>
  );
}
