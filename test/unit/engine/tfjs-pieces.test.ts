/** Matrices that a device holds in pieces, and the files that know nothing of it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadTf } from '../../../src-main/engine/tfjs/library.ts';
import type { Ops } from '../../../src-main/engine/tfjs/ops.ts';
import { splitTensor, streamed } from '../../../src-main/engine/tfjs/pieces.ts';
import { wholeTensors } from '../../fixtures/tensors.ts';

it('are written as the matrices that they are, in whole rows', async () => {
  const tf = loadTf();
  await tf.setBackend('cpu');
  const ops = { read: (tensor: { dataSync(): unknown }) => tensor.dataSync() } as unknown as Ops;
  const size = fc.integer({ min: 1, max: 9 });
  const tensors = fc.dictionary(fc.stringMatching(/^[a-z.]{1,6}$/), fc.tuple(size, size), { minKeys: 1, maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(tensors, fc.integer({ min: 1, max: 90 }), async (sizes, mostFloats) => {
      let next = 0;
      const whole = new Map(
        Object.entries(sizes).map(([name, [rows, columns]]) => {
          // Of one row: a vector, which is never split.
          const shape = rows === 1 ? [columns] : [rows, columns];
          return [name, { shape, data: Float32Array.from({ length: rows * columns }, () => next++) }];
        }),
      );
      const pieces = [...whole].flatMap(([name, tensor]) => splitTensor(name, tensor, mostFloats));
      const held = pieces.map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])] as const);
      const written = streamed(ops, held);
      expect(await wholeTensors(written)).toEqual(whole);
      for (const [name, tensor] of written)
        for await (const part of tensor.parts()) expect(part.length % (whole.get(name)?.shape.at(-1) ?? 1)).toBe(0);
      for (const [, tensor] of held) tensor.dispose();
    }),
    { numRuns: 60 },
  );
});
