/** Rollouts of one step, one line each; in the order of problems, every group under its problem. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef } from 'react';
import { formatNumber, formatSigned, NO_VALUE } from '../../../src-shared/format.ts';
import type { RolloutSummary } from '../../../src-shared/rollout.ts';
import { OutcomeMark } from '../../components/OutcomeMark.tsx';
import { useListKeys } from '../../components/use-list-keys.ts';
import type { RolloutOrder } from '../../lib/rollout-list.ts';
import css from './RolloutList.module.css';

interface RolloutListProps {
  readonly rollouts: readonly RolloutSummary[];
  readonly order: RolloutOrder;
  readonly chosen: number | undefined;
  readonly onChoose: (rolloutId: number) => void;
  /** Enter on the chosen one. */
  readonly onOpen: () => void;
}

type Line =
  | { readonly kind: 'problem'; readonly problemId: string }
  | { readonly kind: 'rollout'; readonly rollout: RolloutSummary };

const LINE_PX = 32;

export function RolloutList({ rollouts, order, chosen, onChoose, onOpen }: RolloutListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const grouped = order === 'group';
  const lines = useMemo(() => linesOf(rollouts, grouped), [rollouts, grouped]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 10,
  });
  const chosenLine = lines.findIndex((line) => line.kind === 'rollout' && line.rollout.id === chosen);
  useEffect(() => {
    if (chosenLine >= 0) virtual.scrollToIndex(chosenLine, { align: 'auto' });
  }, [chosenLine, virtual]);
  useListKeys({
    count: rollouts.length,
    active: rollouts.findIndex((r) => r.id === chosen),
    onMove: (index) => {
      const next = rollouts[index];
      if (next !== undefined) onChoose(next.id);
    },
    onOpen,
  });
  return (
    <div ref={scroller} className={`${css.list} scroll`}>
      <ul style={{ height: virtual.getTotalSize(), position: 'relative' }} aria-label="Rollouts">
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index];
          if (line === undefined) return null;
          const style = { transform: `translateY(${item.start}px)` };
          return line.kind === 'problem' ? (
            <li key={item.key} className={css.problem} style={style}>
              <span className="ellipsis" title={line.problemId}>
                {line.problemId}
              </span>
            </li>
          ) : (
            <li key={item.key} className={css.line} style={style}>
              <RolloutLine
                rollout={line.rollout}
                order={order}
                chosen={line.rollout.id === chosen}
                onChoose={() => onChoose(line.rollout.id)}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function linesOf(rollouts: readonly RolloutSummary[], grouped: boolean): Line[] {
  const lines: Line[] = [];
  let problem: string | null = null;
  for (const rollout of rollouts) {
    if (grouped && rollout.problemId !== problem) lines.push({ kind: 'problem', problemId: rollout.problemId });
    problem = rollout.problemId;
    lines.push({ kind: 'rollout', rollout });
  }
  return lines;
}

interface RolloutLineProps {
  readonly rollout: RolloutSummary;
  readonly order: RolloutOrder;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

function RolloutLine({ rollout, order, chosen, onChoose }: RolloutLineProps) {
  const { sample, outcome, testsPassed, testsTotal, reward, advantage, tokens, meanEntropy, problemId } = rollout;
  const signed = advantage === null ? '' : formatSigned(advantage, 2);
  const name = order === 'group' ? `${sample + 1}` : `${problemId} · ${sample + 1}`;
  return (
    <button type="button" className={css.rollout} aria-current={chosen} onClick={onChoose}>
      <OutcomeMark outcome={outcome} />
      <span className={`${css.name} ellipsis`} title={name}>
        {name}
      </span>
      {order === 'group' ? (
        <>
          <span className={css.tests}>{testsTotal === 0 ? NO_VALUE : `${testsPassed}/${testsTotal}`}</span>
          <span className={css.reward} title="Reward">
            {formatNumber(reward)}
          </span>
          <span className={css.advantage} title="Advantage">
            {signed}
          </span>
        </>
      ) : order === 'advantage' || order === 'lowest-advantage' ? (
        <span className={css.reward} title="Advantage">
          {signed}
        </span>
      ) : order === 'entropy' ? (
        <span className={css.reward} title="Mean entropy, nats">
          {formatNumber(meanEntropy)}
        </span>
      ) : (
        <span className={css.reward} title="Reward">
          {formatNumber(reward)}
        </span>
      )}
      <span className={css.tokens} title="Tokens">
        {tokens}
        <span className="faint"> tok</span>
      </span>
    </button>
  );
}
