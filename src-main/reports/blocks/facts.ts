/** What identifies each run: what all have in common once, the rest run by run. */
import type { Text } from '../../../src-shared/report.ts';
import { origin, originOf, type Resolver } from '../context.ts';
import { say } from '../ledger.ts';
import type { LoadedRun } from '../runs.ts';

type Fact = readonly [title: string, read: (run: LoadedRun) => string | null];

const ALWAYS: readonly Fact[] = [
  ['id', ({ detail }) => detail.id],
  ['seed', ({ detail }) => String(detail.seed)],
  ['configuration', ({ detail }) => detail.configHash],
  ['status', ({ detail }) => detail.status],
  ['steps', ({ detail }) => `${detail.step} of ${detail.steps}`],
];
const OFTEN_COMMON: readonly Fact[] = [
  ['engine', ({ detail }) => [detail.engine, detail.device, detail.precision].filter(Boolean).join(', ') || null],
  ['code', ({ detail }) => detail.codeVersion],
  ['policy', ({ options }) => String(options.get('policy.source') ?? '') || null],
  ['parameters', ({ detail }) => detail.parameters?.toLocaleString('en') ?? null],
  ['problems', ({ detail }) => detail.config.problems.kind],
  ['data', ({ detail }) => detail.datasetHash],
  ['isolation', ({ detail }) => detail.isolation],
  // What another Assay made is the same run wherever it is kept; of the others it is said who made them.
  ['imported from', ({ detail: { origin } }) => foreign(origin)],
];

const foreign = (origin: LoadedRun['detail']['origin']): string | null =>
  origin === null || origin.format === 'assay' ? null : `${origin.format}, ${origin.file}`;

export const facts: Resolver<'facts'> = (_, { id, conditions, ledger }) => {
  const runs = conditions.flatMap((condition) => condition.runs.map((run) => ({ run, condition })));
  const of = ([, read]: Fact) => new Set(runs.map(({ run }) => read(run)));
  const common = runs.length < 2 ? [] : OFTEN_COMMON.filter((fact) => of(fact).size === 1 && !of(fact).has(null));
  const own = [...ALWAYS, ...OFTEN_COMMON.filter((fact) => !common.includes(fact) && [...of(fact)].some(Boolean))];
  const fact = { unit: 'text', at: '', estimator: 'as recorded' } as const;
  const shared = common.map(([title, read]): Text[] => {
    const value = runs[0] === undefined ? null : read(runs[0].run);
    const from = conditions.map(origin);
    return [[title], say`${ledger.value({ ...fact, id: `${id}.${title}`, value, from, metric: title })}`];
  });
  const rows = runs.map(({ run, condition }): Text[] => {
    const from = [originOf(run)];
    return [
      [`#${run.detail.number}`],
      ...(runs.length > 1 ? [[condition.label]] : []),
      ...own.map(
        ([title, read]) =>
          say`${ledger.value({ ...fact, id: `${id}.${run.detail.number}.${title}`, value: read(run), from, metric: title })}`,
      ),
    ];
  });
  const text = (title: string) => ({ title, kind: 'text' as const });
  const wide = (title: string) => ({ title, kind: 'wide' as const });
  // A lone run reads better downwards.
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) {
    const columns = [text('run'), wide(only[0]?.join('') ?? '')];
    const lines = own.map(([title], i): Text[] => [[title], only[i + 1] ?? []]);
    return [{ form: 'table', id, caption: 'What identifies the run.', columns, rows: lines }];
  }
  return [
    ...(shared.length === 0
      ? []
      : [
          {
            form: 'table' as const,
            id: `${id}c`,
            caption: `What all ${runs.length} runs have in common.`,
            columns: [text(''), wide('')],
            rows: shared,
          },
        ]),
    {
      form: 'table',
      id,
      caption: 'The runs. A configuration is named by the first 12 hex digits of the SHA-256 of all its options.',
      columns: [text('run'), text('condition'), ...own.map(([title]) => text(title))],
      rows,
    },
  ];
};
