/** A small line without axes, for a table cell. */
import { sparkPath } from '../lib/sparkline.ts';

interface SparklineProps {
  readonly points: readonly { readonly step: number; readonly value: number }[];
  readonly colour: string;
  readonly label: string;
}

const BOX = { width: 96, height: 20 };

export function Sparkline({ points, colour, label }: SparklineProps) {
  const path = sparkPath(points, BOX);
  if (path === '') return null;
  return (
    <svg width={BOX.width} height={BOX.height} role="img" aria-label={label} style={{ display: 'block' }}>
      <path d={path} fill="none" stroke={colour} strokeWidth={1.5} strokeLinejoin="round" strokeLinecap="round" />
    </svg>
  );
}
