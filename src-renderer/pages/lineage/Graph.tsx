/**
 * The lineage as a drawing: a line a run, its checkpoints on it, what started from what. Only what is on the screen is
 * drawn. With the mouse alone: the list says the same to the keyboard.
 */
import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { runColour } from '../../../src-shared/charts/palette.ts';
import { formatCompact, formatCount, formatPercentWithError } from '../../../src-shared/format.ts';
import {
  accuracyRange,
  LINE,
  lineAt,
  linkPath,
  ROW,
  radiusOf,
  rowsBetween,
  type Scale,
  scaleOf,
  ticksOf,
} from '../../lib/lineage/drawing.ts';
import type { Lane, LineageLayout, LineageX, PlacedCheckpoint } from '../../lib/lineage/layout.ts';
import css from './Graph.module.css';

const TICK_PX = 110;
/** Of the axis, at its end. */
const NAME_PX = 130;
/** Drawn beyond the screen, so that scrolling shows no hole. */
const MARGIN = 500;
/** Scrolled so far before more is drawn. */
const SCROLLED = 200;

interface GraphProps {
  readonly layout: LineageLayout;
  readonly x: LineageX;
  /** Id of a run or checkpoint. */
  readonly chosen: string | null;
  readonly found: (runId: string) => boolean;
  readonly onChoose: (id: string) => void;
}

export function Graph({ layout, x, chosen, found, onChoose }: GraphProps) {
  const { ref: frame, width, height } = useElementSize();
  const scroller = useRef<HTMLDivElement>(null);
  const drawing = useRef<SVGSVGElement>(null);
  const [top, setTop] = useState(0);
  const [pointed, setPointed] = useState<string | null>(null);
  const scale = useMemo(() => scaleOf(layout, width), [layout, width]);
  const range = useMemo(() => accuracyRange(layout.laneOf.values()), [layout]);
  const [first, last] = rowsBetween(top - MARGIN, top + height + MARGIN);
  const lanes = [...layout.laneOf.values()].filter(({ row }) => row >= first && row <= last);
  const links = layout.links.filter(
    ({ from, to }) => Math.min(from.row, to.row) <= last && Math.max(from.row, to.row) >= first,
  );
  const ticks = ticksOf(layout.width, Math.max(1, Math.floor(width / TICK_PX)));

  useEffect(() => {
    const svg = drawing.current;
    if (svg === null) return;
    const idOf = (event: Event) =>
      event.target instanceof Element ? (event.target.closest('[data-node]')?.getAttribute('data-node') ?? null) : null;
    const click = (event: Event) => {
      const id = idOf(event);
      if (id !== null) onChoose(id);
    };
    const move = (event: Event) => setPointed(idOf(event));
    svg.addEventListener('click', click);
    svg.addEventListener('pointerover', move);
    return () => {
      svg.removeEventListener('click', click);
      svg.removeEventListener('pointerover', move);
    };
  }, [onChoose]);

  const chosenRow = [...layout.laneOf.values()].find(
    ({ run, checkpoints }) => run.runId === chosen || checkpoints.some(({ checkpoint }) => checkpoint.id === chosen),
  )?.row;
  useEffect(() => {
    const box = scroller.current;
    if (box === null || chosenRow === undefined) return;
    const y = chosenRow * ROW;
    if (y < box.scrollTop || y + ROW > box.scrollTop + box.clientHeight)
      box.scrollTo({ top: y - box.clientHeight / 2 });
  }, [chosenRow]);

  return (
    <div className={css.graph} ref={frame}>
      <svg className={css.axis} width={width} height={24} aria-hidden>
        {ticks
          .filter((tick) => scale(tick) < width - NAME_PX)
          .map((tick) => (
            <text key={tick} x={scale(tick)} y={16} textAnchor="middle">
              {x === 'tokens' ? formatCompact(tick) : formatCount(tick)}
            </text>
          ))}
        <text x={width - 8} y={16} textAnchor="end" className={css.axisName}>
          {x === 'tokens' ? 'tokens trained' : 'steps trained'}
        </text>
      </svg>
      <div
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        tabIndex={0}
        className={`${css.scroller} scroll`}
        onScroll={(event) => setTop(SCROLLED * Math.floor(event.currentTarget.scrollTop / SCROLLED))}
      >
        <svg
          ref={drawing}
          width={width}
          height={layout.rows * ROW + LINE}
          role="img"
          aria-label={`Lineage of ${layout.laneOf.size} runs; the list holds the same`}
          className={css.drawing}
        >
          {ticks.map((tick) => (
            <line key={tick} x1={scale(tick)} x2={scale(tick)} y1={0} y2="100%" className={css.tick} />
          ))}
          {layout.families
            .slice(1)
            .map(({ firstRow }, i) =>
              firstRow >= first && firstRow <= last && (layout.families[i]?.lanes.length ?? 0) > 1 ? (
                <line
                  key={firstRow}
                  x1={0}
                  x2="100%"
                  y1={(firstRow - 0.4) * ROW}
                  y2={(firstRow - 0.4) * ROW}
                  className={css.between}
                />
              ) : null,
            )}
          {links.map((link) => (
            <path
              key={`${link.kind} ${link.from.row} ${link.to.row}`}
              d={linkPath(link, scale)}
              className={css.link}
              data-kind={link.kind}
            />
          ))}
          {lanes.map((lane) => (
            <LaneDrawing
              key={lane.run.runId}
              lane={lane}
              scale={scale}
              range={range}
              chosen={marked(lane, chosen)}
              pointed={marked(lane, pointed)}
              isFound={found(lane.run.runId)}
            />
          ))}
        </svg>
      </div>
    </div>
  );
}

/** The id where it is one of this lane: other lanes need not be drawn anew for it. */
const marked = ({ run, checkpoints }: Lane, id: string | null): string | null =>
  id === run.runId || checkpoints.some(({ checkpoint }) => checkpoint.id === id) ? id : null;

interface LaneProps {
  readonly lane: Lane;
  readonly scale: Scale;
  readonly range: readonly [number, number] | null;
  readonly chosen: string | null;
  readonly pointed: string | null;
  readonly isFound: boolean;
}

const LaneDrawing = memo(function LaneDrawing({ lane, scale, range, chosen, pointed, isFound }: LaneProps) {
  const scheme = useComputedColorScheme('light');
  const { run, row, start, end, checkpoints } = lane;
  const colour = runColour(run.number, scheme);
  const y = lineAt(row);
  const [x1, x2] = [scale(start), scale(end)];
  const isLate = x1 > scale.width * 0.65;
  const isChosen = chosen === run.runId;
  return (
    <g className={css.lane} data-faded={!isFound} data-deleted={run.deleted}>
      <line x1={x1} x2={x2} y1={y} y2={y} stroke={colour} className={css.training} />
      <rect
        x={x1 - 4}
        y={y - 4}
        width={8}
        height={8}
        rx={1.5}
        fill={isChosen ? colour : 'var(--surface)'}
        stroke={colour}
        className={css.node}
        data-node={run.runId}
        data-chosen={isChosen}
      />
      <text
        x={isLate ? x1 - 8 : x1 + 8}
        y={y - 12}
        textAnchor={isLate ? 'end' : 'start'}
        className={css.name}
        data-node={run.runId}
        data-chosen={isChosen}
      >
        {run.name} <tspan className={css.number}>#{run.number}</tspan>
        {run.missing ? <tspan className={css.number}> (its checkpoint is gone)</tspan> : null}
        {run.deleted ? <tspan className={css.number}> (in the bin)</tspan> : null}
      </text>
      {checkpoints.map((placed) => (
        <Node
          key={placed.checkpoint.id}
          placed={placed}
          cx={scale(placed.x)}
          cy={y}
          colour={colour}
          radius={radiusOf(placed.checkpoint.accuracy, range)}
          isChosen={chosen === placed.checkpoint.id}
          isPointed={pointed === placed.checkpoint.id}
          isLate={scale(placed.x) > scale.width * 0.75}
        />
      ))}
    </g>
  );
});

interface NodeProps {
  readonly placed: PlacedCheckpoint;
  readonly cx: number;
  readonly cy: number;
  readonly colour: string;
  readonly radius: number;
  readonly isChosen: boolean;
  readonly isPointed: boolean;
  readonly isLate: boolean;
}

function Node({ placed: { checkpoint }, cx, cy, colour, radius, isChosen, isPointed, isLate }: NodeProps) {
  const { id, step, accuracy, standardError, exists } = checkpoint;
  return (
    <g data-node={id} className={css.checkpoint}>
      {isChosen ? <circle cx={cx} cy={cy} r={radius + 3.5} className={css.ring} /> : null}
      {/* What can be hit is larger than what is seen. */}
      <circle cx={cx} cy={cy} r={11} fill="transparent" />
      <circle
        cx={cx}
        cy={cy}
        r={radius}
        fill={accuracy === null || !exists ? 'var(--surface)' : colour}
        stroke={colour}
        strokeWidth={1.5}
        strokeDasharray={exists ? undefined : '2 2'}
      />
      {isChosen || isPointed ? (
        <text
          x={isLate ? cx - radius - 6 : cx + radius + 6}
          y={cy + 14}
          textAnchor={isLate ? 'end' : 'start'}
          className={css.value}
        >
          {accuracy === null ? 'not validated' : formatPercentWithError(accuracy, standardError)}
          <tspan className={css.number}> step {formatCount(step)}</tspan>
        </text>
      ) : null}
    </g>
  );
}
