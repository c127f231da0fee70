/** What would take less: the same run with one option changed, estimated anew. */
import type { Advice } from '../../src-shared/estimate.ts';
import { formatBytes } from '../../src-shared/format.ts';
import type { OptionValue } from '../../src-shared/options.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { EngineFactory } from '../engine/engine.ts';
import { policyTraining } from '../training/policy-training.ts';
import { checkpointBytes, checkpointsOf, databaseBytes } from './disk.ts';
import type { Facts } from './facts.ts';
import { estimateMemory } from './memory.ts';

/** What is saved must be worth the words. */
const LEAST_SHARE = 0.04;

interface Change {
  readonly path: string;
  readonly value: OptionValue;
  readonly does: string;
  readonly config: RunConfig;
}

/** The changes that save memory, the most first. @param peakBytes Of the run as it is. */
export async function memoryAdvice(
  config: RunConfig,
  facts: Facts,
  factory: EngineFactory,
  slots: number,
  peakBytes: number,
): Promise<Advice[]> {
  const found: Advice[] = [];
  for (const { path, value, does, config: changed } of memoryChanges(config)) {
    if (factory.unsupported?.(policyTraining(changed.policy, 0)) != null) continue;
    const saves = peakBytes - (await estimateMemory(changed, facts, factory, slots)).peakBytes;
    if (saves < LEAST_SHARE * peakBytes) continue;
    found.push({ path, value, text: `${does}: ${formatBytes(saves)} less memory.`, savesMemory: saves, savesDisk: 0 });
  }
  return found.sort((a, b) => b.savesMemory - a.savesMemory);
}

function memoryChanges(config: RunConfig): Change[] {
  const { policy, rollouts, optimiser, evaluation } = config;
  const half = (n: number) => Math.max(1, Math.floor(n / 2));
  const changes: Change[] = [];
  const with_ = (path: string, value: OptionValue, does: string, changed: Partial<RunConfig>) =>
    changes.push({ path, value, does, config: { ...config, ...changed } });
  if (policy.adapter === 'none')
    with_('policy.adapter', 'lora', 'Train a LoRA adapter instead of all weights', {
      policy: { ...policy, adapter: 'lora' },
    });
  else if (policy.frozenPrecision === 'float32')
    with_('policy.frozenPrecision', 'bfloat16', 'Store the frozen weights in bfloat16', {
      policy: { ...policy, frozenPrecision: 'bfloat16' },
    });
  if (!policy.recompute)
    with_('policy.recompute', true, 'Recompute activations, a third more time in updates', {
      policy: { ...policy, recompute: true },
    });
  if (rollouts.maxNewTokens > 1)
    with_('rollouts.maxNewTokens', half(rollouts.maxNewTokens), 'Halve the longest response', {
      rollouts: { ...rollouts, maxNewTokens: half(rollouts.maxNewTokens) },
    });
  if (optimiser.minibatchProblems > 1 && rollouts.problemsPerStep % half(optimiser.minibatchProblems) === 0)
    with_('optimiser.minibatchProblems', half(optimiser.minibatchProblems), 'Halve the problems per update', {
      optimiser: { ...optimiser, minibatchProblems: half(optimiser.minibatchProblems) },
    });
  if (evaluation.every > 0 && evaluation.samples > 1)
    with_('evaluation.samples', half(evaluation.samples), 'Halve the validation samples', {
      evaluation: { ...evaluation, samples: half(evaluation.samples) },
    });
  return changes;
}

/** The changes that save disk, the most first. @param tokens Of a usual response. */
export function diskAdvice(config: RunConfig, facts: Facts, tokens: number): Advice[] {
  const { limits, evaluation, policy } = config;
  const before = { checkpoints: checkpointsOf(config) * checkpointBytes(config, facts), rest: 0 };
  const database = databaseBytes(config, facts, tokens);
  const found: Advice[] = [];
  const add = (path: string, value: OptionValue, does: string, saves: number) => {
    if (saves >= LEAST_SHARE * (before.checkpoints + database))
      found.push({ path, value, text: `${does}: ${formatBytes(saves)} less disk.`, savesMemory: 0, savesDisk: saves });
  };
  if (limits.checkpointEvery > 0 && checkpointsOf(config) > 1)
    add(
      'limits.checkpointEvery',
      0,
      'Write a checkpoint at the end only',
      (checkpointsOf(config) - 1) * checkpointBytes(config, facts),
    );
  if (policy.adapter === 'none') {
    const lora = { ...config, policy: { ...policy, adapter: 'lora' } };
    add(
      'policy.adapter',
      'lora',
      'Train a LoRA adapter, whose moments are small',
      before.checkpoints - checkpointsOf(lora) * checkpointBytes(lora, facts),
    );
  }
  if (evaluation.every > 0) {
    const rarer = { ...config, evaluation: { ...evaluation, every: 2 * evaluation.every } };
    add(
      'evaluation.every',
      2 * evaluation.every,
      'Validate half as often',
      database - databaseBytes(rarer, facts, tokens),
    );
  }
  return found.sort((a, b) => b.savesDisk - a.savesDisk);
}
