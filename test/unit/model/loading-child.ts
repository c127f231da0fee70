/** Writes a policy of zeros in bfloat16, loads it with an adapter, and says how much memory that took. */
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { KernelsEngine } from '../../../src-main/engine/kernels/engine.ts';
import { formatModelConfig, type ModelConfig } from '../../../src-main/model/config.ts';
import { openPolicy } from '../../../src-main/model/policy-files.ts';
import { weightShapes } from '../../../src-main/model/weights.ts';

const [folder = '', json = ''] = process.argv.slice(2);
const config = JSON.parse(json) as ModelConfig;

let end = 0;
const header: Record<string, unknown> = {};
for (const [name, shape] of weightShapes(config)) {
  const bytes = 2 * shape.reduce((a, b) => a * b, 1);
  header[name] = { dtype: 'BF16', shape, data_offsets: [end, end + bytes] };
  end += bytes;
}
const text = Buffer.from(JSON.stringify(header));
const length = Buffer.alloc(8);
length.writeBigUInt64LE(BigInt(text.length));
const path = join(folder, 'model.safetensors');
const file = openSync(path, 'w');
writeSync(file, length);
writeSync(file, text);
closeSync(file);
truncateSync(path, 8 + text.length + end);
writeFileSync(join(folder, 'config.json'), formatModelConfig(config));

const status = (key: string) =>
  Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1000;
const policy = await openPolicy(folder);
const before = status('VmRSS');
const adapter = { rank: 4, alpha: 8, targets: ['q_proj'] as const, seed: 1 };
const engine = await KernelsEngine.load(
  policy,
  { kind: 'wasm' },
  { adapter, recompute: false, frozenPrecision: 'float32' },
);
const peak = status('VmHWM');
engine.dispose();
process.stdout.write(JSON.stringify({ loaded: 2 * end, before, peak }));
