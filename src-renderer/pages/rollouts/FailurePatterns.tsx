/** What failures with the highest rewards have in common, in counts against the correct rollouts of the same steps. */
import { Button, Select } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { formatCount, formatNumber, formatPercent } from '../../../src-shared/format.ts';
import { FAILURE_FEATURES, type FailurePatterns as Patterns } from '../../../src-shared/rollouts.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { OutcomeMark } from '../../components/OutcomeMark.tsx';
import { useFailurePatterns } from '../../data/queries.ts';
import css from './FailurePatterns.module.css';

interface FailurePatternsProps {
  readonly runId: string;
  readonly step: number;
  readonly split: 'train' | 'eval';
  readonly onOpen: (step: number, rolloutId: number) => void;
  readonly onClose: () => void;
}

const SPANS = [1, 5, 20] as const;
const COHORTS = [
  { id: 'chosen', title: 'These failures' },
  { id: 'others', title: 'Other failures' },
  { id: 'correct', title: 'Correct' },
] as const;

export function FailurePatterns({ runId, step, split, onOpen, onClose }: FailurePatternsProps) {
  const [span, setSpan] = useState<number>(SPANS[0]);
  const patterns = useFailurePatterns(runId, step, split, span);
  return (
    <section className={`${css.patterns} scroll`} aria-label="What top-reward failures share">
      <header className={css.head}>
        <h2>What top-reward failures share</h2>
        <Select
          aria-label="Steps looked at"
          w={150}
          data={SPANS.map((n) => ({ value: String(n), label: n === 1 ? `Step ${step}` : `Last ${n} steps` }))}
          value={String(span)}
          onChange={(value) => setSpan(Number(value ?? SPANS[0]))}
        />
        <Button variant="default" leftSection={<IconX size={14} />} onClick={onClose}>
          Close
        </Button>
      </header>
      {patterns.isError ? <ErrorView error={patterns.error} onRetry={() => void patterns.refetch()} /> : null}
      {patterns.data === undefined ? null : <Body patterns={patterns.data} onOpen={onOpen} />}
    </section>
  );
}

function Body({ patterns, onOpen }: { patterns: Patterns; onOpen: FailurePatternsProps['onOpen'] }) {
  const { cohorts, features, phrases, examples } = patterns;
  if (cohorts.chosen.rollouts === 0) return <p className="dim">No rollout failed here.</p>;
  return (
    <>
      <p className={css.about}>{aboutOf(patterns)}</p>
      <table className={css.table}>
        <caption className="section-title">Features</caption>
        <Head first="" />
        <tbody>
          <tr>
            <th scope="row">Rollouts (problems)</th>
            {COHORTS.map(({ id }) => (
              <td key={id}>
                {formatCount(cohorts[id].rollouts)} <span className="faint">({formatCount(cohorts[id].problems)})</span>
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Mean reward</th>
            {COHORTS.map(({ id }) => (
              <td key={id}>{formatNumber(cohorts[id].meanReward, 4)}</td>
            ))}
          </tr>
          <tr>
            <th scope="row">Median tokens</th>
            {COHORTS.map(({ id }) => (
              <td key={id}>{formatNumber(cohorts[id].medianTokens)}</td>
            ))}
          </tr>
          {features.map((row) => {
            const feature = FAILURE_FEATURES.find(({ id }) => id === row.id);
            return (
              <tr key={row.id}>
                <th scope="row" title={feature?.help}>
                  {feature?.title}
                </th>
                {COHORTS.map(({ id }) => (
                  <Share key={id} count={row[id].count} of={row[id].of} />
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {phrases.length === 0 ? (
        <p className={css.about}>
          No phrase is 10 points commoner in these failures than in{' '}
          {cohorts.correct.rollouts === 0 ? 'the others' : 'the correct rollouts'}.
        </p>
      ) : (
        <table className={css.table}>
          <caption className="section-title">
            Phrases <span className="faint">the most different of very many: a small difference may be chance</span>
          </caption>
          <Head first="Words and signs" last="Problems" />
          <tbody>
            {phrases.map((phrase) => (
              <tr key={phrase.text}>
                <th scope="row">
                  <code className={css.phrase} title={phrase.text}>
                    {phrase.text}
                  </code>
                </th>
                {COHORTS.map(({ id }) => (
                  <Share key={id} count={phrase[id]} of={cohorts[id].rollouts} />
                ))}
                <td>{formatCount(phrase.problems)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div>
        <h3 className="section-title">Highest rewards among them</h3>
        <ul className={css.examples}>
          {examples.map(({ id, step, problemId, sample, outcome, reward, tokens }) => (
            <li key={id}>
              <button type="button" onClick={() => onOpen(step, id)}>
                <OutcomeMark outcome={outcome} />
                <span className="ellipsis">
                  {problemId} · {sample + 1}
                </span>
                <span className="faint">step {step}</span>
                <span>{formatNumber(reward, 4)}</span>
                <span className="faint">{formatCount(tokens)} tok</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

function Head({ first, last }: { first: string; last?: string }) {
  return (
    <thead>
      <tr>
        {first === '' ? <td /> : <th scope="col">{first}</th>}
        {COHORTS.map(({ id, title }) => (
          <th key={id} scope="col">
            {title}
          </th>
        ))}
        {last === undefined ? null : <th scope="col">{last}</th>}
      </tr>
    </thead>
  );
}

function Share({ count, of }: { count: number; of: number }) {
  return (
    <td>
      {of === 0 ? (
        <span className="faint">–</span>
      ) : (
        <>
          {formatPercent(count / of, 0)}{' '}
          <span className="faint">
            {formatCount(count)}/{formatCount(of)}
          </span>
        </>
      )}
    </td>
  );
}

function aboutOf({ selection, threshold, steps }: Patterns): string {
  const where = steps.length === 1 ? `step ${steps[0]}` : `steps ${steps[0]} to ${steps.at(-1)}`;
  switch (selection) {
    case 'highest':
      return `Of the failing rollouts of ${where}, the quarter with the highest rewards${
        steps.length === 1 ? `, ties included: ${formatNumber(threshold, 4)} and above` : ' of each step, ties included'
      }.`;
    case 'all-equal':
      return `All failing rollouts of ${where}: their rewards do not differ.`;
    case 'unscored':
      return `All failing rollouts of ${where}: they have no reward.`;
    default:
      return selection satisfies never;
  }
}
