/** What must hold of a run for its rewards to mean anything: refusals before the run exists, at the option at fault. */
import { defaultsOf, type Option } from '../../src-shared/options.ts';
import type { Problem } from '../../src-shared/problem.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { shapingOptions } from '../../src-shared/shaping.ts';
import { rewards } from './index.ts';
import type { Reward } from './reward.ts';

export interface Fault {
  /** Of the option. */
  readonly path: string;
  /** One line, without the path. */
  readonly message: string;
}

/** `shaping.second` as it is offered: none, or any reward of the list. */
export function secondRewardOption(): Option {
  const { label, help, default: none, source, advanced } = shapingOptions.second;
  const choices = [
    { value: none, label: 'None' },
    ...rewards.map((r) => ({ value: r.id, label: r.title, help: r.help })),
  ];
  return { kind: 'choice', label, default: none, choices, help, source, advanced };
}

/** The rewards that a run uses, with the option that chose each. */
function chosen({ reward, shaping }: RunConfig): { path: string; member: Reward }[] {
  const named = [
    { path: 'reward.kind', id: reward.kind },
    { path: 'shaping.second', id: shaping.second },
  ];
  return named.flatMap(({ path, id }) => rewards.filter((r) => r.id === id).map((member) => ({ path, member })));
}

export function rewardFaults(config: RunConfig): Fault[] {
  const { reward, shaping, rollouts } = config;
  const faults: Fault[] = [];
  for (const { path, member } of chosen(config)) {
    const options = path === 'reward.kind' ? reward.options : defaultsOf(member.options);
    if (config.limits.stopAtFirstFailure && member.needs?.everyTest?.(options))
      faults.push({
        path: 'limits.stopAtFirstFailure',
        message: `true leaves tests out that ${path} ${member.id} needs; allowed is false`,
      });
    const least = member.needs?.groupSize ?? 0;
    if (rollouts.groupSize < least)
      faults.push({
        path: 'rollouts.groupSize',
        message: `${rollouts.groupSize} is too small for ${path} ${member.id}; at least ${least} are needed`,
      });
  }
  const { rewardWeight, second, secondWeight, formatWeight, overlongWeight, lengthWeight } = shaping;
  const weights = [rewardWeight, second === 'none' ? 0 : secondWeight, formatWeight, overlongWeight, lengthWeight];
  if (weights.every((w) => w === 0))
    faults.push({
      path: 'shaping.rewardWeight',
      message: '0 leaves no reward, since every other weight is 0 too; at least one must not be 0',
    });
  const member = rewards.find((r) => r.id === reward.kind);
  if (shaping.flipProbability > 0 && member !== undefined && member.bounds === undefined)
    faults.push({
      path: 'shaping.flipProbability',
      message: `${shaping.flipProbability} is not allowed with reward ${member.id}, whose scores have no bounds and so no opposite; allowed is 0, or one of ${bounded()}`,
    });
  for (const [weight, option] of [
    [overlongWeight, 'overlongWindow'],
    [lengthWeight, 'minLength'],
  ] as const)
    if (weight !== 0 && shaping[option] > rollouts.maxNewTokens)
      faults.push({
        path: `shaping.${option}`,
        message: `${shaping[option]} is more than rollouts.maxNewTokens ${rollouts.maxNewTokens}`,
      });
  return faults;
}

const bounded = () =>
  rewards
    .filter((r) => r.bounds !== undefined)
    .map((r) => r.id)
    .join(', ');

/** The first training problem that a chosen reward cannot score; null when there is none. */
export function problemFault(config: RunConfig, problems: readonly Problem[]): Fault | null {
  for (const { path, member } of chosen(config)) {
    const need = member.needs?.problems;
    const unfit = need === undefined ? undefined : problems.find((p) => !offers[need](p));
    if (unfit !== undefined)
      return { path, message: `${member.id} needs ${missing[need ?? 'tests']}, and problem ${unfit.id} has none` };
  }
  return null;
}

const offers = {
  tests: ({ visibleTests, hiddenTests }: Problem) => visibleTests.length + hiddenTests.length > 0,
  // An answer is an output whether or not the right one is shown.
  outputs: ({ visibleTests, hiddenTests }: Problem) =>
    visibleTests.some((test) => test.kind !== 'asserts') || hiddenTests.some((test) => test.kind === 'answer'),
} as const;
const missing = { tests: 'tests', outputs: 'visible tests that have an output' } as const;
