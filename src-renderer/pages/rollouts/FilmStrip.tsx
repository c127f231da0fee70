/**
 * One problem over the steps of a run: a small frame a step with the outcomes of its group. The arrow keys go through the
 * steps, and what is read follows.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type MouseEvent, useEffect, useRef } from 'react';
import { OUTCOME_COLOURS } from '../../../src-shared/charts/palette.ts';
import { formatCount, formatNumber } from '../../../src-shared/format.ts';
import type { RolloutSummary } from '../../../src-shared/rollout.ts';
import type { ProblemHistory } from '../../../src-shared/rollouts.ts';
import { ErrorView } from '../../components/ErrorView.tsx';
import { useProblemHistory } from '../../data/queries.ts';
import { countOutcomes } from '../../lib/rollout-list.ts';
import css from './FilmStrip.module.css';

interface FilmStripProps {
  readonly rollout: RolloutSummary;
  readonly onGo: (step: number, rolloutId: number) => void;
}

type Frame = ProblemHistory[number];

const FRAME_PX = 52;
/** Rollouts of a group that are squares of their own; more are a bar of shares. */
const MOST_SQUARES = 12;

export function FilmStrip({ rollout, onGo }: FilmStripProps) {
  const { runId, problemId, split } = rollout;
  const history = useProblemHistory(runId, problemId, split);
  if (history.isError) return <ErrorView error={history.error} onRetry={() => void history.refetch()} />;
  const frames = history.data ?? [];
  return (
    <section aria-label="Problem over steps" className={css.film}>
      <div className={css.head}>
        <h3 className="section-title">Over steps</h3>
        <Caption frames={frames} step={rollout.step} loaded={history.data !== undefined} />
      </div>
      {frames.length < 2 ? null : <Strip key={problemId} frames={frames} rollout={rollout} onGo={onGo} />}
    </section>
  );
}

interface CaptionProps {
  readonly frames: readonly Frame[];
  readonly step: number;
  readonly loaded: boolean;
}

function Caption({ frames, step, loaded }: CaptionProps) {
  const frame = frames.find((f) => f.step === step);
  if (!loaded || frame === undefined) return null;
  return (
    <span className="faint">{frames.length === 1 ? 'This problem has rollouts at this step only' : textOf(frame)}</span>
  );
}

function Strip({ frames, rollout, onGo }: FilmStripProps & { frames: readonly Frame[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const current = Math.max(
    0,
    frames.findIndex(({ step }) => step === rollout.step),
  );
  const virtual = useVirtualizer({
    horizontal: true,
    count: frames.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => FRAME_PX,
    overscan: 8,
  });
  useEffect(() => virtual.scrollToIndex(current, { align: 'auto' }), [virtual, current]);

  const go = (index: number) => {
    const frame = frames[Math.min(frames.length - 1, Math.max(0, index))];
    const next = frame?.rollouts.find(({ sample }) => sample === rollout.sample) ?? frame?.rollouts[0];
    if (frame !== undefined && next !== undefined && frame.step !== rollout.step) onGo(frame.step, next.id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to: Readonly<Record<string, number>> = {
      ArrowRight: current + 1,
      ArrowLeft: current - 1,
      Home: 0,
      End: frames.length - 1,
    };
    const next = to[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(next);
  };
  const onClick = (event: MouseEvent) => {
    const frame = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-frame]') : null;
    if (frame !== null) go(Number(frame.dataset.frame));
  };
  const frame = frames[current];
  return (
    <div
      ref={scroller}
      className={`${css.strip} scroll`}
      role="slider"
      tabIndex={0}
      aria-label="Step of this problem"
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={frames.length - 1}
      aria-valuenow={current}
      aria-valuetext={frame === undefined ? '' : `Step ${frame.step}: ${textOf(frame)}`}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      <div className={css.frames} style={{ width: virtual.getTotalSize() }} aria-hidden>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const shown = frames[index];
          return shown === undefined ? null : (
            <div
              key={key}
              data-frame={index}
              data-current={index === current}
              className={css.frame}
              style={{ transform: `translateX(${start}px)` }}
              title={`Step ${shown.step}: ${textOf(shown)}`}
            >
              <FrameBody frame={shown} sample={rollout.sample} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function FrameBody({ frame: { step, rollouts }, sample }: { frame: Frame; sample: number }) {
  return (
    <>
      {rollouts.length <= MOST_SQUARES ? (
        <span className={css.squares}>
          {rollouts.map((r) => (
            <i key={r.id} data-read={r.sample === sample} style={{ background: OUTCOME_COLOURS[r.outcome] }} />
          ))}
        </span>
      ) : (
        <span className={css.shares}>
          {countOutcomes(rollouts).map(({ outcome, count }) => (
            <i key={outcome} style={{ flexGrow: count, background: OUTCOME_COLOURS[outcome] }} />
          ))}
        </span>
      )}
      <span className={css.step}>{step}</span>
      <span className={css.passed}>
        {passed(rollouts)}/{rollouts.length}
      </span>
    </>
  );
}

const passed = (rollouts: Frame['rollouts']) => rollouts.filter(({ outcome }) => outcome === 'passed').length;

function textOf({ rollouts, meanTokens }: Frame): string {
  const rewards = rollouts.flatMap(({ reward }) => (reward === null ? [] : [reward]));
  const reward = rewards.length === 0 ? null : rewards.reduce((sum, r) => sum + r, 0) / rewards.length;
  return [
    `${formatCount(passed(rollouts))} of ${formatCount(rollouts.length)} passed`,
    ...(reward === null ? [] : [`mean reward ${formatNumber(reward)}`]),
    `mean length ${formatNumber(meanTokens)}`,
  ].join(' · ');
}
