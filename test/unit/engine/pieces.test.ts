import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pieceRows, splitTensor } from '../../../src-main/engine/tfjs/pieces.ts';
import { boundPool } from '../../../src-main/engine/tfjs/webgpu-device.ts';

test('pieces hold all rows in order, and none is above the limit unless a row is', () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(size, size, fc.integer({ min: 1, max: 400 }), (rows, columns, most) => {
      const data = Float32Array.from({ length: rows * columns }, (_, i) => i);
      const pieces = splitTensor('table', { shape: [rows, columns], data }, most);
      expect(pieces.map(([, { shape }]) => shape)).toEqual(
        pieceRows([rows, columns], most).map((own) => [own, columns]),
      );
      for (const [, own] of pieces) expect(own.data.length).toBeLessThanOrEqual(Math.max(most, columns));
      expect(pieces.flatMap(([, own]) => [...own.data])).toEqual([...data]);
      expect(new Set(pieces.map(([name]) => name)).size).toBe(pieces.length);
    }),
  );
  const vector = { shape: [3], data: Float32Array.of(1, 2, 3) };
  expect(splitTensor('norm', vector, 1)).toEqual([['norm', vector]]);
});

test('buffers that nothing asks for again are given back to the device before they outweigh those in use', () => {
  let held = 0;
  const pool = {
    freeBuffers: new Map<string, { size: number; destroy(): void }[]>(),
    numFreeBuffers: 0,
    numBytesUsed: 0,
    numBytesAllocated: 0,
    acquireBuffer(size: number) {
      held += size;
      this.numBytesAllocated += size;
      return { size, destroy: () => (held -= size) };
    },
  };
  boundPool({ bufferManager: pool } as unknown as WebGPUBackend);
  const mebibyte = 2 ** 20;
  // As the library releases: kept by exact size.
  for (let length = 1; length <= 100; length++) {
    const buffer = pool.acquireBuffer(length * mebibyte);
    pool.freeBuffers.set(String(length), [buffer]);
    pool.numFreeBuffers++;
    expect(held).toBe(pool.numBytesAllocated);
    expect(held).toBeLessThan((256 + 2 * length) * mebibyte);
  }
});
