/** What each run started from, ancestors outside the report included, down to the policy that all began with. */
import type { Text } from '../../../src-shared/report.ts';
import { ACCURACY } from '../compare.ts';
import { originOf, type Resolver } from '../context.ts';
import { say } from '../ledger.ts';
import { type LoadedRun, lastOf } from '../runs.ts';
import { sourcesOf } from './comparison.ts';

export const lineage: Resolver<'lineage'> = (_, { id, conditions, source, load, ledger }) => {
  const runs = new Map<string, LoadedRun>();
  const add = (run: LoadedRun | null) => {
    if (run === null || runs.has(run.detail.id)) return;
    runs.set(run.detail.id, run);
    const parent = run.detail.parentCheckpointId;
    const checkpoint = parent === null ? null : source.checkpoint(parent);
    if (checkpoint !== null) add(load(checkpoint.runId));
  };
  for (const condition of conditions) for (const run of condition.runs) add(run);
  const labels = new Map(conditions.flatMap(({ label, runs: of }) => of.map((run) => [run.detail.id, label] as const)));
  const rows = [...runs.values()]
    .toSorted((a, b) => a.detail.number - b.detail.number)
    .map((run): Text[] => {
      const { detail } = run;
      const key = `${id}.${detail.number}`;
      const from = [originOf(run)];
      const parent = detail.parentCheckpointId;
      const checkpoint = parent === null ? null : source.checkpoint(parent);
      const of = checkpoint === null ? null : load(checkpoint.runId);
      const start =
        parent === null
          ? `policy ${String(run.options.get('policy.source') ?? 'not recorded')}`
          : checkpoint === null || of === null
            ? `checkpoint ${parent}, no longer there`
            : `#${of.detail.number} at step ${checkpoint.step}`;
      const control = detail.controlOf === null ? null : load(detail.controlOf);
      const accuracy = { from, metric: ACCURACY, unit: 'fraction' as const, estimator: 'one evaluation' };
      const cells: Text[] = [
        say`${ledger.value({ id: `${key}.start`, value: start, unit: 'text', from, metric: 'parent checkpoint', at: '', estimator: 'as recorded' })}`,
        say`${ledger.value({ ...accuracy, id: `${key}.first`, value: run.series(ACCURACY)[0]?.value ?? null, at: 'first step' })}`,
        say`${ledger.value({ ...accuracy, id: `${key}.last`, value: lastOf(run, ACCURACY)?.value ?? null, at: 'last step' })}`,
        [control === null ? '' : `#${control.detail.number}`],
      ];
      return [[`#${detail.number}`], [labels.get(detail.id) ?? detail.name], ...cells, [sourcesOf(cells)]];
    });
  return [
    {
      form: 'table',
      id,
      caption:
        'Where each run started. Validation accuracy, %, before its first and after its last step. A matched control has the same budget and seed and starts where its counterpart’s line began.',
      columns: [
        { title: 'run', kind: 'text' },
        { title: 'condition', kind: 'text' },
        { title: 'started from', kind: 'text' },
        { title: 'first', kind: 'number' },
        { title: 'last', kind: 'number' },
        { title: 'control of', kind: 'text' },
        { title: 'source', kind: 'text' },
      ],
      rows,
    },
  ];
};
