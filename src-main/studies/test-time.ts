/** Test-time training: certainty rewards on the very problems that accuracy is measured on, without their tests (the study's
 * Figures 5 and 12), beside the same rewards on training problems, whose runs are those of training-dynamics. */
import { armRuns, CERTAINTY } from './grid.ts';
import { peak } from './predicates/reading.ts';
import { seriesOf } from './series.ts';
import type { Study } from './study.ts';
import { cellOf } from './tables.ts';

/** The axes of the study's figures. */
const PAPER_STEPS = 170;

export const testTime: Study = {
  id: 'test-time',
  title: 'Test-time training',
  question: 'Does a certainty reward do better where it trains on the problems that it is judged by?',
  scales: ['tiny', 'paper'],
  plan: (scale, seeds) =>
    CERTAINTY.flatMap((reward) => [
      ...armRuns(seeds, reward, reward),
      ...armRuns(seeds, `${reward}, test-time`, reward, {
        'evaluation.testTime': true,
        ...(scale === 'paper' ? { 'limits.steps': PAPER_STEPS } : {}),
      }),
    ]),
  predicates: ['T19'],
  tables: async (runs) => [
    {
      title: 'Validation accuracy',
      note: 'Mean over seeds with the 95 % t interval. The peak is that of the running mean over three validations, as in the predicates. Of test-time training no accuracy is held out.',
      unit: 'percent',
      rows: 'arm',
      columns: ['start', 'peak', 'end', 'peak above start', 'end below peak'],
      values: [...Map.groupBy(runs, ({ arm }) => arm)].map(([row, members]) => {
        const each = (seriesOf(members).arms[0]?.runs ?? []).map((run) => {
          const accuracy = run.series['eval/avg@k'] ?? [];
          return { start: accuracy[0]?.[1], end: accuracy.at(-1)?.[1], peak: peak(run)?.value };
        });
        const less = (a: number | undefined, b: number | undefined) =>
          a === undefined || b === undefined ? null : a - b;
        return {
          row,
          cells: [
            cellOf(each.map(({ start }) => start)),
            cellOf(each.map((run) => run.peak)),
            cellOf(each.map(({ end }) => end)),
            cellOf(each.map((run) => less(run.peak, run.start))),
            cellOf(each.map((run) => less(run.peak, run.end))),
          ],
        };
      }),
    },
  ],
};
