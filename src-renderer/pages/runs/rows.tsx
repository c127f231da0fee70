/** One row of the table of runs: a run, or the heading of a group with the mean of a measure over its members. */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { type MouseEvent, memo } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import type { Unit } from '../../../src-shared/format.ts';
import { formatCount, formatExact, formatMetric, formatNumber, THIN } from '../../../src-shared/format.ts';
import { type ColumnInfo, measured, measureOf, type ValueOf } from '../../lib/runs/columns.ts';
import type { Field } from '../../lib/runs/fields.ts';
import { type Estimate, estimate, type TableRow } from '../../lib/runs/groups.ts';
import { type CellContext, RunCell } from './cells.tsx';
import css from './RunsTable.module.css';

interface RunRowProps {
  readonly run: RunSummary;
  readonly index: number;
  /** px */
  readonly top: number;
  readonly columns: readonly ColumnInfo[];
  /** px from the left, of pinned columns */
  readonly offsets: ReadonlyMap<string, number>;
  readonly context: CellContext;
  readonly isActive: boolean;
  readonly isChosen: boolean;
  readonly onChoose: (runId: string, how: 'toggle' | 'extend') => void;
}

/** Room for the boxes to choose rows with. */
export const BOX_PX = 40;

export const RunRow = memo(function RunRow(props: RunRowProps) {
  const { run, columns, offsets, context, onChoose } = props;
  const click = (event: MouseEvent<HTMLElement>) => {
    if (event.shiftKey) return onChoose(run.id, 'extend');
    if (event.ctrlKey || event.metaKey) return onChoose(run.id, 'toggle');
    context.onOpen(run.id);
  };
  return (
    // biome-ignore-start lint/a11y/useSemanticElements: as in the table
    // biome-ignore lint/a11y/useKeyWithClickEvents: the row's link and box, and Enter and x, do the same
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={props.index + 2}
      className={css.row}
      data-active={props.isActive}
      data-chosen={props.isChosen}
      style={{ transform: `translateY(${props.top}px)` }}
      onMouseDown={(event) => {
        // A range of rows is not a range of text.
        if (event.shiftKey) event.preventDefault();
      }}
      onClick={(event) => {
        const isInner = event.target instanceof HTMLElement && event.target.closest('a, label, input') !== null;
        // The link opens by itself, in a new window too.
        if (!isInner) click(event);
      }}
    >
      <div role="cell" className={`${css.box} ${css.pinned}`} style={{ left: 0 }}>
        <input
          type="checkbox"
          aria-label={`Choose ${run.name} #${run.number}`}
          checked={props.isChosen}
          onClick={(event) => {
            // Clicked, not walked to by Tab: the keys stay with the list.
            if (event.detail > 0) event.currentTarget.blur();
          }}
          onChange={(event) => {
            const { shiftKey } = event.nativeEvent as unknown as globalThis.MouseEvent;
            onChoose(run.id, shiftKey ? 'extend' : 'toggle');
          }}
        />
      </div>
      {columns.map((column) => {
        const left = offsets.get(column.id);
        return (
          <div
            key={column.id}
            role="cell"
            className={left === undefined ? css.cell : `${css.cell} ${css.pinned}`}
            style={left === undefined ? undefined : { left: BOX_PX + left }}
            data-numeric={column.isNumeric === true}
          >
            <RunCell column={column} run={run} context={context} />
          </div>
        );
      })}
    </div>
    // biome-ignore-end lint/a11y/useSemanticElements: as in the table
  );
});

interface GroupRowProps {
  readonly row: Extract<TableRow, { kind: 'group' }>;
  readonly index: number;
  /** px */
  readonly top: number;
  readonly isActive: boolean;
  readonly field: Field | null;
  /** Column whose mean is shown. */
  readonly measure: string;
  readonly unit: Unit;
  readonly lookup: ValueOf;
  readonly onToggle: (groupId: string) => void;
}

export function GroupRow({
  row,
  index,
  top,
  isActive,
  field,
  measure: measureId,
  unit,
  lookup,
  onToggle,
}: GroupRowProps) {
  const { group, collapsed } = row;
  const measure = measureOf(measureId);
  const mean = measure === null ? null : estimate(group.runs.map((run) => measured(run, measure, lookup)));
  const value = group.value === null ? `No ${field?.title.toLowerCase() ?? 'value'}` : formatExact(group.value);
  return (
    // biome-ignore-start lint/a11y/useSemanticElements: as in the table
    // biome-ignore-start lint/a11y/useFocusableInteractive: the button in it is
    <div
      role="row"
      aria-rowindex={index + 2}
      className={css.group}
      data-active={isActive}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="cell" className={css.groupCell}>
        <button type="button" className={css.groupButton} aria-expanded={!collapsed} onClick={() => onToggle(group.id)}>
          {collapsed ? <IconChevronRight size={14} aria-hidden /> : <IconChevronDown size={14} aria-hidden />}
          <span className={css.groupName}>{value}</span>
        </button>
        <span className="faint">
          {formatCount(group.runs.length)} {group.runs.length === 1 ? 'run' : 'runs'}
        </span>
        {mean === null || measure === null ? null : (
          <span className={css.groupMean} title="Mean over the runs, with its 95 % Student-t interval">
            {formatEstimate(mean, unit)}
            {mean.n < group.runs.length ? <span className="faint"> of {formatCount(mean.n)}</span> : null}
          </span>
        )}
      </div>
    </div>
    // biome-ignore-end lint/a11y/useFocusableInteractive: as above
    // biome-ignore-end lint/a11y/useSemanticElements: as above
  );
}

function formatEstimate({ mean, halfWidth }: Estimate, unit: Unit): string {
  if (halfWidth === null) return formatMetric(unit, mean);
  if (unit === 'fraction') return `${(mean * 100).toFixed(1)} ± ${(halfWidth * 100).toFixed(1)}${THIN}%`;
  return `${formatMetric(unit, mean)} ± ${formatNumber(halfWidth, 2)}`;
}
