/**
 * What Weights & Biases exports: a history as CSV or JSON lines (`run.history()`, `run.scan_history()`, the download of
 * a chart), beside it or alone `wandb-summary.json`, and `config.yaml`. A summary is used only where there is no history.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseYaml } from 'yaml';
import { AssayError } from '../../src-shared/errors.ts';
import { type ForeignReader, type ForeignRun, IMPORT_LIMITS, Points, parseRecord } from './foreign-run.ts';
import { readEach } from './look.ts';
import { addRow } from './wandb.ts';

const HISTORY = /\.(?:csv|jsonl)$/;
const SUMMARY = 'wandb-summary.json';
/** Columns that hold the step, as the library and as the download of a chart name it. */
const STEPS = ['_step', 'Step', 'step', 'global_step', 'trainer/global_step'];

export const wandbExport: ForeignReader = {
  format: 'wandb-export',
  reads: 'an exported history (.csv, .jsonl) or wandb-summary.json of Weights & Biases, or a folder with one',
  recognises: (_, { names }) => names.some((name) => !name.includes('/') && (HISTORY.test(name) || name === SUMMARY)),
  async read(path) {
    const root = resolve(path);
    if (!statSync(root).isDirectory())
      return readEach([root], (file) => ({ name: basename(file), run: () => readExport(file) }));
    const inside = readdirSync(root).sort();
    const chosen = inside.find((name) => HISTORY.test(name)) ?? SUMMARY;
    return readEach([join(root, chosen)], (file) => ({ name: basename(root), run: () => readExport(file) }));
  },
};

function readExport(path: string): ForeignRun {
  const file = basename(path);
  const found = { startedAt: null, endedAt: null, points: new Points(file) };
  if (path.endsWith('.csv')) readCsv(path, file, found);
  else if (path.endsWith('.jsonl')) readJsonLines(path, file, found);
  else addRow(parseRecord(readText(path), file), null, found);
  if (found.points.steps.size === 0) throw new AssayError('corrupt', `${file}: it holds no metric`);
  const name =
    HISTORY.test(file) && file !== 'history.csv' && file !== 'history.jsonl'
      ? file.replace(HISTORY, '')
      : basename(dirname(path));
  return { ...found, name, config: readConfig(join(dirname(path), 'config.yaml')) };
}

type Found = Parameters<typeof addRow>[2];

function readCsv(path: string, file: string, found: Found): void {
  let rows: Record<string, string>[];
  try {
    rows = parseCsv(readText(path), { columns: true, skip_empty_lines: true, bom: true, max_record_size: 2 ** 24 });
  } catch (error) {
    throw new AssayError('corrupt', `${file}: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
  for (const row of rows) {
    const numbers: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(row)) {
      // pandas writes its index under no name.
      if (name === '' || text.trim() === '') continue;
      const value = /^[+-]?(?:inf|infinity|nan)$/i.test(text) ? Number.NaN : Number(text);
      if (!Number.isNaN(value) || /nan|inf/i.test(text)) numbers[name] = value;
    }
    addStep(numbers, file, found);
  }
}

function readJsonLines(path: string, file: string, found: Found): void {
  for (const [index, line] of readText(path).split('\n').entries())
    if (line.trim() !== '') addStep(parseRecord(line, `${file}: line ${index + 1}`), file, found);
}

function addStep(row: Readonly<Record<string, unknown>>, file: string, found: Found): void {
  const column = STEPS.find((name) => typeof row[name] === 'number');
  if (column === undefined)
    throw new AssayError('corrupt', `${file}: a row has no step; one of ${STEPS.join(', ')} is needed`);
  const { [column]: step, ...rest } = row;
  addRow(rest, step as number, found);
}

/** `{key: {value, desc}}` as the library writes it, or plain keys. */
function readConfig(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  let parsed: unknown;
  try {
    parsed = parseYaml(readText(path));
  } catch (error) {
    throw new AssayError('corrupt', `config.yaml: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null) return {};
  return Object.fromEntries(
    Object.entries(parsed)
      .filter(([key]) => key !== '_wandb' && key !== 'wandb_version')
      .map(([key, value]) => [
        key,
        typeof value === 'object' && value !== null && 'value' in value ? value.value : value,
      ]),
  );
}

/** A whole text file. @throws AssayError `corrupt` where it is too big to be one. */
export function readText(path: string): string {
  const { size } = statSync(path);
  if (size > IMPORT_LIMITS.textBytes)
    throw new AssayError('corrupt', `${basename(path)}: ${size} bytes; at most ${IMPORT_LIMITS.textBytes} are allowed`);
  return readFileSync(path, 'utf8');
}
