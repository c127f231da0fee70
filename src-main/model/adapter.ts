/**
 * Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685): which tensors one consists of, their initial values, how
 * it is merged into the matrices it stands on, and the rounding of frozen weights to bfloat16. Names are PEFT's without
 * its `base_model.model.`; initial values are PEFT's too. Departure from the paper: no dropout.
 */
import { stream } from '../../src-shared/random.ts';
import type { ModelConfig } from './config.ts';
import { partsOf, type StreamedTensor, type Tensor, type WritableTensors } from './stored-tensor.ts';
import { type Weights, weightShapes } from './weights.ts';

/** Matrices of a layer that adapters may stand on; names as in Hugging Face checkpoints, in the order of the forward pass. */
export const adapterTargets = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;
export type AdapterTarget = (typeof adapterTargets)[number];

/** W x + (alpha / rank) B A x; A [rank, in] and B [out, rank] are trained, W and everything else is frozen. */
export interface Adapter {
  /** A whole number, 1 or more. It may exceed a matrix's own rank. */
  readonly rank: number;
  /** > 0 and finite. */
  readonly alpha: number;
  /** At least one, none twice. Their order means nothing. */
  readonly targets: readonly AdapterTarget[];
  /** Of the initial A; a whole number. */
  readonly seed: number;
}

/** An adapter with the values of its tensors. */
export interface AdapterState {
  readonly adapter: Adapter;
  /** Named and shaped as `adapterShapes` says, in that order. */
  readonly weights: Weights;
}

/** A matrix of the policy that an adapter stands on, with the names of the tensors it adds. */
export interface AdaptedMatrix {
  /** Name of the frozen matrix, [out, in]. */
  readonly name: string;
  readonly out: number;
  readonly in: number;
  /** Name of A, [rank, in]. */
  readonly a: string;
  /** Name of B, [out, rank]. */
  readonly b: string;
}

/** Factor of B A. */
export function adapterScale({ rank, alpha }: Adapter): number {
  return alpha / rank;
}

/** The matrices that an adapter stands on, in the order of the forward pass. */
export function adaptedMatrices(config: ModelConfig, { targets }: Adapter): AdaptedMatrix[] {
  const suffixes = targets.map((target) => `.${target}.weight`);
  const matrices: AdaptedMatrix[] = [];
  for (const [name, [out, width]] of weightShapes(config)) {
    if (!suffixes.some((suffix) => name.endsWith(suffix))) continue;
    const stem = name.slice(0, -'.weight'.length);
    matrices.push({
      name,
      out: out as number,
      in: width as number,
      a: `${stem}.lora_A.weight`,
      b: `${stem}.lora_B.weight`,
    });
  }
  return matrices;
}

/** Name and shape of every tensor of an adapter: A, then B, of each matrix in the order of the forward pass. */
export function adapterShapes(config: ModelConfig, adapter: Adapter): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const matrix of adaptedMatrices(config, adapter)) {
    shapes.set(matrix.a, [adapter.rank, matrix.in]);
    shapes.set(matrix.b, [matrix.out, adapter.rank]);
  }
  return shapes;
}

/**
 * A uniform in +-1/sqrt(in) (PEFT's kaiming_uniform with a = sqrt 5) and B zero, so that a fresh adapter changes
 * nothing. Each tensor has its own random stream.
 */
export function initialAdapter(config: ModelConfig, adapter: Adapter): Weights {
  const { rank, seed } = adapter;
  const weights: Weights = new Map();
  for (const { a, b, in: width, out } of adaptedMatrices(config, adapter)) {
    const random = stream(seed, 'adapter', a);
    const bound = 1 / Math.sqrt(width);
    const data = Float32Array.from({ length: rank * width }, () => bound * (2 * random.next() - 1));
    weights.set(a, { shape: [rank, width], data });
    weights.set(b, { shape: [out, rank], data: new Float32Array(out * rank) });
  }
  return weights;
}

/**
 * W + (alpha / rank) B A for every matrix that the adapter stands on, summed in float64 and rounded once, made part by
 * part while it is written; the other tensors are passed on as they are.
 * @param adapterWeights Named as by `adapterShapes`. @throws Error naming the tensor that is missing.
 */
export function mergeAdapter(weights: WritableTensors, adapterWeights: Weights, adapter: Adapter): WritableTensors {
  const merged = new Map(weights);
  // Used for one part after the other: fresh ones would pile up until they are collected.
  const space = { sums: new Float32Array(0) };
  for (const [name, a] of adapterWeights) {
    if (!name.endsWith('.lora_A.weight')) continue;
    const stem = name.slice(0, -'.lora_A.weight'.length);
    const b = tensorOf(adapterWeights, `${stem}.lora_B.weight`).data;
    const matrix = tensorOf(weights, `${stem}.weight`);
    const [rank, width] = a.shape as [number, number];
    const parts = () => mergedParts(matrix, { a: a.data, b, scale: adapterScale(adapter), rank, width }, space);
    merged.set(`${stem}.weight`, { shape: matrix.shape, parts });
  }
  return merged;
}

/** scale B A: b [out, rank], a [rank, width]. */
interface Product {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly scale: number;
  readonly rank: number;
  readonly width: number;
}

async function* mergedParts(matrix: Tensor | StreamedTensor, product: Product, space: { sums: Float32Array }) {
  let out = 0;
  for await (const part of partsOf(matrix)) {
    if (space.sums.length < part.length) space.sums = new Float32Array(part.length);
    const sums = space.sums.subarray(0, part.length);
    addProduct(part, out, product, sums);
    out += part.length / product.width;
    yield sums;
  }
}

/** The rows of W from `out` on, plus those of the product, into `sums`. */
function addProduct(rows: Float32Array, out: number, { a, b, scale, rank, width }: Product, sums: Float32Array): void {
  const row = new Float64Array(width);
  for (let start = 0; start < rows.length; start += width, out++) {
    row.set(rows.subarray(start, start + width));
    for (let r = 0; r < rank; r++) {
      const factor = scale * (b[out * rank + r] as number);
      if (factor === 0) continue;
      for (let i = 0; i < width; i++) row[i] = (row[i] as number) + factor * (a[r * width + i] as number);
    }
    sums.set(row, start);
  }
}

function tensorOf<T>(weights: ReadonlyMap<string, T>, name: string): T {
  const tensor = weights.get(name);
  if (!tensor) throw new Error(`adapter: tensor ${name} is missing; a merge needs A, B and the matrix they stand on`);
  return tensor;
}

/**
 * Values as bfloat16 holds them (1 sign, 8 exponent, 7 fraction bits), in float32: rounded to the nearest, ties to
 * even, beyond the largest to infinity. NaN stays NaN, zeros keep their sign.
 */
export function roundToBfloat16(values: Float32Array): Float32Array<ArrayBuffer> {
  const rounded = values.slice();
  const bits = new Uint32Array(rounded.buffer);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    const isNotANumber = (word & 0x7fffffff) > 0x7f800000;
    // A NaN is cut, not rounded, and made quiet: its fraction may be all in the bits that go.
    bits[i] = isNotANumber ? (word | 0x00400000) & 0xffff0000 : (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  }
  return rounded;
}

/** What is wrong with an adapter, in one line that names the value and what is allowed; null when it is fine. */
export function problemWithAdapter({ rank, alpha, targets, seed }: Adapter): string | null {
  if (!(Number.isInteger(rank) && rank >= 1)) return `adapter rank ${rank} must be a whole number, 1 or more`;
  if (!(alpha > 0 && Number.isFinite(alpha))) return `adapter alpha ${alpha} must be finite and greater than 0`;
  if (!Number.isInteger(seed)) return `adapter seed ${seed} must be a whole number`;
  return problemWithTargets(targets);
}

/** The same for the names of the matrices alone. */
export function problemWithTargets(targets: readonly string[]): string | null {
  const allowed = adapterTargets.join(', ');
  if (targets.length === 0) return `adapter targets are empty; at least one is needed of ${allowed}`;
  for (const [i, target] of targets.entries()) {
    if (!(adapterTargets as readonly string[]).includes(target))
      return `adapter target ${JSON.stringify(target)} is unknown; allowed is ${allowed}`;
    if (targets.indexOf(target) !== i) return `adapter target ${target} is given twice; once is allowed`;
  }
  return null;
}

/** Names of matrices as a person writes them, separated by commas. Whether they are allowed is `problemWithTargets`'s. */
export function targetsFromText(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

/** What differs between two adapters besides the seed, as `rank 8 instead of 16`; null when one may continue the other. */
export function differenceOfAdapters(found: Adapter, wanted: Adapter): string | null {
  if (found.rank !== wanted.rank) return `rank ${found.rank} instead of ${wanted.rank}`;
  if (found.alpha !== wanted.alpha) return `alpha ${found.alpha} instead of ${wanted.alpha}`;
  const [has, wants] = [inOrder(found.targets), inOrder(wanted.targets)].map((targets) => targets.join(','));
  return has === wants ? null : `targets ${has} instead of ${wants}`;
}

function inOrder(targets: readonly AdapterTarget[]): AdapterTarget[] {
  return adapterTargets.filter((target) => targets.includes(target));
}
