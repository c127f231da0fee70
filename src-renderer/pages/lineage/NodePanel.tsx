/** What is known of the chosen run or checkpoint, and what can be done from it. */
import { ActionIcon, Button } from '@mantine/core';
import { IconArrowsDiff, IconExternalLink, IconX } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import {
  formatBytes,
  formatCompact,
  formatCount,
  formatDateTime,
  formatPercentWithError,
  NO_VALUE,
} from '../../../src-shared/format.ts';
import type { Lineage } from '../../../src-shared/lineage.ts';
import { LinkButton } from '../../components/LinkButton.tsx';
import { RunStatus } from '../../components/RunStatus.tsx';
import { useCheckpoints } from '../../data/queries.ts';
import type { LineageRun } from '../../lib/lineage/layout.ts';
import { type Chosen, pathTo, startedFrom, twinsOf } from '../../lib/lineage/select.ts';
import { CheckpointActions } from '../run/CheckpointActions.tsx';
import css from './NodePanel.module.css';

interface NodePanelProps {
  readonly lineage: Lineage;
  readonly chosen: Chosen;
  readonly onChoose: (id: string) => void;
  readonly onFamily: (runId: string) => void;
  readonly onClose: () => void;
}

export function NodePanel({ lineage, chosen, onChoose, onFamily, onClose }: NodePanelProps) {
  const { run } = chosen;
  const path = pathTo(lineage, run.runId);
  const twins = twinsOf(lineage, run);
  const children = startedFrom(lineage, chosen);
  return (
    <aside className={`${css.panel} scroll`} aria-label="Chosen node">
      <header className={css.head}>
        <h2 className="ellipsis" title={run.name}>
          {run.name} <span className="faint">#{run.number}</span>
        </h2>
        <ActionIcon size={24} aria-label="Close" onClick={onClose}>
          <IconX size={14} />
        </ActionIcon>
      </header>
      {chosen.kind === 'checkpoint' ? <CheckpointFacts chosen={chosen} /> : <RunFacts run={run} />}
      <div className={css.actions}>
        <LinkButton
          to="/runs/$runId"
          params={{ runId: run.runId }}
          variant="default"
          leftSection={<IconExternalLink size={14} />}
        >
          Open run
        </LinkButton>
        {chosen.kind === 'checkpoint' ? (
          <LinkButton
            to="/runs/$runId/rollouts"
            params={{ runId: run.runId }}
            search={{ step: chosen.checkpoint.step, split: 'train' }}
            variant="default"
          >
            Open step {formatCount(chosen.checkpoint.step)}
          </LinkButton>
        ) : null}
        <CompareButton runs={path} title="Compare along the path" />
        {twins.length === 0 ? null : (
          <CompareButton
            runs={[run, ...twins]}
            title={run.controlOf === null ? 'Compare with its control' : 'Compare with its run'}
          />
        )}
        <Button variant="subtle" onClick={() => onFamily(run.runId)}>
          Only this family
        </Button>
      </div>
      {chosen.kind === 'checkpoint' ? <Actions chosen={chosen} /> : null}
      <Related title="From the root to here" runs={path.length > 1 ? path : []} chosen={run} onChoose={onChoose} />
      <Related
        title={chosen.kind === 'checkpoint' ? 'Started from this checkpoint' : 'Started from this run'}
        runs={children}
        chosen={run}
        onChoose={onChoose}
      />
      <Related
        title={run.controlOf === null ? 'Its control' : 'The control of'}
        runs={twins}
        chosen={run}
        onChoose={onChoose}
      />
    </aside>
  );
}

type ChosenCheckpoint = Extract<Chosen, { kind: 'checkpoint' }>;

function CheckpointFacts({ chosen: { run, checkpoint } }: { chosen: ChosenCheckpoint }) {
  const { step, accuracy, standardError, totalSteps, totalTokens, bytes, createdAt, exists, kept } = checkpoint;
  return (
    <Facts
      facts={{
        Checkpoint: `step ${formatCount(step)}`,
        Accuracy: accuracy === null ? 'not validated up to here' : formatPercentWithError(accuracy, standardError),
        Reward: run.reward,
        'Trained since the root': `${formatCount(totalSteps)} steps${totalTokens === null ? '' : `, ${formatCompact(totalTokens)} tokens`}`,
        Size: formatBytes(bytes),
        Saved: formatDateTime(createdAt),
        Files: exists ? 'there' : 'gone or incomplete: nothing can start from it',
        ...(kept === null ? {} : { Kept: kept }),
      }}
    />
  );
}

function RunFacts({ run }: { run: LineageRun }) {
  const { reward, seed, status, step, steps, study, source, stepsBefore, tokensBefore, missing } = run;
  return (
    <Facts
      facts={{
        Status: <RunStatus status={status} />,
        Reward: reward,
        Seed: seed === null ? NO_VALUE : String(seed),
        Steps: `${formatCount(step)} of ${formatCount(steps)}`,
        'Starts from': missing ? 'a checkpoint that is gone' : source,
        'Trained before it': `${formatCount(stepsBefore)} steps${tokensBefore === null ? '' : `, ${formatCompact(tokensBefore)} tokens`}`,
        ...(study === null ? {} : { Study: study }),
      }}
    />
  );
}

function Facts({ facts }: { facts: Readonly<Record<string, ReactNode>> }) {
  return (
    <dl className={css.facts}>
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Bootstrap, export, delete: the same as on the run's page. */
function Actions({ chosen: { run, checkpoint } }: { chosen: ChosenCheckpoint }) {
  const known = useCheckpoints(run.runId).data?.find(({ id }) => id === checkpoint.id);
  if (known === undefined) return null;
  return (
    <div className={css.actions}>
      <CheckpointActions checkpoint={known} kept={checkpoint.kept} />
    </div>
  );
}

function CompareButton({ runs, title }: { runs: readonly LineageRun[]; title: string }) {
  const navigate = useNavigate();
  if (runs.length < 2) return null;
  return (
    <Button
      variant="default"
      leftSection={<IconArrowsDiff size={14} />}
      // Stages of a path are told apart as runs: of one configuration each is a point of its own.
      onClick={() =>
        void navigate({
          to: '/compare',
          search: { runs: runs.map(({ runId }) => runId), grouping: ['none'] },
        })
      }
    >
      {title} ({formatCount(runs.length)})
    </Button>
  );
}

interface RelatedProps {
  readonly title: string;
  readonly runs: readonly LineageRun[];
  readonly chosen: LineageRun;
  readonly onChoose: (id: string) => void;
}

function Related({ title, runs, chosen, onChoose }: RelatedProps) {
  if (runs.length === 0) return null;
  return (
    <section className={css.related} aria-label={title}>
      <h3 className="section-title">{title}</h3>
      <ul>
        {runs.map((run) => (
          <li key={run.runId}>
            <button type="button" aria-current={run.runId === chosen.runId} onClick={() => onChoose(run.runId)}>
              <span className="ellipsis">{run.name}</span> <span className="faint">#{run.number}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
