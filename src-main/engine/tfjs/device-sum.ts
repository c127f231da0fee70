/**
 * Sums of rows by id, by pairs: the same bits every time. A GPU's own segment sum adds in whatever order its threads
 * come, and a run would not repeat.
 */
import type { Tensor2D } from './library.ts';
import type { Ops } from './ops.ts';

/** Row i of the result is the sum of the rows of `x` whose id is i. [N, H] -> [count, H] */
export function sumById(ops: Pick<Ops, 'tf' | 'embed'>, x: Tensor2D, ids: Int32Array, count: number): Tensor2D {
  const { tf } = ops;
  const width = x.shape[1];
  const withZero = (rows: Tensor2D) => tf.concat([rows, tf.zeros([1, width])]) as Tensor2D;
  let groups = [...Map.groupBy(ids.keys(), (row) => ids[row] as number)];
  let rows = x;
  while (groups.some(([, members]) => members.length > 1)) {
    const zero = rows.shape[0];
    const first: number[] = [];
    const second: number[] = [];
    groups = groups.map(([id, members]) => {
      const sums: number[] = [];
      for (let i = 0; i < members.length; i += 2) {
        sums.push(first.length);
        first.push(members[i] as number);
        second.push(members[i + 1] ?? zero);
      }
      return [id, sums];
    });
    rows = tf.add(ops.embed(rows, Int32Array.from(first)), ops.embed(withZero(rows), Int32Array.from(second)));
  }
  const places = new Int32Array(count).fill(rows.shape[0]);
  for (const [id, [row]] of groups) places[id] = row as number;
  return ops.embed(withZero(rows), places);
}
