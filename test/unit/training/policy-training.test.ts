import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src-main/catalogue.ts';
import { adapterTargets, fullTraining } from '../../../src-main/engine/engine.ts';
import { findEngine } from '../../../src-main/engine/index.ts';
import { policyTraining } from '../../../src-main/training/policy-training.ts';
import { runSeeds } from '../../../src-main/training/seeds.ts';
import type { FlatValues } from '../../../src-shared/api.ts';

const trainingOf = (values: FlatValues, seed = 1) =>
  policyTraining(resolveConfig({ preset: null, values }).policy, runSeeds(seed).adapter);

test('a run trains all weights unless it says otherwise', () => {
  expect(trainingOf({})).toEqual(fullTraining);
  expect(trainingOf({ 'policy.recompute': true })).toEqual({ ...fullTraining, recompute: true });
});

test('an adapter has the options of the run, and the first A of its seed', () => {
  const all = trainingOf({ 'policy.adapter': 'lora' }).adapter;
  expect(all).toMatchObject({ rank: 16, alpha: 32, targets: adapterTargets });
  const values = {
    'policy.adapter': 'lora',
    'policy.rank': 4,
    'policy.alpha': 6,
    'policy.targets': 'v_proj,q_proj',
    'policy.frozenPrecision': 'bfloat16',
  };
  const { seed } = trainingOf(values).adapter ?? {};
  expect(trainingOf(values)).toEqual({
    adapter: { rank: 4, alpha: 6, targets: ['v_proj', 'q_proj'], seed },
    recompute: false,
    frozenPrecision: 'bfloat16',
  });
  expect(seed).toBe(all?.seed);
  expect(trainingOf(values, 2).adapter?.seed).not.toBe(seed);
});

test('an engine that cannot train so is passed over by "auto" and refused by name', async () => {
  const training = trainingOf({ 'policy.adapter': 'lora', 'policy.frozenPrecision': 'bfloat16' });
  await expect(findEngine('tfjs-cpu', training)).rejects.toMatchObject({
    message: 'Engine tfjs-cpu cannot run here: frozenPrecision bfloat16 is not there; allowed is float32',
    path: 'policy.engine',
  });
  const { id, unsupported } = await findEngine('auto', training);
  expect([id, unsupported?.(training) ?? null]).toEqual([id, null]);
});
