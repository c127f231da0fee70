/** What is left on other problems: base policy and final checkpoints of training-dynamics on other problem sets (the study's
 * generalisation table). Its runs are those of training-dynamics, and are not made twice. */
import type { MetricName } from '../../src-shared/metrics.ts';
import { ARMS, armRuns, EVALUATION_VALUES, evaluations, OWN } from './grid.ts';
import type { ProblemSet, Study, StudyRun } from './study.ts';
import { cellOf, type ResultTable } from './tables.ts';

/** Variants of TinyPy that the embedded policy solves in part, by its own accuracy: 25, 20 and 8 %, where it has 69 % on the
 * standard ones. */
const tinypy = (variant: string): ProblemSet => ({
  name: variant,
  values: { 'problems.kind': 'tinypy', 'problems.options.variant': variant },
});

const BASE = 'base';

export const transfer: Study = {
  id: 'transfer',
  title: 'Transfer',
  question: 'What does training on one problem set, by tests or by certainty, leave of the policy on others?',
  scales: ['tiny', 'paper'],
  sets: { tiny: ['addends', 'factors', 'reframed'].map(tinypy), paper: [] },
  plan: (_scale, seeds, others) => {
    const sets = [{ name: OWN, values: {} }, ...others];
    return [
      ...evaluations(seeds, BASE, sets),
      ...ARMS.flatMap((arm) => [...armRuns(seeds, arm, arm), ...evaluations(seeds, arm, sets, { arm, step: 'last' })]),
    ];
  },
  predicates: ['T23'],
  tables: async (runs) => {
    const samples = Number(runs.find(({ on }) => on !== undefined)?.config['evaluation.samples']);
    const most = EVALUATION_VALUES['evaluation.samples'];
    return [
      tableOf(runs, `avg@${samples}`, 'eval/avg@k'),
      tableOf(runs, `pass@${most}`, `eval/pass@${most}` as MetricName),
    ];
  },
};

function tableOf(runs: readonly StudyRun[], name: string, metric: MetricName): ResultTable {
  const evaluated = runs.filter(({ on }) => on !== undefined);
  const columns = [...new Set(evaluated.map(({ on }) => on ?? OWN))];
  const trained = new Map(runs.map(({ key, arm }) => [key, arm]));
  const rowOf = ({ from }: StudyRun) => (from === undefined ? BASE : (trained.get(from.key) ?? BASE));
  const rows = Map.groupBy(evaluated, rowOf);
  return {
    title: `${name} of the base policy and of each arm's last checkpoint`,
    note: 'Mean over seeds with the 95 % t interval. The seeds of the base policy differ in their samples alone.',
    unit: 'percent',
    rows: 'policy',
    columns,
    values: [...rows].map(([row, members]) => ({
      row,
      cells: columns.map((column) =>
        cellOf(members.filter(({ on }) => on === column).map(({ steps }) => steps[0]?.metrics[metric])),
      ),
    })),
  };
}
