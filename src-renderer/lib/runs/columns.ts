/** The columns that the table of runs can have: facts of a run, options of its configuration, values of its metrics. */
import type { Catalogue, RunSummary } from '../../../src-shared/api.ts';
import type { Metric } from '../../../src-shared/metrics.ts';
import type { OptionValue } from '../../../src-shared/options.ts';
import type { RunOptions, RunValue } from '../../../src-shared/organise.ts';
import { bestAccuracy, type Field, lastAccuracy } from './fields.ts';

export const SUMMARIES = ['last', 'highest', 'lowest'] as const;
export type MetricSummary = (typeof SUMMARIES)[number];

/** Which number of a run a column, or the mean of a group, shows. */
export interface Measure {
  readonly metric: string;
  readonly summary: MetricSummary;
}

export interface ColumnInfo {
  readonly id: string;
  readonly title: string;
  /** What the title stands for, where it is short. */
  readonly help?: string;
  /** The heading of the list that it is chosen from. */
  readonly section: 'Run' | 'Metric' | 'Option';
  /** px */
  readonly width: number;
  readonly isNumeric?: boolean;
  readonly canSort?: false;
  readonly measure?: Measure;
  readonly metric?: Metric;
}

export const NAME = 'name';
export const DEFAULT_COLUMNS: readonly string[] = [
  NAME,
  'status',
  'reward',
  'accuracy',
  'last',
  'best',
  'tags',
  'study',
  'seed',
  'started',
];

const FACTS: readonly ColumnInfo[] = [
  { id: NAME, title: 'Run', section: 'Run', width: 256 },
  { id: 'status', title: 'Status', section: 'Run', width: 188 },
  { id: 'reward', title: 'Reward', section: 'Run', width: 140 },
  { id: 'accuracy', title: 'Accuracy', section: 'Run', width: 112, canSort: false },
  { id: 'last', title: 'Last', section: 'Run', width: 68, isNumeric: true },
  { id: 'best', title: 'Best', section: 'Run', width: 68, isNumeric: true },
  { id: 'tags', title: 'Tags', section: 'Run', width: 132, canSort: false },
  { id: 'study', title: 'Study', section: 'Run', width: 104 },
  { id: 'seed', title: 'Seed', section: 'Run', width: 56, isNumeric: true },
  { id: 'started', title: 'Started', section: 'Run', width: 92, isNumeric: true },
  { id: 'duration', title: 'Duration', section: 'Run', width: 104, isNumeric: true },
  { id: 'step', title: 'Step', section: 'Run', width: 72, isNumeric: true },
  { id: 'preset', title: 'Preset', section: 'Run', width: 136 },
  { id: 'engine', title: 'Engine', section: 'Run', width: 120 },
  { id: 'hash', title: 'Configuration', section: 'Run', width: 116 },
];

const ACCURACY = 'eval/avg@k';
const OPTION = 'option:';

export const measureId = ({ metric, summary }: Measure): string => `${summary}:${metric}`;

/** The measure that an id names; null for other columns. */
export function measureOf(id: string): Measure | null {
  if (id === 'last') return { metric: ACCURACY, summary: 'last' };
  if (id === 'best') return { metric: ACCURACY, summary: 'highest' };
  const at = id.indexOf(':');
  const summary = SUMMARIES.find((s) => s === id.slice(0, at));
  return summary === undefined ? null : { summary, metric: id.slice(at + 1) };
}

/** Null for an id that names nothing, as an old address may hold. */
export function columnInfo(id: string, catalogue: Catalogue | undefined): ColumnInfo | null {
  const fact = FACTS.find((f) => f.id === id);
  if (fact !== undefined) return fact;
  if (id.startsWith(OPTION)) {
    const path = id.slice(OPTION.length);
    const [group = path, ...rest] = path.split('.');
    const last = rest.at(-1) ?? group;
    return { id, title: last === 'kind' ? group : last, help: path, section: 'Option', width: 120 };
  }
  const measure = measureOf(id);
  if (measure === null) return null;
  const metric = catalogue?.metrics.find(({ name }) => name === measure.metric);
  const title = `${metric?.title ?? measure.metric}, ${measure.summary}`;
  return { id, title, section: 'Metric', width: 128, isNumeric: true, measure, ...(metric && { metric }) };
}

/** Everything that can be chosen, in the order of the list. */
export function allColumns(catalogue: Catalogue | undefined, options: RunOptions | null): ColumnInfo[] {
  const metrics = (catalogue?.metrics ?? []).flatMap(({ name }) =>
    SUMMARIES.map((summary) => measureId({ metric: name, summary })),
  );
  const paths = (options?.options ?? []).map(({ path }) => `${OPTION}${path}`);
  return [...FACTS, ...[...metrics, ...paths].flatMap((id) => columnInfo(id, catalogue) ?? [])];
}

/** Values of metrics by run, as far as they are known. */
export type ValueOf = (runId: string, metric: string) => RunValue | undefined;

/** A measure of a run; accuracy is known from its summary, everything else from `lookup`. */
export function measured(run: RunSummary, { metric, summary }: Measure, lookup: ValueOf): number | undefined {
  if (metric === ACCURACY && summary === 'last') return lastAccuracy(run);
  if (metric === ACCURACY && summary === 'highest') return bestAccuracy(run);
  return lookup(run.id, metric)?.[summary];
}

/** Metrics that have to be asked for, to show these columns. */
export function metricsOf(ids: readonly string[]): string[] {
  const asked = ids.filter((id) => id !== 'last' && id !== 'best').flatMap((id) => measureOf(id) ?? []);
  return [...new Set(asked.map(({ metric }) => metric))];
}

export const durationOf = ({ startedAt, endedAt }: RunSummary, now: number): number | undefined =>
  startedAt === null ? undefined : ((endedAt ?? now) - startedAt) / 1000;

export interface SortContext {
  readonly fields: readonly Field[];
  readonly lookup: ValueOf;
  readonly now: number;
}

/** What a column sorts by; undefined goes last, whichever way. */
export function sortValue(id: string, run: RunSummary, { fields, lookup, now }: SortContext): OptionValue | undefined {
  if (id === NAME) return run.number;
  if (id === 'started') return run.startedAt ?? run.createdAt;
  if (id === 'duration') return durationOf(run, now);
  const measure = measureOf(id);
  if (measure !== null) return measured(run, measure, lookup);
  return fieldOf(id, fields)?.values(run)[0];
}

/** The field behind a column of text. */
export function fieldOf(id: string, fields: readonly Field[]): Field | undefined {
  const key = id.startsWith(OPTION) ? id.slice(OPTION.length) : id;
  return fields.find((field) => field.key === key);
}
