/** From places of a lineage to pixels: scale, ticks, radii, curves. Pure. */
import type { Lane, LineageLayout, Link } from './layout.ts';

export const ROW = 38;
/** Within a row, from its top to the line of the run; its name stands above. */
export const LINE = 25;
const EDGE = { left: 20, right: 28 } as const;
const RADIUS = { none: 3.5, least: 4, most: 9.5 } as const;

export interface Scale {
  readonly width: number;
  (x: number): number;
}

/** @param width of the drawing, px */
export function scaleOf({ width: most }: Pick<LineageLayout, 'width'>, width: number): Scale {
  const usable = Math.max(1, width - EDGE.left - EDGE.right);
  return Object.assign((x: number) => EDGE.left + (most === 0 ? 0 : (x / most) * usable), { width });
}

/** Round places, 0 and at most `count` more. */
export function ticksOf(most: number, count: number): number[] {
  if (!(most > 0)) return [0];
  const rough = most / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => most / each <= count) ?? 10 * power;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

/** Lowest and highest accuracy of what is drawn; null where nothing was validated. */
export function accuracyRange(lanes: Iterable<Lane>): readonly [number, number] | null {
  const known = [...lanes].flatMap(({ checkpoints }) =>
    checkpoints.flatMap(({ checkpoint }) => checkpoint.accuracy ?? []),
  );
  return known.length === 0 ? null : [Math.min(...known), Math.max(...known)];
}

/** The area of a node grows with accuracy, from the lowest to the highest that is drawn. */
export function radiusOf(accuracy: number | null, range: readonly [number, number] | null): number {
  if (accuracy === null || range === null) return RADIUS.none;
  const [low, high] = range;
  const share = high > low ? (accuracy - low) / (high - low) : 1;
  return Math.sqrt(RADIUS.least ** 2 + share * (RADIUS.most ** 2 - RADIUS.least ** 2));
}

export const lineAt = (row: number): number => row * ROW + LINE;

const BULGE = 16;

/** From a node down or up to the start of another run. */
export function linkPath({ kind, from, to }: Link, scale: Scale): string {
  const [x1, y1, x2, y2] = [scale(from.x), lineAt(from.row), scale(to.x), lineAt(to.row)];
  // Beside the line of what started here, that both can be seen.
  if (kind === 'control') return `M${x1} ${y1}C${x1 - BULGE} ${y1} ${x2 - BULGE} ${y2} ${x2} ${y2}`;
  if (Math.abs(x2 - x1) < 1) return `M${x1} ${y1}V${y2}`;
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

/** Rows of which something is between two heights, px. */
export const rowsBetween = (top: number, bottom: number): readonly [number, number] => [
  Math.floor(top / ROW) - 1,
  Math.ceil(bottom / ROW) + 1,
];
