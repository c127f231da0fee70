/** The runs whose memory is measured: policies of many shapes, and ways to train them. */

import type { ModelConfig } from '../../src-main/model/config.ts';
import type { FlatValues } from '../../src-shared/api.ts';

export interface Shape {
  readonly layers: number;
  readonly width: number;
  readonly vocabulary: number;
  /** Of a response. */
  readonly length: number;
  readonly problems: number;
  readonly groupSize: number;
  readonly tied?: boolean;
  readonly values?: FlatValues;
}

const lora = { 'policy.adapter': 'lora' };
const recompute = { 'policy.recompute': true };
const reference = { 'objective.options.klCoefficient': 0.01 };
const middle = { layers: 6, width: 384, vocabulary: 4096, length: 128, problems: 4, groupSize: 4 };
const large = { layers: 8, width: 512, vocabulary: 16_384, length: 96, problems: 2, groupSize: 4 };
export const shapes: Readonly<Record<string, Shape>> = {
  small: { layers: 3, width: 128, vocabulary: 2048, length: 96, problems: 32, groupSize: 8 },
  deep: { layers: 16, width: 128, vocabulary: 2048, length: 96, problems: 8, groupSize: 8 },
  'wide batch': { layers: 4, width: 128, vocabulary: 8192, length: 192, problems: 8, groupSize: 8 },
  'length 1024': { layers: 4, width: 128, vocabulary: 2048, length: 1024, problems: 2, groupSize: 4 },
  'length 2048': { layers: 2, width: 128, vocabulary: 2048, length: 2048, problems: 2, groupSize: 2 },
  'vocabulary 32k': { layers: 4, width: 256, vocabulary: 32_768, length: 96, problems: 4, groupSize: 4 },
  'vocabulary 50k': { layers: 4, width: 256, vocabulary: 50_304, length: 96, problems: 2, groupSize: 4, tied: false },
  middle,
  'middle, recompute': { ...middle, values: recompute },
  'middle, reference': { ...middle, values: reference },
  'middle, LoRA': { ...middle, values: lora },
  'middle, LoRA, recompute, reference': { ...middle, values: { ...lora, ...recompute, ...reference } },
  large,
  'large, LoRA': { ...large, values: lora },
  'large, LoRA on bfloat16': { ...large, values: { ...lora, 'policy.frozenPrecision': 'bfloat16' } },
};

export function modelOf({ layers, width, vocabulary, length, tied = true }: Shape): ModelConfig {
  return {
    vocabSize: vocabulary,
    hiddenSize: width,
    intermediateSize: width * 3,
    layers,
    heads: width / 32,
    kvHeads: width / 64,
    headDim: 32,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    maxPositions: length + 256,
    qkvBias: false,
    qkNorm: false,
    tiedEmbeddings: tied,
    bosTokenId: null,
    // No token: every response gets as long as it may.
    eosTokenId: 1_000_000_000,
  };
}

export function valuesOf({ problems, groupSize, length, values }: Shape, engine: string): FlatValues {
  return {
    'policy.engine': engine,
    'rollouts.problemsPerStep': problems,
    'optimiser.minibatchProblems': problems,
    'rollouts.groupSize': groupSize,
    'rollouts.maxNewTokens': length,
    'evaluation.every': 0,
    'limits.steps': 2,
    // Groups with equal rewards would leave nothing to train on.
    'reward.kind': 'random',
    ...values,
  };
}
