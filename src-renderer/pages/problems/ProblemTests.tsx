/** The tests of a problem: what goes in and what must come out, the visible ones first. */
import { useState } from 'react';
import { formatCount } from '../../../src-shared/format.ts';
import type { ProblemDetail } from '../../../src-shared/problem-sets.ts';
import { Texts } from '../../components/Texts.tsx';
import { Code } from './Code.tsx';
import css from './ProblemPane.module.css';

const SHOWN = 5;
type Shown = ProblemDetail['tests'][number];

export function ProblemTests({ problem: { tests, visibleTests, hiddenTests } }: { problem: ProblemDetail }) {
  const [all, setAll] = useState(false);
  const total = visibleTests + hiddenTests;
  const most = Math.max(SHOWN, tests.filter(({ visible }) => visible).length);
  const shown = all ? tests : tests.slice(0, most);
  return (
    <section aria-label="Tests">
      <h3 className="section-title">Tests</h3>
      <ul className={css.tests}>
        {shown.map((test, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a test is its position
          <li key={i}>
            <p className="dim">
              {i + 1} · {test.visible ? 'visible' : 'hidden'}
              <span className="faint">{judging(test)}</span>
            </p>
            <OneTest test={test} />
          </li>
        ))}
      </ul>
      {tests.length > most ? (
        <button type="button" className={css.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show ${formatCount(tests.length)}`}
        </button>
      ) : null}
      {total > tests.length ? (
        <p className="faint">
          {formatCount(total - tests.length)} more {total - tests.length === 1 ? 'is' : 'are'} not shown: too long, or
          too many.
        </p>
      ) : null}
    </section>
  );
}

function OneTest({ test: { kind, input, expected, accepted } }: { test: Shown }) {
  if (kind === 'asserts') return <Code code={input} language="python" />;
  const others = accepted === undefined || accepted.length === 0 ? {} : { 'Also right': accepted.join('\n') };
  if (kind === 'answer') return <Texts texts={{ Expected: expected, ...others }} />;
  return <Texts texts={{ [kind === 'functional' ? 'Arguments' : 'Input']: input, Expected: expected, ...others }} />;
}

/** How the output is judged, where not by being equal. */
function judging({ comparison }: Shown): string {
  switch (comparison?.kind) {
    case 'tolerance':
      return ` · numbers within ${comparison.absolute}, or ${comparison.relative} of the expected`;
    case 'unordered':
      return ' · in any order';
    case 'checker':
      return ` · judged by a checker in ${comparison.language}`;
    default:
      return '';
  }
}
