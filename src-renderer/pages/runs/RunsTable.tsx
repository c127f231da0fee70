/** The table of runs: sorted by any column, drawn row by row as it scrolls, walked with j and k. */
import { useComputedColorScheme } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import type { RunSummary } from '../../../src-shared/api.ts';
import { useListKeys } from '../../components/use-list-keys.ts';
import { useNow } from '../../data/queries.ts';
import { features, GRID, NUMERIC, runColumns } from './columns.tsx';
import css from './RunsTable.module.css';

const ROW_PX = 32;

interface RunsTableProps {
  readonly runs: RunSummary[];
  readonly rewardTitles: ReadonlyMap<string, string>;
}

export function RunsTable({ runs, rewardTitles }: RunsTableProps) {
  const navigate = useNavigate();
  const now = useNow();
  const scheme = useComputedColorScheme('light');
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);
  const columns = useMemo(() => runColumns(rewardTitles, now, scheme), [rewardTitles, now, scheme]);
  const table = useTable({
    features,
    columns,
    data: runs,
    getRowId: (run) => run.id,
    initialState: { sorting: [{ id: 'name', desc: true }] },
  });
  const { rows } = table.getRowModel();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });

  const open = (index: number) => {
    const run = rows[index]?.original;
    if (run !== undefined) void navigate({ to: '/runs/$runId', params: { runId: run.id } });
  };
  useListKeys({
    count: rows.length,
    active,
    onMove: (index) => {
      setActive(index);
      virtual.scrollToIndex(index);
    },
    onOpen: open,
  });

  return (
    // biome-ignore-start lint/a11y/useSemanticElements: rows are placed by transform, which table layout does not allow
    // biome-ignore-start lint/a11y/useFocusableInteractive: a table is walked by its links, its buttons and j/k
    <div
      className={css.table}
      role="table"
      aria-label="Runs"
      aria-rowcount={rows.length + 1}
      style={{ ['--grid' as string]: GRID }}
    >
      <div role="rowgroup">
        {table.getHeaderGroups().map((group) => (
          <div key={group.id} role="row" className={css.head}>
            {group.headers.map((header) => {
              const sorted = header.column.getIsSorted();
              const title = String(header.column.columnDef.header);
              return (
                <div
                  key={header.id}
                  role="columnheader"
                  aria-sort={sorted === false ? 'none' : sorted === 'asc' ? 'ascending' : 'descending'}
                  className={css.cell}
                  data-numeric={NUMERIC.has(header.column.id)}
                >
                  {header.column.getCanSort() ? (
                    <button type="button" className={css.sort} onClick={header.column.getToggleSortingHandler()}>
                      {title}
                      {sorted === 'asc' ? <IconArrowUp size={12} aria-hidden /> : null}
                      {sorted === 'desc' ? <IconArrowDown size={12} aria-hidden /> : null}
                    </button>
                  ) : (
                    title
                  )}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      <div ref={scroller} className={`${css.body} scroll`} role="rowgroup">
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the row's link and Enter do the same
              <div
                key={row.id}
                role="row"
                tabIndex={-1}
                aria-rowindex={item.index + 2}
                className={css.row}
                data-active={item.index === active}
                style={{ transform: `translateY(${item.start}px)` }}
                onClick={(event) => {
                  // The link inside opens by itself, in a new window too.
                  if (!(event.target instanceof HTMLElement && event.target.closest('a'))) open(item.index);
                }}
              >
                {row.getAllCells().map((cell) => (
                  <div key={cell.id} role="cell" className={css.cell} data-numeric={NUMERIC.has(cell.column.id)}>
                    <table.FlexRender cell={cell} />
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
    // biome-ignore-end lint/a11y/useFocusableInteractive: as above
    // biome-ignore-end lint/a11y/useSemanticElements: as above
  );
}
