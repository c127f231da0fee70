import { describe, expect, test } from 'vitest';
import { catalogue, checkConfig, resolveConfig } from '../../src-main/catalogue.ts';
import { presets, rewardPresets } from '../../src-main/presets.ts';
import { catalogueSchema, type FlatValues } from '../../src-shared/api.ts';
import { problemWith } from '../../src-shared/options.ts';

const grpo = (values = {}) => ({ preset: 'grpo', values });

describe('catalogue', () => {
  test('crosses a process boundary as it is', async () => {
    const all = await catalogue();
    expect(catalogueSchema.parse(structuredClone(all))).toEqual(all);
  });

  test('every option explains itself, and its default is allowed unless a person must fill it in', async () => {
    const { groups } = await catalogue();
    for (const group of groups)
      for (const options of [group.options, ...group.members.map((m) => m.options)])
        for (const [key, option] of Object.entries(options)) {
          const mustBeGiven = option.kind === 'text' && option.default === '';
          if (!mustBeGiven) expect([group.id, key, problemWith(option, option.default)]).toEqual([group.id, key, null]);
          expect(option.help.length).toBeGreaterThan(10);
        }
  });

  test('has the rewards of the study and its controls as presets, first', () => {
    expect(presets.slice(0, rewardPresets.length)).toEqual(rewardPresets);
    expect(rewardPresets.map((p) => p.id)).toEqual([
      'grpo',
      'self-certainty',
      'token-entropy',
      'trajectory-entropy',
      'probability-disparity',
      'random',
      'constant',
    ]);
  });
});

describe('presets', () => {
  const others = presets.filter((p) => !rewardPresets.includes(p));

  test('every one is a possible run, under an id of its own', () => {
    for (const { id } of presets) expect([id, checkConfig({ preset: id, values: {} })]).toEqual([id, []]);
    expect(new Set(presets.map((p) => p.id)).size).toBe(presets.length);
  });

  test('every value of a published method says where it comes from', () => {
    for (const { id, values, sources } of others) {
      expect([id, Object.keys(sources ?? {})]).toEqual([id, Object.keys(values)]);
      for (const source of Object.values(sources ?? {})) expect(source.length).toBeGreaterThan(2);
    }
  });

  test('those of the study differ in nothing but the reward, and have its numbers', () => {
    const study = presets.filter((p) => p.id.endsWith('-study'));
    const [first, ...rest] = study.map((p) => ({ ...p.values, 'reward.kind': '' }));
    for (const values of rest) expect(values).toEqual(first);
    const { rollouts, optimiser, objective, limits } = resolveConfig({ preset: 'grpo-study', values: {} });
    expect([rollouts.problemsPerStep, rollouts.groupSize, optimiser.minibatchProblems]).toEqual([64, 16, 32]);
    expect([objective.options.clipLow, objective.options.clipHigh, objective.options.dualClip]).toEqual([0.2, 0.2, 3]);
    expect([optimiser.epochs, limits.steps]).toEqual([1, 105]);
  });

  test('those of Aletheia have its numbers', () => {
    const { objective, rollouts, optimiser } = resolveConfig({ preset: 'aletheia-grpo', values: {} });
    expect(objective).toMatchObject({
      kind: 'dapo',
      options: { clipLow: 0.2, clipHigh: 0.28, klCoefficient: 0.001, referenceEvery: 100, importanceCap: 2 },
    });
    expect([rollouts.problemsPerStep, rollouts.groupSize, optimiser.minibatchProblems]).toEqual([64, 16, 64]);
    const batchOnline = resolveConfig({ preset: 'aletheia-bo-grpo', values: {} });
    expect(batchOnline.objective.options).toMatchObject({ ratio: 'sequence', clipLow: 3e-4, clipHigh: 4e-4 });
    expect(batchOnline.rollouts.problemsPerStep / batchOnline.optimiser.minibatchProblems).toBe(4);
    expect(resolveConfig({ preset: 'aletheia-raft', values: {} }).advantage.options.maxPerGroup).toBe(5);
    expect(resolveConfig({ preset: 'aletheia-dpo', values: {} }).objective).toEqual({
      kind: 'dpo',
      options: { beta: 0.1 },
    });
  });
});

describe('methods that do not go together', () => {
  const objective = (option: string) => `objective.options.${option}`;
  test.each([
    [
      'raft++',
      { 'advantage.kind': 'group-relative' },
      'advantage.kind: group-relative is not for objective raft++; allowed is positives',
    ],
    ['raft', { 'advantage.kind': 'leave-one-out' }, 'advantage.kind: leave-one-out is not for objective likelihood'],
    [
      'aletheia-dpo',
      { 'advantage.kind': 'positives' },
      'advantage.kind: positives makes no pairs for objective dpo; allowed is pairs',
    ],
    ['grpo', { 'advantage.kind': 'pairs' }, 'objective.kind: grpo cannot train on pairs; allowed is dpo'],
    [
      'cispo',
      { [objective('dualClip')]: 3 },
      'objective.options.dualClip: 3 has no meaning where the clip is of the weight; allowed is 0',
    ],
    [
      'dapo',
      { [objective('importanceCap')]: 0.5 },
      'objective.options.importanceCap: 0.5 is not allowed; it must be 1 or more, or 0',
    ],
    [
      'grpo',
      { [objective('positiveWeight')]: 0, [objective('negativeWeight')]: 0 },
      'objective.options.negativeWeight: 0 leaves nothing to train on with positiveWeight 0',
    ],
    ['grpo', { [objective('referenceEvery')]: 50 }, 'objective.options.referenceEvery: 50 renews no reference'],
    [
      'aletheia-grpo',
      { 'limits.checkpointEvery': 30 },
      'objective.options.referenceEvery: 100 must be a multiple of limits.checkpointEvery 30',
    ],
    [
      'aletheia-grpo',
      { 'limits.checkpointEvery': 0 },
      'objective.options.referenceEvery: 100 must be a multiple of limits.checkpointEvery 0, which must not be 0',
    ],
    [
      'raft++',
      { [objective('klPlacement')]: 'reward', [objective('klCoefficient')]: 0.1 },
      'objective.options.klPlacement: reward has no effect with advantage positives, which only chooses; allowed is loss',
    ],
  ])('%s with %o', (preset, values, message) => {
    const [fault] = checkConfig({ preset, values });
    expect(fault?.message).toContain(message);
    expect(message.startsWith(`${fault?.path}: `)).toBe(true);
  });

  test('a weight of 0 for one sign is a method', () => {
    expect(checkConfig(grpo({ [objective('positiveWeight')]: 0 }))).toEqual([]);
  });
});

describe('resolveConfig', () => {
  test('presets of rewards differ in nothing but the reward', () => {
    const [first, ...rest] = rewardPresets.map((p) => resolveConfig({ preset: p.id, values: {} }));
    for (const config of rest) {
      expect({ ...config, name: '', preset: '', reward: null }).toEqual({
        ...first,
        name: '',
        preset: '',
        reward: null,
      });
      expect(config.reward.kind).not.toBe(first?.reward.kind);
    }
  });

  test('values win over the preset, and an option of another member goes with its member', () => {
    const config = resolveConfig(grpo({ 'reward.kind': 'random', 'reward.options.rate': 0.25, 'limits.steps': 7 }));
    expect(config.reward).toEqual({ kind: 'random', options: { rate: 0.25 } });
    expect(config.limits.steps).toBe(7);
  });

  test.each([
    [{ 'rollouts.groupSize': 0 }, 'rollouts.groupSize: 0 is out of range; allowed is a whole number from 1 to 256'],
    [
      { 'rollouts.groupSize': 1 },
      'rollouts.groupSize: 1 leaves advantage.kind group-relative nothing to compare a rollout with; at least 2 are needed',
    ],
    [{ 'rollouts.groupsize': 4 }, 'rollouts.groupsize: unknown option; allowed is problemsPerStep, groupSize'],
    [{ 'rollout.groupSize': 4 }, 'rollout.groupSize: unknown option; groups are policy, problems'],
    [{ 'reward.kind': 'tests' }, 'reward.kind: tests is unknown; allowed is unit-tests, self-certainty'],
    [{ 'reward.options.credit': 'half' }, 'reward.options.credit: "half" is unknown; allowed is binary, fraction'],
    [{ 'objective.options.dualClip': 0.5 }, 'objective.options.dualClip: 0.5 is not allowed; it must be above 1'],
    [{ 'policy.engine': 'tpu' }, 'policy.engine: tpu is unknown; allowed is auto, '],
    [{ 'policy.adapter': 'dora' }, 'policy.adapter: "dora" is unknown; allowed is none, lora'],
    [{ 'policy.rank': 0 }, 'policy.rank: 0 is out of range; allowed is a whole number from 1 to 1024'],
    [{ 'policy.alpha': 0 }, 'policy.alpha: 0 is out of range; allowed is a number from 0.001 to 65536'],
    [
      { 'policy.targets': 'q_proj, head' },
      'policy.targets: adapter target "head" is unknown; allowed is q_proj, k_proj',
    ],
    [{ 'policy.targets': 'q_proj,q_proj' }, 'policy.targets: adapter target q_proj is given twice'],
    [{ 'policy.targets': '' }, 'policy.targets: is empty; a value is needed'],
    [{ 'policy.frozenPrecision': 'int4' }, 'policy.frozenPrecision: "int4" is unknown; allowed is float32, bfloat16'],
    [{ 'policy.frozenPrecision': 'bfloat16' }, 'policy.frozenPrecision: bfloat16 needs policy.adapter lora'],
    [{ 'optimiser.minibatchProblems': 5 }, 'optimiser.minibatchProblems: 5 does not divide rollouts.problemsPerStep'],
    [{ 'optimiser.minibatchProblems': 999 }, 'optimiser.minibatchProblems: 999 is more than rollouts.problemsPerStep'],
  ])('%o is refused by name', (values, message) => {
    expect(() => resolveConfig(grpo(values))).toThrow(message);
    expect(checkConfig(grpo(values))[0]).toEqual({
      path: Object.keys(values)[0],
      message: expect.stringContaining(message),
    });
  });

  test('a group of one is for advantages that compare it with nothing', () => {
    const one = (preset: string, values: FlatValues = {}) =>
      checkConfig({ preset, values: { 'rollouts.groupSize': 1, ...values } }).map(({ path, message }) => [
        path,
        message,
      ]);
    for (const preset of ['reinforce++', 'raft', 'raft++', 'aletheia-sft'])
      expect([preset, one(preset)]).toEqual([preset, []]);
    for (const preset of ['grpo', 'rloo', 'aletheia-dpo']) expect(one(preset)[0]?.[0]).toBe('rollouts.groupSize');
    expect(one('reinforce++', { 'advantage.options.baseline': 'group' })[0]?.[1]).toMatch(/at least 2 are needed$/);
    expect(one('raft', { 'reward.kind': 'majority' })[0]?.[1]).toMatch(
      /too small for reward.kind majority; at least 3/,
    );
    expect(one('raft', { 'rollouts.samplingRounds': 2, 'shaping.combine': 'normalise' })).toEqual([
      [
        'rollouts.samplingRounds',
        'rollouts.samplingRounds: 2 keeps groups whose rewards differ, and rollouts.groupSize 1 has none; allowed is 0',
      ],
      [
        'shaping.combine',
        'shaping.combine: normalise holds each score against its group, which leaves nothing of rollouts.groupSize 1; allowed is sum',
      ],
    ]);
  });

  test('the best can be kept only where there is a validation', () => {
    const kept = (every: number) => checkConfig(grpo({ 'limits.keepBest': true, 'evaluation.every': every }));
    expect(kept(5)).toEqual([]);
    expect(kept(0)).toEqual([
      {
        path: 'limits.keepBest',
        message: 'limits.keepBest: true needs validations to tell which is the best, and evaluation.every is 0',
      },
    ]);
  });

  test('what the named engine cannot train is refused before a run exists', () => {
    const inBfloat16 = { 'policy.adapter': 'lora', 'policy.frozenPrecision': 'bfloat16' };
    expect(checkConfig(grpo({ ...inBfloat16, 'policy.engine': 'tfjs-wasm' }))).toEqual([
      {
        path: 'policy.engine',
        message: 'policy.engine: tfjs-wasm cannot train so: frozenPrecision bfloat16 is not there; allowed is float32',
      },
    ]);
    for (const engine of ['auto', 'kernels-wasm'])
      expect(checkConfig(grpo({ ...inBfloat16, 'policy.engine': engine }))).toEqual([]);
    expect(checkConfig(grpo({ 'policy.adapter': 'lora', 'policy.engine': 'tfjs-wasm' }))).toEqual([]);
  });

  test('an unknown preset lists the known ones', () => {
    expect(() => resolveConfig({ preset: 'ppo', values: {} })).toThrow('preset: ppo is unknown; allowed is grpo, ');
  });

  test('an evaluation needs a validation, and trains on nothing', () => {
    const faults = (values: FlatValues) => checkConfig(grpo({ 'limits.steps': 0, ...values })).map((e) => e.message);
    expect(faults({})).toEqual([]);
    expect(faults({ 'evaluation.every': 0 })).toEqual([
      'limits.steps: 0 is an evaluation, and evaluation.every 0 turns validation off; allowed is one of them',
    ]);
    expect(faults({ 'evaluation.testTime': true })[0]).toMatch(/^evaluation.testTime: true trains/);
  });

  test('a check reports every fault, not the first alone', () => {
    const errors = checkConfig(grpo({ 'rollouts.groupSize': 0, 'rollouts.temperature': -1, 'limits.steps': -1 }));
    expect(errors.map((e) => e.path).sort()).toEqual(['limits.steps', 'rollouts.groupSize', 'rollouts.temperature']);
  });
});
