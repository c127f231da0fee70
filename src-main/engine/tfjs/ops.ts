/**
 * The operations a transformer is made of, each with its derivative, as a backend must provide them. Two members:
 * `HostOps` (memory readable in place: wasm, cpu) and `DeviceOps` (everything stays on the device: tensorflow, webgpu).
 * Rows of all sequences lie end to end without padding; N is their number.
 */

import type { Tensor, Tensor1D, Tensor2D, Tf } from './library.ts';
import type { Packing } from './packing.ts';
import type { FlatStats } from './statistics.ts';
import type { Weight } from './weight.ts';

/** cos and sin of each row's rotary angles. [N, headDim / 2] each */
export interface Rotation {
  readonly cos: Tensor2D;
  readonly sin: Tensor2D;
}

/** Causal attention of one batch. Query i of a sequence sits at position `keys - queries + i` of its keys. */
export interface Attention {
  /** q [Nq, heads * headDim], k and v [Nk, kvHeads * headDim] -> [Nq, heads * headDim] */
  forward(q: Tensor2D, k: Tensor2D, v: Tensor2D): Tensor2D;
  backward(q: Tensor2D, k: Tensor2D, v: Tensor2D, dOutput: Tensor2D): { dq: Tensor2D; dk: Tensor2D; dv: Tensor2D };
}

/** Keys and values of sequences that are being generated; outlives memory scopes. */
export interface KvCache {
  /** Take over the prompts' keys (rotated) and values of one layer. [N, kvHeads * headDim] each */
  fill(layer: number, k: Tensor2D, v: Tensor2D): void;
  /** Append one position a sequence and attend over all of them. q [B, heads * headDim] -> the same shape. */
  attend(layer: number, q: Tensor2D, k: Tensor2D, v: Tensor2D): Tensor2D;
  /** Drop all sequences but these (indices into the present ones, ascending). */
  keep(sequences: Int32Array): void;
  dispose(): void;
}

export interface HeadShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** Scalars of one AdamW update, bias corrections `1 - beta^t` included. */
export interface AdamScalars {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** 0 for a tensor that is not decayed. */
  readonly weightDecay: number;
  readonly correction1: number;
  readonly correction2: number;
  /** Factor of the gradient that clips its global norm. */
  readonly gradientScale: number;
}

export interface Ops {
  readonly tf: Tf;
  /** Elements of the largest tensor that the backend can hold; infinite where nothing but memory bounds it. */
  readonly mostFloats: number;
  /** x [N, in] -> x W^T [N, out] */
  linear(x: Tensor2D, weight: Weight): Tensor2D;
  /** Derivative of `linear` by its weight. dy [N, out], x [N, in] -> [out, in] */
  linearWeightGradient(dy: Tensor2D, x: Tensor2D): Tensor2D;
  /** Rows of `table` [V, H] at `ids`. */
  embed(table: Tensor2D, ids: Int32Array): Tensor2D;
  /** Sum of rows of `dy` by id. [V, H] */
  embedGradient(dy: Tensor2D, ids: Int32Array, vocabSize: number): Tensor2D;
  /** x / rms(x) * weight, row by row; of a weight that is shorter than a row, stretch by stretch of its length. */
  rmsNorm(x: Tensor2D, weight: Tensor1D, epsilon: number): Tensor2D;
  rmsNormGradient(x: Tensor2D, weight: Tensor1D, epsilon: number, dy: Tensor2D): { dx: Tensor2D; dWeight: Tensor1D };
  rotation(positions: Int32Array): Rotation;
  /** Rotate pairs (i, i + headDim / 2) of every head; direction -1 undoes it, which is also its derivative. */
  rotate(x: Tensor2D, rotation: Rotation, direction: 1 | -1): Tensor2D;
  attention(queries: Packing, keys: Packing): Attention;
  /** silu(gate) * up */
  swiglu(gate: Tensor2D, up: Tensor2D): Tensor2D;
  swigluGradient(gate: Tensor2D, up: Tensor2D, dy: Tensor2D): { dGate: Tensor2D; dUp: Tensor2D };
  /** Statistics of the targets under softmax(logits / temperature), one a row. logits [R, V] */
  statistics(logits: Tensor2D, targets: Int32Array, temperature: number): Promise<FlatStats>;
  /** Derivative by the logits of sum(dLogprob * logprob + dEntropy * entropy). [R, V] */
  statisticsGradient(
    logits: Tensor2D,
    targets: Int32Array,
    temperature: number,
    stats: FlatStats,
    dLogprob: Float32Array,
    dEntropy: Float32Array,
  ): Tensor2D;
  cache(prompts: Packing, layers: number, capacity: number): KvCache;
  /** Values of a tensor; on a host backend a view that is valid until the next operation. */
  read(tensor: Tensor): Promise<Float32Array>;
  /** Sum of squares over all elements of all tensors, accumulated in float64 where the host does it. */
  squaredNorm(tensors: readonly Tensor[]): Promise<number>;
  /** One AdamW update with decoupled decay. `m` and `v` may be changed in place or replaced. */
  adamw(
    weight: Tensor,
    gradient: Tensor,
    m: Tensor,
    v: Tensor,
    scalars: AdamScalars,
  ): { weight: Tensor; m: Tensor; v: Tensor };
}
