/** A line as it is drawn in the charts: colour, dash and marker, so that each of them tells it from the others. */
import type { LineLook } from '../../../src-shared/charts/palette.ts';

const WIDTH = 26;
const MIDDLE = { x: WIDTH / 2, y: 6 };
const SIZE = 3.5;

const { x, y } = MIDDLE;
const SHAPES: Readonly<Record<string, string>> = {
  rect: `M${x - SIZE} ${y - SIZE}h${2 * SIZE}v${2 * SIZE}h${-2 * SIZE}z`,
  triangle: `M${x} ${y - SIZE}L${x + SIZE} ${y + SIZE}H${x - SIZE}z`,
  diamond: `M${x} ${y - SIZE}L${x + SIZE} ${y}L${x} ${y + SIZE}L${x - SIZE} ${y}z`,
};

export function Swatch({ look, dimmed = false }: { look: LineLook; dimmed?: boolean }) {
  const isEmpty = look.marker.startsWith('empty');
  const shape = SHAPES[look.marker.replace('empty', '').toLowerCase()];
  const paint = { fill: isEmpty ? 'var(--surface)' : look.colour, stroke: look.colour, strokeWidth: 1.5 };
  return (
    <svg width={WIDTH} height={12} aria-hidden style={{ flex: 'none', opacity: dimmed ? 0.35 : 1 }}>
      <line
        x1={0}
        x2={WIDTH}
        y1={y}
        y2={y}
        stroke={look.colour}
        strokeWidth={2}
        strokeDasharray={look.dash === 'solid' ? undefined : look.dash.join(' ')}
      />
      {shape === undefined ? <circle cx={x} cy={y} r={SIZE} {...paint} /> : <path d={shape} {...paint} />}
    </svg>
  );
}
