/** The linear maps of a policy, with the low-rank adapter on some of them, and their derivatives. */
import type { Gradients } from './gradients.ts';
import type { Tensor2D } from './library.ts';
import type { Ops } from './ops.ts';
import type { WeightSet } from './weight.ts';

/** x W^T, where an adapter stands on W plus scale (x A^T) B^T. [N, in] -> [N, out] */
export function linear(ops: Ops, weights: WeightSet, name: string, x: Tensor2D): Tensor2D {
  const lowRank = weights.lowRank(name);
  if (!lowRank) return ops.linear(x, weights.get(name));
  const { tf } = ops;
  return tf.tidy(() => {
    const narrow = tf.mul(ops.linear(x, weights.get(lowRank.a)), lowRank.scale) as Tensor2D;
    return tf.add(ops.linear(x, weights.get(name)), ops.linear(narrow, weights.get(lowRank.b))) as Tensor2D;
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
    if (weights.isTrained(name)) gradients.add(name, ops.linearWeightGradient(dy, x));
    const dx = tf.matMul(dy, weights.get(name).value as Tensor2D) as Tensor2D;
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
