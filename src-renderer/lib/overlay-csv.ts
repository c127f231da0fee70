/** The lines of an overlay chart as a table: one row a point. */
import type { OverlayLine, XAxisKind } from '../../src-shared/charts/overlay.ts';
import { toCsv } from './csv.ts';

export const overlayCsv = (lines: readonly OverlayLine[], x: XAxisKind): Promise<string> =>
  toCsv([
    ['line', x, 'value', 'low', 'high'],
    ...lines.flatMap(({ label, points }) =>
      points.map((point) => [label, point.x, point.value, point.low ?? null, point.high ?? null]),
    ),
  ]);
