/**
 * The workloads of engine.bench.ts, the arithmetic that they take, and the folder from which both sides read the same
 * weights, tokens, advantages and prompts.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatModelConfig, type ModelConfig } from '../../../src-main/model/config.ts';
import { writeSafetensors } from '../../../src-main/model/safetensors.ts';
import { initialWeights, weightsFile } from '../../../src-main/model/weights.ts';
import { stream } from '../../../src-shared/random.ts';

export interface Workload {
  readonly id: string;
  readonly model: ModelConfig;
  /** Sequences of a training step, and tokens of each: all but the first are predicted. */
  readonly train: { readonly sequences: number; readonly tokens: number };
  /** One response each of exactly `newTokens` tokens to `prompts` prompts. */
  readonly generate: { readonly prompts: number; readonly promptTokens: number; readonly newTokens: number };
}

/** `batch.json` of a workload's folder. */
export interface BatchFile {
  /** [B, T] */
  readonly tokens: number[][];
  /** One a sequence. [B] */
  readonly advantages: number[];
  readonly prompts: number[][];
  readonly newTokens: number;
}

type Shape = Pick<ModelConfig, 'hiddenSize' | 'layers' | 'heads' | 'kvHeads' | 'intermediateSize' | 'vocabSize'>;

/** A Llama decoder; its end-of-sequence token lies outside the vocabulary, so that no response ends early. */
function llama(shape: Shape): ModelConfig {
  return {
    ...shape,
    headDim: shape.hiddenSize / shape.heads,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    maxPositions: 256,
    qkvBias: false,
    qkNorm: false,
    tiedEmbeddings: true,
    bosTokenId: null,
    eosTokenId: shape.vocabSize,
  };
}

export const workloads: readonly Workload[] = [
  {
    id: 'W1',
    model: llama({ hiddenSize: 128, layers: 4, heads: 4, kvHeads: 4, intermediateSize: 344, vocabSize: 512 }),
    train: { sequences: 128, tokens: 128 },
    generate: { prompts: 128, promptTokens: 32, newTokens: 64 },
  },
  {
    id: 'W2',
    model: llama({ hiddenSize: 384, layers: 6, heads: 6, kvHeads: 6, intermediateSize: 1024, vocabSize: 4096 }),
    train: { sequences: 32, tokens: 128 },
    generate: { prompts: 128, promptTokens: 32, newTokens: 64 },
  },
  {
    // The shape of SmolLM2-135M.
    id: 'W3',
    model: llama({ hiddenSize: 576, layers: 30, heads: 9, kvHeads: 3, intermediateSize: 1536, vocabSize: 49152 }),
    train: { sequences: 8, tokens: 128 },
    generate: { prompts: 16, promptTokens: 32, newTokens: 64 },
  },
];

/** Weights that multiply every token's activations. A tied embedding counts once, as the head: the look-up multiplies nothing. */
export function matmulParameters(model: ModelConfig): { readonly layers: number; readonly head: number } {
  const { hiddenSize: h, intermediateSize: i, headDim: d, heads, kvHeads } = model;
  const attention = h * heads * d + 2 * h * kvHeads * d + heads * d * h;
  return { layers: model.layers * (attention + 3 * h * i), head: h * model.vocabSize };
}

export interface StepFlops {
  /** For the share called MFU. */
  readonly model: number;
  /** For the share called HFU. */
  readonly hardware: number;
}

/**
 * Floating-point operations of one training step (a multiply-add is two), after PaLM (Chowdhery et al. 2022,
 * arXiv 2204.02311, appendix B), but with attention as causal. With N = B (T - 1) tokens that go in, S = T - 1 a sequence:
 *
 *     model    = 6 (layer parameters + head parameters) N + 6 layers heads headDim S (S + 1) B
 *     hardware = model + 2 (head parameters) N
 *
 * 6 = 2 forward + 4 backward (by inputs and by weights). In attention a head does two products forward (scores, values)
 * and four backward, of 2 headDim operations for each of S (S + 1) / 2 pairs of positions. `hardware` adds the head's
 * forward product made a second time, where logits are not kept. Norms, rotary, softmax, activation and optimizer count
 * as nothing.
 */
export function stepFlops({ model, train }: Workload): StepFlops {
  const { layers, head } = matmulParameters(model);
  const length = train.tokens - 1;
  const tokens = train.sequences * length;
  const attention = 6 * model.layers * model.heads * model.headDim * length * (length + 1) * train.sequences;
  const modelFlops = 6 * (layers + head) * tokens + attention;
  return { model: modelFlops, hardware: modelFlops + 2 * head * tokens };
}

/** Tokens predicted in one training step. */
export function stepTokens({ train }: Workload): number {
  return train.sequences * (train.tokens - 1);
}

/** Write `config.json`, `model.safetensors` and `batch.json` into a new folder. */
export async function writeWorkload(folder: string, { id, model, train, generate }: Workload): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'config.json'), formatModelConfig(model));
  const weights = initialWeights(model, 1);
  // Projections that keep the variance: with the usual small weights attention is nearly uniform and layers add little,
  // so that neither loss nor gradient would show a wrong rotation or a wrong pairing of heads.
  const gain = 1 / (0.02 * Math.sqrt(model.hiddenSize));
  for (const [name, { data }] of weights)
    if (name.endsWith('_proj.weight')) for (let i = 0; i < data.length; i++) data[i] = gain * (data[i] as number);
  await writeSafetensors(join(folder, weightsFile), weights, { format: 'pt' });

  const random = stream('bench', id);
  const sequence = (length: number) => Array.from({ length }, () => random.int(0, model.vocabSize - 1));
  const batch: BatchFile = {
    tokens: Array.from({ length: train.sequences }, () => sequence(train.tokens)),
    // Not of mean zero: the loss would be a difference of large numbers, and no measure of agreement.
    advantages: Array.from({ length: train.sequences }, () => random.next() * 2 - 0.5),
    prompts: Array.from({ length: generate.prompts }, () => sequence(generate.promptTokens)),
    newTokens: generate.newTokens,
  };
  await writeFile(join(folder, 'batch.json'), JSON.stringify(batch));
}
