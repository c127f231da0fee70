/**
 * Holds a written report against the store: every number is computed anew from the runs that it names, and every file
 * is written anew from the numbers that it carries. A person's own text cannot be checked and is not.
 */
import { AssayError } from '../../src-shared/errors.ts';
import {
  type Check,
  type ResolvedBlock,
  type ResolvedReport,
  resolvedReportSchema,
  type Series,
  type Source,
  type Value,
  type Verification,
} from '../../src-shared/report.ts';
import { resolveReport } from './resolve.ts';
import type { ReportSource } from './runs.ts';
import { checkShown } from './verify-shown.ts';
import { NUMBERS } from './write.ts';
import { ISLAND } from './writers/html.ts';

/** Content as text; null where the file is no text. Names are relative, with `/` between folders. */
export interface GivenFile {
  readonly name: string;
  readonly text: string | null;
}

type Numbered = Value | Series;

/** @throws AssayError `usage` where no file holds the numbers of a report. */
export function verifyReport(files: readonly GivenFile[], source: ReportSource, program: string): Verification {
  const carriers = files.flatMap((file) => {
    const resolved = numbersOf(file);
    return resolved === null ? [] : [{ file, resolved }];
  });
  const [first] = carriers;
  if (first === undefined)
    throw new AssayError(
      'usage',
      `${files.map(({ name }) => name).join(', ') || 'nothing'}: holds no report of Assay`,
      {
        hint: `A report is a page that "assay report" wrote, or a folder with its ${NUMBERS}.`,
      },
    );
  const distinct = new Map(carriers.map((carrier) => [JSON.stringify(carrier.resolved), carrier]));
  const numbers = [...distinct.values()].flatMap(({ file, resolved }) =>
    checkNumbers(resolved, source, program).map((check) =>
      distinct.size === 1 ? check : { ...check, id: `${file.name}: ${check.id}` },
    ),
  );
  const shown = checkShown(files, carriers, program);
  const checks = [...numbers, ...shown.checks];
  return {
    title: first.resolved.report.title,
    checks,
    read: shown.read,
    unread: shown.unread,
    holds: checks.length > 0 && checks.every(({ status }) => status === 'same'),
  };
}

/** The numbers that a page or a folder's JSON carries; null for any other file. */
function numbersOf({ name, text }: GivenFile): ResolvedReport | null {
  if (text === null) return null;
  const island = new RegExp(`<script type="application/json" id="${ISLAND}">([\\s\\S]*?)</script>`).exec(text)?.[1];
  const json = /\.html?$/.test(name) ? island : name.split('/').at(-1) === NUMBERS ? text : undefined;
  if (json === undefined) return null;
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch (error) {
    throw new AssayError('corrupt', `${name}: its numbers are not JSON (${(error as Error).message})`);
  }
  const parsed = resolvedReportSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AssayError('corrupt', `${name}: its numbers are damaged: ${issue?.path.join('.')}: ${issue?.message}`);
}

function checkNumbers(claimed: ResolvedReport, source: ReportSource, program: string): Check[] {
  const anew = resolveReport(claimed.report, source, { program, missing: 'skip' });
  const [given, found] = [collect(claimed), collect(anew)];
  const [givenSources, foundSources] = [byId(claimed.sources), byId(anew.sources)];
  const runs = (of: Numbered, sources: ReadonlyMap<string, Source>) =>
    JSON.stringify(of.sources.map((id) => sources.get(id)?.runs.map((run) => run.id) ?? id));
  const checks = [...given.values()].map((value): Check => {
    const as = (status: Check['status'], why: string | null): Check => ({
      id: value.id,
      what: whatOf(value, givenSources),
      status,
      why,
      count: countOf(value),
    });
    const obstacle = obstacleOf(value, givenSources, source);
    if (obstacle !== null) return as(obstacle.status, obstacle.why);
    const other = found.get(value.id);
    if (other === undefined) return as('differs', 'the store no longer gives it');
    if (runs(value, givenSources) !== runs(other, foundSources)) return as('differs', 'it comes from other runs');
    const why = difference(value, other);
    return why === null ? as('same', null) : as('differs', why);
  });
  const lost = checks.some(({ status }) => status === 'run missing');
  const added = lost ? [] : [...found.values()].filter(({ id }) => !given.has(id));
  return [
    ...checks,
    ...added.map(
      (value): Check => ({
        id: value.id,
        what: whatOf(value, foundSources),
        status: 'differs',
        why: 'the store gives it, the report does not have it',
        count: countOf(value),
      }),
    ),
    ...(lost ? [] : checkWords(claimed, anew)),
  ];
}

/** A run that is gone, or that is not what it was. */
function obstacleOf(
  value: Numbered,
  sources: ReadonlyMap<string, Source>,
  source: ReportSource,
): { status: Check['status']; why: string } | null {
  let changed: string | null = null;
  for (const id of value.sources) {
    const of = sources.get(id);
    if (of === undefined) return { status: 'differs', why: `its source ${id} is not in the report` };
    for (const { id: runId, number, configHash } of of.runs) {
      const run = source.run(runId);
      if (run === null) return { status: 'run missing', why: `there is no run ${runId} (#${number})` };
      if (run.configHash !== configHash)
        changed ??= `run ${runId} (#${run.number}) has configuration ${run.configHash}, the report says ${configHash}`;
    }
  }
  return changed === null ? null : { status: 'configuration changed', why: changed };
}

/** Equal but for the last bits, in which machines may differ. */
const NEAR = 1e-9;
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => isSame(value, b[i]));
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= NEAR * Math.max(1e-3, Math.abs(a), Math.abs(b));
  return a === b;
}

/** The first property in which two differ, in words; null: none. Names of sources count up, so runs are compared. */
function difference(claimed: Numbered, found: Numbered): string | null {
  const [a, b] = [claimed, found] as unknown as [Record<string, unknown>, Record<string, unknown>];
  for (const key of Object.keys(b)) {
    if (key === 'sources' || isSame(a[key], b[key])) continue;
    const [left, right] = [a[key], b[key]];
    if (!Array.isArray(left) || !Array.isArray(right)) return `${key} ${brief(left)}, the store gives ${brief(right)}`;
    if (left.length !== right.length) return `${left.length} points, the store gives ${right.length}`;
    const at = left.findIndex((value, i) => !isSame(value, right[i]));
    const step = 'steps' in found ? ` at step ${found.steps[at]}` : '';
    return `${key}${step} ${brief(left[at])}, the store gives ${brief(right[at])}`;
  }
  return null;
}

const brief = (value: unknown): string => {
  const text = typeof value === 'string' ? `"${value}"` : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** What stands around the numbers: captions, labels, samples, sentences. */
function checkWords(claimed: ResolvedReport, anew: ResolvedReport): Check[] {
  const count = Math.max(claimed.blocks.length, anew.blocks.length);
  return Array.from({ length: count }, (_, i): Check => {
    const same = words(claimed.blocks[i]) === words(anew.blocks[i]);
    const form = claimed.blocks[i]?.form ?? anew.blocks[i]?.form ?? '';
    return {
      id: `block ${i + 1}`,
      what: `the words of block ${i + 1}, ${form}`,
      status: same ? 'same' : 'differs',
      why: same ? null : 'the store gives other words around the numbers',
      count: 0,
    };
  });
}

const words = (block: ResolvedBlock | undefined): string =>
  JSON.stringify(block, (_, part: unknown) => (isNumbered(part) ? part.id : part)) ?? '';

const isNumbered = (part: unknown): part is Numbered =>
  typeof part === 'object' && part !== null && 'estimator' in part && 'sources' in part;

/** Every value and series of a report by its id. */
function collect(report: ResolvedReport): ReadonlyMap<string, Numbered> {
  const all = new Map<string, Numbered>();
  const visit = (part: unknown) => {
    if (isNumbered(part)) all.set(part.id, part);
    else if (typeof part === 'object' && part !== null) for (const inner of Object.values(part)) visit(inner);
  };
  visit(report.blocks);
  return all;
}

const byId = (sources: readonly Source[]) => new Map(sources.map((source) => [source.id, source]));

function whatOf(value: Numbered, sources: ReadonlyMap<string, Source>): string {
  const labels = value.sources.map((id) => sources.get(id)?.label ?? id);
  const at = 'at' in value && value.at !== '' ? [value.at] : [];
  return [value.metric, ...at, labels.length > 4 ? `${labels.length} conditions` : labels.join(' and ')].join(', ');
}

const countOf = (value: Numbered): number =>
  'values' in value
    ? value.values.length + [...value.low, ...value.high].filter((edge) => edge !== null).length
    : [value.value, value.low, value.high].filter((each) => typeof each === 'number').length;
