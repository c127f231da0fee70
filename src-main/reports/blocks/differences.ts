/** Options in which the conditions differ, and facts of their runs that should be the same and are not. */
import { formatExact, NO_VALUE } from '../../../src-shared/format.ts';
import type { Text } from '../../../src-shared/report.ts';
import { SEED } from '../../comparison/configuration.ts';
import { origin, type Resolver } from '../context.ts';
import { say } from '../ledger.ts';
import type { LoadedCondition, LoadedRun } from '../runs.ts';
import { sourcesOf } from './comparison.ts';

/** Differ by design: a condition is its seeds. */
const BY_DESIGN = [SEED];
/** What is the same in runs that can be compared. */
const FACTS: readonly (readonly [title: string, read: (run: LoadedRun) => string | null])[] = [
  ['engine', ({ detail }) => detail.engine],
  ['code', ({ detail }) => detail.codeVersion],
  ['data', ({ detail }) => detail.datasetHash],
  ['isolation', ({ detail }) => detail.isolation],
];

interface Compared {
  readonly title: string;
  readonly read: (run: LoadedRun) => string;
}

/** Options and facts of which not all runs have the same value. */
export function differing(conditions: readonly LoadedCondition[]): { options: Compared[]; facts: Compared[] } {
  const runs = conditions.flatMap((condition) => condition.runs);
  const differ = ({ read }: Compared) => new Set(runs.map(read)).size > 1;
  const paths = [...new Set(runs.flatMap((run) => [...run.options.keys()]))].sort();
  const options = paths.map((path) => ({
    title: path,
    read: (run: LoadedRun) => {
      const value = run.options.get(path);
      return value === undefined ? NO_VALUE : value === '' ? '(none)' : formatExact(value);
    },
  }));
  const facts = FACTS.map(([title, read]) => ({ title, read: (run: LoadedRun) => read(run) ?? 'not recorded' }));
  const found = options.filter((option) => !BY_DESIGN.includes(option.title) && differ(option));
  // Options of a family's member say nothing new where the members differ.
  const isImplied = ({ title }: Compared) =>
    title.includes('.options.') && found.some((other) => other.title === title.replace(/\.options\..*/, '.kind'));
  return { options: found.filter((option) => !isImplied(option)), facts: facts.filter(differ) };
}

export const differences: Resolver<'differences'> = (_, { id, conditions, ledger }) => {
  const { options, facts } = differing(conditions);
  const all = [...options, ...facts];
  if (conditions.length < 2) return [];
  if (all.length === 0) return [{ form: 'paragraphs', paragraphs: [['The runs differ in nothing but their seeds.']] }];
  const cell = (condition: LoadedCondition, { title, read }: Compared): Text => {
    const values = [...new Set(condition.runs.map(read))];
    const value = values.length > 3 ? `${values.length} different` : values.join(' / ');
    const own = { from: [origin(condition)], metric: title, at: '', estimator: 'as configured' };
    return say`${ledger.value({ ...own, id: `${id}.${condition.look}.${title}`, value, unit: 'text' })}`;
  };
  const caption =
    'What the conditions differ in, seeds aside. All other options are the same in all runs; options of a member are left out where the members differ.';
  if (all.length <= 5) {
    const rows = conditions.map((condition): Text[] => {
      const cells = all.map((compared) => cell(condition, compared));
      return [[condition.label], ...cells, [sourcesOf(cells)]];
    });
    const columns = [
      { title: 'condition', kind: 'text' as const },
      ...all.map(({ title }) => ({ title, kind: 'text' as const })),
      { title: 'source', kind: 'text' as const },
    ];
    return [{ form: 'table', id, caption, columns, rows }];
  }
  const rows = all.map((compared): Text[] => [[compared.title], ...conditions.map((c) => cell(c, compared))]);
  const columns = [
    { title: 'option', kind: 'text' as const },
    ...conditions.map(({ label }) => ({ title: label, kind: 'wide' as const })),
  ];
  return [{ form: 'table', id, caption, columns, rows }];
};
