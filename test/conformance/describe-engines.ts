/** One suite for every engine and every kind of policy; an engine that cannot run here is skipped by name, with the reason. */
import { describe } from 'vitest';
import type { EngineFactory } from '../../src-main/engine/engine.ts';
import { engines } from '../../src-main/engine/index.ts';
import type { ModelConfig } from '../../src-main/model/config.ts';
import { softwareGpu } from '../fixtures/software-gpu.ts';
import { provideTensorflow } from '../fixtures/tensorflow/provide.ts';
import { policies } from './fixtures.ts';

// Where no TensorFlow is set up, one is fetched: its backend is not to go untested.
const notProvided = await provideTensorflow();

const candidates = await Promise.all(
  engines.map(async (factory) => {
    const reason = await factory.unavailable();
    const isTensorflow = factory.id.startsWith('tfjs-node');
    return { factory, reason: reason !== null && isTensorflow ? (notProvided ?? reason) : reason };
  }),
);

/** `all` of something, or `few` where the engine computes on a GPU in software, to which every operation is a long one. */
export function amount(factory: EngineFactory, all: number, few: number): number {
  return factory.id === 'tfjs-webgpu' && softwareGpu !== null ? few : all;
}

/** On a GPU in software with the first policy alone: the others differ in what no device does otherwise. */
export function describeEngines(body: (factory: EngineFactory, config: ModelConfig) => void): void {
  for (const { factory, reason } of candidates)
    for (const { name, config } of policies.slice(0, amount(factory, policies.length, 1))) {
      const title = reason === null ? '' : ` (cannot run here: ${reason})`;
      describe.skipIf(reason !== null)(`${factory.id}, ${name}${title}`, () => body(factory, config));
    }
}
