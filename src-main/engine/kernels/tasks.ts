/** The core's operations as task records: numbers and order of the words as in core.cpp. Addresses are in bytes. */
import { floatWord, type Task } from './machine.ts';

const operation = {
  forward: 1,
  headBackward: 2,
  backward: 3,
  weightGradient: 4,
  vectorGradients: 5,
  embeddingGradient: 6,
  packForward: 7,
  packBackward: 8,
  squares: 9,
  adamw: 10,
  decode: 11,
} as const;

/** Sequences `first .. end - 1` of a batch, up to the statistics of their queries. */
export const forward = (batch: number, first: number, end: number): Task => [operation.forward, batch, first, end];

/** Derivatives by the logits, to `dLogits` [count, V], and by the normalised rows of the queries from `first`. */
export const headBackward = (batch: number, first: number, count: number, dLogits: number): Task => [
  operation.headBackward,
  batch,
  first,
  count,
  dLogits,
];

/** Sequences `first .. end - 1`; gradients of norms and biases to `vectors`. */
export const backward = (batch: number, first: number, end: number, vectors: number): Task => [
  operation.backward,
  batch,
  first,
  end,
  vectors,
];

/** gradient[outs, in] += dOut^T x over the rows of `runs`. */
export const weightGradient = (o: {
  gradient: number;
  outs: number;
  in: number;
  dOut: number;
  dStride: number;
  x: number;
  runs: number;
  runCount: number;
}): Task => [operation.weightGradient, o.gradient, o.outs, o.in, o.dOut, o.dStride, o.x, o.runs, o.runCount];

export const vectorGradients = (model: number, vectors: number, sets: number): Task => [
  operation.vectorGradients,
  model,
  vectors,
  sets,
];

export const embeddingGradient = (
  batch: number,
  runs: number,
  runCount: number,
  firstColumn: number,
  endColumn: number,
): Task => [operation.embeddingGradient, batch, runs, runCount, firstColumn, endColumn];

export const packForward = (pack: number, weight: number, width: number, first: number, end: number): Task => [
  operation.packForward,
  pack,
  weight,
  width,
  first,
  end,
];

export const packBackward = (
  pack: number,
  weight: number,
  out: number,
  width: number,
  first: number,
  end: number,
): Task => [operation.packBackward, pack, weight, out, width, first, end];

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
): Task => [operation.adamw, step, floatWord(keep), weights, gradient, m, v, count];

/** One token each for the active responses `first .. end - 1`. */
export const decode = (decoding: number, first: number, end: number): Task => [operation.decode, decoding, first, end];
