/** What can be asked of a run by name: its own facts and every option of its configuration. Queries, groups and columns
 * all go by these keys. */
import type { RunSummary } from '../../../src-shared/api.ts';
import type { OptionValue } from '../../../src-shared/options.ts';
import type { RunOptions } from '../../../src-shared/organise.ts';

export interface Field {
  /** As it is typed: `status`, or an option's path. */
  readonly key: string;
  readonly title: string;
  /** None where the run has no such thing; several for tags. */
  values(run: RunSummary): readonly OptionValue[];
  /** A share of 1, which people type in percent. */
  readonly isFraction?: boolean;
  /** A value matches by any part of it. */
  readonly isLoose?: boolean;
}

export const lastAccuracy = (run: RunSummary): number | undefined => run.accuracy.at(-1)?.value;
export const bestAccuracy = (run: RunSummary): number | undefined =>
  run.accuracy.reduce<number | undefined>(
    (best, { value }) => (best === undefined || value > best ? value : best),
    undefined,
  );

export const isEvaluation = (run: RunSummary): boolean => run.steps === 0;

const some = (value: OptionValue | null | undefined): readonly OptionValue[] =>
  value === null || value === undefined ? [] : [value];

/** What kind of run it is, apart from the usual. */
export function kindsOf(run: RunSummary): string[] {
  const kinds = {
    evaluation: isEvaluation(run),
    imported: run.origin !== null,
    'test-time': run.testTime,
    control: run.controlOf !== null,
    bootstrapped: run.parentCheckpointId !== null,
  };
  return Object.entries(kinds).flatMap(([kind, holds]) => (holds ? [kind] : []));
}

const facts: readonly Field[] = [
  { key: 'name', title: 'Name', values: (run) => [run.name], isLoose: true },
  { key: 'number', title: 'Number', values: (run) => [run.number] },
  { key: 'status', title: 'Status', values: (run) => [run.status] },
  { key: 'tag', title: 'Tag', values: (run) => run.tags },
  { key: 'study', title: 'Study', values: (run) => some(run.study) },
  { key: 'reward', title: 'Reward', values: (run) => [run.reward] },
  { key: 'preset', title: 'Preset', values: (run) => some(run.preset) },
  { key: 'seed', title: 'Seed', values: (run) => some(run.seed) },
  { key: 'is', title: 'Kind', values: kindsOf },
  { key: 'accuracy', title: 'Last accuracy', values: (run) => some(lastAccuracy(run)), isFraction: true },
  { key: 'best', title: 'Best accuracy', values: (run) => some(bestAccuracy(run)), isFraction: true },
  { key: 'step', title: 'Step', values: (run) => [run.step] },
  { key: 'engine', title: 'Engine', values: (run) => some(run.engine) },
  { key: 'hash', title: 'Configuration hash', values: (run) => [run.configHash] },
  { key: 'id', title: 'Id', values: (run) => [run.id] },
];

/** Short names of options that are typed often. */
const SHORT: Readonly<Record<string, string>> = {
  temp: 'rollouts.temperature',
  temperature: 'rollouts.temperature',
  lr: 'optimiser.learningRate',
  group: 'rollouts.groupSize',
  steps: 'limits.steps',
  objective: 'objective.kind',
  advantage: 'advantage.kind',
  problems: 'problems.kind',
};

/** @param options null while they are not here yet */
export function runFields(options: RunOptions | null): readonly Field[] {
  if (options === null) return facts;
  const rows = new Map(options.runIds.map((id, row) => [id, row]));
  return [
    ...facts,
    ...options.options.map(({ path, values, of }): Field => {
      const single = values.slice(0, 1);
      const each = values.map((value) => [value]);
      return {
        key: path,
        title: path,
        values: (run) => {
          const row = rows.get(run.id);
          if (row === undefined) return [];
          return of === null ? single : (each[of[row] ?? -1] ?? []);
        },
      };
    }),
  ];
}

/** The fields that a typed key may mean, the only one where it is clear: exact, short, an ending, a beginning of one. */
export function findFields(fields: readonly Field[], typed: string): readonly Field[] {
  const wanted = typed.toLowerCase();
  const where = (test: (key: string) => boolean) => fields.filter(({ key }) => test(key.toLowerCase()));
  const exact = where((key) => key === wanted);
  if (exact.length > 0) return exact;
  const short = SHORT[wanted];
  if (short !== undefined) return where((key) => key === short.toLowerCase());
  const ending = where((key) => key.endsWith(`.${wanted}`));
  if (ending.length > 0) return ending;
  return where((key) => key.slice(key.lastIndexOf('.') + 1).startsWith(wanted));
}
