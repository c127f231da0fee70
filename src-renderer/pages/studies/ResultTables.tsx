/** Tables of a study's results: mean over seeds in each cell, with its interval. */

import { formatNumber, formatPercent, NO_VALUE } from '../../../src-shared/format.ts';
import type { StudyReport } from '../../../src-shared/study.ts';
import css from './Findings.module.css';
import own from './ResultTables.module.css';

type Table = StudyReport['tables'][number];
type Cell = NonNullable<Table['values'][number]['cells'][number]>;

export function ResultTables({ tables }: { tables: readonly Table[] }) {
  return tables.map((table) => (
    <section key={table.title} className={css.section} aria-label={table.title}>
      <div className={css.head}>
        <h2>
          {table.title}
          {table.unit === 'percent' ? <span className="faint">, %</span> : null}
        </h2>
      </div>
      <p className={css.note}>{table.note}</p>
      <div className={`${own.scroller} scroll`}>
        <table className={own.table} aria-label={table.title}>
          <thead>
            <tr>
              <th scope="col">{table.rows}</th>
              {table.columns.map((column) => (
                <th key={column} scope="col" className="number">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.values.map(({ row, cells }) => (
              <tr key={row}>
                <th scope="row">{row}</th>
                {table.columns.map((column, i) => (
                  <td key={column} className="number">
                    <Value of={cells[i] ?? null} unit={table.unit} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  ));
}

function Value({ of, unit }: { of: Cell | null; unit: Table['unit'] }) {
  if (of === null) return <span className="faint">{NO_VALUE}</span>;
  // The heading says that it is percent.
  const number = (value: number) =>
    unit === 'percent' ? formatPercent(value).replace(/\s*%$/u, '') : formatNumber(value);
  return (
    <>
      {number(of.mean)}
      {of.low === null || of.high === null ? null : (
        <span className={own.interval}>
          [{number(of.low)}, {number(of.high)}]
        </span>
      )}
    </>
  );
}
