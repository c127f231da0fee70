/** What a run trains of its policy: from the options of its configuration to what an engine is asked for. */
import type { RunConfig } from '../../src-shared/run.ts';
import type { AdapterTarget, Training } from '../engine/engine.ts';
import { targetsFromText } from '../model/adapter.ts';

/** @param seed Of an adapter's initial values. The options' own checks are the catalogue's, the engine's those of the whole. */
export function policyTraining(policy: RunConfig['policy'], seed: number): Training {
  const { adapter, rank, alpha, targets, recompute, frozenPrecision } = policy;
  return {
    adapter: adapter === 'lora' ? { rank, alpha, targets: targetsFromText(targets) as AdapterTarget[], seed } : null,
    recompute,
    frozenPrecision: frozenPrecision as Training['frozenPrecision'],
  };
}
