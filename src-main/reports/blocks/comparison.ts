/** One metric of every condition at the start, at its best and at the end, held against the reference. */
import type { Text, ValueUnit } from '../../../src-shared/report.ts';
import { ACCURACY, type Difference, differencesFrom, estimate, marginOf, metricOf, type Pick } from '../compare.ts';
import { type BlockContext, origin, type Resolver, seedsOf } from '../context.ts';
import { unitName } from '../format.ts';
import { type Ledger, say } from '../ledger.ts';
import { firstOf, highestOf, type LoadedCondition, lastOf } from '../runs.ts';
import { sourceNames } from '../sources.ts';

/** Metrics of which more is better without doubt: for them the best value is shown too. */
const HIGHER_IS_BETTER: readonly string[] = [ACCURACY, 'eval/pass@k', 'train/accuracy'];

export const first =
  (metric: string): Pick =>
  (run) =>
    firstOf(run, metric)?.value ?? null;
export const last =
  (metric: string): Pick =>
  (run) =>
    lastOf(run, metric)?.value ?? null;
export const highest =
  (metric: string): Pick =>
  (run) =>
    highestOf(run, metric)?.value ?? null;

export const comparison: Resolver<'comparison'> = ({ metric }, context) => {
  const { id, conditions, reference, ledger } = context;
  const { title, unit } = metricOf(metric);
  if (conditions.every(({ runs }) => runs.every((run) => lastOf(run, metric) === null))) return [];
  const found = reference === null ? [] : differencesFrom(reference, conditions, metric);
  const columns = [
    { key: 'start', title: 'at start', pick: first(metric), at: 'first step' },
    ...(HIGHER_IS_BETTER.includes(metric)
      ? [{ key: 'best', title: 'highest', pick: highest(metric), at: 'step of its highest value' }]
      : []),
    { key: 'end', title: 'at end', pick: last(metric), at: 'last step' },
  ];
  // How many seeds there are stands in the caption, unless it is not the same for all.
  const counted = new Set(conditions.map(({ runs }) => runs.length)).size > 1;
  const rows = conditions.map((condition): Text[] => {
    const key = `${id}.${condition.look}`;
    const cell = ({ key: name, pick, at }: (typeof columns)[number]) => {
      const { value, interval, estimator } = estimate(condition, metric, pick);
      const from = [origin(condition)];
      return say`${ledger.value({ id: `${key}.${name}`, value, interval, unit, from, metric, at, estimator })}`;
    };
    return [
      [condition.label],
      ...(counted ? [seedCount(condition, key, ledger)] : []),
      ...columns.map(cell),
      ...(found.length === 0 ? [] : against(condition, key, metric, found, context)),
    ];
  });
  const shown = unitName(unit);
  const margin = marginOf(conditions, metric);
  const held =
    reference === null || found.length === 0
      ? []
      : [
          `Differences are of the ends, from ${reference.label}, within a seed where both have the same seeds; p is of a t test over seeds, corrected by Holm over this table.`,
          margin === null
            ? 'Without a margin for this metric two conditions can be found DIFFERENT (interval and every seed on one side of 0, p below 0.05), never SAME.'
            : `With a margin of at most ${(100 * margin).toFixed(1)} points: SAME where the 90 % interval lies within it, DIFFERENT where the 95 % interval lies beyond it; both need three seeds that agree.`,
        ];
  return [
    {
      form: 'table',
      id,
      caption: [
        `${title}${shown === '' ? '' : `, ${shown}`}: mean and 95 % Student-t interval over ${seedsOf(conditions)}.`,
        ...(columns.length === 3 ? ['"Highest" is taken in each run by itself and is too good by luck.'] : []),
        ...held,
      ].join(' '),
      columns: [
        { title: 'condition', kind: 'text' },
        ...(counted ? [{ title: 'seeds', kind: 'number' as const }] : []),
        ...columns.map((column) => ({ title: column.title, kind: 'number' as const })),
        ...(found.length === 0 || reference === null
          ? []
          : [
              { title: `minus ${reference.label}${unit === 'fraction' ? ', points' : ''}`, kind: 'number' as const },
              { title: 'p', kind: 'number' as const },
              { title: 'verdict', kind: 'text' as const },
            ]),
        { title: 'source', kind: 'text' },
      ],
      rows: rows.map((row) => [...row, [sourcesOf(row)]]),
    },
  ];
};

function seedCount(condition: LoadedCondition, key: string, ledger: Ledger): Text {
  const own = { from: [origin(condition)], metric: 'runs', at: '', estimator: 'count' };
  return say`${ledger.value({ ...own, id: `${key}.seeds`, value: condition.runs.length, unit: 'count' })}`;
}

function against(
  condition: LoadedCondition,
  key: string,
  metric: string,
  differences: readonly Difference[],
  { reference, ledger }: BlockContext,
): Text[] {
  const found = differences.find((each) => each.condition === condition);
  if (reference === null || found === undefined) return [[condition === reference ? 'reference' : ''], [], []];
  const { value, interval, estimator, p, verdict } = found;
  const { unit } = metricOf(metric);
  const own = { from: [origin(condition), origin(reference)], metric, at: 'last step' };
  const number: ValueUnit = unit === 'fraction' ? 'points' : unit;
  const test = `t test over seeds of the difference, corrected by Holm`;
  const judged = `of the difference: ${estimator}`;
  return [
    say`${ledger.value({ ...own, id: `${key}.difference`, value, interval, unit: number, estimator })}`,
    say`${ledger.value({ ...own, id: `${key}.p`, value: p, unit: 'number', estimator: test })}`,
    say`${ledger.value({ ...own, id: `${key}.verdict`, value: verdict, unit: 'text', estimator: judged })}`,
  ];
}

/** Labels of all sources of a row, each once. */
export const sourcesOf = (row: readonly Text[]): string =>
  sourceNames(row.flat().flatMap((part) => (typeof part === 'string' ? [] : part.sources)));
