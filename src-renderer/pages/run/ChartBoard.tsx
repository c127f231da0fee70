/** The charts that a person keeps at the top, in the order that they are dragged or moved by key into. */
import { DragDropProvider } from '@dnd-kit/react';
import { isSortable, useSortable } from '@dnd-kit/react/sortable';
import { IconGripVertical } from '@tabler/icons-react';
import type { ChartSpec } from '../../../src-shared/charts/spec.ts';
import type { ChartPlace } from '../../charts/ChartMenu.tsx';
import type { ChartSize } from '../../charts/chart-layout.ts';
import { type ChartPage, MetricChart } from '../../charts/MetricChart.tsx';
import css from './ChartsTab.module.css';

interface ChartBoardProps {
  readonly charts: readonly ChartSpec[];
  readonly page: ChartPage;
  readonly placeOf: (spec: ChartSpec) => ChartPlace;
  readonly heights: Readonly<Record<ChartSize, number>>;
  readonly onExpand: (spec: ChartSpec) => void;
  readonly onMove: (from: number, to: number) => void;
}

export function ChartBoard({ charts, onMove, ...shared }: ChartBoardProps) {
  return (
    <DragDropProvider
      onDragEnd={({ operation, canceled }) => {
        const { source } = operation;
        if (!canceled && isSortable(source)) onMove(source.initialIndex, source.index);
      }}
    >
      <div className={css.grid}>
        {charts.map((spec, index) => (
          <BoardChart key={spec.id} spec={spec} index={index} {...shared} />
        ))}
      </div>
    </DragDropProvider>
  );
}

interface BoardChartProps extends Omit<ChartBoardProps, 'charts' | 'onMove'> {
  readonly spec: ChartSpec;
  readonly index: number;
}

function BoardChart({ spec, index, page, placeOf, heights, onExpand }: BoardChartProps) {
  const { ref, handleRef, isDragging } = useSortable({ id: spec.id, index });
  const place = placeOf(spec);
  return (
    <div ref={ref} className={css.cell} data-size={place.size} data-dragging={isDragging}>
      <MetricChart
        spec={spec}
        page={page}
        place={place}
        height={heights[place.size]}
        onExpand={() => onExpand(spec)}
        grip={
          <button type="button" ref={handleRef} className={css.grip} aria-label={`Move ${spec.title}`}>
            <IconGripVertical size={14} aria-hidden />
          </button>
        }
      />
    </div>
  );
}
