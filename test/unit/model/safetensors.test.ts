import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Tensor, writeSafetensors } from '../../../src-main/model/safetensors.ts';
import { readSafetensors } from '../../fixtures/checkpoints.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';

const newFile = async () => join(await temporaryFolder(), 'x.safetensors');

/** A file put together by hand from the format's description. */
async function handmade(header: unknown, data: Uint8Array): Promise<string> {
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  const bytes = Buffer.alloc(8 + Buffer.byteLength(json) + data.length);
  bytes.writeBigUInt64LE(BigInt(Buffer.byteLength(json)), 0);
  bytes.write(json, 8);
  bytes.set(data, 8 + Buffer.byteLength(json));
  const path = await newFile();
  await writeFile(path, bytes);
  return path;
}

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('reading', () => {
  it('decodes F32, F16 and BF16', async () => {
    const data = Buffer.alloc(20);
    data.writeFloatLE(-1.5, 0);
    // binary16: 1.0, -2, 65504 (largest), 2^-24 (smallest subnormal)
    for (const [i, bits] of [0x3c00, 0xc000, 0x7bff, 0x0001].entries()) data.writeUInt16LE(bits, 4 + 2 * i);
    // bfloat16: 1.0, -2, 3.140625, infinity
    for (const [i, bits] of [0x3f80, 0xc000, 0x4049, 0x7f80].entries()) data.writeUInt16LE(bits, 12 + 2 * i);
    const path = await handmade(
      { b: entry('F16', [2, 2], 4, 12), a: entry('F32', [], 0, 4), c: entry('BF16', [4], 12, 20) },
      data,
    );
    const { tensors } = await readSafetensors(path);
    expect([...(tensors.get('a')?.data ?? [])]).toEqual([-1.5]);
    expect(tensors.get('b')).toEqual({ shape: [2, 2], data: Float32Array.of(1, -2, 65504, 2 ** -24) });
    expect([...(tensors.get('c')?.data ?? [])]).toEqual([1, -2, 3.140625, Infinity]);
  });

  it.each([
    ['a file of a few bytes', async () => write(Buffer.alloc(5)), /truncated: 5 bytes/],
    [
      'a header that leaves the file',
      async () => write(Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 1])),
      /header of 255 bytes/,
    ],
    ['a header that is not JSON', () => handmade('{oops', new Uint8Array(0)), /header is not JSON/],
    ['a header that is a list', () => handmade([], new Uint8Array(0)), /header: .*expected (record|object)/i],
    [
      'an unknown type',
      () => handmade({ w: entry('I64', [1], 0, 8) }, new Uint8Array(8)),
      /w: dtype: .*"F32"\|"F16"\|"BF16"/,
    ],
    ['a negative offset', () => handmade({ w: entry('F32', [1], -4, 0) }, new Uint8Array(4)), /w: data_offsets/],
    ['a fractional shape', () => handmade({ w: entry('F32', [0.5], 0, 2) }, new Uint8Array(2)), /w: shape/],
    [
      'bytes that do not fit the shape',
      () => handmade({ w: entry('F32', [3], 0, 8) }, new Uint8Array(8)),
      /w: offsets 0\.\.8 hold 8 bytes, F32 \[3\] needs 12/,
    ],
    [
      'a truncated tensor',
      () => handmade({ w: entry('F32', [3], 0, 12) }, new Uint8Array(8)),
      /truncated: w ends at byte 12/,
    ],
    [
      'overlapping tensors',
      () => handmade({ v: entry('F32', [2], 0, 8), w: entry('F32', [2], 4, 12) }, new Uint8Array(12)),
      /w starts at byte 4/,
    ],
    [
      'a gap',
      () => handmade({ v: entry('F32', [1], 0, 4), w: entry('F32', [1], 8, 12) }, new Uint8Array(12)),
      /w starts at byte 8/,
    ],
    [
      'trailing bytes',
      () => handmade({ w: entry('F32', [1], 0, 4) }, new Uint8Array(9)),
      /5 bytes after the last tensor/,
    ],
    ['metadata that is not text', () => handmade({ __metadata__: { n: 3 } }, new Uint8Array(0)), /__metadata__: n/],
  ])('refuses %s, naming the file', async (_, make, message) => {
    const path = await make();
    await expect(readSafetensors(path)).rejects.toThrow(message);
    await expect(readSafetensors(path)).rejects.toThrow(path);
  });
});

describe('writing', () => {
  it('gives back what was written, bit for bit', async () => {
    const path = await newFile();
    const tensor = fc.array(fc.nat(3), { maxLength: 3 }).chain((shape) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return fc.float32Array({ minLength: count, maxLength: count }).map((data): Tensor => ({ shape, data }));
    });
    const names = fc.string({ minLength: 1 }).filter((name) => !['__metadata__', '__proto__'].includes(name));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(names, tensor), { maxLength: 4 }), async (entries) => {
        const tensors = new Map(entries);
        await writeSafetensors(path, tensors, { updates: '3' });
        const read = await readSafetensors(path);
        expect(read.metadata).toEqual({ updates: '3' });
        expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
      }),
      { numRuns: 40 },
    );
  });

  it('gives equal bytes whatever the order of insertion, and no temporary file', async () => {
    const [first, second] = [await newFile(), await newFile()];
    const a: Tensor = { shape: [2], data: Float32Array.of(1, 2) };
    const b: Tensor = { shape: [1], data: Float32Array.of(3) };
    await writeSafetensors(first, new Map(Object.entries({ a, b })), { x: '1', y: '2' });
    await writeSafetensors(second, new Map(Object.entries({ b, a })), { y: '2', x: '1' });
    const bytes = await readFile(first);
    expect(bytes.equals(await readFile(second))).toBe(true);
    expect((8 + Number(bytes.readBigUInt64LE(0))) % 8).toBe(0);
    expect(await readdir(join(first, '..'))).toEqual(['x.safetensors']);
  });

  it('writes a view of a larger buffer as the view', async () => {
    const path = await newFile();
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    await writeSafetensors(path, new Map([['w', { shape: [2], data }]]));
    expect((await readSafetensors(path)).tensors.get('w')?.data).toEqual(Float32Array.of(1, 2));
  });

  it('asks for a part when the one before is written, and leaves the old file where parts are too few or fail', async () => {
    const path = await newFile();
    const part = new Float32Array(2);
    const parts = (count: number) =>
      function* () {
        // One array for all of them: what is not written by now never will be.
        for (let i = 0; i < count; i++) yield part.fill(i);
      };
    const tensor = (count: number) => ({ shape: [3, 2], parts: parts(count) });
    await writeSafetensors(path, new Map([['w', tensor(3)]]));
    expect((await readSafetensors(path)).tensors.get('w')?.data).toEqual(Float32Array.of(0, 0, 1, 1, 2, 2));
    const before = await readFile(path);
    for (const count of [2, 4])
      await expect(writeSafetensors(path, new Map([['w', tensor(count)]]))).rejects.toThrow(
        `w: ${2 * count} values do not fill shape [3, 2]`,
      );
    const failing = {
      shape: [3, 2],
      async *parts() {
        yield part;
        throw new Error('the device is gone');
      },
    };
    await expect(writeSafetensors(path, new Map([['w', failing]]))).rejects.toThrow('the device is gone');
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await readdir(join(path, '..'))).toEqual(['x.safetensors']);
  });

  it('leaves the old file alone when it cannot write', async () => {
    const path = await newFile();
    await writeSafetensors(path, new Map([['w', { shape: [1], data: Float32Array.of(1) }]]));
    const wrong = new Map([['w', { shape: [2], data: Float32Array.of(1) }]]);
    await expect(writeSafetensors(path, wrong)).rejects.toThrow(/w: 1 values do not fill shape \[2\]/);
    expect((await readSafetensors(path)).tensors.get('w')?.data).toEqual(Float32Array.of(1));
  });
});

async function write(bytes: Uint8Array): Promise<string> {
  const path = await newFile();
  await writeFile(path, bytes);
  return path;
}
