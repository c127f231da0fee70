/** The linear maps of a policy, with the low-rank adapter on some of them, and their derivatives. */
import type { Gradients } from './gradients.ts';
import type { Tensor2D } from './library.ts';
import type { Ops } from './ops.ts';
import type { WeightSet } from './weight.ts';

/** x W^T, where an adapter stands on W plus scale (x A^T) B^T. [N, in] -> [N, out] */
export function linear(ops: Ops, weights: WeightSet, name: string, x: Tensor2D): Tensor2D {
  const lowRank = weights.lowRank(name);
  if (!lowRank) return ofPieces(ops, weights, name, x);
  const { tf } = ops;
  return tf.tidy(() => {
    const narrow = tf.mul(ops.linear(x, weights.get(lowRank.a)), lowRank.scale) as Tensor2D;
    return tf.add(ofPieces(ops, weights, name, x), ops.linear(narrow, weights.get(lowRank.b))) as Tensor2D;
  });
}

/** x W^T of the matrix alone. */
function ofPieces(ops: Ops, weights: WeightSet, name: string, x: Tensor2D): Tensor2D {
  const { tf } = ops;
  return tf.tidy(() => {
    const [first, ...others] = weights.pieces(name).map(({ weight }) => ops.linear(x, weight));
    return others.length === 0 ? (first as Tensor2D) : (tf.concat([first as Tensor2D, ...others], 1) as Tensor2D);
  });
}

/** Adds the gradients of what is trained of the map. dy [N, out], x [N, in] -> derivative by x [N, in] */
export function linearGradient(
  ops: Ops,
  weights: WeightSet,
  name: string,
  dy: Tensor2D,
  x: Tensor2D,
  gradients: Gradients,
): Tensor2D {
  const { tf } = ops;
  return tf.tidy(() => {
    const pieces = weights.pieces(name);
    const parts = pieces.map((piece) => {
      // Rows of the matrix are columns of dy.
      const own = pieces.length === 1 ? dy : (tf.slice(dy, [0, piece.start], [-1, piece.rows]) as Tensor2D);
      if (weights.isTrained(piece.name)) gradients.add(piece.name, ops.linearWeightGradient(own, x));
      return tf.matMul(own, piece.weight.value as Tensor2D) as Tensor2D;
    });
    const dx = parts.reduce((sum, part) => tf.add(sum, part) as Tensor2D);
    const lowRank = weights.lowRank(name);
    if (!lowRank) return dx;
    const [a, b] = [weights.get(lowRank.a), weights.get(lowRank.b)];
    const narrow = tf.mul(ops.linear(x, a), lowRank.scale) as Tensor2D;
    const dNarrow = tf.mul(tf.matMul(dy, b.value as Tensor2D), lowRank.scale) as Tensor2D;
    gradients.add(lowRank.b, ops.linearWeightGradient(dy, narrow));
    gradients.add(lowRank.a, ops.linearWeightGradient(dNarrow, x));
    return tf.add(dx, tf.matMul(dNarrow, a.value as Tensor2D)) as Tensor2D;
  });
}
