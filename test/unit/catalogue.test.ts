import { describe, expect, test } from 'vitest';
import { catalogue, checkConfig, resolveConfig } from '../../src-main/catalogue.ts';
import { presets } from '../../src-main/presets.ts';
import { catalogueSchema } from '../../src-shared/api.ts';
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

  test('has the presets of the study and its controls', () => {
    expect(presets.map((p) => p.id)).toEqual([
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

describe('resolveConfig', () => {
  test('presets differ in nothing but the reward', () => {
    const [first, ...rest] = presets.map((p) => resolveConfig({ preset: p.id, values: {} }));
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
    [{ 'rollouts.groupSize': 1 }, 'rollouts.groupSize: 1 is out of range; allowed is a whole number from 2 to 256'],
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
    expect(() => resolveConfig({ preset: 'gspo', values: {} })).toThrow('preset: gspo is unknown; allowed is grpo, ');
  });

  test('a check reports every fault, not the first alone', () => {
    const errors = checkConfig(grpo({ 'rollouts.groupSize': 1, 'rollouts.temperature': -1, 'limits.steps': 0 }));
    expect(errors.map((e) => e.path).sort()).toEqual(['limits.steps', 'rollouts.groupSize', 'rollouts.temperature']);
  });
});
