import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnInfo, DEFAULT_COLUMNS, measured, metricsOf, sortValue } from '../../../src-renderer/lib/runs/columns.ts';
import { type Field, runFields } from '../../../src-renderer/lib/runs/fields.ts';
import { estimate, groupRuns, tableRows } from '../../../src-renderer/lib/runs/groups.ts';
import { extend, NOTHING, toggle, toggleAll } from '../../../src-renderer/lib/runs/selection.ts';
import { DEFAULT_LAYOUT, isSameView, runsSearch, searchOf, viewOf } from '../../../src-renderer/lib/runs/view.ts';
import { runSummary } from '../../fixtures/summaries.ts';

const field = (key: string): Field => {
  const found = runFields(null).find((f) => f.key === key);
  if (found === undefined) throw new Error(`no field ${key}`);
  return found;
};

describe('groups', () => {
  const runs = [
    runSummary(1, { seed: 10, tags: ['a', 'b'] }),
    runSummary(2, { seed: 9, tags: ['b'] }),
    runSummary(3, { seed: null, tags: [] }),
  ];

  test('one a value, numbers by size, runs without one last', () => {
    const groups = (key: string) =>
      groupRuns(runs, field(key)).map(({ value, runs }) => [value, runs.map(({ number }) => number)]);
    expect(groups('seed')).toEqual([
      [9, [2]],
      [10, [1]],
      [null, [3]],
    ]);
    expect(groups('tag')).toEqual([
      ['a', [1]],
      ['b', [1, 2]],
      [null, [3]],
    ]);
  });

  test('a collapsed group shows its heading alone; keys are unique though a run shows twice', () => {
    const rows = tableRows(runs, field('tag'), new Set(['"a"']));
    expect(rows.map((row) => (row.kind === 'group' ? `[${row.group.value}]` : row.run.number))).toEqual([
      '[a]',
      '[b]',
      1,
      2,
      '[null]',
      3,
    ]);
    const all = tableRows(runs, field('tag'), new Set());
    expect(new Set(all.map(({ key }) => key)).size).toBe(all.length);
    expect(tableRows(runs, null, new Set()).map(({ kind }) => kind)).toEqual(['run', 'run', 'run']);
  });

  // scipy 1.17.1: stats.t.interval(0.95, n - 1, loc=mean, scale=stats.sem(values))
  test.each([
    [[0.1, 0.4], 0.25, 1.905930710426204],
    [[0.52, 0.61, 0.49, 0.58, 0.55], 0.55, 0.058897294844326695],
  ])('mean and 95 %% interval of %j', (values, mean, halfWidth) => {
    const found = estimate([...values, undefined, Number.NaN]);
    expect(found?.n).toBe(values.length);
    expect(found?.mean).toBeCloseTo(mean, 12);
    expect(found?.halfWidth).toBeCloseTo(halfWidth, 6);
  });

  test('one value has no interval, none has no mean', () => {
    expect(estimate([0.5])).toEqual({ mean: 0.5, halfWidth: null, n: 1 });
    expect(estimate([undefined, null])).toBeNull();
  });
});

describe('selection', () => {
  const shown = ['a', 'b', 'c', 'd'];

  test('a range goes from the last one chosen by itself, either way', () => {
    const start = toggle(NOTHING, 'c');
    expect([...extend(start, 'a', shown).ids].sort()).toEqual(['a', 'b', 'c']);
    const both = extend(extend(start, 'a', shown), 'd', shown);
    expect([...both.ids].sort()).toEqual(['a', 'b', 'c', 'd']);
    expect([...extend(NOTHING, 'b', shown).ids]).toEqual(['b']);
    // The start of the range is filtered out.
    expect([...extend(start, 'd', ['a', 'd']).ids].sort()).toEqual(['c', 'd']);
  });

  test('all that are shown, and none of them the second time; what is not shown stays', () => {
    const hidden = toggle(NOTHING, 'x');
    const all = toggleAll(hidden, shown);
    expect([...all.ids].sort()).toEqual(['a', 'b', 'c', 'd', 'x']);
    expect([...toggleAll(all, shown).ids]).toEqual(['x']);
    expect([...toggleAll(NOTHING, []).ids]).toEqual([]);
  });

  test('choosing twice changes nothing', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...shown)), fc.constantFrom(...shown), (ids, id) => {
        const before = { ids: new Set(ids), anchor: null };
        expect([...toggle(toggle(before, id), id).ids].sort()).toEqual([...ids].sort());
      }),
    );
  });
});

describe('columns', () => {
  const run = runSummary(7, {
    accuracy: [
      { step: 0, value: 0.2 },
      { step: 10, value: 0.6 },
      { step: 20, value: 0.5 },
    ],
  });
  const lookup = (_: string, metric: string) =>
    metric === 'train/kl' ? { runId: run.id, metric, last: 3, lowest: 1, highest: 5 } : undefined;

  test('accuracy comes with the run, other metrics are asked for', () => {
    expect(metricsOf([...DEFAULT_COLUMNS, 'last:train/kl', 'highest:train/kl', 'option:a.b'])).toEqual(['train/kl']);
    expect(measured(run, { metric: 'eval/avg@k', summary: 'last' }, lookup)).toBe(0.5);
    expect(measured(run, { metric: 'eval/avg@k', summary: 'highest' }, lookup)).toBe(0.6);
    expect(measured(run, { metric: 'train/kl', summary: 'lowest' }, lookup)).toBe(1);
    expect(measured(run, { metric: 'train/loss', summary: 'last' }, lookup)).toBeUndefined();
  });

  test('what they sort by', () => {
    const context = { fields: runFields(null), lookup, now: 9000 };
    const by = (id: string) => sortValue(id, run, context);
    expect([by('name'), by('best'), by('highest:train/kl'), by('duration'), by('study'), by('last:x/y')]).toEqual([
      7,
      0.6,
      5,
      0.5,
      undefined,
      undefined,
    ]);
  });

  test('an id that names nothing is no column', () => {
    expect(columnInfo('mean:train/kl', undefined)).toBeNull();
    expect(columnInfo('option:rollouts.groupSize', undefined)?.title).toBe('groupSize');
  });
});

describe('views', () => {
  test('a view has an address that opens it again', () => {
    const view = fc.record({
      q: fc.string(),
      sort: fc.constantFrom('-name', 'name', '-last:train/kl'),
      group: fc.constantFrom(null, 'reward', 'rollouts.temperature'),
      measure: fc.constantFrom('last', 'highest:train/kl'),
      columns: fc
        .uniqueArray(fc.constantFrom('status', 'tags', 'option:a.b', 'last:train/kl'))
        .map((ids) => ['name', ...ids]),
      pinned: fc.subarray(['name', 'status']),
      widths: fc.constant({}),
    });
    fc.assert(
      fc.property(view, (v) => {
        const search = runsSearch.parse(JSON.parse(JSON.stringify(searchOf(v))));
        expect(viewOf(search, DEFAULT_LAYOUT)).toEqual(v);
        expect(isSameView(v, { ...v, widths: { name: 400 } })).toBe(true);
      }),
    );
  });

  test('an address that makes no sense is read as far as it does', () => {
    const search = runsSearch.parse({ q: 7, sort: ['x'], columns: 'name', group: 'reward', other: 1 });
    expect(viewOf(search, DEFAULT_LAYOUT)).toMatchObject({ q: '', sort: '-name', group: 'reward' });
    // The name leads, and comes once.
    expect(viewOf({ columns: ['status', 'name', 'status'] }, DEFAULT_LAYOUT).columns).toEqual(['name', 'status']);
  });
});
