/**
 * Operations for backends whose memory the host can reach: matrix products by the backend, everything else as loops
 * over that memory. Several times faster than composing it from library calls, each of which passes over memory anew.
 */
import { HostAttention } from './host-attention.ts';
import { HostKvCache } from './host-cache.ts';
import type { HostMemory } from './host-memory.ts';
import type { Tensor, Tensor1D, Tensor2D, Tf } from './library.ts';
import type { AdamScalars, Attention, HeadShape, KvCache, Ops, Rotation } from './ops.ts';
import type { Packing } from './packing.ts';
import { Distribution, emptyStats, type FlatStats, rowGradient } from './statistics.ts';
import type { Weight } from './weight.ts';

export class HostOps implements Ops {
  readonly tf: Tf;
  readonly mostFloats = Number.POSITIVE_INFINITY;
  readonly #memory: HostMemory;
  readonly #shape: HeadShape;
  readonly #divisors: Float64Array;

  constructor(tf: Tf, memory: HostMemory, shape: HeadShape, divisors: Float64Array) {
    this.tf = tf;
    this.#memory = memory;
    this.#shape = shape;
    this.#divisors = divisors;
  }

  // The wasm backend multiplies plain matrices about ten times faster than transposed ones: transpose first.
  linear(x: Tensor2D, weight: Weight): Tensor2D {
    return this.tf.matMul(x, weight.transposed);
  }

  linearWeightGradient(dy: Tensor2D, x: Tensor2D): Tensor2D {
    return this.tf.tidy(() => this.tf.matMul(this.tf.transpose(dy), x));
  }

  embed(table: Tensor2D, ids: Int32Array): Tensor2D {
    const size = table.shape[1];
    const out = this.#allocate(ids.length, size);
    const source = this.#view(table);
    const target = this.#view(out);
    for (let row = 0; row < ids.length; row++) {
      const from = (ids[row] as number) * size;
      target.set(source.subarray(from, from + size), row * size);
    }
    return out;
  }

  embedGradient(dy: Tensor2D, ids: Int32Array, vocabSize: number): Tensor2D {
    const size = dy.shape[1];
    const out = this.#allocate(vocabSize, size);
    const source = this.#view(dy);
    const target = this.#view(out).fill(0);
    for (let row = 0; row < ids.length; row++) {
      const to = (ids[row] as number) * size;
      const from = row * size;
      for (let i = 0; i < size; i++) target[to + i] = (target[to + i] as number) + (source[from + i] as number);
    }
    return out;
  }

  rmsNorm(x: Tensor2D, weight: Tensor1D, epsilon: number): Tensor2D {
    const [size] = weight.shape;
    const out = this.#allocate(...x.shape);
    const input = this.#view(x);
    const scale = this.#view(weight);
    const output = this.#view(out);
    for (let offset = 0; offset < x.size; offset += size) {
      const inverse = inverseRms(input, offset, size, epsilon);
      for (let i = 0; i < size; i++)
        output[offset + i] = (input[offset + i] as number) * inverse * (scale[i] as number);
    }
    return out;
  }

  rmsNormGradient(x: Tensor2D, weight: Tensor1D, epsilon: number, dy: Tensor2D) {
    const [size] = weight.shape;
    const dx = this.#allocate(...x.shape);
    const dWeight = this.#memory.allocate([size]) as Tensor1D;
    const input = this.#view(x);
    const scale = this.#view(weight);
    const upstream = this.#view(dy);
    const output = this.#view(dx);
    const weightSum = new Float64Array(size);
    for (let offset = 0; offset < x.size; offset += size) {
      const inverse = inverseRms(input, offset, size, epsilon);
      let dot = 0;
      for (let i = 0; i < size; i++) {
        const product = (upstream[offset + i] as number) * (input[offset + i] as number);
        dot += product * (scale[i] as number);
        weightSum[i] = (weightSum[i] as number) + product * inverse;
      }
      const shift = (dot * inverse * inverse * inverse) / size;
      for (let i = 0; i < size; i++)
        output[offset + i] =
          (upstream[offset + i] as number) * (scale[i] as number) * inverse - (input[offset + i] as number) * shift;
    }
    this.#view(dWeight).set(weightSum);
    return { dx, dWeight };
  }

  rotation(positions: Int32Array): Rotation {
    const half = this.#shape.headDim / 2;
    const cos = this.#allocate(positions.length, half);
    const sin = this.#allocate(positions.length, half);
    const cosines = this.#view(cos);
    const sines = this.#view(sin);
    for (let i = 0; i < half; i++) {
      const divisor = this.#divisors[i] as number;
      for (let row = 0; row < positions.length; row++) {
        const angle = (positions[row] as number) / divisor;
        cosines[row * half + i] = Math.cos(angle);
        sines[row * half + i] = Math.sin(angle);
      }
    }
    return { cos, sin };
  }

  rotate(x: Tensor2D, rotation: Rotation, direction: 1 | -1): Tensor2D {
    const [rows, width] = x.shape;
    const { headDim } = this.#shape;
    const half = headDim / 2;
    const out = this.#allocate(rows, width);
    const input = this.#view(x);
    const cosines = this.#view(rotation.cos);
    const sines = this.#view(rotation.sin);
    const output = this.#view(out);
    for (let row = 0; row < rows; row++) {
      for (let head = row * width; head < (row + 1) * width; head += headDim) {
        for (let i = 0; i < half; i++) {
          const cos = cosines[row * half + i] as number;
          const sin = (sines[row * half + i] as number) * direction;
          const a = input[head + i] as number;
          const b = input[head + half + i] as number;
          output[head + i] = a * cos - b * sin;
          output[head + half + i] = b * cos + a * sin;
        }
      }
    }
    return out;
  }

  attention(queries: Packing, keys: Packing): Attention {
    return new HostAttention(this.tf, this.#memory, this.#shape, queries, keys);
  }

  swiglu(gate: Tensor2D, up: Tensor2D): Tensor2D {
    const out = this.#allocate(gate.shape[0], gate.shape[1]);
    const gates = this.#view(gate);
    const ups = this.#view(up);
    const output = this.#view(out);
    for (let i = 0; i < output.length; i++) {
      const g = gates[i] as number;
      output[i] = (g / (1 + Math.exp(-g))) * (ups[i] as number);
    }
    return out;
  }

  swigluGradient(gate: Tensor2D, up: Tensor2D, dy: Tensor2D) {
    const dGate = this.#allocate(gate.shape[0], gate.shape[1]);
    const dUp = this.#allocate(gate.shape[0], gate.shape[1]);
    const gates = this.#view(gate);
    const ups = this.#view(up);
    const upstream = this.#view(dy);
    const gateOut = this.#view(dGate);
    const upOut = this.#view(dUp);
    for (let i = 0; i < gateOut.length; i++) {
      const g = gates[i] as number;
      const d = upstream[i] as number;
      const sigmoid = 1 / (1 + Math.exp(-g));
      upOut[i] = d * g * sigmoid;
      gateOut[i] = d * (ups[i] as number) * sigmoid * (1 + g * (1 - sigmoid));
    }
    return { dGate, dUp };
  }

  async statistics(logits: Tensor2D, targets: Int32Array, temperature: number): Promise<FlatStats> {
    const vocabSize = logits.shape[1];
    const stats = emptyStats(targets.length);
    const distribution = new Distribution(vocabSize);
    const values = this.#view(logits);
    for (let row = 0; row < targets.length; row++) {
      const offset = row * vocabSize;
      distribution.load(values, offset, temperature);
      distribution.describe(stats, row, (values[offset + (targets[row] as number)] as number) / temperature);
    }
    return stats;
  }

  statisticsGradient(
    logits: Tensor2D,
    targets: Int32Array,
    temperature: number,
    stats: FlatStats,
    dLogprob: Float32Array,
    dEntropy: Float32Array,
  ): Tensor2D {
    const [rows, vocabSize] = logits.shape;
    const out = this.#allocate(rows, vocabSize);
    const values = this.#view(logits);
    const output = this.#view(out);
    for (let row = 0; row < rows; row++)
      rowGradient(
        values,
        row * vocabSize,
        vocabSize,
        targets[row] as number,
        temperature,
        stats.logprob[row] as number,
        stats.entropy[row] as number,
        dLogprob[row] as number,
        dEntropy[row] as number,
        output,
      );
    return out;
  }

  cache(prompts: Packing, layers: number, capacity: number): KvCache {
    return new HostKvCache(this.#memory, this.#shape, prompts, layers, capacity);
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    return this.#view(tensor);
  }

  async squaredNorm(tensors: readonly Tensor[]): Promise<number> {
    let sum = 0;
    for (const tensor of tensors) for (const value of this.#view(tensor)) sum += value * value;
    return sum;
  }

  adamw(weight: Tensor, gradient: Tensor, m: Tensor, v: Tensor, s: AdamScalars) {
    const updated = this.#memory.allocate(weight.shape);
    const before = this.#view(weight);
    const gradients = this.#view(gradient);
    const first = this.#view(m);
    const second = this.#view(v);
    const after = this.#view(updated);
    const keep = 1 - s.learningRate * s.weightDecay;
    const stepSize = s.learningRate / s.correction1;
    const inverseRoot = 1 / Math.sqrt(s.correction2);
    for (let i = 0; i < after.length; i++) {
      const g = (gradients[i] as number) * s.gradientScale;
      const mean = s.beta1 * (first[i] as number) + (1 - s.beta1) * g;
      const square = s.beta2 * (second[i] as number) + (1 - s.beta2) * g * g;
      first[i] = mean;
      second[i] = square;
      after[i] = keep * (before[i] as number) - (stepSize * mean) / (Math.sqrt(square) * inverseRoot + s.epsilon);
    }
    return { weight: updated, m, v };
  }

  #allocate(rows: number, columns: number): Tensor2D {
    return this.#memory.allocate([rows, columns]) as Tensor2D;
  }

  #view(tensor: Tensor): Float32Array {
    return this.#memory.view(tensor);
  }
}

function inverseRms(x: Float32Array, offset: number, size: number, epsilon: number): number {
  let sum = 0;
  for (let i = offset; i < offset + size; i++) sum += (x[i] as number) * (x[i] as number);
  return 1 / Math.sqrt(sum / size + epsilon);
}
