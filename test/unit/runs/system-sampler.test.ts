import { expect, test } from 'vitest';
import { createSystemSampler } from '../../../src-main/runs/system-sampler.ts';

test('loads are over the time since the step before, and memory is what it is', () => {
  const clock = { ms: 1000, cpuUs: 500_000, bytes: 7_000_000 };
  const sampler = createSystemSampler({ now: () => clock.ms, cpu: () => clock.cpuUs, memory: () => clock.bytes });
  clock.ms += 2000;
  clock.cpuUs += 3_000_000;
  sampler.judged(100);
  sampler.judged(20);
  expect(sampler.sample()).toEqual({ 'system/cpu': 1.5, 'system/sandbox-tests': 60, 'system/memory': 7_000_000 });
  clock.ms += 500;
  clock.cpuUs += 50_000;
  clock.bytes = 8_000_000;
  expect(sampler.sample()).toEqual({ 'system/cpu': 0.1, 'system/sandbox-tests': 0, 'system/memory': 8_000_000 });
  // No time has passed: a load has no value.
  expect(sampler.sample()).toEqual({ 'system/memory': 8_000_000 });
});

test('a process has a memory and a load', async () => {
  const sampler = createSystemSampler();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const sampled = sampler.sample();
  expect(sampled['system/memory']).toBeGreaterThan(1e6);
  expect(sampled['system/cpu']).toBeGreaterThanOrEqual(0);
});
