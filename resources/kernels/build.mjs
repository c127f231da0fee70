/**
 * Rebuilds core.wasm from src-main/engine/kernels/core. Only for changes to the core: the result is committed.
 * Needs clang 14 or newer with wasm-ld (Debian: apt install clang lld). Usage: node resources/kernels/build.mjs
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const sources = join(here, '..', '..', 'src-main', 'engine', 'kernels', 'core');
const output = join(here, 'core.wasm');
// Shared memory belongs to the host: 64 Ki pages of 64 KiB is all that 32-bit addresses reach.
const maxMemoryBytes = 65536 * 65536;

const compile = ['--target=wasm32', '-std=c++17', '-O3', '-ffreestanding', '-nostdlib'];
const features = ['-msimd128', '-matomics', '-mbulk-memory', '-mmutable-globals', '-Wall', '-Wextra', '-Werror'];
const link = ['--no-entry', '--import-memory', '--shared-memory', `--max-memory=${maxMemoryBytes}`, '--strip-all'];
// Every thread has a stack of its own, whose address the host sets.
link.push('--export=__stack_pointer', '--export=__heap_base', '-z', 'stack-size=65536');

execFileSync(
  process.env.CLANG ?? 'clang++',
  [
    ...[...compile, ...features, ...link.flatMap((flag) => ['-Xlinker', flag])],
    ...['-o', output, join(sources, 'core.cpp')],
  ],
  { stdio: 'inherit' },
);

// A custom section with the hash of the sources, by which a test knows that the committed file is theirs.
const hash = createHash('sha256');
for (const file of readdirSync(sources).sort()) {
  hash.update(file);
  hash.update(readFileSync(join(sources, file), 'utf8').replaceAll('\r\n', '\n'));
}
const name = Buffer.from('sources');
const section = Buffer.concat([Buffer.of(name.length), name, hash.digest()]);
appendFileSync(output, Buffer.concat([Buffer.of(0, section.length), section]));
console.log(`${output}: ${statSync(output).size} bytes`);
