/** Runs of other tools as runs of Assay: finished, read only, with an origin. A reader is one file and one line here. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';
import type { OptionValue } from '../../src-shared/options.ts';
import type { ImportFormat, ImportReport } from '../../src-shared/transfer.ts';
import { LATEST_TIME } from '../bundle/format.ts';
import { importBundle } from '../bundle/import.ts';
import { plain } from '../bundle/text.ts';
import type { Store } from '../store/store.ts';
import type { ForeignReader, ForeignRun } from './foreign-run.ts';
import { beginsWith, lookAt } from './look.ts';
import { renaming } from './names.ts';
import { tensorboard } from './tensorboard.ts';
import { trackio } from './trackio.ts';
import { trainerState } from './trainer-state.ts';
import { wandb } from './wandb.ts';
import { wandbExport } from './wandb-export.ts';

/** The first that recognises a path reads it. */
const readers: readonly ForeignReader[] = [tensorboard, wandb, trackio, wandbExport, trainerState];

/**
 * Import a file or folder; its format is found by looking where it is not given.
 * @throws AssayError `usage` (unknown format), `not-found`, or the refusal where nothing was imported.
 */
export async function importRuns(
  store: Store,
  home: string,
  path: string,
  format?: ImportFormat,
): Promise<ImportReport> {
  const look = lookAt(path);
  if (format === 'assay' || (format === undefined && beginsWith(look.head, 'PK\x03\x04')))
    return importBundle(store, home, path);
  const reader = readers.find((each) => (format === undefined ? each.recognises(path, look) : each.format === format));
  if (reader === undefined)
    throw new AssayError(
      'usage',
      `${basename(path)}: nothing that can be imported; allowed is an .assay bundle, ${readers.map(({ reads }) => reads).join('; ')}`,
    );
  const { runs, refused } = await reader.read(path).catch((error: unknown) => {
    if (error instanceof AssayError) throw error;
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
    throw new AssayError('corrupt', `${basename(path)} cannot be read: ${reason}`, { cause: error });
  });
  for (const { name, points } of runs)
    if (points.steps.size === 0) refused.push({ name, reason: `${name}: it holds no metric` });
  const whole = runs.filter(({ points }) => points.steps.size > 0);
  if (whole.length === 0)
    throw new AssayError(
      'corrupt',
      `${plain(refused[0]?.reason ?? `${basename(path)}: it holds no run`)}. Nothing was imported`,
    );
  const report = store.transaction(() => insertAll(store, resolve(path), reader.format, whole));
  return { ...report, refused: refused.map(({ name, reason }) => ({ name: plain(name), reason: plain(reason) })) };
}

function insertAll(store: Store, path: string, format: ImportFormat, runs: readonly ForeignRun[]): ImportReport {
  const report: ImportReport = { format, imported: [], skipped: [], refused: [], notes: [] };
  for (const run of runs) {
    const name = plain(run.name).slice(0, 120) || basename(path);
    const id = idOf(format, run);
    const here = store.runs.find(id);
    if (here !== null) {
      report.skipped.push({ name, reason: `it is here already, as run #${here.number}` });
      continue;
    }
    const number = insert(store, path, format, { ...run, name }, id);
    report.imported.push({ runId: id, number, name });
    if (run.points.notFinite > 0)
      report.notes.push(`${name}: values that are not finite are gaps: ${run.points.notFinite}`);
  }
  return report;
}

/** Eight letters and digits that follow from what the run holds: importing it again finds it. */
function idOf(format: string, { name, config, points }: ForeignRun): string {
  const hash = createHash('sha256').update(JSON.stringify([format, name, flatten(config)]));
  for (const [step, { metrics }] of points.steps) hash.update(JSON.stringify([step, [...metrics]]));
  const letters = 'abcdefghjkmnpqrstuvwxyz';
  const [first, ...rest] = hash.digest();
  const all = `${letters}23456789`;
  return `${letters.charAt((first as number) % letters.length)}${rest
    .slice(0, 7)
    .map((byte) => all.charAt(byte % all.length))
    .join('')}`;
}

function insert(store: Store, path: string, format: ImportFormat, run: ForeignRun, id: string): number {
  const other = flatten(run.config);
  const steps = [...run.points.steps].sort(([a], [b]) => a - b);
  const last = steps.at(-1)?.[0] ?? 0;
  const seed = seedOf(other);
  const theirs = { kind: format, options: {} };
  const fileTime = statSync(path).mtimeMs;
  const startedAt = timeOf(run.startedAt) ?? timeOf(run.endedAt);
  const number = store.transfer.takeNumber(id);
  store.transfer.insert('runs', {
    id,
    number,
    name: run.name,
    status: 'finished',
    config: JSON.stringify({
      name: run.name,
      preset: null,
      ...Object.fromEntries(['problems', 'reward', 'advantage', 'objective'].map((family) => [family, theirs])),
      ...Object.fromEntries(['policy', 'shaping', 'rollouts', 'optimiser', 'evaluation'].map((group) => [group, {}])),
      limits: { steps: last },
      seeds: seed === null ? {} : { run: seed },
      other,
    }),
    codeVersion: format,
    createdAt: startedAt ?? fileTime,
    startedAt,
    endedAt: timeOf(run.endedAt) ?? startedAt ?? fileTime,
    origin: JSON.stringify({ format, file: plain(basename(path)) }),
  });
  const names = renaming(run.points.names, format);
  for (const [step, { at, metrics }] of steps) {
    const renamed = [...metrics].map(([name, value]) => [plain(names.get(name) ?? name), value]);
    store.steps.replace(id, step, Object.fromEntries(renamed), timeOf(at) ?? startedAt ?? fileTime);
  }
  if (run.points.notFinite > 0)
    store.notes.insert(id, {
      step: last,
      level: 'info',
      message: `Values of ${plain(basename(path))} that are not finite are gaps here: ${run.points.notFinite}`,
    });
  // As the store believes it; anything else undoes the transaction.
  return store.runs.get(id).number;
}

/** A time that a calendar has; null for anything else. */
const timeOf = (at: number | null): number | null => (at !== null && at >= 0 && at <= LATEST_TIME ? at : null);

const MAX_KEYS = 2000;
const MAX_CHARS = 2000;
const MAX_DEPTH = 8;

/** The configuration of the other tool by its own keys, joined by dots; lists and what is deeper as JSON. */
function flatten(config: Readonly<Record<string, unknown>>): Record<string, OptionValue> {
  const flat: [string, OptionValue][] = [];
  const visit = (prefix: string, value: unknown, depth: number) => {
    if (flat.length >= MAX_KEYS) return;
    const key = plain(prefix).slice(0, 200);
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) flat.push([key, value]);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < MAX_DEPTH)
      for (const [name, inner] of Object.entries(value))
        visit(prefix === '' ? name : `${prefix}.${name}`, inner, depth + 1);
    else flat.push([key, textOf(value).slice(0, MAX_CHARS)]);
  };
  visit('', config, 0);
  return Object.fromEntries(flat);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return '(nested too deep to show)'; // JSON.stringify recurses, and is the last to do so.
  }
}

/** `seed`, or the one key that ends so. */
function seedOf(other: Readonly<Record<string, OptionValue>>): number | null {
  const keys = Object.keys(other).filter((key) => key === 'seed' || key.endsWith('.seed'));
  const value = other.seed ?? (keys.length === 1 ? other[keys[0] ?? ''] : undefined);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
