import { expect, test } from 'vitest';
import { configHash } from '../../../src-main/runs/config-hash.ts';
import { runConfig } from '../../fixtures/configs.ts';

test('is twelve hex digits that every option counts in', () => {
  const config = runConfig({ steps: 3 });
  expect(configHash(config)).toMatch(/^[0-9a-f]{12}$/);
  expect(configHash({ ...config, limits: { ...config.limits, steps: 4 } })).not.toBe(configHash(config));
  const reward = { ...config.reward, options: { ...config.reward.options, further: true } };
  expect(configHash({ ...config, reward })).not.toBe(configHash(config));
});

test('name, preset, order and a missing group change nothing', () => {
  const config = { ...runConfig({ steps: 3 }), shaping: {} };
  const turned = Object.fromEntries(Object.entries(config).reverse());
  const { shaping: _, ...older } = config;
  expect(configHash({ ...config, name: 'other', preset: 'other' })).toBe(configHash(config));
  expect(configHash({ ...config, ...turned })).toBe(configHash(config));
  expect(configHash({ ...older, shaping: {} })).toBe(configHash(config));
});
