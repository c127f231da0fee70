import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Adapter,
  adapterShapes,
  adapterTargets,
  differenceOfAdapters,
  initialAdapter,
  mergeAdapter,
  problemWithAdapter,
  roundToBfloat16,
  targetsFromText,
} from '../../../src-main/model/adapter.ts';
import type { ModelConfig } from '../../../src-main/model/config.ts';
import { writePeftAdapter } from '../../../src-main/model/peft.ts';
import type { Tensor } from '../../../src-main/model/safetensors.ts';
import { initialWeights } from '../../../src-main/model/weights.ts';
import { readSafetensors } from '../../fixtures/checkpoints.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { wholeTensors } from '../../fixtures/tensors.ts';

/** Llama 2 7B and Qwen2.5-0.5B, from their published config.json. */
const llama: ModelConfig = {
  vocabSize: 32_000,
  hiddenSize: 4096,
  intermediateSize: 11_008,
  layers: 32,
  heads: 32,
  kvHeads: 32,
  headDim: 128,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 4096,
  qkvBias: false,
  qkNorm: false,
  tiedEmbeddings: false,
  bosTokenId: 1,
  eosTokenId: 2,
};
const qwen: ModelConfig = {
  ...llama,
  vocabSize: 151_936,
  hiddenSize: 896,
  intermediateSize: 4864,
  layers: 24,
  heads: 14,
  kvHeads: 2,
  headDim: 64,
  qkvBias: true,
  qkNorm: false,
  tiedEmbeddings: true,
};
const small: ModelConfig = {
  ...qwen,
  vocabSize: 50,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 2,
  heads: 4,
  headDim: 16,
};

const adapter = (changes: Partial<Adapter> = {}): Adapter => ({
  rank: 8,
  alpha: 16,
  targets: ['q_proj', 'v_proj'],
  seed: 3,
  ...changes,
});

describe('adapterShapes', () => {
  const count = (config: ModelConfig, changes: Partial<Adapter>) =>
    [...adapterShapes(config, adapter(changes)).values()].reduce(
      (sum, shape) => sum + shape.reduce((a, b) => a * b, 1),
      0,
    );

  it('has the published numbers of trainable parameters (PEFT, print_trainable_parameters)', () => {
    expect(count(llama, {})).toBe(4_194_304);
    expect(count(llama, { rank: 16, targets: adapterTargets })).toBe(39_976_960);
    expect(count(qwen, {})).toBe(540_672);
  });

  it('names and shapes like PEFT, A before B, layers and matrices in the order of the forward pass', () => {
    const shapes = [...adapterShapes(qwen, adapter({ targets: ['down_proj', 'k_proj'] }))];
    expect(shapes).toHaveLength(24 * 4);
    expect(shapes.slice(0, 4)).toEqual([
      ['model.layers.0.self_attn.k_proj.lora_A.weight', [8, 896]],
      ['model.layers.0.self_attn.k_proj.lora_B.weight', [128, 8]],
      ['model.layers.0.mlp.down_proj.lora_A.weight', [8, 4864]],
      ['model.layers.0.mlp.down_proj.lora_B.weight', [896, 8]],
    ]);
  });
});

describe('initialAdapter', () => {
  const name = 'model.layers.1.mlp.down_proj.lora_A.weight';
  const everywhere = adapter({ rank: 32, targets: adapterTargets });
  const weights = initialAdapter(small, everywhere);

  it('has the tensors of its shapes, B all zero', () => {
    expect([...weights].map(([tensor, { shape }]) => [tensor, shape])).toEqual([...adapterShapes(small, everywhere)]);
    for (const [tensor, { shape, data }] of weights) {
      expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      if (tensor.includes('lora_B')) expect(new Set(data)).toEqual(new Set([0]));
    }
  });

  it('draws A uniformly from +-1/sqrt(in)', () => {
    const { data } = weights.get(name) as Tensor;
    const bound = 1 / Math.sqrt(96);
    expect(Math.max(...data)).toBeLessThanOrEqual(bound);
    expect(Math.min(...data)).toBeGreaterThanOrEqual(-bound);
    // 3072 values; Kolmogorov's distance from the uniform distribution, critical value at p = 0.001.
    const sorted = [...data].sort((a, b) => a - b).map((value) => (value / bound + 1) / 2);
    const distance = Math.max(...sorted.map((p, i) => Math.max(p - i / sorted.length, (i + 1) / sorted.length - p)));
    expect(distance).toBeLessThan(1.95 / Math.sqrt(sorted.length));
  });

  it('depends on the seed, not on what else is adapted', () => {
    expect(initialAdapter(small, everywhere)).toEqual(weights);
    expect(initialAdapter(small, { ...everywhere, seed: 4 }).get(name)?.data).not.toEqual(weights.get(name)?.data);
    expect(initialAdapter(small, { ...everywhere, targets: ['down_proj'] }).get(name)).toEqual(weights.get(name));
  });
});

describe('mergeAdapter', () => {
  const policy = initialWeights(small, 1);

  it('changes nothing while B is zero, and never the policy that it is given', async () => {
    const before = structuredClone(policy);
    expect(await wholeTensors(mergeAdapter(policy, initialAdapter(small, adapter()), adapter()))).toEqual(policy);
    expect(policy).toEqual(before);
  });

  it('adds (alpha / rank) B A to its matrices, for any rank and scale, in whatever parts they come', async () => {
    const side = fc.integer({ min: 1, max: 5 });
    const problem = fc
      .tuple(side, side, side, fc.double({ min: 0.1, max: 64, noNaN: true }))
      .chain(([out, width, rank, alpha]) => {
        const floats = (length: number) =>
          fc.float32Array({ minLength: length, maxLength: length, min: -4, max: 4, noNaN: true });
        return fc.record({
          sizes: fc.constant({ out, width, rank, alpha }),
          atOnce: fc.integer({ min: 1, max: out }),
          w: floats(out * width),
          a: floats(rank * width),
          b: floats(out * rank),
        });
      });
    await fc.assert(
      fc.asyncProperty(problem, async ({ sizes: { out, width, rank, alpha }, atOnce, w, a, b }) => {
        const stem = 'model.layers.0.mlp.up_proj';
        const parts = function* () {
          for (let row = 0; row < out; row += atOnce) yield w.slice(row * width, (row + atOnce) * width);
        };
        const tensors = mergeAdapter(
          new Map([[`${stem}.weight`, { shape: [out, width], parts }]]),
          new Map([
            [`${stem}.lora_A.weight`, { shape: [rank, width], data: a }],
            [`${stem}.lora_B.weight`, { shape: [out, rank], data: b }],
          ]),
          adapter({ rank, alpha, targets: ['up_proj'] }),
        );
        const merged = (await wholeTensors(tensors)).get(`${stem}.weight`) as Tensor;
        expect(merged.shape).toEqual([out, width]);
        for (let o = 0; o < out; o++)
          for (let i = 0; i < width; i++) {
            let product = 0;
            for (let r = 0; r < rank; r++) product += (b[o * rank + r] as number) * (a[r * width + i] as number);
            const exact = (w[o * width + i] as number) + (alpha / rank) * product;
            // One rounding to float32, of a sum whose float64 terms are at most about 5000.
            expect(Math.abs((merged.data[o * width + i] as number) - exact)).toBeLessThanOrEqual(
              2 ** -24 * Math.abs(exact) + 1e-11,
            );
          }
      }),
    );
  });

  it('names the tensor that is missing', () => {
    const weights = initialAdapter(small, adapter());
    weights.delete('model.layers.1.self_attn.q_proj.lora_B.weight');
    expect(() => mergeAdapter(policy, weights, adapter())).toThrow(
      /tensor model\.layers\.1\.self_attn\.q_proj\.lora_B\.weight is missing/,
    );
  });
});

describe('roundToBfloat16', () => {
  /** By the definition, in exact float64 arithmetic: a multiple of 2^(exponent - 7), the nearest, ties to even. */
  const nearest = (x: number): number => {
    if (!Number.isFinite(x) || x === 0) return x;
    let exponent = -126;
    while (exponent < 127 && Math.abs(x) >= 2 ** (exponent + 1)) exponent++;
    const unit = 2 ** (exponent - 7);
    const below = Math.floor(x / unit);
    const rest = x / unit - below;
    const isUp = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
    const rounded = (isUp ? below + 1 : below) * unit;
    if (Math.abs(rounded) >= 2 ** 128) return Math.sign(x) * Number.POSITIVE_INFINITY;
    // Rounding to zero keeps the sign.
    return rounded === 0 ? Math.sign(x) * 0 : rounded;
  };
  const bitsToFloat = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0] as number;

  it('is the nearest value of seven fraction bits, for every kind of number', () => {
    // Bit patterns: subnormals, infinities and NaN come up far more often than as drawn numbers.
    const anyBits = fc.integer({ min: 0, max: 0xffffffff }).map(bitsToFloat);
    const ties = fc.integer({ min: 0, max: 0xffff }).map((high) => bitsToFloat(((high << 16) | 0x8000) >>> 0));
    fc.assert(
      fc.property(fc.oneof(fc.float(), anyBits, ties), (x) => {
        const [rounded] = roundToBfloat16(Float32Array.of(x));
        expect(rounded).toBe(nearest(x));
        const [again] = roundToBfloat16(Float32Array.of(rounded as number));
        expect(again).toBe(rounded);
        const bits = new Uint32Array(Float32Array.of(rounded as number).buffer)[0] as number;
        expect(bits & 0xffff).toBe(0);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    // Ties to even, just above a tie, the largest value, beyond it, half of the smallest, and what has no digits.
    [1 + 2 ** -8, 1],
    [1 + 3 * 2 ** -8, 1 + 2 ** -6],
    [1 + 2 ** -8 + 2 ** -20, 1 + 2 ** -7],
    [-(1 + 2 ** -8), -1],
    [3.3895313892515355e38, 3.3895313892515355e38],
    [3.4028234663852886e38, Number.POSITIVE_INFINITY],
    [2 ** -134, 0],
    [-0, -0],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])('rounds %d to %d', (x, expected) => {
    expect(roundToBfloat16(Float32Array.of(x))[0]).toBe(expected);
  });

  it('keeps every NaN, also those whose fraction is all in the bits that go, and leaves its argument alone', () => {
    const values = new Float32Array(Uint32Array.of(0x7f800001, 0xffbfffff, 0x7fffffff, 0x3f808000).buffer);
    const before = new Uint32Array(values.buffer).slice();
    const rounded = roundToBfloat16(values);
    expect([...rounded]).toEqual([Number.NaN, Number.NaN, Number.NaN, 1]);
    expect(new Uint32Array(values.buffer)).toEqual(before);
    expect(new Uint32Array(rounded.buffer).map((bits) => bits & 0xffff)).toEqual(new Uint32Array(4));
  });

  it('takes a part of a buffer', () => {
    expect([...roundToBfloat16(Float32Array.of(9, 1 + 2 ** -8, 3).subarray(1))]).toEqual([1, 3]);
  });
});

describe('checks', () => {
  it.each([
    [{}, null],
    [{ rank: 1, alpha: 0.5, targets: adapterTargets }, null],
    [{ rank: 0 }, /^adapter rank 0 must be a whole number, 1 or more$/],
    [{ rank: 2.5 }, /rank 2\.5/],
    [{ rank: Number.NaN }, /rank NaN/],
    [{ alpha: 0 }, /^adapter alpha 0 must be finite and greater than 0$/],
    [{ alpha: -1 }, /alpha -1/],
    [{ alpha: Number.POSITIVE_INFINITY }, /alpha Infinity/],
    [{ seed: 0.5 }, /seed 0\.5/],
    [{ targets: [] }, /targets are empty; at least one is needed of q_proj, .*down_proj$/],
    [{ targets: ['q_proj', 'lm_head'] }, /target "lm_head" is unknown; allowed is q_proj/],
    [{ targets: ['q_proj', 'o_proj', 'q_proj'] }, /target q_proj is given twice; once is allowed/],
  ])('%j', (changes, problem) => {
    const found = problemWithAdapter(adapter(changes as Partial<Adapter>));
    if (problem === null) expect(found).toBeNull();
    else expect(found).toMatch(problem);
  });

  it('tells adapters apart by rank, alpha and the set of targets', () => {
    const one = adapter();
    expect(differenceOfAdapters({ ...one, seed: 9, targets: ['v_proj', 'q_proj'] }, one)).toBeNull();
    expect(differenceOfAdapters({ ...one, rank: 4 }, one)).toBe('rank 4 instead of 8');
    expect(differenceOfAdapters({ ...one, alpha: 4 }, one)).toBe('alpha 4 instead of 16');
    expect(differenceOfAdapters({ ...one, targets: ['q_proj'] }, one)).toBe('targets q_proj instead of q_proj,v_proj');
  });

  it('reads a list as a person writes it', () => {
    expect(targetsFromText(' q_proj,v_proj ,\to_proj')).toEqual(['q_proj', 'v_proj', 'o_proj']);
    expect(problemWithAdapter(adapter({ targets: targetsFromText('q_proj,') as Adapter['targets'] }))).toMatch(
      /target "" is unknown/,
    );
  });
});

describe('for peft', () => {
  it('has its names, its values and its settings', async () => {
    const config = {
      ...llama,
      vocabSize: 12,
      hiddenSize: 16,
      intermediateSize: 24,
      heads: 4,
      kvHeads: 2,
      headDim: 4,
      layers: 1,
    };
    const adapter: Adapter = { rank: 2, alpha: 6, targets: ['q_proj', 'down_proj'], seed: 3 };
    const weights = initialAdapter(config, adapter);
    const folder = await temporaryFolder();
    await writePeftAdapter(folder, { adapter, weights });
    const settings = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8'));
    expect(settings).toMatchObject({
      peft_type: 'LORA',
      r: 2,
      lora_alpha: 6,
      target_modules: ['q_proj', 'down_proj'],
      lora_dropout: 0,
      bias: 'none',
    });
    const { tensors } = await readSafetensors(join(folder, 'adapter_model.safetensors'));
    // Names as peft 0.21.2 saves them for LlamaForCausalLM.
    expect([...tensors.keys()]).toEqual([
      'base_model.model.model.layers.0.mlp.down_proj.lora_A.weight',
      'base_model.model.model.layers.0.mlp.down_proj.lora_B.weight',
      'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight',
      'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight',
    ]);
    const name = 'model.layers.0.self_attn.q_proj.lora_A.weight';
    expect(tensors.get(`base_model.model.${name}`)).toEqual(weights.get(name));
  });
});
