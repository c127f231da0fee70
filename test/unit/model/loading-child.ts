/**
 * Writes a policy of zeros in one of its forms, loads it, and says how much memory that took; and how much more saving and
 * restoring it took.
 * `loading-child.ts FOLDER CONFIG whole|sharded|gguf adapter|all`
 */
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fullTraining } from '../../../src-main/engine/engine.ts';
import { KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import { formatModelConfig, type ModelConfig } from '../../../src-main/model/config.ts';
import { openPolicy } from '../../../src-main/model/policy-files.ts';
import { elementCount } from '../../../src-main/model/stored-tensor.ts';
import { weightShapes } from '../../../src-main/model/weights.ts';
import { ggufHeader, smallMetadata } from '../../fixtures/gguf.ts';

const [folder = '', json = '', form = '', trained = ''] = process.argv.slice(2);
const config = JSON.parse(json) as ModelConfig;
type Named = readonly [name: string, shape: readonly number[]];
const tensors: readonly Named[] = [...weightShapes(config)];
const parameters = tensors.reduce((sum, [, shape]) => sum + elementCount(shape), 0);

/** Zeros that take no room on the disk. */
function writeZeros(path: string, header: Uint8Array, bytes: number): void {
  const file = openSync(path, 'w');
  writeSync(file, header);
  closeSync(file);
  truncateSync(path, header.length + bytes);
}

function writeSafetensors(path: string, some: readonly Named[]): void {
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, shape] of some) {
    const bytes = 2 * elementCount(shape);
    header[name] = { dtype: 'BF16', shape, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeZeros(path, Buffer.concat([length, text]), end);
}

function writeShards(): void {
  const places: Record<string, string> = {};
  const count = 4;
  for (let shard = 0; shard < count; shard++) {
    const file = `model-0000${shard + 1}-of-0000${count}.safetensors`;
    const some = tensors.filter((_, i) => i % count === shard);
    for (const [name] of some) places[name] = file;
    writeSafetensors(join(folder, file), some);
  }
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: places }));
}

/** llama.cpp's names, in the order in which they are looked for. */
const ggufNames: readonly (readonly [RegExp, string])[] = [
  [/^model\.embed_tokens/, 'token_embd'],
  [/^model\.norm/, 'output_norm'],
  [/^model\.layers\.(\d+)\.self_attn\.o_proj/, 'blk.$1.attn_output'],
  [/^model\.layers\.(\d+)\.self_attn\.(.)_proj/, 'blk.$1.attn_$2'],
  [/^model\.layers\.(\d+)\.input_layernorm/, 'blk.$1.attn_norm'],
  [/^model\.layers\.(\d+)\.post_attention_layernorm/, 'blk.$1.ffn_norm'],
  [/^model\.layers\.(\d+)\.mlp\.(\w+)_proj/, 'blk.$1.ffn_$2'],
];

/** Matrices in Q8_0, 34 bytes for 32 elements; q and k in llama.cpp's order. */
function writeGguf(): void {
  const written = tensors.map(([name, shape]) => {
    const [from, to] = ggufNames.find(([pattern]) => pattern.test(name)) ?? [/$/, ''];
    const [type, bytes] = shape.length > 1 ? [8, (elementCount(shape) / 32) * 34] : [0, 4 * elementCount(shape)];
    return { name: name.replace(from, to), shape, type, bytes };
  });
  const { header, dataBytes } = ggufHeader(
    {
      ...smallMetadata,
      'llama.block_count': { u32: config.layers },
      'llama.embedding_length': { u32: config.hiddenSize },
      'llama.feed_forward_length': { u32: config.intermediateSize },
      'llama.attention.head_count': { u32: config.heads },
      'llama.attention.head_count_kv': { u32: config.kvHeads },
    },
    written,
  );
  writeZeros(join(folder, 'policy.gguf'), header, dataBytes);
}

if (form === 'gguf') writeGguf();
else {
  writeFileSync(join(folder, 'config.json'), formatModelConfig(config));
  if (form === 'sharded') writeShards();
  else writeSafetensors(join(folder, 'model.safetensors'), tensors);
}

const status = (key: string) =>
  Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1000;
/** From now on VmHWM is what is reached from now on. */
const forget = () => writeFileSync('/proc/self/clear_refs', '5');

const policy = await openPolicy(folder);
forget();
const before = status('VmRSS');
const adapter = { rank: 4, alpha: 8, targets: ['q_proj'] as const, seed: 1 };
const training = trained === 'all' ? fullTraining : { ...fullTraining, adapter };
const engine = await KernelsEngine.load(policy, { kind: 'wasm' }, training);
const loading = status('VmHWM') - before;
forget();
const loaded = status('VmRSS');
await engine.save(folder);
const saving = status('VmHWM') - loaded;
forget();
const saved = status('VmRSS');
await engine.restore(folder);
const restoring = status('VmHWM') - saved;
engine.dispose();
process.stdout.write(JSON.stringify({ bytes: 4 * parameters, loading, saving, restoring }));
