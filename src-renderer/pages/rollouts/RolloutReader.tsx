/** One completion to read: its numbers, the prompt, what the model wrote, how it was judged. */
import { Select, Switch } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import type { Ref } from 'react';
import { OUTCOME_TITLES } from '../../../src-shared/charts/palette.ts';
import { formatCount, formatNumber, formatSigned, NO_VALUE } from '../../../src-shared/format.ts';
import type { RolloutDetail, RolloutSummary } from '../../../src-shared/rollout.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { ErrorView } from '../../components/ErrorView.tsx';
import { OutcomeMark } from '../../components/OutcomeMark.tsx';
import { useRollout } from '../../data/queries.ts';
import { HEAT_STATISTICS, statisticsOf } from '../../lib/token-heat.ts';
import { Completion } from './Completion.tsx';
import { FilmStrip } from './FilmStrip.tsx';
import { RewardParts } from './RewardParts.tsx';
import css from './RolloutReader.module.css';
import { TestResults } from './TestResults.tsx';
import { TokenHeat } from './TokenHeat.tsx';

interface RolloutReaderProps {
  readonly ref: Ref<HTMLElement>;
  readonly summary: RolloutSummary;
  /** All rollouts of the step, for "3 of 8". */
  readonly siblings: readonly RolloutSummary[];
  /** Address of the rollout. */
  readonly link: () => string;
  /** Read the rollout of another step. */
  readonly onGo: (step: number, rolloutId: number) => void;
}

export function RolloutReader({ ref, summary, siblings, link, onGo }: RolloutReaderProps) {
  const rollout = useRollout(summary.id);
  const group = siblings.filter((r) => r.problemId === summary.problemId).length;
  return (
    <article
      ref={ref}
      tabIndex={-1}
      className={`${css.reader} scroll`}
      aria-label={`Rollout ${summary.sample + 1} of ${summary.problemId}`}
    >
      <header className={css.head}>
        <OutcomeMark outcome={summary.outcome} size={18} />
        <h2 className="ellipsis">{summary.problemId}</h2>
        <span className="faint">
          rollout {summary.sample + 1}
          {group === 0 ? '' : ` of ${group}`} · step {summary.step}
        </span>
        <CopyButton text={link} label="Copy link" />
      </header>
      <FilmStrip rollout={summary} onGo={onGo} />
      <Numbers rollout={summary} />
      {rollout.isError ? <ErrorView error={rollout.error} onRetry={() => void rollout.refetch()} /> : null}
      {rollout.data === undefined ? null : <Body key={rollout.data.id} rollout={rollout.data} />}
    </article>
  );
}

function Numbers({ rollout }: { rollout: RolloutSummary }) {
  const rows: [string, string][] = [
    ['Outcome', OUTCOME_TITLES[rollout.outcome]],
    ['Tests', rollout.testsTotal === 0 ? NO_VALUE : `${rollout.testsPassed} of ${rollout.testsTotal}`],
    ['Reward', formatNumber(rollout.reward)],
    ['Advantage', formatSigned(rollout.advantage)],
    ['Tokens', `${formatCount(rollout.tokens)}${rollout.finished ? '' : ' (cut off)'}`],
    ['Mean entropy', `${formatNumber(rollout.meanEntropy)} nats`],
    ['Mean log-probability', `${formatNumber(rollout.meanLogprob)} nats`],
  ];
  return (
    <dl className={css.numbers}>
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Body({ rollout }: { rollout: RolloutDetail }) {
  const [heat, setHeat] = useLocalStorage({
    key: 'assay-token-heat',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const [statisticId, setStatistic] = useLocalStorage<string>({
    key: 'assay-heat-statistic',
    defaultValue: HEAT_STATISTICS[0].id,
    getInitialValueInEffect: false,
  });
  const [promptOpened, setPromptOpened] = useLocalStorage({
    key: 'assay-prompt',
    defaultValue: true,
    getInitialValueInEffect: false,
  });
  const statistics = statisticsOf(rollout.stats);
  const statistic = statistics.find((s) => s.id === statisticId) ?? HEAT_STATISTICS[0];
  return (
    <>
      {rollout.fault === null ? null : (
        <p className={css.fault} role="alert">
          Could not be scored: {rollout.fault.stage} failed. {rollout.fault.message}
        </p>
      )}
      <section aria-label="Prompt">
        <div className={css.sectionHead}>
          <button
            type="button"
            className={css.fold}
            aria-expanded={promptOpened}
            onClick={() => setPromptOpened(!promptOpened)}
          >
            {promptOpened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
            <span className="section-title">Prompt</span>
          </button>
          <CopyButton text={() => rollout.prompt} label="Copy prompt" />
        </div>
        {promptOpened ? <pre className={css.text}>{rollout.prompt}</pre> : null}
      </section>
      <section aria-label="Completion">
        <div className={css.sectionHead}>
          <h3 className="section-title">Completion</h3>
          <div className={css.heatTools}>
            {heat ? (
              <Select
                aria-label="Statistic of the heat map"
                w={190}
                data={statistics.map(({ id, title }) => ({ value: id, label: title }))}
                value={statistic.id}
                onChange={(value) => value !== null && setStatistic(value)}
              />
            ) : null}
            <Switch
              label="Certainty heat map"
              labelPosition="left"
              checked={heat}
              onChange={(event) => setHeat(event.currentTarget.checked)}
            />
            <CopyButton text={() => rollout.completion} label="Copy completion" />
          </div>
        </div>
        {heat ? (
          <TokenHeat rollout={rollout} statistic={statistic} />
        ) : (
          <Completion text={rollout.completion} code={rollout.code} />
        )}
      </section>
      <TestResults tests={rollout.tests} outcome={rollout.outcome} />
      <RewardParts rollout={rollout} />
    </>
  );
}
