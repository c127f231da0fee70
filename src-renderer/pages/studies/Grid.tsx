/** The design: an arm a row, a seed a column, and where each run stands. The names of the arms are the legend of the figures. */
import {
  IconAlertCircle,
  IconBolt,
  IconCircleCheck,
  IconCircleDashed,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconTrendingDown,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import type { LineLook } from '../../../src-shared/charts/palette.ts';
import { formatPercent } from '../../../src-shared/format.ts';
import type { PlannedCell, StudyPlan } from '../../../src-shared/study.ts';
import { ThinBar } from '../../components/ThinBar.tsx';
import { useProgress } from '../../data/queries.ts';
import { CELL_WORDS, type CellState, cellState, gridOf } from '../../lib/studies/view.ts';
import { Swatch } from '../compare/Swatch.tsx';
import css from './Grid.module.css';
import { useRunsById } from './use-studies.ts';

interface GridProps {
  readonly plan: StudyPlan;
  /** Of the arms that have curves. */
  readonly looks: ReadonlyMap<string, LineLook>;
  readonly hidden: ReadonlySet<string>;
  readonly onToggle: (arm: string) => void;
}

export function Grid({ plan, looks, hidden, onToggle }: GridProps) {
  const runs = useRunsById();
  const rows = gridOf(plan);
  const seeds = [...new Set(plan.runs.map(({ seed }) => seed))];
  return (
    <section className={`${css.grid} scroll`} aria-label="Design">
      <table>
        <thead>
          <tr>
            <th scope="col">Arm</th>
            {seeds.map((seed) => (
              <th key={seed} scope="col">
                Seed {seed}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ arm, cells }) => (
            <tr key={arm}>
              <th scope="row">
                <ArmName arm={arm} look={looks.get(arm)} isHidden={hidden.has(arm)} onToggle={() => onToggle(arm)} />
              </th>
              {seeds.map((seed) => {
                const cell = cells.find((each) => each.seed === seed);
                return <td key={seed}>{cell === undefined ? null : <Cell cell={cell} run={runOf(cell, runs)} />}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const runOf = ({ run }: PlannedCell, runs: ReadonlyMap<string, RunSummary>) =>
  run === null ? undefined : runs.get(run.id);

interface ArmNameProps {
  readonly arm: string;
  readonly look: LineLook | undefined;
  readonly isHidden: boolean;
  readonly onToggle: () => void;
}

function ArmName({ arm, look, isHidden, onToggle }: ArmNameProps) {
  if (look === undefined) return <span className={css.plain}>{arm}</span>;
  return (
    <button
      type="button"
      className={css.arm}
      aria-pressed={!isHidden}
      title={isHidden ? 'Draw it' : 'Do not draw it'}
      data-hidden={isHidden}
      onClick={onToggle}
    >
      <Swatch look={look} dimmed={isHidden} />
      <span>{arm}</span>
    </button>
  );
}

const ICONS: Readonly<Record<CellState, ComponentType<{ size: number; 'aria-hidden': true }>>> = {
  todo: IconCircleDashed,
  queued: IconCircleDashed,
  running: IconPlayerPlayFilled,
  paused: IconPlayerPauseFilled,
  finished: IconCircleCheck,
  collapsed: IconTrendingDown,
  stopped: IconBolt,
  failed: IconAlertCircle,
};

function Cell({ cell, run }: { cell: PlannedCell; run: RunSummary | undefined }) {
  const state = cellState(cell, run);
  const Icon = ICONS[state];
  const word = CELL_WORDS[state];
  if (run === undefined)
    return (
      <span className={css.cell} data-state={state} title={word}>
        <Icon size={14} aria-hidden />
        <span className={css.text}>{word}</span>
      </span>
    );
  const since = cell.run?.collapsed == null ? '' : ` since step ${cell.run.collapsed}`;
  return (
    <Link
      to="/runs/$runId"
      params={{ runId: run.id }}
      className={css.cell}
      data-state={state}
      title={`#${run.number} ${run.name}: ${word.toLowerCase()}${state === 'collapsed' ? since : ''}${run.error === null ? '' : `. ${run.error}`}`}
      aria-label={`${cell.arm}, seed ${cell.seed}: ${word}, run #${run.number}`}
    >
      <Icon size={14} aria-hidden />
      <Content state={state} run={run} word={word} />
    </Link>
  );
}

/** A finished run shows the accuracy that it ended with. */
function Content({ state, run, word }: { state: CellState; run: RunSummary; word: string }) {
  const progress = useProgress(run.id);
  if (state === 'running') {
    const fraction = run.steps === 0 ? (progress?.fraction ?? 0) : run.step / run.steps;
    return (
      <span className={css.live}>
        <span className={css.text}>{formatPercent(fraction, 0)}</span>
        <ThinBar fraction={fraction} label={`Run #${run.number}`} />
      </span>
    );
  }
  const accuracy = run.accuracy.at(-1)?.value;
  const isOver = state === 'finished' || state === 'collapsed';
  return <span className={css.text}>{isOver && accuracy !== undefined ? formatPercent(accuracy) : word}</span>;
}
