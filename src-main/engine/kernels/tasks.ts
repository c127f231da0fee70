/** The core's operations as task records: numbers and order of the words as in core.cpp. Addresses are in bytes. */

/** Words of one task: operation, then its arguments. */
export type Task = readonly number[];
/** Room for the longest. */
export const taskWords = 8;

const operation = {
  forward: 1,
  headBackward: 2,
  backwardLayer: 3,
  weightGradient: 4,
  adapterGradient: 5,
  vectorGradients: 6,
  embeddingGradient: 7,
  squares: 8,
  adamw: 9,
  decode: 10,
} as const;

/** Matrices of a layer, in the core's order. */
export const layerMatrices = ['qkv', 'out', 'gateUp', 'down'] as const;

/** Sequences `first .. end - 1` of a batch, up to the statistics of their queries. */
export const forward = (batch: number, first: number, end: number): Task => [operation.forward, batch, first, end];

/** One shard of the vocabulary: its part of the derivatives by the normalised queries, and its rows of the head's gradient. */
export const headBackward = (batch: number, shard: number): Task => [operation.headBackward, batch, shard];

/** One layer for sequences `first .. end - 1`; gradients of norms and biases to `vectors`, 0 for none. */
export const backwardLayer = (batch: number, layer: number, first: number, end: number, vectors: number): Task => [
  operation.backwardLayer,
  batch,
  layer,
  first,
  end,
  vectors,
];

/** Gradient of `outs` outputs of a layer's matrix. */
export const weightGradient = (batch: number, layer: number, matrix: number, first: number, outs: number): Task => [
  operation.weightGradient,
  batch,
  layer,
  matrix,
  first,
  outs,
];

/** Gradient of one adapter of a layer's matrix. */
export const adapterGradient = (batch: number, layer: number, matrix: number, index: number): Task => [
  operation.adapterGradient,
  batch,
  layer,
  matrix,
  index,
];

export const vectorGradients = (model: number, vectors: number, sets: number): Task => [
  operation.vectorGradients,
  model,
  vectors,
  sets,
];

export const embeddingGradient = (batch: number, firstColumn: number, endColumn: number): Task => [
  operation.embeddingGradient,
  batch,
  firstColumn,
  endColumn,
];

/** Sum of the squares of `count` floats, to the double at `result`. */
export const squares = (result: number, values: number, count: number): Task => [
  operation.squares,
  result,
  values,
  count,
];

export const adamw = (
  step: number,
  keep: number,
  weights: number,
  gradient: number,
  m: number,
  v: number,
  count: number,
): Task => [operation.adamw, step, keep, weights, gradient, m, v, count];

/** At most `steps` tokens more for the responses in one of the batches. */
export const decode = (decoding: number, batch: number, steps: number): Task => [
  operation.decode,
  decoding,
  batch,
  steps,
];
