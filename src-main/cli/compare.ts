/** `assay compare`: groups of runs side by side, with verdicts against a reference and with what is not comparable. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Api, Catalogue, RunSummary } from '../../src-shared/api.ts';
import type { ComparabilityIssue, Comparison, Effect, FinalComparison, Grouping } from '../../src-shared/comparison.ts';
import { AssayError } from '../../src-shared/errors.ts';
import type { OwnedShell } from '../api/shell.ts';
import { type Io, table } from './io.ts';
import { findRun } from './run-reference.ts';

interface Surroundings {
  readonly io: Io;
  readonly withApp: (readonly: boolean, body: (app: OwnedShell) => Promise<number>) => Promise<void>;
}

interface Given {
  readonly reference?: string;
  readonly metric: string[];
  readonly by: string;
  readonly at: 'last' | 'common' | number;
  readonly json?: true;
}

export function addCompareCommand(program: Command, { io, withApp }: Surroundings): void {
  program
    .command('compare')
    .description('runs side by side: values, differences with intervals, and verdicts')
    .argument('<runs...>', 'numbers, ids, or ranges of numbers: 1-3 7 12')
    .option('--reference <run>', 'hold the others against the group of this run (default: the first)')
    .option('--metric <name>', 'repeatable (default: eval/avg@k)', collect, [])
    .option('--by <what>', 'config, tag, none, or option paths with commas: reward.kind,rollouts.temperature', 'config')
    .option('--at <when>', 'last, common (the last step that all have), or a step', when, 'last')
    .option('--json', 'one JSON object on standard output')
    .action((texts: string[], given: Given) =>
      withApp(true, async ({ api }) => {
        const all = await api.runs({});
        const runIds = texts.flatMap((text) => named(all, text)).map(({ id }) => id);
        const { comparison, final } = await compared(api, runIds, {
          ...given,
          ...(given.reference === undefined ? {} : { reference: findRun(all, given.reference).id }),
        });
        const lines = given.json
          ? [JSON.stringify({ ...comparison, ...final })]
          : comparisonLines(comparison, final, all, await api.catalogue({}));
        for (const line of lines) io.out(line);
        return 0;
      }),
    );
}

const collect = (value: string, all: string[]) => [...all, value];

function when(text: string): Given['at'] {
  if (text === 'last' || text === 'common') return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed is last, common, or a step.');
}

/** A run, or those of a range of numbers that there are. */
function named(all: readonly RunSummary[], text: string): RunSummary[] {
  const range = /^#?(\d+)-#?(\d+)$/.exec(text);
  if (range === null) return [findRun(all, text)];
  const [from, to] = [Number(range[1]), Number(range[2])];
  const found = all.filter(({ number }) => number >= from && number <= to).sort((a, b) => a.number - b.number);
  if (found.length === 0) throw new AssayError('not-found', `runs ${text}: there are none`);
  return found;
}

const groupingOf = (by: string): Grouping =>
  by === 'config' || by === 'tag' || by === 'none'
    ? { by }
    : { by: 'paths', paths: by.split(',').map((p) => p.trim()) };

/** Both calls, the reference being the group of a run. */
export async function compared(
  api: Api,
  runIds: readonly string[],
  { reference, metric, by, at }: Partial<Omit<Given, 'json'>> = {},
): Promise<{ comparison: Comparison; final: FinalComparison }> {
  const selection = {
    runIds: [...runIds],
    grouping: groupingOf(by ?? 'config'),
    ...(metric === undefined || metric.length === 0 ? {} : { metrics: [...metric] }),
  };
  const comparison = await api.compare(selection);
  const group = comparison.groups.find((each) => reference !== undefined && each.runIds.includes(reference));
  if (reference !== undefined && group === undefined)
    throw new AssayError('usage', `--reference ${reference}: is not among the compared runs`);
  const final = await api.compareFinal({
    ...selection,
    at: at ?? 'last',
    ...(group === undefined ? {} : { reference: { group: group.key } }),
  });
  return { comparison, final };
}

export function comparisonLines(
  { groups, metrics }: Comparison,
  { effects, reference, issues }: FinalComparison,
  runs: readonly RunSummary[],
  catalogue: Catalogue,
): string[] {
  const numberOf = new Map(runs.map(({ id, number }) => [id, number]));
  const numbers = (ids: readonly string[]) => ids.map((id) => `#${numberOf.get(id)}`).join(' ');
  const lines = [
    ...table(
      ['group', 'runs', 'seeds'],
      groups.map(({ label, runIds, seeds }) => [label, numbers(runIds), seeds.join(' ')]),
    ),
    ...issues.flatMap((issue) => ['', ...issueLines(issue, numbers)]),
  ];
  for (const { metric, byGroup } of metrics) {
    const described = catalogue.metrics.find(({ name }) => name === metric);
    const show = figures(described?.unit === 'fraction');
    const rows = groups.map(({ key, label }) => {
      const effect = effects.find((each) => each.metric === metric && each.group === key);
      const final = byGroup[key]?.final;
      const value =
        effect?.value ?? (key === reference.key ? referenceValue(effects, metric) : undefined) ?? final?.mean;
      return [
        label,
        value === undefined ? '-' : show.value(value),
        ...(effect === undefined ? [key === reference.key ? 'reference' : '-'] : effectCells(effect, show)),
      ];
    });
    lines.push(
      '',
      `${described?.title ?? metric} (${metric}${described?.unit === 'fraction' ? ', %' : ''}), against ${reference.label}`,
      ...table(['group', 'value', 'difference [95 %]', 'pairs', 'sees', 'p', 'p (Holm)', 'g', 'verdict', 'why'], rows),
    );
  }
  return lines;
}

const referenceValue = (effects: readonly Effect[], metric: string) =>
  effects.find((effect) => effect.metric === metric)?.reference;

function effectCells(effect: Effect, show: ReturnType<typeof figures>): string[] {
  const { interval, seedInterval, test, effectSize, detectable, seeds, pairedBy } = effect;
  const range = (of: typeof interval) => (of === null ? '' : ` [${show.signed(of.low)}, ${show.signed(of.high)}]`);
  // With few seeds the interval over seeds is the one to go by.
  const shown = seedInterval !== null && seeds < 5 ? seedInterval : interval;
  return [
    `${show.signed(effect.effect)}${range(shown)}`,
    pairedBy === 'seed' ? String(seeds) : 'none',
    detectable === null ? '-' : show.value(detectable),
    test === null ? '-' : short(test.p),
    test === null ? '-' : short(test.pHolm),
    effectSize === null ? '-' : effectSize.toFixed(2),
    effect.verdict,
    effect.why,
  ];
}

function issueLines({ title, severity, why, values }: ComparabilityIssue, numbers: (ids: readonly string[]) => string) {
  return [
    `${severity === 'differs' ? 'NOT COMPARABLE' : 'caution'}: ${title}: ${why}`,
    ...values.map(({ value, runIds }) => `  ${value ?? 'not recorded'}: ${numbers(runIds)}`),
  ];
}

const short = (p: number) => (p < 0.001 ? p.toExponential(1) : p.toFixed(3));

function figures(isFraction: boolean) {
  const value = (x: number) => (isFraction ? (100 * x).toFixed(1) : String(Number(x.toPrecision(4))));
  return { value, signed: (x: number) => `${x > 0 ? '+' : ''}${value(x)}` };
}
