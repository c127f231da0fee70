/**
 * Matrices that are larger than a device's buffers may be, held as several of whole rows. In a checkpoint they are one:
 * `splitTensor` and `streamed` go between the two, and which rows lie in which piece follows from shape and limit alone.
 */
import { elementCount, rowsAtATime, type StreamedTensor, type Tensor } from '../../model/stored-tensor.ts';
import type { Tensor as DeviceTensor } from './library.ts';
import type { Ops } from './ops.ts';

/** Name of piece `index` of a matrix that is split. */
export const pieceName = (name: string, index: number): string => `${name}#${index}`;

/** Rows of each piece; one piece where the tensor is small enough. Only matrices are split. */
export function pieceRows([rows = 1, columns]: readonly number[], mostFloats: number): number[] {
  if (columns === undefined || rows * columns <= mostFloats) return [rows];
  const most = Math.max(1, Math.floor(mostFloats / columns));
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => Math.min(most, rows - i * most));
}

/** A tensor as the pieces that hold it, by their names. They share its memory. */
export function splitTensor(name: string, tensor: Tensor, mostFloats: number): [string, Tensor][] {
  const { shape, data } = tensor;
  const counts = pieceRows(shape, mostFloats);
  if (counts.length === 1) return [[name, tensor]];
  const columns = shape[1] ?? 1;
  let start = 0;
  return counts.map((rows, index) => {
    const from = start * columns;
    start += rows;
    return [pieceName(name, index), { shape: [rows, columns], data: data.subarray(from, from + rows * columns) }];
  });
}

/**
 * Tensors as they are written, pieces of a matrix, which follow one another, as the one that they are. Copies of some rows
 * at a time share one memory; where a device has to hand over a whole tensor, one is there besides.
 */
export function streamed(ops: Ops, tensors: Iterable<readonly [string, DeviceTensor]>): Map<string, StreamedTensor> {
  let space = new Float32Array(0);
  async function* parts(pieces: readonly DeviceTensor[]): AsyncGenerator<Float32Array, void, void> {
    for (const piece of pieces) {
      const values = await ops.read(piece);
      const width = elementCount(piece.shape.length < 2 ? piece.shape : piece.shape.slice(1));
      const most = rowsAtATime(width) * width;
      for (let from = 0; from < values.length; from += most) {
        const some = values.subarray(from, from + most);
        if (space.length < some.length) space = new Float32Array(some.length);
        space.set(some);
        yield space.subarray(0, some.length);
      }
    }
  }
  const groups = new Map<string, DeviceTensor[]>();
  for (const [name, tensor] of tensors) {
    const whole = name.split('#')[0] ?? name;
    groups.set(whole, [...(groups.get(whole) ?? []), tensor]);
  }
  return new Map(
    [...groups].map(([name, pieces]) => [name, { shape: joinedShape(pieces), parts: () => parts(pieces) }]),
  );
}

function joinedShape(pieces: readonly DeviceTensor[]): readonly number[] {
  const shape = pieces[0]?.shape ?? [];
  if (pieces.length < 2) return shape;
  return [pieces.reduce((sum, piece) => sum + (piece.shape[0] ?? 0), 0), ...shape.slice(1)];
}
