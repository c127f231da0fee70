import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ggmlFormats } from '../../../src-main/model/gguf/quants.ts';
import { openPolicy } from '../../../src-main/model/policy-files.ts';
import { streamTensors, type Tensor } from '../../../src-main/model/stored-tensor.ts';
import { tokenizerOf } from '../../../src-main/model/tokenizer.ts';
import { weightShapes } from '../../../src-main/model/weights.ts';
import {
  float32Bytes,
  ggufBytes,
  smallMetadata,
  smallTensors,
  type Value,
  type WrittenTensor,
} from '../../fixtures/gguf.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-gguf-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function write(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `${files++}.gguf`);
  await writeFile(path, bytes);
  return path;
}

async function weightsOf(path: string): Promise<Map<string, Tensor>> {
  const weights = new Map<string, Tensor>();
  for await (const [name, tensor] of streamTensors((await openPolicy(path)).tensors)) weights.set(name, tensor);
  return weights;
}

const numbers = z
  .object({
    types: z.record(
      z.string(),
      z.object({ id: z.number(), elements: z.number(), size: z.number(), bytes: z.base64(), values: z.base64() }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/real-models/quants.json'), 'utf8')));

describe('dequantisation', () => {
  it.each(Object.entries(numbers.types))('of %s gives the numbers of the package gguf', (name, { id, ...known }) => {
    const format = ggmlFormats.get(id);
    expect([format?.name, format?.elements, format?.bytes]).toEqual([name, known.elements, known.size]);
    const expected = new Float32Array(new Uint8Array(Buffer.from(known.values, 'base64')).buffer);
    const values = new Float32Array(expected.length);
    format?.decode(new Uint8Array(Buffer.from(known.bytes, 'base64')), values);
    expect(values).toEqual(expected);
  });
});

/** The same model's metadata under the names of another architecture. */
const qwen3Metadata = Object.fromEntries(
  Object.entries(smallMetadata).map(([key, value]): [string, Value] => [
    key.replace(/^llama\./, 'qwen3.'),
    key === 'general.architecture' ? { text: 'qwen3' } : value,
  ]),
);

describe('a GGUF file', () => {
  it('gives configuration and weights in the names of Hugging Face, with q and k in its order', async () => {
    const path = await write(ggufBytes(smallMetadata, smallTensors()));
    const { config } = await openPolicy(path);
    expect(config).toEqual({
      ...{ vocabSize: 7, hiddenSize: 32, intermediateSize: 64, layers: 1, heads: 4, kvHeads: 2, headDim: 8 },
      ...{
        ropeTheta: 10_000,
        normEpsilon: Math.fround(1e-5),
        maxPositions: 64,
        qkvBias: false,
        qkNorm: false,
        tiedEmbeddings: true,
      },
      ...{ bosTokenId: 1, eosTokenId: 0 },
    });
    const weights = await weightsOf(path);
    expect([...weights].map(([name, { shape }]) => [name, shape])).toEqual([...weightShapes(config)]);
    // convert_hf_to_gguf.py: reshape(heads, 2, 4, width).swapaxes(1, 2), undone here by hand for rows of 32.
    const firsts = (name: string) =>
      Array.from({ length: 16 }, (_, row) => (weights.get(name)?.data[row * 32] as number) / 32);
    expect(firsts('model.layers.0.self_attn.q_proj.weight')).toEqual([
      0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15,
    ]);
    expect(firsts('model.layers.0.self_attn.v_proj.weight')).toEqual([...Array(16).keys()]);
    expect(weights.get('model.layers.0.mlp.down_proj.weight')?.data).toEqual(
      Float32Array.from({ length: 2048 }, (_, i) => i),
    );
  });

  it('of Qwen 3 has norms of q and k, and their rows in the order of the file', async () => {
    const path = await write(
      ggufBytes(qwen3Metadata, [
        ...smallTensors(),
        { name: 'blk.0.attn_q_norm.weight', shape: [8], type: 0, bytes: float32Bytes([1, 2, 3, 4, 5, 6, 7, 8]) },
        { name: 'blk.0.attn_k_norm.weight', shape: [8], type: 0, bytes: float32Bytes(Array(8).fill(0.5)) },
      ]),
    );
    expect((await openPolicy(path)).config).toMatchObject({ qkNorm: true, qkvBias: false, headDim: 8 });
    const weights = await weightsOf(path);
    expect([...(weights.get('model.layers.0.self_attn.q_norm.weight')?.data ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(weights.get('model.layers.0.self_attn.k_norm.weight')?.data[7]).toBe(0.5);
    expect(weights.get('model.layers.0.self_attn.q_proj.weight')?.data).toEqual(
      Float32Array.from({ length: 1024 }, (_, i) => i),
    );
    const without = await write(ggufBytes(qwen3Metadata, smallTensors()));
    await expect(openPolicy(without)).rejects.toThrow(/self_attn\.q_norm\.weight is missing/);
  });

  it('gives what the reader of Hugging Face gives', async () => {
    const path = await write(ggufBytes(smallMetadata, smallTensors()));
    const { tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
    const places = new Map(tensorInfos.map((t) => [t.name, Number(tensorDataOffset + t.offset)]));
    const { tensors } = await openPolicy(path);
    expect(tensors.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual(
      [...places.values()].sort((a, b) => a - b),
    );
  });

  it('has a tokenizer: merges, control tokens, digits and spaces of its kind', async () => {
    const chat = "{% for m in messages %}{{ '<|user|>' + m.content }}{% endfor %}";
    const path = await write(
      ggufBytes({ ...smallMetadata, 'tokenizer.chat_template': { text: chat } }, smallTensors()),
    );
    const tokenizer = tokenizerOf((await openPolicy(path)).companions, path);
    expect([...tokenizer.encode('<|user|>ab ba\n<|end|>')]).toEqual([1, 4, 5, 3, 2, 6, 0]);
    expect([tokenizer.eosId, tokenizer.vocabSize, tokenizer.template, tokenizer.chatTemplate]).toEqual([
      0,
      7,
      'chat',
      chat,
    ]);
    expect(tokenizer.opening).toBe('');
    const begins = await write(
      ggufBytes({ ...smallMetadata, 'tokenizer.ggml.add_bos_token': { bool: true } }, smallTensors()),
    );
    expect(tokenizerOf((await openPolicy(begins)).companions, begins)).toMatchObject({
      opening: '<|user|>',
      template: 'plain',
    });
  });

  it('is found in a folder that has one, and not guessed in one that has two', async () => {
    const own = await mkdtemp(join(folder, 'one-'));
    await writeFile(join(own, 'a.gguf'), ggufBytes(smallMetadata, smallTensors()));
    expect((await openPolicy(own)).config.layers).toBe(1);
    await writeFile(join(own, 'b.gguf'), 'x');
    await expect(openPolicy(own)).rejects.toThrow(/has 2 GGUF files \(a\.gguf, b\.gguf\); name the one to open/);
  });

  it("knows Llama 3's scaling by its factors, and refuses other ones", async () => {
    const withFactors = (factors: number[]) =>
      ggufBytes({ ...smallMetadata, 'llama.rope.freq_base': { f32: 500_000 } }, [
        ...smallTensors(),
        { name: 'rope_freqs.weight', shape: [4], type: 0, bytes: float32Bytes(factors) },
      ]);
    // transformers 4.57, _compute_llama3_parameters with factor 32: wavelengths 6.3, 167, 4443 and 118,144 positions,
    // of which the third lies between 8192 / 4 and 8192 / 1.
    const smooth = (8192 / (2 * Math.PI * 500_000 ** 0.5) - 1) / 3;
    const third = 1 / ((1 - smooth) / 32 + smooth);
    const { config } = await openPolicy(await write(withFactors([1, 1, third, 32])));
    expect(config.ropeScaling).toEqual({
      factor: 32,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalPositions: 8192,
    });
    await expect(openPolicy(await write(withFactors([1, 1, 1, 2])))).rejects.toThrow(
      /rope_freqs\.weight are not Llama 3's/,
    );
  });
});

describe('refused before a weight is read', () => {
  const changed = (metadata: Record<string, Value>) => ggufBytes({ ...smallMetadata, ...metadata }, smallTensors());
  const retyped = (change: (tensors: WrittenTensor[]) => void) => {
    const tensors = smallTensors();
    change(tensors);
    return ggufBytes(smallMetadata, tensors);
  };
  const good = ggufBytes(smallMetadata, smallTensors());
  /** The good file with some bytes replaced, at an offset from the first occurrence of a text. */
  const patched = (text: string, offset: number, bytes: Uint8Array) => {
    const copy = Buffer.from(good);
    copy.set(bytes, copy.indexOf(text) + offset);
    return copy;
  };
  const huge = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0]);

  it.each<[string, Uint8Array, RegExp]>([
    ['a text', Buffer.from('GGML and more'), /not a GGUF file/],
    ['nothing', Buffer.alloc(0), /truncated: magic needs 4 bytes at byte 0, the file has 0/],
    ['another version', patched('GGUF', 4, Buffer.from([9])), /version 9 is not supported; allowed is 2 or 3/],
    ['too many tensors', patched('GGUF', 8, huge), /tensor count is 1099511627776; the file has room for/],
    ['too many entries', patched('GGUF', 16, huge), /metadata count is 1099511627776; the file has room for/],
    ['a string longer than the file', patched('llama.block_count', -8, huge), /length of key 1 is 1099511627776/],
    [
      'a length beyond 2^53',
      patched('llama.block_count', -8, Buffer.alloc(8, 255)),
      /18446744073709551615 is beyond 2\^53/,
    ],
    [
      'a list longer than the file',
      patched('tokenizer.ggml.tokens', 21 + 8, huge),
      /length of tokenizer\.ggml\.tokens is 1099/,
    ],
    ['too many dimensions', patched('output_norm.weight', 18, Buffer.from([77])), /output_norm\.weight: 77 dimensions/],
    [
      'a dimension that lies',
      patched('output_norm.weight', 22, huge),
      /truncated: output_norm\.weight \[1099511627776\] ends/,
    ],
    [
      'an offset that lies',
      patched('output_norm.weight', 34, huge),
      /truncated: output_norm\.weight \[32\] ends at byte/,
    ],
    [
      'an offset between',
      patched('output_norm.weight', 34, Buffer.from([1])),
      /starts at byte \d+ of the data; allowed are multiples of 32/,
    ],
    [
      'tensors over one another',
      patched('blk.0.attn_v.weight', 39, Buffer.alloc(8)),
      /starts at byte \d+, before \S+ ends at/,
    ],
    [
      'an unknown quantisation',
      patched('output_norm.weight', 30, Buffer.from([19])),
      /output_norm\.weight: quantisation type 19 is not supported; allowed is F32, F16, BF16, Q4_0/,
    ],
    ['a short file', good.subarray(0, -40), /truncated: output_norm\.weight/],
    ['a missing tensor', retyped((t) => t.splice(3, 1)), /self_attn\.k_proj\.weight is missing/],
    [
      'an unknown tensor',
      retyped((t) => t.push({ ...(t[1] as WrittenTensor), name: 'blk.0.attn_q_norm.weight' })),
      /unexpected tensor model\.layers\.0\.self_attn\.q_norm\.weight/,
    ],
    ['a tensor twice', retyped((t) => t.push(t[1] as WrittenTensor)), /blk\.0\.attn_norm\.weight is defined twice/],
    [
      'a wrong shape',
      retyped((t) => t.splice(2, 1, { ...(t[2] as WrittenTensor), shape: [16, 64] })),
      /q_proj\.weight has shape \[16, 64\]; .* needs \[32, 32\]/,
    ],
    [
      'rows that are no blocks',
      retyped((t) => t.splice(2, 1, { ...(t[2] as WrittenTensor), shape: [64, 16], type: 8 })),
      /attn_q\.weight: rows of 16 elements are not whole Q8_0 blocks of 32/,
    ],
    [
      'another architecture',
      changed({ 'general.architecture': { text: 'gemma2' } }),
      /general\.architecture: "gemma2" is not supported; allowed is llama, qwen2, qwen3/,
    ],
    [
      'another tokenizer',
      changed({ 'tokenizer.ggml.model': { text: 'llama' } }),
      /tokenizer\.ggml\.model: "llama" is not supported; allowed is gpt2/,
    ],
    [
      'another pre-tokenizer',
      changed({ 'tokenizer.ggml.pre': { text: 'tekken' } }),
      /tokenizer\.ggml\.pre: "tekken" is not supported; allowed is gpt-2, smollm/,
    ],
    [
      'an end that is no token',
      changed({ 'tokenizer.ggml.eos_token_id': { u32: 99 } }),
      /eos_token_id is 99; the tokenizer has tokens 0 to 6/,
    ],
    [
      'a merge of three',
      changed({ 'tokenizer.ggml.merges': { texts: ['a b c'] } }),
      /merges: 0: "a b c" is not two symbols/,
    ],
    [
      'heads that do not divide',
      changed({ 'llama.attention.head_count_kv': { u32: 3 } }),
      /head_count_kv 3 must divide .* 4/,
    ],
    [
      'a value of another type',
      changed({ 'llama.block_count': { text: 'one' } }),
      /llama\.block_count is "one"; it must be a whole number/,
    ],
    [
      'too many layers',
      changed({ 'llama.block_count': { u32: 2 ** 31 } }),
      /llama\.block_count is 2147483648; it must be a whole number from 1 to 1000/,
    ],
    [
      'rows that are too wide',
      changed({ 'llama.embedding_length': { u32: 2 ** 17 } }),
      /llama\.embedding_length is 131072; it must be a whole number from 1 to 65536/,
    ],
    [
      'more positions than any policy has',
      changed({ 'llama.context_length': { u32: 2 ** 30 } }),
      /llama\.context_length is 1073741824; it must be a whole number from 1 to 134217728/,
    ],
    [
      'part of a split policy',
      changed({ 'split.count': { u32: 2 } }),
      /split\.count: the policy lies in several files/,
    ],
    [
      'scaled rotation',
      changed({ 'llama.rope.scaling.type': { text: 'yarn' } }),
      /rope\.scaling\.type: "yarn" is not supported/,
    ],
  ])('%s', async (_, bytes, message) => {
    const path = await write(bytes);
    const error = await openPolicy(path).then(
      () => null,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
    expect((error as Error).message.startsWith(`${path}: `)).toBe(true);
  });

  it('whatever bytes are changed: an error in one line with the path, or a policy whose weights can be read', async () => {
    const path = join(folder, 'mutated.gguf');
    const headerBytes = good.length - smallTensors().reduce((sum, { bytes }) => sum + bytes.length, 0);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(headerBytes - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.oneof({ weight: 4, arbitrary: fc.constant(good.length) }, fc.nat(good.length)),
        async (changes, length) => {
          const bytes = Buffer.from(good.subarray(0, length));
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          await writeFile(path, bytes);
          try {
            const { tensors, companions } = await openPolicy(path);
            let values = 0;
            for await (const [, { data }] of streamTensors(tensors)) values += data.length;
            // Blocks hold at most 32 values in 18 bytes.
            expect(values).toBeLessThanOrEqual(2 * good.length);
            tokenizerOf(companions, path).encode('ab');
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            expect((error as Error).message).toContain(path);
            expect((error as Error).message).not.toContain('\n');
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
