/** One problem, read beside the list: what it asks, its tests, the prompt that a policy gets, its published solutions. All
 * of it comes from a file, and reaches the page as text nodes only. */
import { ActionIcon, Button, Tabs, Tooltip } from '@mantine/core';
import { useSessionStorage } from '@mantine/hooks';
import { IconShieldCode, IconX } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { formatCount } from '../../../src-shared/format.ts';
import type { Split } from '../../../src-shared/problem.ts';
import type { ProblemDetail } from '../../../src-shared/problem-sets.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useUndo } from '../../components/use-undo.tsx';
import { draftOf } from '../../lib/problems/try.ts';
import type { ProblemSet } from '../../lib/problems/view.ts';
import { DRAFT_KEY, type Draft, draftSchema, EXAMPLES, firstDraft, readDraft } from '../../lib/program-draft.ts';
import tabs from '../RunPage.module.css';
import { Code } from './Code.tsx';
import css from './ProblemPane.module.css';
import { ProblemTests } from './ProblemTests.tsx';
import { PromptView } from './PromptView.tsx';
import { SPLIT_TITLES } from './Summary.tsx';
import { useProblem } from './use-problems.ts';

interface ProblemPaneProps {
  readonly set: ProblemSet;
  readonly split: Split;
  readonly id: string;
  readonly onClose: () => void;
}

export function ProblemPane({ set, split, id, onClose }: ProblemPaneProps) {
  const problem = useProblem(set, split, id);
  const [tab, setTab] = useState<string | null>('problem');
  const { data } = problem;
  return (
    <aside className={css.pane} aria-label="Problem">
      <header className={css.head}>
        <h2 className="ellipsis" title={id}>
          {id}
        </h2>
        {data === undefined || data.id !== id ? null : <TryButton problem={data} />}
        <ActionIcon size={24} aria-label="Close the problem" onClick={onClose}>
          <IconX size={14} />
        </ActionIcon>
      </header>
      {problem.error !== null ? (
        <ErrorView error={problem.error} />
      ) : data === undefined ? (
        <p className={css.waiting}>Reading…</p>
      ) : (
        <>
          <p className={`${css.facts} dim`}>{factsOf(data)}</p>
          <Tabs className={tabs.tabs} value={tab} onChange={setTab}>
            <Tabs.List className={tabs.list}>
              <Tabs.Tab value="problem">Problem</Tabs.Tab>
              <Tabs.Tab value="prompt">Prompt</Tabs.Tab>
              <Tabs.Tab value="solutions" rightSection={<span className="faint">{data.solutions.length}</span>}>
                Solutions
              </Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="problem" className={css.panel}>
              <Asked problem={data} />
            </Tabs.Panel>
            <Tabs.Panel value="prompt" className={css.panel}>
              <PromptView set={set} split={data.split} id={data.id} />
            </Tabs.Panel>
            <Tabs.Panel value="solutions" className={css.panel}>
              <Solutions problem={data} />
            </Tabs.Panel>
          </Tabs>
        </>
      )}
    </aside>
  );
}

function factsOf({ split, difficulty, date, functionName, visibleTests, hiddenTests }: ProblemDetail): string {
  const tests = visibleTests + hiddenTests;
  return [
    SPLIT_TITLES[split],
    ...(difficulty === '' ? [] : [difficulty]),
    ...(date === null ? [] : [date]),
    ...(functionName === '' ? [] : [`function ${functionName}`]),
    `${formatCount(tests)} ${tests === 1 ? 'test' : 'tests'}, ${formatCount(visibleTests)} visible`,
  ].join(' · ');
}

function Asked({ problem }: { problem: ProblemDetail }) {
  const { statement, starterCode } = problem;
  return (
    <>
      <section aria-label="Statement">
        <h3 className="section-title">Statement</h3>
        <pre className={css.statement}>{statement.trim()}</pre>
      </section>
      {starterCode.trim() === '' ? null : (
        <section aria-label="Starter code">
          <h3 className="section-title">Starter code</h3>
          <Code code={starterCode} language="python" />
        </section>
      )}
      <ProblemTests key={`${problem.split} ${problem.id}`} problem={problem} />
    </>
  );
}

function Solutions({ problem: { solutions } }: { problem: ProblemDetail }) {
  if (solutions.length === 0) return <p className="dim">No solution is published for this problem.</p>;
  return solutions.map(({ language, code }, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: solutions of one problem never change places
    <section key={i} aria-label={`Solution ${i + 1}`}>
      <div className={css.solution}>
        <h3 className="section-title">
          {solutions.length === 1 ? 'Reference solution' : `Solution ${i + 1}`}{' '}
          <span className="faint">{language}</span>
        </h3>
        <CopyButton text={() => code} label="Copy the solution" />
      </div>
      <Code code={code} language={language} />
    </section>
  ));
}

/** Equal for equal drafts: the order of their fields says nothing. */
const canonical = (draft: Draft) => JSON.stringify(draftSchema.parse(draft));
const EXAMPLES_ALONE: ReadonlySet<string> = new Set(EXAMPLES.map(({ draft }) => canonical(draft)));

/** Carries the problem over to the sandbox page, in place of what was written there. */
function TryButton({ problem }: { problem: ProblemDetail }) {
  const navigate = useNavigate();
  const offerUndo = useUndo();
  const [before, setDraft] = useSessionStorage<Draft>({
    key: DRAFT_KEY,
    defaultValue: firstDraft,
    deserialize: readDraft,
    getInitialValueInEffect: false,
  });
  const made = draftOf(problem);
  const carry = () => {
    if ('why' in made) return;
    setDraft(made.draft);
    if (!EXAMPLES_ALONE.has(canonical(before)))
      offerUndo('Replaced the program in the sandbox', async () => setDraft(before));
    void navigate({ to: '/sandbox' });
  };
  return (
    <Tooltip label={'why' in made ? made.why : 'Run its solution, or a program of yours, on its tests'}>
      <Button
        variant="default"
        {...('why' in made ? { 'data-disabled': true, 'aria-disabled': true } : {})}
        leftSection={<IconShieldCode size={14} />}
        onClick={carry}
      >
        Try in the sandbox
      </Button>
    </Tooltip>
  );
}
