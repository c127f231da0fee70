/** The table of token embeddings, which may be in pieces, and its derivative. */
import type { Gradients } from './gradients.ts';
import type { Tensor2D } from './library.ts';
import type { Ops } from './ops.ts';
import type { Piece, WeightSet } from './weight.ts';

/** Rows of the table at `ids`. [N, H] */
export function embed(ops: Ops, weights: WeightSet, table: string, ids: Int32Array): Tensor2D {
  const pieces = weights.pieces(table);
  const [only] = pieces;
  if (only && pieces.length === 1) return ops.embed(only.weight.value as Tensor2D, ids);
  const { tf } = ops;
  return tf.tidy(() => {
    const order = new Int32Array(ids.length);
    let next = 0;
    const parts = pieces.flatMap((piece) => {
      const { places, own } = within(piece, ids);
      if (places.length === 0) return [];
      for (const place of places) order[place] = next++;
      return [ops.embed(piece.weight.value as Tensor2D, own)];
    });
    return ops.embed(tf.concat(parts) as Tensor2D, order);
  });
}

/** Adds the derivative by the table where it is trained. @param dy By the rows. [N, H] */
export function embedGradient(
  ops: Ops,
  weights: WeightSet,
  table: string,
  dy: Tensor2D,
  ids: Int32Array,
  gradients: Gradients,
): void {
  const pieces = weights.pieces(table);
  for (const piece of pieces) {
    if (!weights.isTrained(piece.name)) continue;
    const { places, own } = within(piece, ids);
    if (places.length === 0) continue;
    const rows = pieces.length === 1 ? dy : ops.embed(dy, places);
    gradients.add(piece.name, ops.embedGradient(rows, own, piece.rows));
  }
}

/** Which of the ids lie in a piece, and where in it. */
function within({ start, rows }: Piece, ids: Int32Array): { places: Int32Array; own: Int32Array } {
  const inside = (id: number | undefined) => id !== undefined && id >= start && id < start + rows;
  const places = Int32Array.from([...ids.keys()].filter((place) => inside(ids[place])));
  return { places, own: places.map((place) => (ids[place] as number) - start) };
}
