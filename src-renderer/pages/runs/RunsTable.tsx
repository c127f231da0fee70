/** The table of runs: drawn row by row as it scrolls, its columns sorted, resized and pinned, walked by keys. */
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import {
  columnPinningFeature,
  columnResizingFeature,
  columnSizingFeature,
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  sortFns,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import type { Unit } from '../../../src-shared/format.ts';
import { type ColumnInfo, type SortContext, sortValue, type ValueOf } from '../../lib/runs/columns.ts';
import type { Field } from '../../lib/runs/fields.ts';
import { type TableRow, tableRows } from '../../lib/runs/groups.ts';
import type { RunsView } from '../../lib/runs/view.ts';
import type { CellContext } from './cells.tsx';
import css from './RunsTable.module.css';
import { BOX_PX, GroupRow, RunRow } from './rows.tsx';

const ROW_PX = 32;
const HEAD_PX = 28;
const LEAST_PX = 48;
/** One press of an arrow key on the edge of a column. */
const RESIZE_PX = 16;

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns,
  columnSizingFeature,
  columnResizingFeature,
  columnPinningFeature,
});
const helper = createColumnHelper<typeof features, RunSummary>();

interface RunsTableProps {
  readonly runs: RunSummary[];
  readonly view: RunsView;
  readonly onView: (patch: Partial<RunsView>) => void;
  /** In the order of the view. */
  readonly columns: readonly ColumnInfo[];
  readonly context: CellContext;
  /** Values of what is sorted by. */
  readonly sortLookup: ValueOf;
  /** Null: no groups. */
  readonly groupField: Field | null;
  /** Of the measure that the groups show. */
  readonly measureUnit: Unit;
  readonly collapsed: ReadonlySet<string>;
  readonly onCollapse: (groupId: string) => void;
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (runId: string, how: 'toggle' | 'extend', shown: readonly string[]) => void;
  readonly onChooseAll: (shown: readonly string[]) => void;
  /** Place in the list of the row that the keys are on; -1: none. */
  readonly active: number;
  /** All rows in their order, whenever that changes, and the first and last that are drawn. */
  readonly onRows: (rows: readonly TableRow[]) => void;
  readonly onDrawn: (runs: readonly RunSummary[]) => void;
}

export function RunsTable(props: RunsTableProps) {
  const { runs, view, onView, columns, context, groupField, collapsed, chosen, active } = props;
  const scroller = useRef<HTMLDivElement>(null);
  // Cells change every half minute for "5 min ago"; the order does not.
  const { fields, lookup } = context;
  const { sortLookup } = props;
  const definitions = useMemo(() => {
    const sorting: SortContext = { fields, lookup: sortLookup, now: Date.now() };
    return helper.columns(
      columns.map((column) =>
        helper.accessor((run) => sortValue(column.id, run, sorting), {
          id: column.id,
          header: column.title,
          size: column.width,
          minSize: LEAST_PX,
          enableSorting: column.canSort !== false,
          sortUndefined: 'last',
          sortDescFirst: column.isNumeric === true,
        }),
      ),
    );
  }, [columns, fields, sortLookup]);
  const sorting: SortingState = useMemo(
    () => [{ id: view.sort.replace(/^-/, ''), desc: view.sort.startsWith('-') }],
    [view.sort],
  );
  const pinning = useMemo(() => ({ start: view.pinned, end: [] }), [view.pinned]);
  const table = useTable({
    features,
    columns: definitions,
    data: runs,
    getRowId: (run) => run.id,
    state: { sorting, columnSizing: view.widths, columnPinning: pinning },
    enableSortingRemoval: false,
    onSortingChange: (update) => {
      const [next] = typeof update === 'function' ? update(sorting) : update;
      if (next !== undefined) onView({ sort: `${next.desc ? '-' : ''}${next.id}` });
    },
    columnResizeMode: 'onChange',
    onColumnSizingChange: (update) => onView({ widths: typeof update === 'function' ? update(view.widths) : update }),
  });

  const sorted = table.getRowModel().rows;
  const rows = useMemo(
    () =>
      tableRows(
        sorted.map(({ original }) => original),
        groupField,
        collapsed,
      ),
    [sorted, groupField, collapsed],
  );
  const { onRows, onDrawn } = props;
  useEffect(() => onRows(rows), [rows, onRows]);
  const shown = useMemo(() => rows.flatMap((row) => (row.kind === 'run' ? [row.run.id] : [])), [rows]);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    scrollMargin: HEAD_PX,
    scrollPaddingStart: HEAD_PX,
    overscan: 6,
  });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? -1];
  useEffect(() => {
    onDrawn(rows.slice(first, last + 1).flatMap((row) => (row.kind === 'run' ? [row.run] : [])));
  }, [rows, first, last, onDrawn]);
  useEffect(() => {
    if (active >= 0) virtual.scrollToIndex(active);
  }, [active, virtual]);

  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the table's headers are made from
  const [ordered, offsets] = useMemo(
    () => [
      headers.flatMap(({ column }) => columns.find(({ id }) => id === column.id) ?? []),
      new Map(headers.flatMap(({ column }) => (column.getIsPinned() ? [[column.id, column.getStart('start')]] : []))),
    ],
    [definitions, view.pinned, view.widths],
  );
  const grid = `${BOX_PX}px ${headers.map((header) => `${header.getSize()}px`).join(' ')} minmax(0, 1fr)`;
  const { onChoose } = props;
  const choose = useCallback((id: string, how: 'toggle' | 'extend') => onChoose(id, how, shown), [onChoose, shown]);
  const allChosen = shown.length > 0 && shown.every((id) => chosen.has(id));
  const someChosen = !allChosen && shown.some((id) => chosen.has(id));

  const resizeByKey = (id: string, size: number) => (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? RESIZE_PX : event.key === 'ArrowLeft' ? -RESIZE_PX : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    onView({ widths: { ...view.widths, [id]: Math.max(LEAST_PX, size + by) } });
  };

  return (
    // biome-ignore-start lint/a11y/useSemanticElements: rows are placed by transform, which table layout does not allow
    // biome-ignore-start lint/a11y/useFocusableInteractive: a table is walked by its links, its boxes and j/k
    <div
      ref={scroller}
      className={`${css.table} scroll`}
      role="table"
      aria-label="Runs"
      aria-rowcount={rows.length + 1}
      style={{ ['--grid' as string]: grid, ['--width' as string]: `max(100%, ${BOX_PX + table.getTotalSize()}px)` }}
    >
      <div role="rowgroup" className={css.headGroup}>
        <div role="row" className={css.head} aria-rowindex={1}>
          <div role="columnheader" className={`${css.box} ${css.pinned}`} style={{ left: 0 }}>
            <input
              type="checkbox"
              aria-label="Choose all shown"
              checked={allChosen}
              ref={(box) => {
                if (box !== null) box.indeterminate = someChosen;
              }}
              onChange={() => props.onChooseAll(shown)}
            />
          </div>
          {headers.map((header) => {
            const { column } = header;
            const order = column.getIsSorted();
            const info = columns.find(({ id }) => id === column.id);
            const left = offsets.get(column.id);
            const label = (
              <span className="ellipsis" title={info?.help ?? info?.title}>
                {info?.title}
              </span>
            );
            return (
              <div
                key={header.id}
                role="columnheader"
                aria-sort={order === false ? 'none' : order === 'asc' ? 'ascending' : 'descending'}
                className={left === undefined ? css.cell : `${css.cell} ${css.pinned}`}
                style={left === undefined ? undefined : { left: BOX_PX + left }}
                data-numeric={info?.isNumeric === true}
              >
                {column.getCanSort() ? (
                  <button type="button" className={css.sort} onClick={column.getToggleSortingHandler()}>
                    {label}
                    {order === 'asc' ? <IconArrowUp size={12} aria-hidden /> : null}
                    {order === 'desc' ? <IconArrowDown size={12} aria-hidden /> : null}
                  </button>
                ) : (
                  label
                )}
                <div
                  role="separator"
                  aria-orientation="vertical"
                  aria-label={`Width of ${info?.title ?? column.id}`}
                  aria-valuenow={Math.round(header.getSize())}
                  aria-valuemin={LEAST_PX}
                  tabIndex={0}
                  className={css.edge}
                  data-moving={column.getIsResizing()}
                  onMouseDown={header.getResizeHandler()}
                  onTouchStart={header.getResizeHandler()}
                  onDoubleClick={() => column.resetSize()}
                  onKeyDown={resizeByKey(column.id, header.getSize())}
                />
              </div>
            );
          })}
        </div>
      </div>
      <div role="rowgroup" className={css.body} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const top = item.start - HEAD_PX;
          if (row.kind === 'group')
            return (
              <GroupRow
                key={row.key}
                row={row}
                index={item.index}
                top={top}
                isActive={item.index === active}
                field={groupField}
                measure={view.measure}
                unit={props.measureUnit}
                lookup={lookup}
                onToggle={props.onCollapse}
              />
            );
          return (
            <RunRow
              key={row.key}
              run={row.run}
              index={item.index}
              top={top}
              columns={ordered}
              offsets={offsets}
              context={context}
              isActive={item.index === active}
              isChosen={chosen.has(row.run.id)}
              onChoose={choose}
            />
          );
        })}
      </div>
    </div>
    // biome-ignore-end lint/a11y/useFocusableInteractive: as above
    // biome-ignore-end lint/a11y/useSemanticElements: as above
  );
}
