/** In which options the groups differ, and in nothing else. */
import { useMemo } from 'react';
import { formatExact, NO_VALUE } from '../../../src-shared/format.ts';
import { useCatalogue } from '../../data/queries.ts';
import { differencesTable } from '../../lib/comparison/effects.ts';
import { Swatch } from './Swatch.tsx';
import { TableHead } from './TableHead.tsx';
import css from './tables.module.css';
import type { Compared } from './use-comparison.ts';

export function ConfigDifference({ compared }: { compared: Compared }) {
  const { comparison, looks, hidden, reference } = compared;
  const catalogue = useCatalogue().data;
  const labels = useMemo(() => {
    const titles = new Map<string, string>();
    for (const { id, title, options, members } of catalogue?.groups ?? []) {
      titles.set(`${id}.kind`, title);
      for (const [key, { label }] of Object.entries(options)) titles.set(`${id}.${key}`, label);
      for (const member of members)
        for (const [key, { label }] of Object.entries(member.options)) titles.set(`${id}.options.${key}`, label);
    }
    return titles;
  }, [catalogue]);
  const groups = comparison.groups.filter(({ key }) => !hidden.has(key));
  const { differences } = comparison;
  return (
    <section aria-label="Configuration difference">
      <TableHead
        title="Configuration difference"
        file="configuration-difference"
        rows={differences.length === 0 ? null : () => differencesTable(comparison)}
      >
        <span className="faint">only what differs, seed left out</span>
      </TableHead>
      {differences.length === 0 ? (
        <p className={css.none}>All runs have the same configuration but for their seed.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        <div className={`${css.scroller} scroll`} tabIndex={0}>
          <table className={css.table} aria-label="Configuration difference">
            <thead>
              <tr>
                <th>Option</th>
                {groups.map(({ key, label }) => {
                  const look = looks.get(key);
                  return (
                    <th key={key} title={label}>
                      <span className={css.column}>
                        {look === undefined ? null : <Swatch look={look} />}
                        <span className="ellipsis">{label}</span>
                      </span>
                    </th>
                  );
                })}
              </tr>
            </thead>
            <tbody>
              {differences.map(({ path, values }) => {
                const pinned = JSON.stringify(values[reference.group] ?? []);
                return (
                  <tr key={path}>
                    <th scope="row" className={css.option} title={path}>
                      {labels.get(path)} <span className="faint mono">{path}</span>
                    </th>
                    {groups.map(({ key }) => {
                      const own = values[key] ?? [];
                      return (
                        <td key={key} data-differs={JSON.stringify(own) !== pinned}>
                          {own.map((value) => (value === null ? NO_VALUE : formatExact(value))).join(', ')}
                        </td>
                      );
                    })}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
