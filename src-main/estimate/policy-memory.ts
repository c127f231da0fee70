/** Memory that runs of one policy take with default options, told before any of them is configured. */
import { availableParallelism } from 'node:os';
import type { ModelMemory } from '../../src-shared/models.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import { findEngine } from '../engine/index.ts';
import { findPolicy } from '../runs/policy-source.ts';
import type { Store } from '../store/store.ts';
import { policyTraining } from '../training/policy-training.ts';
import { factsOf } from './facts.ts';
import { machineMemory } from './machine.ts';
import { estimateMemory } from './memory.ts';

/** Engines that compute on a device of their own: what is planned is what a CPU would hold. */
const ROUGH: ReadonlySet<string> = new Set(['tfjs-node-gpu', 'tfjs-webgpu', 'tfjs-node']);

/**
 * @param configs Of runs of the policy: one that trains all weights, one with an adapter, and one that only evaluates.
 * @throws AssayError `usage` where it cannot be read, `engine` where no engine can run it.
 */
export async function policyMemory(
  store: Store,
  configs: Readonly<Record<'full' | 'lora' | 'generate', RunConfig>>,
): Promise<ModelMemory> {
  const peakOf = async (config: RunConfig) => {
    const factory = await findEngine(config.policy.engine, policyTraining(config.policy, 0));
    const facts = await factsOf(config, findPolicy(store, config.policy.source).folder);
    return {
      engine: factory.id,
      peak: (await estimateMemory(config, facts, factory, availableParallelism())).peakBytes,
    };
  };
  const full = await peakOf(configs.full);
  const lora = await peakOf(configs.lora);
  const generate = await peakOf(configs.generate);
  return {
    engine: full.engine,
    machineBytes: machineMemory().totalBytes,
    full: Math.round(full.peak),
    lora: Math.round(lora.peak),
    generate: Math.round(generate.peak),
    rough: ROUGH.has(full.engine),
  };
}
