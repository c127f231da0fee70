import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Adapter, adapterShapes, mergeAdapter } from '../../../src-main/model/adapter.ts';
import { writeCheckpointFiles } from '../../../src-main/model/checkpoint-files.ts';
import type { ModelConfig } from '../../../src-main/model/config.ts';
import { type Tensor, writeSafetensors } from '../../../src-main/model/safetensors.ts';
import { initialWeights, isDecayed, type Weights, weightShapes } from '../../../src-main/model/weights.ts';
import { stream } from '../../../src-shared/random.ts';
import { loadWeights, readCheckpointFiles, readSafetensors } from '../../fixtures/checkpoints.ts';
import { temporaryFolder as newFolder } from '../../fixtures/folders.ts';
import { wholeTensors } from '../../fixtures/tensors.ts';

/** Qwen2.5-0.5B, from its published config.json. */
const qwen: ModelConfig = {
  vocabSize: 151936,
  hiddenSize: 896,
  intermediateSize: 4864,
  layers: 24,
  heads: 14,
  kvHeads: 2,
  headDim: 64,
  ropeTheta: 1_000_000,
  normEpsilon: 1e-6,
  maxPositions: 32768,
  qkvBias: true,
  qkNorm: false,
  tiedEmbeddings: true,
  bosTokenId: null,
  eosTokenId: 151645,
};
const small: ModelConfig = {
  ...qwen,
  vocabSize: 300,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 8,
  heads: 4,
  headDim: 16,
  eosTokenId: 299,
};
const llama: ModelConfig = { ...small, qkvBias: false, tiedEmbeddings: false };

const count = (config: ModelConfig) =>
  [...weightShapes(config).values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

describe('weightShapes', () => {
  it('has the published parameter count of Qwen2.5-0.5B', () => {
    expect(count(qwen)).toBe(494_032_768);
    expect(weightShapes(qwen).size).toBe(290);
  });

  it('names and shapes tensors like Hugging Face, [out, in]', () => {
    const shapes = weightShapes(qwen);
    expect(shapes.get('model.layers.23.self_attn.k_proj.weight')).toEqual([128, 896]);
    expect(shapes.get('model.layers.0.self_attn.v_proj.bias')).toEqual([128]);
    expect(shapes.get('model.layers.0.mlp.down_proj.weight')).toEqual([896, 4864]);
    expect(shapes.has('lm_head.weight')).toBe(false);
    expect(weightShapes(llama).get('lm_head.weight')).toEqual([300, 64]);
    expect([...weightShapes(llama).keys()].filter((name) => name.endsWith('bias'))).toEqual([]);
  });
});

describe('initialWeights', () => {
  const weights = initialWeights(small, 7);
  const std = (name: string) => {
    const { data } = weights.get(name) as Tensor;
    return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
  };

  it('is normal with std 0.02, residual projections scaled by 1/sqrt(2 layers)', () => {
    // 4096 values and more: the standard error of a std is below 1.2 %.
    expect(std('model.embed_tokens.weight') / 0.02).toBeCloseTo(1, 1);
    expect(std('model.layers.3.self_attn.q_proj.weight') / 0.02).toBeCloseTo(1, 1);
    expect(std('model.layers.3.self_attn.o_proj.weight') / 0.005).toBeCloseTo(1, 1);
    expect(std('model.layers.3.mlp.down_proj.weight') / 0.005).toBeCloseTo(1, 1);
  });

  it('starts norms at 1 and biases at 0', () => {
    expect(new Set(weights.get('model.norm.weight')?.data)).toEqual(new Set([1]));
    expect(new Set(weights.get('model.layers.0.self_attn.q_proj.bias')?.data)).toEqual(new Set([0]));
  });

  it('depends on the seed, and not on tensors that come before', () => {
    expect(initialWeights(small, 7)).toEqual(weights);
    const other = initialWeights(small, 8).get('model.embed_tokens.weight')?.data;
    expect(other).not.toEqual(weights.get('model.embed_tokens.weight')?.data);
    const name = 'model.layers.7.mlp.up_proj.weight';
    expect(initialWeights({ ...small, qkvBias: false }, 7).get(name)).toEqual(weights.get(name));
  });
});

describe('isDecayed', () => {
  it('holds for matrices only', () => {
    expect(isDecayed([3, 4])).toBe(true);
    expect(isDecayed([3])).toBe(false);
  });
});

describe('the weights of a folder', () => {
  const write = async (change: (tensors: Map<string, Tensor>) => void, config = small) => {
    const dir = await newFolder();
    const tensors = initialWeights(config, 1);
    change(tensors);
    await writeSafetensors(join(dir, 'model.safetensors'), tensors);
    return dir;
  };
  const vector: Tensor = { shape: [2], data: new Float32Array(2) };

  it('reads what fits, and drops tensors without information of their own', async () => {
    const dir = await write((tensors) => {
      tensors.set('lm_head.weight', tensors.get('model.embed_tokens.weight') as Tensor);
      tensors.set('model.layers.0.self_attn.rotary_emb.inv_freq', vector);
    });
    expect(await loadWeights(dir, small)).toEqual(initialWeights(small, 1));
  });

  it.each([
    [
      'a missing tensor',
      (tensors: Map<string, Tensor>) => tensors.delete('model.norm.weight'),
      /model\.safetensors: tensor model\.norm\.weight is missing; config\.json needs it as \[64\]/,
    ],
    [
      'a wrong shape',
      (tensors: Map<string, Tensor>) => tensors.set('model.norm.weight', vector),
      /model\.norm\.weight has shape \[2\]; config\.json needs \[64\]/,
    ],
    [
      'a tensor of another architecture',
      (tensors: Map<string, Tensor>) => tensors.set('model.layers.0.self_attn.q_norm.weight', vector),
      /unexpected tensor model\.layers\.0\.self_attn\.q_norm\.weight/,
    ],
  ])('refuses %s', async (_, change, message) => {
    await expect(loadWeights(await write(change), small)).rejects.toThrow(message);
  });

  it('refuses a missing head where it is not tied', async () => {
    const dir = await write((tensors) => tensors.delete('lm_head.weight'), llama);
    await expect(loadWeights(dir, llama)).rejects.toThrow(/lm_head\.weight is missing/);
  });
});

describe('checkpoint files', () => {
  const weights = initialWeights(llama, 1);
  const state = { updates: 12, m: initialWeights(llama, 2), v: initialWeights(llama, 3) };

  it('give back configuration, weights and optimizer state', async () => {
    const dir = await newFolder();
    await writeCheckpointFiles(dir, llama, weights, state);
    expect(await readCheckpointFiles(dir)).toEqual({ config: llama, weights, adapter: null, optimizer: state });
  });

  it('may lack optimizer state, but not have half of it', async () => {
    const dir = await newFolder();
    await writeCheckpointFiles(dir, llama, weights, state);
    const path = join(dir, 'optimizer.safetensors');
    const { tensors } = await readSafetensors(path);
    await writeSafetensors(path, tensors, { updates: '-1' });
    await expect(readCheckpointFiles(dir)).rejects.toThrow(/updates is -1; it must be a whole number/);
    tensors.delete('v.model.norm.weight');
    await writeSafetensors(path, tensors, { updates: '1' });
    await expect(readCheckpointFiles(dir)).rejects.toThrow(/v\.model\.norm\.weight is missing/);
    await rm(path);
    expect((await readCheckpointFiles(dir)).optimizer).toBeNull();
  });
});

describe('checkpoint files with an adapter', () => {
  const weights = initialWeights(llama, 1);
  const adapter: Adapter = { rank: 3, alpha: 6.5, targets: ['o_proj', 'q_proj'], seed: 11 };
  const filled = (seed: number): Weights =>
    new Map(
      [...adapterShapes(llama, adapter)].map(([name, shape]) => {
        const random = stream(seed, name);
        const length = shape.reduce((a, b) => a * b, 1);
        return [name, { shape, data: Float32Array.from({ length }, () => random.normal()) }];
      }),
    );
  const state = { adapter, weights: filled(1) };
  const optimizer = { updates: 4, m: filled(2), v: filled(3) };
  const write = async () => {
    const dir = await newFolder();
    await writeCheckpointFiles(dir, llama, weights, optimizer, state);
    return dir;
  };

  it('give back A, B and their moments, and merged weights that open as an ordinary policy', async () => {
    const dir = await write();
    const merged = await wholeTensors(mergeAdapter(weights, state.weights, adapter));
    expect(await readCheckpointFiles(dir)).toEqual({ config: llama, weights: merged, adapter: state, optimizer });
    expect(await loadWeights(dir, llama)).toEqual(merged);
    expect((await readdir(dir)).sort()).toEqual([
      'adapter.safetensors',
      'config.json',
      'model.safetensors',
      'optimizer.safetensors',
    ]);
    expect((await readSafetensors(join(dir, 'adapter.safetensors'))).metadata).toEqual({
      format: 'pt',
      rank: '3',
      alpha: '6.5',
      targets: 'o_proj,q_proj',
      seed: '11',
    });
  });

  it('leave no adapter behind where the next checkpoint has none', async () => {
    const dir = await write();
    const full = { updates: 1, m: initialWeights(llama, 2), v: initialWeights(llama, 3) };
    await writeCheckpointFiles(dir, llama, weights, full);
    expect(await readCheckpointFiles(dir)).toEqual({ config: llama, weights, adapter: null, optimizer: full });
  });

  it.each([
    ['rank', '0', /adapter\.safetensors: metadata: adapter rank 0 must be a whole number/],
    ['rank', 'three', /metadata: adapter rank NaN must be a whole number/],
    ['alpha', 'Infinity', /metadata: adapter alpha Infinity must be finite/],
    ['targets', 'o_proj,head', /metadata: adapter target "head" is unknown/],
    ['targets', 'o_proj', /unexpected tensor model\.layers\.0\.self_attn\.q_proj\.lora_A\.weight/],
    ['rank', '2', /q_proj\.lora_A\.weight has shape \[3, 64\]; .* needs \[2, 64\]/],
    ['alpha', null, /metadata alpha: /],
  ])('are refused with metadata %s = %s', async (key, value, message) => {
    const dir = await write();
    const path = join(dir, 'adapter.safetensors');
    const { tensors, metadata } = await readSafetensors(path);
    const { [key]: _, ...rest } = metadata;
    await writeSafetensors(path, tensors, value === null ? rest : { ...rest, [key]: value });
    await expect(readCheckpointFiles(dir)).rejects.toThrow(message);
  });

  it('are refused, by name, where the adapter is gone and its moments are not', async () => {
    const dir = await write();
    await rm(join(dir, 'adapter.safetensors'));
    await expect(readCheckpointFiles(dir)).rejects.toThrow(/optimizer\.safetensors: .*adapter\.safetensors is missing/);
  });
});
