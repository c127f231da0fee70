/** Chosen rollouts as they were written, with what was made of them. */
import { type BlockContext, originOf, type Resolver } from '../context.ts';
import { say } from '../ledger.ts';

export const samples: Resolver<'samples'> = ({ rollouts }, context) => {
  const items = rollouts.flatMap((rolloutId) => item(rolloutId, context));
  return items.length === 0 ? [] : [{ form: 'samples', id: context.id, items }];
};

function item(rolloutId: number, { id, conditions, source, load, ledger }: BlockContext) {
  const rollout = source.rollout(rolloutId);
  const run = rollout === null ? null : load(rollout.runId);
  if (rollout === null || run === null) return [];
  const label = conditions.find(({ runs }) => runs.some((each) => each.detail.id === rollout.runId))?.label;
  const key = `${id}.${rolloutId}`;
  const own = { from: [originOf(run)], at: `step ${rollout.step}`, estimator: `rollout ${rolloutId}` };
  const number = (name: string, value: number | null, unit: 'count' | 'nats' | 'number') =>
    ledger.value({ ...own, id: `${key}.${name}`, value, unit, metric: name });
  const text = (name: string, value: string) =>
    ledger.value({ ...own, id: `${key}.${name}`, value, unit: 'text', metric: name });
  const where = `${label === undefined || label === `#${run.detail.number}` ? '' : `${label}, `}#${run.detail.number}`;
  return [
    {
      title: say`${where}, step ${rollout.step}, problem ${rollout.problemId}: ${text('outcome', rollout.outcome)}`,
      facts: say`${number('tests passed', rollout.testsPassed, 'count')} of ${number('tests', rollout.testsTotal, 'count')} tests passed; reward ${number('reward', rollout.reward, 'number')}; ${number('tokens', rollout.tokens, 'count')} tokens${rollout.finished ? '' : ', cut at the limit'}; mean token entropy ${number('entropy', rollout.meanEntropy, 'nats')} nats at temperature ${String(rollout.temperature)}.`,
      prompt: rollout.prompt,
      completion: rollout.completion,
    },
  ];
}
