import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatModelConfig, type ModelConfig, parseModelConfig } from '../../../src-main/model/config.ts';
import { openPolicy, policyPaths } from '../../../src-main/model/policy-files.ts';
import { rotaryDivisors } from '../../../src-main/model/rotary.ts';
import { writeSafetensors } from '../../../src-main/model/safetensors.ts';
import { streamTensors, type Tensor } from '../../../src-main/model/stored-tensor.ts';
import { initialWeights, type Weights, weightShapes } from '../../../src-main/model/weights.ts';

const small: ModelConfig = {
  ...{ vocabSize: 20, hiddenSize: 16, intermediateSize: 24, layers: 2, heads: 4, kvHeads: 2, headDim: 4 },
  ...{ ropeTheta: 10_000, normEpsilon: 1e-6, maxPositions: 64, qkvBias: true, qkNorm: false, tiedEmbeddings: true },
  ...{ bosTokenId: null, eosTokenId: 3 },
};
const weights = initialWeights(small, 1);

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-hugging-face-'));
});
afterAll(() => rm(root, { recursive: true }));

const newFolder = () => mkdtemp(join(root, 'policy-'));

async function read(folder: string): Promise<Weights> {
  const found: Weights = new Map();
  for await (const [name, tensor] of streamTensors((await openPolicy(folder)).tensors)) found.set(name, tensor);
  return found;
}

/** Two shards, of alternate tensors, and their index. */
async function sharded(change: (index: Record<string, string>, shards: Weights[]) => void = () => {}): Promise<string> {
  const folder = await newFolder();
  await writeFile(join(folder, 'config.json'), formatModelConfig(small));
  const name = (i: number) => `model-0000${i + 1}-of-00002.safetensors`;
  const shards: Weights[] = [new Map(), new Map()];
  const index: Record<string, string> = {};
  for (const [i, [key, tensor]] of [...weights].entries()) {
    shards[i % 2]?.set(key, tensor);
    index[key] = name(i % 2);
  }
  change(index, shards);
  for (const [i, shard] of shards.entries()) await writeSafetensors(join(folder, name(i)), shard);
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: index }));
  return folder;
}

const norm = 'model.norm.weight';
const first = 'model-00001-of-00002.safetensors';

describe('sharded weights', () => {
  it('are those of one file, and all shards are part of the policy', async () => {
    const folder = await sharded();
    expect(await read(folder)).toEqual(weights);
    expect((await policyPaths(folder)).map((path) => path.slice(folder.length + 1))).toEqual([
      'config.json',
      first,
      first.replace('1', '2'),
    ]);
  });

  it.each<[string, Parameters<typeof sharded>[0], RegExp]>([
    [
      'a tensor that the index has and the shard has not',
      (_, shards) => shards[0]?.delete('model.embed_tokens.weight'),
      /model-00001-of-00002\.safetensors: tensor model\.embed_tokens\.weight is missing/,
    ],
    [
      'a tensor that the index has not',
      (index) => void delete index[norm],
      /model\.norm\.weight is not in the weight_map/,
    ],
    [
      'a tensor in two shards',
      (_, shards) => {
        for (const shard of shards) shard.set(norm, weights.get(norm) as Tensor);
      },
      /model\.norm\.weight is defined here too/,
    ],
    [
      'a shard that is missing',
      (index) => {
        index[norm] = 'model-00003-of-00002.safetensors';
      },
      /model-00003-of-00002\.safetensors/,
    ],
    [
      'a shard outside of the folder',
      (index) => {
        index[norm] = '../model.safetensors';
      },
      /weight_map: "\.\.\/model\.safetensors" is not the name of a safetensors file in this folder/,
    ],
    [
      'a shard by its whole path',
      (index) => {
        index[norm] = '/etc/passwd';
      },
      /weight_map: "\/etc\/passwd" is not the name/,
    ],
    [
      'a shard that is no such file',
      (index) => {
        index[norm] = 'config.json';
      },
      /weight_map: "config\.json" is not the name/,
    ],
  ])('refuses %s', async (_, change, message) => {
    await expect(openPolicy(await sharded(change))).rejects.toThrow(message);
  });

  it('refuses an index that is none, and a folder without weights', async () => {
    const folder = await sharded();
    await writeFile(join(folder, 'model.safetensors.index.json'), '{"weight_map": []}');
    await expect(openPolicy(folder)).rejects.toThrow(/index\.json: weight_map: .*expected record/);
    await rm(join(folder, 'model.safetensors.index.json'));
    await expect(openPolicy(folder)).rejects.toThrow(
      /has neither model\.safetensors nor model\.safetensors\.index\.json/,
    );
    await expect(openPolicy(join(folder, 'config.json'))).rejects.toThrow(
      /not a policy; allowed is a folder .* or a \.gguf file/,
    );
    await expect(openPolicy(join(folder, 'none'))).rejects.toThrow(/none: there is no such file or folder/);
    await expect(openPolicy(await newFolder())).rejects.toThrow(/config\.json: there is no such file/);
  });

  it('whatever bytes of header and index are changed: an error in one line with the path, or the policy', async () => {
    const folder = await sharded();
    const paths = ['model.safetensors.index.json', first, 'config.json'].map((name) => join(folder, name));
    const goods = await Promise.all(paths.map((path) => readFile(path)));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (which, changes) => {
          const [path, good] = [paths[which] as string, goods[which] as Buffer];
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          await writeFile(path, bytes);
          try {
            const { tensors } = await openPolicy(folder);
            let count = 0;
            for await (const [, { data }] of streamTensors(tensors)) count += data.length;
            expect(count).toBeLessThan(10_000);
          } catch (error) {
            expect((error as Error).message).toContain(folder);
            expect((error as Error).message).not.toContain('\n');
          } finally {
            await writeFile(path, good);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('config.json', () => {
  const published = {
    ...{ model_type: 'llama', vocab_size: 128256, hidden_size: 2048, intermediate_size: 8192, num_hidden_layers: 16 },
    ...{ num_attention_heads: 32, num_key_value_heads: 8, head_dim: 64, rms_norm_eps: 1e-5, rope_theta: 500_000 },
    ...{ max_position_embeddings: 131072, tie_word_embeddings: true, attention_bias: false, mlp_bias: false },
    ...{ bos_token_id: 128000, eos_token_id: [128001, 128008, 128009], hidden_act: 'silu' },
    rope_scaling: {
      ...{
        factor: 32,
        high_freq_factor: 4,
        low_freq_factor: 1,
        original_max_position_embeddings: 8192,
        rope_type: 'llama3',
      },
    },
  };
  const parse = (change: object, generation?: object) =>
    parseModelConfig(
      JSON.stringify({ ...published, ...change }),
      'x/config.json',
      generation ? JSON.stringify(generation) : null,
    );

  it('of Llama 3.2 1B Instruct: several ends, scaled rotation; it comes back as it was', () => {
    const config = parse({});
    expect(config).toMatchObject({ eosTokenId: 128001, otherEosTokenIds: [128008, 128009], qkvBias: false });
    expect(parseModelConfig(formatModelConfig(config), 'x')).toEqual(config);
    // transformers 5.23.0, ROPE_INIT_FUNCTIONS['llama3'] with this configuration, inverse frequencies 0, 10, 16, 20, 31.
    const divisors = rotaryDivisors(config);
    const expected = { 0: 1, 10: 1.656044088e-2, 16: 4.295567051e-4, 20: 8.570255886e-6, 31: 9.41830649e-8 };
    for (const [i, inverse] of Object.entries(expected))
      expect(1 / (divisors[Number(i)] as number) / inverse).toBeCloseTo(1, 5);
  });

  // config.json of Qwen/Qwen3-0.6B: its heads together are twice as wide as the model.
  const qwen3 = {
    ...{ architectures: ['Qwen3ForCausalLM'], attention_bias: false, attention_dropout: 0, bos_token_id: 151643 },
    ...{ eos_token_id: 151645, head_dim: 128, hidden_act: 'silu', hidden_size: 1024, initializer_range: 0.02 },
    ...{ intermediate_size: 3072, max_position_embeddings: 40960, max_window_layers: 28, model_type: 'qwen3' },
    ...{ num_attention_heads: 16, num_hidden_layers: 28, num_key_value_heads: 8, rms_norm_eps: 1e-6 },
    ...{ rope_scaling: null, rope_theta: 1_000_000, sliding_window: null, tie_word_embeddings: true },
    ...{ torch_dtype: 'bfloat16', use_cache: true, use_sliding_window: false, vocab_size: 151936 },
  };

  it('of Qwen 3 0.6B: norms of q and k, its published number of parameters; it comes back as it was', () => {
    const config = parseModelConfig(JSON.stringify(qwen3), 'x');
    expect(config).toMatchObject({ qkNorm: true, qkvBias: false, headDim: 128, heads: 16, hiddenSize: 1024 });
    const shapes = weightShapes(config);
    // 751.6 million in the file, which has the tied head twice; 596,049,920 as the model card counts them.
    expect([...shapes.values()].reduce((n, shape) => n + shape.reduce((a, b) => a * b, 1), 0)).toBe(596_049_920);
    expect(shapes.get('model.layers.27.self_attn.k_norm.weight')).toEqual([128]);
    expect(shapes.get('model.layers.0.self_attn.q_proj.weight')).toEqual([2048, 1024]);
    expect(JSON.parse(formatModelConfig(config))).toMatchObject({
      ...{ architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3', head_dim: 128, attention_bias: false },
    });
    expect(parseModelConfig(formatModelConfig(config), 'x')).toEqual(config);
    // transformers 5.23.0, Qwen3Config: heads of 128 whatever the other sizes.
    const { head_dim: _, ...silent } = qwen3;
    expect(parseModelConfig(JSON.stringify(silent), 'x')).toEqual(config);
  });

  it('is not made of biases and norms of q and k together', () => {
    expect(() => formatModelConfig({ ...small, qkvBias: true, qkNorm: true })).toThrow(/both qkvBias and qkNorm/);
  });

  it('reads the rotation where transformers 5 writes it, and further ends from generation_config.json', () => {
    const config = parse(
      {
        rope_theta: undefined,
        rope_scaling: undefined,
        rope_parameters: { rope_type: 'default', rope_theta: 100_000 },
        eos_token_id: 2,
      },
      { eos_token_id: [0, 2] },
    );
    expect(config).toMatchObject({ ropeTheta: 100_000, eosTokenId: 2, otherEosTokenIds: [0] });
    expect(config.ropeScaling).toBeUndefined();
  });

  it('bounds the positions by a sliding window that is in use', () => {
    expect(parse({ model_type: 'mistral', sliding_window: 4096 }).maxPositions).toBe(4096);
    expect(parse({ model_type: 'mistral', sliding_window: null }).maxPositions).toBe(131072);
    // transformers 5.23.0, MistralConfig: 4096 where the file is silent.
    expect(parse({ model_type: 'mistral' }).maxPositions).toBe(4096);
    expect(parse({ model_type: 'qwen2', sliding_window: 4096, use_sliding_window: false }).maxPositions).toBe(131072);
  });

  it.each<[string, object, RegExp]>([
    [
      'another architecture',
      { model_type: 'gemma2' },
      /^x\/config\.json: model_type: "gemma2": .*"llama"\|"mistral"\|"qwen2"\|"qwen3"/,
    ],
    ['layers without positions', { model_type: 'smollm3' }, /model_type: "smollm3"/],
    ['a mixture of experts', { model_type: 'qwen3_moe' }, /model_type: "qwen3_moe"/],
    ['a bias on o_proj', { attention_bias: true }, /attention_bias: true puts a bias on o_proj too/],
    ['one of Qwen 3', { model_type: 'qwen3', attention_bias: true }, /attention_bias: true puts a bias on o_proj too/],
    ['too many layers', { num_hidden_layers: 2 ** 31 }, /num_hidden_layers: 2147483648: .*<=1000/],
    ['too many tokens', { vocab_size: 2 ** 22 }, /vocab_size: 4194304: .*<=2097152/],
    ['rows that are too wide', { hidden_size: 2 ** 17 }, /hidden_size: 131072: .*<=65536/],
    ['an MLP that is too wide', { intermediate_size: 1e15 }, /intermediate_size: 1000000000000000: .*<=262144/],
    ['too many heads', { num_attention_heads: 4096 }, /num_attention_heads: 4096: .*<=1024/],
    ['heads that are too large', { head_dim: 8192 }, /head_dim: 8192: .*<=4096/],
    [
      'the same by division',
      { head_dim: null, hidden_size: 65536, num_attention_heads: 8 },
      /head size 8192 \(hidden_size \/ num_attention_heads\) must be at most 4096/,
    ],
    ['too many positions', { max_position_embeddings: 1e12 }, /max_position_embeddings: 1000000000000: .*<=134217728/],
    ['biases in the MLP', { mlp_bias: true }, /mlp_bias: true: true puts biases into the MLP/],
    ['another activation', { hidden_act: 'gelu' }, /hidden_act: "gelu": /],
    [
      'another rotation',
      { rope_scaling: { rope_type: 'yarn', factor: 4 } },
      /rope_scaling: yarn is not supported; allowed is default, llama3/,
    ],
    ['half a rotation', { rope_scaling: { rope_type: 'llama3', factor: 4 } }, /rope_scaling: low_freq_factor/],
    [
      'quantised weights',
      { quantization_config: { quant_method: 'gptq' } },
      /quantization_config: weights quantised within transformers/,
    ],
    ['no end', { eos_token_id: null }, /eos_token_id: none is given/],
    ['part of the heads rotated', { partial_rotary_factor: 0.5 }, /partial_rotary_factor: 0\.5: /],
  ])('refuses %s', (_, change, message) => {
    expect(() => parse(change)).toThrow(message);
  });
});

describe.skipIf(process.platform !== 'linux')('memory', () => {
  /** 5 million parameters a layer, and 15 million in the embedding; on disk in bfloat16, or in 8 bits. */
  const config = (layers: number): ModelConfig => ({
    ...{ ...small, vocabSize: 30_000, hiddenSize: 512, intermediateSize: 2048, layers, heads: 8, kvHeads: 8 },
    ...{ headDim: 64, qkvBias: false, qkNorm: false },
  });

  it.each([
    ['one file of bfloat16', 14, 'whole', 'adapter'],
    ['several files of bfloat16', 14, 'sharded', 'adapter'],
    ['a GGUF file, its rows in another order', 14, 'gguf', 'adapter'],
    ['one file, all weights of which are trained', 4, 'whole', 'all'],
  ])(
    '%s takes at most 1.2 times its loaded size while it is loaded, and no fifth more while it is saved or restored',
    {
      timeout: 300_000,
    },
    async (_, layers, form, trained) => {
      const folder = await newFolder();
      const { status, stderr, stdout } = spawnSync(
        process.execPath,
        [join(import.meta.dirname, 'loading-child.ts'), folder, JSON.stringify(config(layers)), form, trained],
        { encoding: 'utf8' },
      );
      expect(status, stderr).toBe(0);
      type Measured = Record<'bytes' | 'loading' | 'saving' | 'restoring', number>;
      const { bytes, loading, saving, restoring } = JSON.parse(stdout) as Measured;
      expect(bytes).toBeGreaterThan(trained === 'all' ? 120e6 : 250e6);
      // Weights that are trained come with two moments.
      const held = (trained === 'all' ? 3 : 1) * bytes;
      expect(loading).toBeGreaterThan(0.9 * held);
      expect(loading / held).toBeLessThan(1.2);
      expect(saving / bytes).toBeLessThan(0.2);
      expect(restoring / bytes).toBeLessThan(0.2);
      await rm(folder, { recursive: true });
    },
  );
});
