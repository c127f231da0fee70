/**
 * Everything that can be chosen, joined from the plain groups and the families, and the one place where a choice
 * becomes a complete, checked `RunConfig`.
 */
import type { Catalogue, FlatValues } from '../src-shared/api.ts';
import { AssayError } from '../src-shared/errors.ts';
import { METRICS } from '../src-shared/metrics.ts';
import { type Options, parseOptions } from '../src-shared/options.ts';
import { type Choice, FAMILY_GROUPS, type FamilyGroup, plainGroups, type RunConfig } from '../src-shared/run.ts';
import { leastGroupOf } from './advantages/advantage.ts';
import { advantages } from './advantages/index.ts';
import { datasets } from './datasets/index.ts';
import { engines } from './engine/index.ts';
import { problemWithTargets, targetsFromText } from './model/adapter.ts';
import { objectives } from './objectives/index.ts';
import { presets } from './presets.ts';
import { problemFault, rewardFaults, secondRewardOption } from './rewards/checks.ts';
import { rewards } from './rewards/index.ts';
import { policyTraining } from './training/policy-training.ts';
import { problemsOf, type RunProblems } from './training/problems.ts';

interface Member {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly options: Options;
  /** What this member cannot be combined with: the path of the option to change, and what is allowed there. */
  conflicts?(config: RunConfig): readonly { readonly path: string; readonly message: string }[];
}
/** A family's members; the first one is the default. */
const families: Readonly<Record<FamilyGroup, readonly Member[]>> = {
  problems: datasets,
  reward: rewards,
  advantage: advantages,
  objective: objectives,
};

const titles: readonly (readonly [keyof typeof plainGroups | FamilyGroup, string])[] = [
  ['policy', 'Policy'],
  ['problems', 'Problems'],
  ['reward', 'Reward'],
  ['shaping', 'Reward shaping'],
  ['advantage', 'Advantage'],
  ['objective', 'Objective'],
  ['rollouts', 'Rollouts'],
  ['optimiser', 'Optimiser'],
  ['evaluation', 'Evaluation'],
  ['limits', 'Limits'],
  ['seeds', 'Seeds'],
];

/** The plain groups as they are offered: what names a member of a family is chosen from its list. */
const plain: Readonly<Record<keyof typeof plainGroups, Options>> = {
  ...plainGroups,
  shaping: { ...plainGroups.shaping, second: secondRewardOption() },
};

const isFamily = (group: string): group is FamilyGroup => (FAMILY_GROUPS as readonly string[]).includes(group);

/** What the form, the command line's help and `catalogue --json` show. */
export async function catalogue(): Promise<Catalogue> {
  const describe = ({ id, title, help, options }: Member) => ({ id, title, help, options: { ...options } });
  return {
    groups: titles.map(([id, title]) => ({
      id,
      title,
      options: isFamily(id) ? {} : { ...plain[id] },
      members: isFamily(id) ? families[id].map(describe) : [],
      defaultMember: isFamily(id) ? (families[id][0]?.id ?? null) : null,
    })),
    presets: presets.map((preset) => ({ ...preset, values: { ...preset.values } })),
    engines: await Promise.all(
      engines.map(async ({ id, title, unavailable }) => ({ id, title, unavailable: await unavailable() })),
    ),
    metrics: [...METRICS],
  };
}

export interface RunRequest {
  readonly name?: string | undefined;
  readonly preset: string | null;
  /** By full path; they win over the preset. */
  readonly values: FlatValues;
}

/**
 * Defaults, then preset, then values; nothing unknown, nothing out of range.
 * @throws AssayError `usage` with the path of the first option at fault.
 */
export function resolveConfig(request: RunRequest): RunConfig {
  const { config, errors } = resolve(request);
  if (errors[0] !== undefined) throw errors[0];
  return config();
}

/** All that is wrong with a request, without stopping at the first. */
export function checkConfig(request: RunRequest): { path: string; message: string }[] {
  return resolve(request).errors.map((error) => ({ path: error.path ?? '', message: error.message }));
}

/**
 * Read every problem that a run would use, so that a malformed file, or one that the reward cannot score, is refused
 * before the run exists.
 * @throws AssayError `usage` that names the file and line, or the problem, at fault.
 */
export async function checkProblems(config: RunConfig): Promise<void> {
  const { problems, limits, evaluation } = config;
  const dataset = datasets.find((d) => d.id === problems.kind)?.open(problems.options);
  if (dataset === undefined) return;
  let used: RunProblems;
  try {
    used = await problemsOf(config, dataset);
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    throw new AssayError('usage', error.message, { path: 'problems.options', cause: error });
  }
  const { train, validation } = used;
  const lacking = (split: string, hint: string) =>
    new AssayError('usage', `problems.options: there are no ${split} problems, and this run needs some`, {
      path: 'problems.options',
      hint,
    });
  if (limits.steps > 0 && train.length === 0)
    throw lacking('training', 'With limits.steps=0 the policy is only evaluated, for which none are needed.');
  if (evaluation.every > 0 && validation.length === 0)
    throw lacking('validation', 'With evaluation.every=0 a run is trained without any.');
  const fault = problemFault(config, train);
  if (fault !== null) throw new AssayError('usage', `${fault.path}: ${fault.message}`, { path: fault.path });
}

function resolve({ name, preset: presetId, values }: RunRequest): { config: () => RunConfig; errors: AssayError[] } {
  const errors: AssayError[] = [];
  const attempt = <T>(body: () => T): T | undefined => {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      errors.push(error);
      return undefined;
    }
  };
  const preset = attempt(() => findPreset(presetId));
  const grouped = attempt(() => groupByPath({ ...preset?.values, ...values })) ?? {};

  const parts: Record<string, unknown> = {};
  for (const [group] of titles) {
    const given = grouped[group] ?? {};
    if (isFamily(group)) parts[group] = attempt(() => parseChoice(group, given, preset?.values[`${group}.kind`]));
    else {
      // One value at a time, so that every fault of a group is reported and not only its first.
      for (const [key, value] of Object.entries(given))
        attempt(() => parseOptions(plain[group], { [key]: value }, group));
      parts[group] = errors.length === 0 ? parseOptions(plain[group], given, group) : undefined;
    }
  }
  const config = () =>
    ({ name: name?.trim() || preset?.title || 'Untitled run', preset: preset?.id ?? null, ...parts }) as RunConfig;
  if (errors.length === 0) errors.push(...crossChecks(config()));
  return { config, errors };
}

function findPreset(id: string | null) {
  if (id === null) return null;
  const preset = presets.find((p) => p.id === id);
  if (preset !== undefined) return preset;
  throw new AssayError('usage', `preset: ${id} is unknown; allowed is ${presets.map((p) => p.id).join(', ')}`, {
    path: 'preset',
  });
}

function groupByPath(values: FlatValues): Record<string, Record<string, unknown>> {
  const grouped: Record<string, Record<string, unknown>> = {};
  for (const [path, value] of Object.entries(values)) {
    const dot = path.indexOf('.');
    const group = dot < 0 ? path : path.slice(0, dot);
    if (dot < 0 || !titles.some(([id]) => id === group))
      throw new AssayError('usage', `${path}: unknown option; groups are ${titles.map(([id]) => id).join(', ')}`, {
        path,
      });
    grouped[group] = { ...grouped[group], [path.slice(dot + 1)]: value };
  }
  return grouped;
}

function parseChoice(group: FamilyGroup, given: Record<string, unknown>, presetKind: unknown): Choice {
  const members = families[group];
  const kind = given.kind ?? members[0]?.id;
  const member = members.find((m) => m.id === kind);
  if (member === undefined)
    throw new AssayError(
      'usage',
      `${group}.kind: ${kind} is unknown; allowed is ${members.map((m) => m.id).join(', ')}`,
      {
        path: `${group}.kind`,
      },
    );
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    if (key === 'kind') continue;
    if (!key.startsWith('options.'))
      throw new AssayError('usage', `${group}.${key}: unknown option; allowed is kind, options.*`, {
        path: `${group}.${key}`,
      });
    options[key.slice('options.'.length)] = value;
  }
  // A preset's member options belong to the preset's member; they go when another member is chosen.
  const applicable =
    presetKind === undefined || presetKind === kind
      ? options
      : Object.fromEntries(Object.entries(options).filter(([key]) => Object.hasOwn(member.options, key)));
  return { kind: member.id, options: parseOptions(member.options, applicable, `${group}.options`) };
}

/** What no single option can know. */
function crossChecks(c: RunConfig): AssayError[] {
  const errors: AssayError[] = [];
  const fault = (path: string, message: string) =>
    errors.push(new AssayError('usage', `${path}: ${message}`, { path }));
  const { minibatchProblems } = c.optimiser;
  const { problemsPerStep } = c.rollouts;
  if (minibatchProblems > problemsPerStep)
    fault(
      'optimiser.minibatchProblems',
      `${minibatchProblems} is more than rollouts.problemsPerStep ${problemsPerStep}`,
    );
  else if (problemsPerStep % minibatchProblems !== 0)
    fault(
      'optimiser.minibatchProblems',
      `${minibatchProblems} does not divide rollouts.problemsPerStep ${problemsPerStep}`,
    );
  if (c.limits.steps === 0 && c.evaluation.every === 0)
    fault('limits.steps', '0 is an evaluation, and evaluation.every 0 turns validation off; allowed is one of them');
  if (c.limits.steps === 0 && c.evaluation.testTime)
    fault('evaluation.testTime', 'true trains on the validation problems, and limits.steps 0 does not train at all');
  const { groupSize, samplingRounds } = c.rollouts;
  const advantage = advantages.find((a) => a.id === c.advantage.kind);
  const least = advantage === undefined ? 1 : leastGroupOf(advantage, c.advantage.options);
  if (groupSize < least)
    fault(
      'rollouts.groupSize',
      `${groupSize} leaves advantage.kind ${c.advantage.kind} nothing to compare a rollout with; at least ${least} are needed`,
    );
  if (groupSize < 2 && samplingRounds > 0)
    fault(
      'rollouts.samplingRounds',
      `${samplingRounds} keeps groups whose rewards differ, and rollouts.groupSize ${groupSize} has none; allowed is 0`,
    );
  if (groupSize < 2 && c.shaping.combine === 'normalise')
    fault(
      'shaping.combine',
      `normalise holds each score against its group, which leaves nothing of rollouts.groupSize ${groupSize}; allowed is sum`,
    );
  if (c.limits.keepBest && c.evaluation.every === 0)
    fault('limits.keepBest', 'true needs validations to tell which is the best, and evaluation.every is 0');
  for (const group of FAMILY_GROUPS)
    for (const { path, message } of families[group].find((m) => m.id === c[group].kind)?.conflicts?.(c) ?? [])
      fault(path, message);
  for (const { path, message } of rewardFaults(c)) fault(path, message);
  const known = ['auto', ...engines.map((e) => e.id)];
  if (!known.includes(c.policy.engine))
    fault('policy.engine', `${c.policy.engine} is unknown; allowed is ${known.join(', ')}`);
  const training = policyTraining(c.policy, c.seeds.run);
  const targets = problemWithTargets(targetsFromText(c.policy.targets));
  const refusal = engines.find((e) => e.id === c.policy.engine)?.unsupported?.(training);
  if (targets !== null) fault('policy.targets', targets);
  else if (training.frozenPrecision === 'bfloat16' && training.adapter === null)
    fault(
      'policy.frozenPrecision',
      'bfloat16 needs policy.adapter lora: all weights are trained without it, in float32',
    );
  else if (refusal) fault('policy.engine', `${c.policy.engine} cannot train so: ${refusal}`);
  return errors;
}
