/** Policies, builds and float64 losses that the tests of the CPU kernels share. */
import { describe } from 'vitest';
import type { Sampling, Training } from '../../../src-main/engine/engine.ts';
import { missingCore, wasmBytes } from '../../../src-main/engine/kernels/core.ts';
import { type CoreOptions, KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import type { ModelConfig } from '../../../src-main/model/config.ts';
import { initialWeights, type Weights } from '../../../src-main/model/weights.ts';
import { stream } from '../../../src-shared/random.ts';
import type { ReferenceWeights } from '../../conformance/reference.ts';

/** Nothing here is a multiple of a vector's width, and the heads together are wider than the model. */
export const odd: ModelConfig = {
  vocabSize: 37,
  hiddenSize: 19,
  intermediateSize: 27,
  layers: 2,
  heads: 6,
  kvHeads: 3,
  headDim: 6,
  ropeTheta: 500,
  normEpsilon: 1e-5,
  maxPositions: 700,
  qkvBias: true,
  qkNorm: false,
  tiedEmbeddings: false,
  bosTokenId: null,
  eosTokenId: 36,
};

export const even: ModelConfig = {
  ...odd,
  vocabSize: 64,
  hiddenSize: 32,
  headDim: 8,
  qkvBias: false,
  qkNorm: false,
  tiedEmbeddings: true,
};

export const plain: Sampling = { temperature: 1, topP: 1, topK: 0, maxNewTokens: 15, seed: 3 };
export const step = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 0.5 };

/** Every build of the core, with the reason why it cannot run here, if so. */
export const builds: readonly { name: string; options: CoreOptions; missing: string | null }[] = [
  { name: 'WebAssembly SIMD', options: { kind: 'wasm', relaxed: false }, missing: missingCore('wasm') },
  {
    name: 'WebAssembly relaxed SIMD',
    options: { kind: 'wasm', relaxed: true },
    missing: WebAssembly.validate(wasmBytes(true)) ? null : `V8 ${process.versions.v8} has no relaxed SIMD`,
  },
  { name: 'native', options: { kind: 'native' }, missing: missingCore('native') },
];

/** One block of tests a build; those that cannot run are skipped by name, with the reason. */
export function describeBuilds(body: (options: CoreOptions) => void): void {
  for (const { name, options, missing } of builds) {
    const title = missing === null ? name : `${name} (cannot run here: ${missing})`;
    describe.skipIf(missing !== null)(title, () => body(options));
  }
}

/** Weights large enough for every nonlinearity to be at work. */
export function lively(config: ModelConfig, seed = 1): Weights {
  return new Map(
    [...initialWeights(config, seed)].map(([name, { shape, data }]) => {
      const random = stream(seed, 'lively', name);
      const values = data.map((value) => (shape.length > 1 ? value * 12 : value + 0.3 * random.normal()));
      return [name, { shape, data: values }];
    }),
  );
}

/** An engine with these weights, in plain WebAssembly unless said otherwise. */
export function engineOf(
  config: ModelConfig,
  options: CoreOptions = { kind: 'wasm', relaxed: false },
  training?: Training,
): KernelsEngine {
  return KernelsEngine.create(config, lively(config), options, training);
}

/** Run `body` with an engine, and dispose it whatever happens. */
export async function using<T>(engine: KernelsEngine, body: (engine: KernelsEngine) => Promise<T>): Promise<T> {
  try {
    return await body(engine);
  } finally {
    engine.dispose();
  }
}

/** Slope of a loss along a direction of weights, by central differences. The weights are put back. */
export function slopeAlong(
  weights: ReferenceWeights,
  direction: ReadonlyMap<string, ArrayLike<number>>,
  loss: () => number,
): number {
  // As small as float64 allows: tiny models that are all norm bend within less.
  const h = 1e-6;
  const at = (by: number) => {
    const before = new Map([...direction.keys()].map((name) => [name, (weights.get(name) as Float64Array).slice()]));
    for (const [name, values] of direction) {
      const moved = weights.get(name) as Float64Array;
      for (let i = 0; i < moved.length; i++) moved[i] = (moved[i] as number) + by * (values[i] as number);
    }
    const value = loss();
    for (const [name, values] of before) weights.get(name)?.set(values);
    return value;
  };
  return (at(h) - at(-h)) / (2 * h);
}
