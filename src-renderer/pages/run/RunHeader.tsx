/** Name, status and controls of a run, and where its current step stands. */
import { Tooltip, useComputedColorScheme } from '@mantine/core';
import { IconBinaryTree2, IconFileText, IconShieldX, IconTrendingDown } from '@tabler/icons-react';
import type { RunDetail } from '../../../src-shared/api.ts';
import { runColour } from '../../../src-shared/charts/palette.ts';
import { formatCompact, formatDateTime, formatDuration } from '../../../src-shared/format.ts';
import { brokenCanaries } from '../../../src-shared/isolation.ts';
import { LinkButton } from '../../components/LinkButton.tsx';
import { RunStatus } from '../../components/RunStatus.tsx';
import { ThinBar } from '../../components/ThinBar.tsx';
import { useCatalogue, useProgress } from '../../data/queries.ts';
import { progressText } from '../../lib/phase.ts';
import { RunControls } from './RunControls.tsx';
import css from './RunHeader.module.css';

export function RunHeader({ run }: { run: RunDetail }) {
  const progress = useProgress(run.id);
  const scheme = useComputedColorScheme('light');
  const underWay = run.status === 'running' || run.status === 'paused';
  const current = run.status === 'running' ? progress : undefined;
  return (
    <header className={css.header}>
      <div className={css.line}>
        <span className={css.colour} style={{ background: runColour(run.number, scheme) }} aria-hidden />
        <h1 className={`${css.name} ellipsis`}>{run.name}</h1>
        <span className="faint">#{run.number}</span>
        <span className={css.status}>
          <RunStatus status={run.status} />
        </span>
        {run.testTime ? (
          <Tooltip label="Test-time training: it trains on the problems that it is validated on, so no accuracy is held out.">
            <span className={css.mark} role="note">
              Test-time
            </span>
          </Tooltip>
        ) : null}
        {run.origin === null ? null : (
          <Tooltip label={`Imported from ${run.origin.file}`}>
            <span className={css.mark} role="note">
              Imported
            </span>
          </Tooltip>
        )}
        <UnsafeMark isolation={run.isolation} />
        <CollapseMark collapse={run.collapse} />
        <div className={css.controls}>
          <LinkButton
            to="/lineage"
            search={{ run: run.id, node: run.id }}
            variant="default"
            leftSection={<IconBinaryTree2 size={14} />}
          >
            Lineage
          </LinkButton>
          <LinkButton
            to="/reports/new"
            search={{ run: run.id }}
            variant="default"
            leftSection={<IconFileText size={14} />}
          >
            Report
          </LinkButton>
          <RunControls run={run} />
        </div>
      </div>
      <div className={css.facts}>
        <Facts run={run} />
        <span className={css.progressText} aria-live="off">
          {underWay ? progressText(run, current) : outcome(run)}
        </span>
      </div>
      {run.error === null ? null : (
        <p className={css.error} role="alert">
          {run.error}
        </p>
      )}
      <div className={css.bars}>
        {underWay ? (
          <>
            <ThinBar
              fraction={run.steps === 0 ? (current?.fraction ?? 0) : run.step / run.steps}
              label={run.steps === 0 ? 'Evaluation' : 'Steps'}
              tone={run.status === 'running' ? 'running' : 'quiet'}
            />
            {run.steps === 0 ? null : (
              <ThinBar fraction={current?.fraction ?? 0} label="Phase of the current step" tone="quiet" />
            )}
          </>
        ) : null}
      </div>
    </header>
  );
}

function UnsafeMark({ isolation }: { isolation: string | null }) {
  const broken = brokenCanaries(isolation);
  if (broken === null) return null;
  return (
    <Tooltip
      label={`Programs of this run were judged in a sandbox that does not hold: ${broken}. Its rewards may be wrong.`}
    >
      <span className={css.unsafe} role="note">
        <IconShieldX size={14} aria-hidden />
        Unsafe sandbox
      </span>
    </Tooltip>
  );
}

export function CollapseMark({ collapse }: { collapse: RunDetail['collapse'] }) {
  if (collapse === null) return null;
  return (
    <Tooltip label={`${COLLAPSE_MODES[collapse.mode]}: ${collapse.why}`} multiline maw={420}>
      <span className={css.collapsed} role="note">
        <IconTrendingDown size={14} aria-hidden />
        Collapsed since step {collapse.onset}
      </span>
    </Tooltip>
  );
}

const COLLAPSE_MODES = {
  short: 'Responses shorten',
  cap: 'Responses run to the cap',
  hacking: 'The reward rises while accuracy falls',
} as const;

function Facts({ run }: { run: RunDetail }) {
  const catalogue = useCatalogue().data;
  const reward = catalogue?.groups.find((g) => g.id === 'reward')?.members.find((m) => m.id === run.reward);
  const facts: [string | null, string][] = [
    [reward?.title ?? run.reward, 'Reward'],
    [run.seed === null ? null : `seed ${run.seed}`, 'Seed of every random choice'],
    [run.parameters === null ? null : `${formatCompact(run.parameters)} parameters`, 'Size of the policy'],
    [run.engine, run.device ?? 'Engine'],
    [run.startedAt === null ? null : `started ${formatDateTime(run.startedAt).slice(0, 16)}`, 'Local time'],
  ];
  return (
    <ul className={css.list}>
      {facts.map(([fact, help]) =>
        fact === null ? null : (
          <Tooltip key={help} label={help} position="bottom-start">
            <li>{fact}</li>
          </Tooltip>
        ),
      )}
    </ul>
  );
}

function outcome(run: RunDetail): string {
  if (run.status === 'queued') return 'Waits for its turn';
  const took =
    run.startedAt === null || run.endedAt === null ? null : formatDuration((run.endedAt - run.startedAt) / 1000);
  if (run.steps === 0) return took === null ? 'Evaluation' : `Evaluation, ${took}`;
  return `${run.status === 'finished' ? `${run.steps} steps` : `step ${run.step} of ${run.steps}`}${took === null ? '' : ` in ${took}`}`;
}
