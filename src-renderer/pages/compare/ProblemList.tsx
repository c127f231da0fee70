/** Problems with how many samples of each run passed, one line a problem. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef } from 'react';
import { OUTCOME_COLOURS } from '../../../src-shared/charts/palette.ts';
import { type MatchedProblem, sharedPrefix } from '../../lib/comparison/completions.ts';
import css from './Completions.module.css';

const LINE_PX = 32;

interface ProblemListProps {
  readonly problems: readonly MatchedProblem[];
  readonly active: number;
  readonly onChoose: (index: number) => void;
}

export function ProblemList({ problems, active, onChoose }: ProblemListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const prefix = useMemo(() => sharedPrefix(problems.map(({ problemId }) => problemId)), [problems]);
  const virtual = useVirtualizer({
    count: problems.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 10,
  });
  useEffect(() => {
    if (active >= 0) virtual.scrollToIndex(active, { align: 'auto' });
  }, [active, virtual]);
  return (
    <div ref={scroller} className={`${css.list} scroll`}>
      <ul style={{ height: virtual.getTotalSize(), position: 'relative' }} aria-label="Problems">
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const problem = problems[index];
          if (problem === undefined) return null;
          return (
            <li key={key} className={css.line} style={{ transform: `translateY(${start}px)` }}>
              <button
                type="button"
                className={css.problem}
                aria-current={index === active}
                onClick={() => onChoose(index)}
              >
                <span className="ellipsis" title={problem.problemId}>
                  {prefix === '' ? null : <span className="faint">…</span>}
                  {problem.problemId.slice(prefix.length)}
                </span>
                <span className={css.outcomes}>
                  {problem.outcomes.map(({ passed, samples }, i) => (
                    <span
                      // biome-ignore lint/suspicious/noArrayIndexKey: a run is its column
                      key={i}
                      className={css.outcome}
                      style={fill(samples === 0 ? 0 : passed / samples)}
                    >
                      {passed}/{samples}
                    </span>
                  ))}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** The width of the fill says the same as the numbers. Green of what passed. */
const fill = (share: number) => ({
  background: `linear-gradient(to right, ${OUTCOME_COLOURS.passed}40 ${100 * share}%, transparent 0)`,
});
