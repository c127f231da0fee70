/** What a run trains of its policy: from the options of its configuration to what an engine is asked for. */
import type { MemorySettings } from '../../src-shared/memory.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { AdapterTarget, Training } from '../engine/engine.ts';
import { targetsFromText } from '../model/adapter.ts';
import type { PromptOptions } from '../model/prompt.ts';

/** How problems are put to the policy. Runs of an older Assay have no such options. */
export function policyPrompt({ prompt, thinking }: Partial<RunConfig['policy']>): PromptOptions {
  return {
    prompt: prompt === 'plain' ? 'plain' : 'auto',
    thinking: thinking === 'on' || thinking === 'off' ? thinking : 'auto',
  };
}

/** @param seed Of an adapter's initial values. The options' own checks are the catalogue's, the engine's those of the whole. */
export function policyTraining(policy: RunConfig['policy'], seed: number, memory: MemorySettings = {}): Training {
  const { adapter, rank, alpha, targets, recompute, frozenPrecision } = policy;
  return {
    adapter: adapter === 'lora' ? { rank, alpha, targets: targetsFromText(targets) as AdapterTarget[], seed } : null,
    recompute: recompute || memory.recompute === true,
    frozenPrecision: frozenPrecision as Training['frozenPrecision'],
    ...(memory.microBatchTokens ? { microBatchTokens: memory.microBatchTokens } : {}),
  };
}
