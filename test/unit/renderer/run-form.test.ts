import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  changedValues,
  costOf,
  differences,
  edit,
  type FormState,
  fieldStates,
  formFromConfig,
} from '../../../src-renderer/lib/run-form.ts';
import { toYaml } from '../../../src-renderer/lib/run-yaml.ts';
import type { Catalogue, StoredConfig } from '../../../src-shared/api.ts';
import { flattenConfig } from '../../../src-shared/flatten.ts';
import { defaultsOf, type Option } from '../../../src-shared/options.ts';
import { plainGroups } from '../../../src-shared/run.ts';

const credit: Option = {
  kind: 'choice',
  label: 'Credit',
  help: '',
  default: 'binary',
  choices: [
    { value: 'binary', label: 'All tests' },
    { value: 'fraction', label: 'Share' },
  ],
};
const kl: Option = { kind: 'number', label: 'KL', help: '', default: 0, min: 0, max: 10 };

/** The real plain groups and one family, so that paths, ranges and defaults are the app's. */
const catalogue: Catalogue = {
  groups: [
    ...Object.entries(plainGroups).map(([id, options]) => ({
      id,
      title: id,
      options: { ...options },
      members: [],
      defaultMember: null,
    })),
    {
      id: 'reward',
      title: 'Reward',
      options: {},
      members: [
        { id: 'unit-tests', title: 'Unit tests', help: '', options: { credit } },
        { id: 'self-certainty', title: 'Self-certainty', help: '', options: { kl } },
      ],
      defaultMember: 'unit-tests',
    },
  ],
  presets: [
    {
      id: 'grpo',
      title: 'GRPO',
      help: '',
      when: '',
      group: 'Rewards',
      values: { 'rollouts.groupSize': 16, 'reward.options.credit': 'fraction' },
    },
    {
      id: 'certain',
      title: 'Certain',
      help: '',
      when: '',
      group: 'Rewards',
      values: { 'reward.kind': 'self-certainty' },
    },
  ],
  engines: [],
  metrics: [],
};
const start: FormState = { name: '', preset: 'grpo', edits: {} };
const field = (state: FormState, path: string) => fieldStates(catalogue, state).find((f) => f.path === path);
const change = (state: FormState, path: string, value: string | boolean) => edit(catalogue, state, path, value);

describe('values', () => {
  test('come from the default, then the preset, then the edit', () => {
    expect(field(start, 'rollouts.problemsPerStep')?.value).toBe(32);
    expect(field(start, 'rollouts.groupSize')?.value).toBe(16);
    expect(field(change(start, 'rollouts.groupSize', '4'), 'rollouts.groupSize')?.value).toBe(4);
  });

  test('only what differs from the preset is launched', () => {
    expect(changedValues(fieldStates(catalogue, start))).toEqual({});
    const edited = change(change(start, 'rollouts.groupSize', '8'), 'optimiser.learningRate', '3e-5');
    expect(changedValues(fieldStates(catalogue, edited))).toEqual({
      'rollouts.groupSize': 8,
      'optimiser.learningRate': 3e-5,
    });
  });

  test('typing the preset back is no difference', () => {
    const back = change(change(start, 'rollouts.groupSize', '8'), 'rollouts.groupSize', '16');
    expect(back.edits).toEqual({});
    expect(differences(fieldStates(catalogue, back))).toEqual([]);
  });

  test('edits stay when another preset is chosen, as differences from that one', () => {
    const edited = { ...change(start, 'rollouts.groupSize', '8'), preset: 'certain' };
    expect(differences(fieldStates(catalogue, edited))).toEqual([]);
    const other = { ...change(start, 'rollouts.groupSize', '12'), preset: 'certain' };
    expect(differences(fieldStates(catalogue, other))).toEqual([
      { path: 'rollouts.groupSize', label: 'Group size', from: '8', to: '12' },
    ]);
  });
});

describe('families', () => {
  test('show the options of the chosen member only', () => {
    expect(field(start, 'reward.options.credit')?.value).toBe('fraction');
    const other = change(start, 'reward.kind', 'self-certainty');
    expect(field(other, 'reward.options.credit')).toBeUndefined();
    expect(field(other, 'reward.options.kl')?.value).toBe(0);
    expect(changedValues(fieldStates(catalogue, other))).toEqual({ 'reward.kind': 'self-certainty' });
  });

  test('leaving a member forgets what was changed in it', () => {
    const edited = change(start, 'reward.options.credit', 'binary');
    const away = change(edited, 'reward.kind', 'self-certainty');
    expect(change(away, 'reward.kind', 'unit-tests').edits).toEqual({});
  });
});

describe('faults', () => {
  test.each([
    ['rollouts.groupSize', 'x8', '"x8" is not a whole number from 1 to 256'],
    ['rollouts.groupSize', '', 'nothing is not a whole number from 1 to 256'],
    ['rollouts.groupSize', '2.5', '2.5 is not a whole number from 1 to 256'],
    ['rollouts.groupSize', '0', '0 is out of range; allowed is a whole number from 1 to 256'],
    ['policy.source', ' ', 'is empty; a value is needed'],
  ])('%s = %j: %s', (path, typed, message) => {
    expect(field(change(start, path, typed), path)?.fault).toBe(message);
    expect(field(change(start, path, typed), path)?.shown).toBe(typed);
  });
});

describe('cost', () => {
  const costAfter = (edits: Record<string, string>) =>
    costOf(
      fieldStates(
        catalogue,
        Object.entries(edits).reduce((s, [p, v]) => change(s, p, v), start),
      ),
    );

  test('counts validations before the first, every n and after the last step', () => {
    expect(costAfter({})).toEqual({
      rolloutsPerStep: 32 * 16,
      updatesPerStep: 1,
      rollouts: 100 * 32 * 16,
      validations: 11,
      evaluationSamples: 11 * 256 * 4,
    });
    expect(costAfter({ 'limits.steps': '95' })?.validations).toBe(11);
    expect(costAfter({ 'limits.steps': '5' })?.validations).toBe(2);
    expect(costAfter({ 'evaluation.every': '0' })?.evaluationSamples).toBe(0);
    expect(costAfter({ 'optimiser.minibatchProblems': '8', 'optimiser.epochs': '2' })?.updatesPerStep).toBe(8);
  });

  test('is unknown while a number that it needs is at fault', () => {
    expect(costAfter({ 'limits.steps': 'many' })).toBeNull();
    expect(costAfter({ 'optimiser.beta1': 'x' })).not.toBeNull();
  });
});

describe('a stored run', () => {
  const config: StoredConfig = {
    name: 'Mine',
    preset: 'certain',
    problems: { kind: 'tinypy', options: {} },
    reward: { kind: 'unit-tests', options: { credit: 'fraction' } },
    advantage: { kind: 'group-relative', options: {} },
    objective: { kind: 'grpo', options: {} },
    policy: { ...defaultsOf(plainGroups.policy) },
    shaping: { ...defaultsOf(plainGroups.shaping) },
    rollouts: { ...defaultsOf(plainGroups.rollouts), groupSize: 4 },
    optimiser: { ...defaultsOf(plainGroups.optimiser) },
    evaluation: { ...defaultsOf(plainGroups.evaluation) },
    limits: { ...defaultsOf(plainGroups.limits) },
    seeds: { run: 5 },
  };

  test('fills the form so that launching it again gives the same values', () => {
    const fields = fieldStates(catalogue, formFromConfig(catalogue, config));
    const stored = flattenConfig(config);
    for (const { path, value } of fields) expect([path, value]).toEqual([path, stored[path]]);
    expect(changedValues(fields)).toEqual({
      'reward.kind': 'unit-tests',
      'reward.options.credit': 'fraction',
      'rollouts.groupSize': 4,
      'seeds.run': 5,
    });
  });

  test('reads back from its YAML as it was written', () => {
    const yaml = toYaml(config.name, config.preset, flattenConfig(config));
    expect(parse(yaml)).toMatchObject({
      name: 'Mine',
      preset: 'certain',
      reward: { kind: 'unit-tests', options: { credit: 'fraction' } },
      rollouts: { groupSize: 4, temperature: 1 },
      optimiser: { learningRate: 1e-4 },
      seeds: { run: 5 },
    });
    expect(parse(toYaml('yes: [no', null, {}))).toEqual({ name: 'yes: [no' });
  });
});
