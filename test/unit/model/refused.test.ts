/**
 * Files of a policy that are damaged in one place, or that another configuration is put beside: each is refused in one
 * line that names the file and the tensor at fault, before memory for any tensor is taken.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatModelConfig, type ModelConfig, modelLimits } from '../../../src-main/model/config.ts';
import { ggmlFormats } from '../../../src-main/model/gguf/quants.ts';
import { openPolicy } from '../../../src-main/model/policy-files.ts';
import { writeSafetensors } from '../../../src-main/model/safetensors.ts';
import { initialWeights } from '../../../src-main/model/weights.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { ggufBytes, smallMetadata, smallTensors } from '../../fixtures/gguf.ts';

const small: ModelConfig = {
  ...{ vocabSize: 20, hiddenSize: 16, intermediateSize: 24, layers: 2, heads: 4, kvHeads: 2, headDim: 8 },
  ...{ ropeTheta: 10_000, normEpsilon: 1e-6, maxPositions: 64, qkvBias: false, qkNorm: true, tiedEmbeddings: true },
  ...{ bosTokenId: null, eosTokenId: 3 },
};

async function policyFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'config.json'), formatModelConfig(small));
  await writeSafetensors(join(folder, 'model.safetensors'), initialWeights(small, 1));
  return folder;
}

/** The message with which a policy is refused. Whatever it claims, hardly any memory is taken, and no time. */
async function refused(path: string): Promise<string> {
  const [before, since] = [process.memoryUsage().arrayBuffers, performance.now()];
  const error: unknown = await openPolicy(path).then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8e6);
  expect(performance.now() - since).toBeLessThan(5000);
  expect(error, 'it was opened').toBeInstanceOf(Error);
  const { message } = error as Error;
  expect(message).not.toContain('\n');
  expect(message).toContain(path);
  return message;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const huge = fc.oneof(
  fc.integer({ min: 2 ** 31, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(2 ** 40, 1e300, 2 ** 53),
);

/** One entry of a safetensors header made wrong. */
const entryFaults: fc.Arbitrary<(entry: Entry) => void> = fc.oneof(
  fc
    .constantFrom('I64', 'F64', 'I8', 'U8', 'BOOL', 'F8_E4M3', 'C64', '', 'f32', 'BF32')
    .map((dtype) => (entry: Entry) => {
      entry.dtype = dtype;
    }),
  fc.constantFrom('F16', 'BF16').map((dtype) => (entry: Entry) => {
    entry.dtype = dtype;
  }),
  fc.array(huge, { minLength: 1, maxLength: 4 }).map((shape) => (entry: Entry) => {
    entry.shape = shape;
  }),
  fc.constantFrom<number[]>([-1, 4], [0.5], [0], [3]).map((shape) => (entry: Entry) => {
    entry.shape = shape;
  }),
  fc.tuple(huge, fc.boolean()).map(([by, isMoved]) => (entry: Entry) => {
    entry.data_offsets[1] += by;
    if (isMoved) entry.data_offsets[0] += by;
  }),
  fc.integer({ min: 1, max: 64 }).map((by) => (entry: Entry) => {
    entry.data_offsets = entry.data_offsets.map((offset) => offset - by) as [number, number];
  }),
  fc.constant((entry: Entry) => {
    entry.data_offsets.reverse();
  }),
);

describe('a safetensors file', () => {
  it('with a wrong entry names its tensor, or the one that it runs into', async () => {
    const folder = await policyFolder();
    const path = join(folder, 'model.safetensors');
    const good = await readFile(path);
    const headerBytes = Number(good.readBigUInt64LE(0));
    const text = good.subarray(8, 8 + headerBytes).toString();
    const names = Object.keys(JSON.parse(text));
    await fc.assert(
      fc.asyncProperty(fc.nat(names.length - 1), entryFaults, async (which, spoil) => {
        const header = JSON.parse(text) as Record<string, Entry>;
        const name = names[which] as string;
        const entry = header[name] as Entry;
        spoil(entry);
        fc.pre(JSON.stringify(header) !== text.trim());
        const json = Buffer.from(JSON.stringify(header));
        const length = Buffer.alloc(8);
        length.writeBigUInt64LE(BigInt(json.length));
        await writeFile(path, Buffer.concat([length, json, good.subarray(8 + headerBytes)]));
        const message = await refused(folder);
        expect(
          [names[which - 1], name, names[which + 1]].some((each) => each && message.includes(each)),
          message,
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('that is cut off names a tensor, wherever its header is whole', async () => {
    const folder = await policyFolder();
    const path = join(folder, 'model.safetensors');
    const good = await readFile(path);
    const dataStart = 8 + Number(good.readBigUInt64LE(0));
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), async (length) => {
        await writeFile(path, good.subarray(0, length));
        const message = await refused(folder);
        if (length >= dataStart) expect(message).toMatch(/truncated: model\.\S+ ends at byte \d+ of the data/);
        else expect(message).toMatch(/truncated/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a GGUF file', () => {
  const good = ggufBytes(smallMetadata, smallTensors());
  const tensors = smallTensors();
  /** Where the entry of a tensor has its dimensions, type and offset. */
  const placesOf = (name: string, dimensions: number) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(name.length));
    const end = good.indexOf(Buffer.concat([length, Buffer.from(name)])) + 8 + name.length;
    return { count: end, shape: end + 4, type: end + 4 + 8 * dimensions, offset: end + 8 + 8 * dimensions };
  };
  const size = fc.bigInt({ min: 2n ** 31n, max: 2n ** 64n - 1n });
  const unknown = fc.nat(60).filter((type) => !ggmlFormats.has(type));
  type Fault = (bytes: Buffer, at: ReturnType<typeof placesOf>) => void;
  const faults: fc.Arbitrary<Fault> = fc.oneof(
    size.map<Fault>((value) => (bytes, at) => void bytes.writeBigUInt64LE(value, at.shape)),
    fc.constant<Fault>((bytes, at) => void bytes.writeBigUInt64LE(0n, at.shape)),
    unknown.map<Fault>((type) => (bytes, at) => void bytes.writeUInt32LE(type, at.type)),
    size.map<Fault>((value) => (bytes, at) => void bytes.writeBigUInt64LE(value, at.offset)),
    fc
      .integer({ min: 1, max: 31 })
      .map<Fault>((by) => (bytes, at) => void bytes.writeUInt32LE(bytes.readUInt32LE(at.offset) + by, at.offset)),
    fc
      .integer({ min: 5, max: 2 ** 32 - 1 })
      .map<Fault>((count) => (bytes, at) => void bytes.writeUInt32LE(count, at.count)),
  );

  it('with a wrong entry names its tensor', async () => {
    const path = join(await temporaryFolder(), 'policy.gguf');
    await fc.assert(
      fc.asyncProperty(fc.nat(tensors.length - 1), faults, async (which, spoil) => {
        const { name, shape } = tensors[which] as (typeof tensors)[number];
        const bytes = Buffer.from(good);
        spoil(bytes, placesOf(name, shape.length));
        await writeFile(path, bytes);
        const message = await refused(path);
        // An embedding without rows is one of the configuration, too.
        const own = [name, ...(name === 'token_embd.weight' ? ['embed_tokens'] : []), hfNameOf(name)];
        expect(
          own.some((each) => message.includes(each)),
          message,
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('whose tensors lie over one another names both', async () => {
    const path = join(await temporaryFolder(), 'policy.gguf');
    await fc.assert(
      fc.asyncProperty(fc.nat(tensors.length - 1), fc.nat(tensors.length - 1), async (a, b) => {
        fc.pre(a !== b);
        const [one, other] = [tensors[a], tensors[b]] as [(typeof tensors)[number], (typeof tensors)[number]];
        const bytes = Buffer.from(good);
        const from = placesOf(one.name, one.shape.length).offset;
        bytes.copy(bytes, placesOf(other.name, other.shape.length).offset, from, from + 8);
        await writeFile(path, bytes);
        expect(await refused(path)).toMatch(
          / starts at byte \d+, before \S+\.weight ends at \d+|truncated: \S+\.weight/,
        );
      }),
      { numRuns: 60 },
    );
  });
});

/** The part of a tensor's Hugging Face name that one of llama.cpp's stands for; what a shape is compared by. */
function hfNameOf(name: string): string {
  const parts: Readonly<Record<string, string>> = {
    ...{ attn_norm: 'input_layernorm', ffn_norm: 'post_attention_layernorm', output_norm: 'model.norm' },
    ...{ attn_q: 'q_proj', attn_k: 'k_proj', attn_v: 'v_proj', attn_output: 'o_proj' },
    ...{ ffn_gate: 'gate_proj', ffn_up: 'up_proj', ffn_down: 'down_proj' },
  };
  return parts[name.replace(/^blk\.\d+\./, '').replace(/\.weight$/, '')] ?? name;
}

describe('another configuration beside the weights', () => {
  const fields: Readonly<Record<string, number>> = {
    ...{
      vocab_size: modelLimits.vocabSize,
      hidden_size: modelLimits.hiddenSize,
      num_hidden_layers: modelLimits.layers,
    },
    ...{ intermediate_size: modelLimits.intermediateSize, num_attention_heads: modelLimits.heads },
    ...{ num_key_value_heads: modelLimits.heads, head_dim: modelLimits.headDim },
  };
  /** Up to the limit, and beyond. */
  const changes = fc.constantFrom(...Object.keys(fields)).chain((field) => {
    const most = fields[field] as number;
    const value = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: most }), fc.constant(most), huge);
    return fc.tuple(fc.constant(field), value);
  });

  it('names a tensor, or the field that is out of range', async () => {
    const folder = await policyFolder();
    const path = join(folder, 'config.json');
    const good = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await fc.assert(
      fc.asyncProperty(changes, async ([field, value]) => {
        fc.pre(good[field] !== value);
        await writeFile(path, JSON.stringify({ ...good, [field]: value }));
        const message = await refused(folder);
        expect(message).toMatch(
          new RegExp(`${field}|head size|model\\.(embed_tokens|norm|layers\\.\\d+\\.\\S+)\\.weight`),
        );
        if (value > (fields[field] as number)) expect(message).toMatch(new RegExp(`config\\.json: ${field}[: ]`));
      }),
      { numRuns: 300 },
    );
  });
});
