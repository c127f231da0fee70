/** Every table and figure as a CSV file of its own, every number with its provenance beside it. */
import { stringify } from 'csv-stringify/sync';
import type { Figure, ResolvedReport, Table, Text, Value } from '../../../src-shared/report.ts';
import { runsOf, type Writer, type WrittenFile } from './writer.ts';

type Row = readonly (string | number | null)[];

/** A spreadsheet takes text that begins like this for a formula, and some of it was written by a policy. */
export const cell = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

const file = (name: string, header: Row, rows: readonly Row[]): WrittenFile => ({
  name: `csv/${name}.csv`,
  type: 'text/csv; charset=utf-8',
  content: stringify([header, ...rows] as unknown[][]),
});

const PROVENANCE = ['metric', 'at', 'estimator', 'sources', 'runs', 'configurations'];

function provenance(report: ResolvedReport, of: Pick<Value, 'metric' | 'at' | 'estimator' | 'sources'>): Row {
  const runs = runsOf(report, of.sources);
  const joined = [runs.map(({ id }) => id), runs.map(({ configHash }) => configHash)].map((list) => list.join(' '));
  return [of.metric, of.at, of.estimator, of.sources.join(' '), ...joined].map((text) => cell(text));
}

/** A line a value: the row and column where it stands, in full precision. */
function tableFile(table: Table, report: ResolvedReport): WrittenFile {
  const header = ['row', 'column', 'value', 'low', 'high', 'unit', ...PROVENANCE, 'id'];
  const rows = table.rows.flatMap((row) => {
    // A row is called by its plain cells before the first value.
    const named = row.findIndex((text) => valuesOf(text).length > 0);
    const name = row
      .slice(0, Math.max(0, named))
      .map((text) => text.join(''))
      .filter((text) => text !== '')
      .join(': ');
    return row.flatMap((text, c) =>
      valuesOf(text).map((value): Row => {
        const number = typeof value.value === 'string' ? cell(value.value) : value.value;
        const where = [cell(name), cell(table.columns[c]?.title ?? '')];
        return [...where, number, value.low, value.high, value.unit, ...provenance(report, value), value.id];
      }),
    );
  });
  return file(`table-${table.id}`, header, rows);
}

/** A line a point. */
function figureFile(figure: Figure, report: ResolvedReport): WrittenFile {
  const header = ['condition', 'step', 'value', 'low', 'high', 'n', 'unit', ...PROVENANCE, 'id'];
  const rows = figure.series.flatMap((line) => {
    const from = provenance(report, { ...line, at: 'step' });
    return line.steps.map(
      (step, i): Row => [
        ...[cell(line.label), step, line.values[i] ?? null, line.low[i] ?? null, line.high[i] ?? null],
        ...[line.n[i] ?? null, figure.unit, ...from, line.id],
      ],
    );
  });
  return file(`figure-${figure.id}`, header, rows);
}

const valuesOf = (text: Text): Value[] => text.filter((part) => typeof part !== 'string');

/** Values that stand in sentences and samples. */
function textFile(report: ResolvedReport): WrittenFile[] {
  const texts = report.blocks.flatMap((block) =>
    block.form === 'paragraphs'
      ? block.paragraphs
      : block.form === 'samples'
        ? block.items.flatMap(({ title, facts }) => [title, facts])
        : [],
  );
  const rows = texts.flatMap(valuesOf).map((value): Row => {
    const number = typeof value.value === 'string' ? cell(value.value) : value.value;
    return [number, value.low, value.high, value.unit, ...provenance(report, value), value.id];
  });
  return rows.length === 0 ? [] : [file('text', ['value', 'low', 'high', 'unit', ...PROVENANCE, 'id'], rows)];
}

export const csv: Writer = {
  format: 'csv',
  title: 'CSV, a file for each table and figure',
  isExact: true,
  write: (report) => [
    ...report.blocks.flatMap((block) =>
      block.form === 'table' ? [tableFile(block, report)] : block.form === 'figure' ? [figureFile(block, report)] : [],
    ),
    ...textFile(report),
    file(
      'sources',
      ['source', 'of', 'run', 'id', 'seed', 'configuration'],
      report.sources.flatMap(({ id, label, runs }) =>
        runs.map((run): Row => [id, cell(label), run.number, run.id, run.seed, run.configHash]),
      ),
    ),
  ],
};
