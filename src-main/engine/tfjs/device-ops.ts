/**
 * Operations composed of library calls, for backends whose tensors live elsewhere (tensorflow, webgpu): nothing but
 * statistics, norms and logits of generated tokens is read back.
 */
import { DeviceAttention } from './device-attention.ts';
import { DeviceKvCache } from './device-cache.ts';
import { sumById } from './device-sum.ts';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tf } from './library.ts';
import type { AdamScalars, Attention, HeadShape, KvCache, Ops, Rotation } from './ops.ts';
import type { Packing } from './packing.ts';
import type { FlatStats } from './statistics.ts';
import type { Weight } from './weight.ts';

export class DeviceOps implements Ops {
  readonly tf: Tf;
  readonly #shape: HeadShape;
  readonly #divisors: Float64Array;
  readonly mostFloats: number;

  constructor(tf: Tf, shape: HeadShape, divisors: Float64Array, mostFloats = Number.POSITIVE_INFINITY) {
    this.tf = tf;
    this.mostFloats = mostFloats;
    this.#shape = shape;
    this.#divisors = divisors;
  }

  linear(x: Tensor2D, weight: Weight): Tensor2D {
    return this.tf.matMul(x, weight.value as Tensor2D, false, true);
  }

  linearWeightGradient(dy: Tensor2D, x: Tensor2D): Tensor2D {
    return this.tf.matMul(dy, x, true, false);
  }

  embed(table: Tensor2D, ids: Int32Array): Tensor2D {
    return this.tf.tidy(() => this.tf.gather(table, this.tf.tensor1d(ids, 'int32')));
  }

  embedGradient(dy: Tensor2D, ids: Int32Array, vocabSize: number): Tensor2D {
    return this.tf.tidy(() => sumById(this, dy, ids, vocabSize));
  }

  rmsNorm(x: Tensor2D, weight: Tensor1D, epsilon: number): Tensor2D {
    return this.tf.tidy(() => {
      const stretches = inStretches(x, weight);
      return stretches.mul(this.#inverseRms(stretches, epsilon)).mul(weight).reshape<Tensor2D>(x.shape);
    });
  }

  rmsNormGradient(x: Tensor2D, weight: Tensor1D, epsilon: number, dy: Tensor2D) {
    return this.tf.tidy(() => {
      const inverse = this.#inverseRms(inStretches(x, weight), epsilon);
      const normed = inStretches(x, weight).mul(inverse);
      const upstream = inStretches(dy, weight);
      const scaled = upstream.mul(weight);
      const along = normed.mul(scaled.mul(normed).mean(1, true));
      const dx = scaled.sub(along).mul(inverse).reshape<Tensor2D>(x.shape);
      return { dx, dWeight: upstream.mul(normed).sum<Tensor1D>(0) };
    });
  }

  rotation(positions: Int32Array): Rotation {
    const half = this.#shape.headDim / 2;
    const shape: [number, number] = [positions.length, half];
    const angle = (index: number) =>
      (positions[Math.floor(index / half)] as number) / (this.#divisors[index % half] as number);
    const indices = Float32Array.from({ length: positions.length * half }, (_, index) => index);
    return {
      cos: this.tf.tensor2d(
        indices.map((index) => Math.cos(angle(index))),
        shape,
      ),
      sin: this.tf.tensor2d(
        indices.map((index) => Math.sin(angle(index))),
        shape,
      ),
    };
  }

  rotate(x: Tensor2D, rotation: Rotation, direction: 1 | -1): Tensor2D {
    const { tf } = this;
    const { headDim } = this.#shape;
    const half = headDim / 2;
    return tf.tidy(() => {
      const [rows, width] = x.shape;
      const heads = x.reshape<Tensor3D>([rows, width / headDim, headDim]);
      const first = heads.slice([0, 0, 0], [-1, -1, half]);
      const second = heads.slice([0, 0, half], [-1, -1, half]);
      const cos = rotation.cos.expandDims(1);
      const sin = rotation.sin.expandDims(1).mul(direction);
      const turned = tf.concat([first.mul(cos).sub(second.mul(sin)), second.mul(cos).add(first.mul(sin))], 2);
      return turned.reshape<Tensor2D>([rows, width]);
    });
  }

  attention(queries: Packing, keys: Packing): Attention {
    return new DeviceAttention(this.tf, this.#shape, queries, keys);
  }

  swiglu(gate: Tensor2D, up: Tensor2D): Tensor2D {
    return this.tf.tidy(() => gate.mul(gate.sigmoid()).mul<Tensor2D>(up));
  }

  swigluGradient(gate: Tensor2D, up: Tensor2D, dy: Tensor2D) {
    return this.tf.tidy(() => {
      const sigmoid = gate.sigmoid();
      const silu = gate.mul(sigmoid);
      // silu' = sigmoid (1 + gate (1 - sigmoid)) = sigmoid + silu - silu sigmoid
      const slope = sigmoid.add(silu).sub(silu.mul(sigmoid));
      return { dGate: dy.mul(up).mul<Tensor2D>(slope), dUp: dy.mul<Tensor2D>(silu) };
    });
  }

  async statistics(logits: Tensor2D, targets: Int32Array, temperature: number): Promise<FlatStats> {
    const { tf } = this;
    const vocabSize = logits.shape[1];
    const table = tf.tidy(() => {
      const { z, logSumExp, p } = this.#softmax(logits, temperature);
      const target = z.mul(this.#oneHot(targets, vocabSize)).sum(1, true);
      const top1 = p.max(1, true);
      // The first of the largest is taken away, once: of two equal ones the other stays. A sort (topk) takes many passes.
      const top2 = p.sub(tf.oneHot(p.argMax(1), vocabSize, 2, 0, 'float32')).max(1, true);
      return tf.concat(
        [
          tf.minimum(target.sub(logSumExp), 0),
          tf.maximum(logSumExp.sub(p.mul(z).sum(1, true)), 0),
          tf.maximum(logSumExp.sub(z.mean(1, true)).sub(Math.log(vocabSize)), 0),
          top1,
          top2,
        ],
        1,
      );
    });
    const values = await this.read(table);
    table.dispose();
    const column = (index: number) => Float32Array.from(targets, (_, row) => values[row * 5 + index] as number);
    return { logprob: column(0), entropy: column(1), klUniform: column(2), top1: column(3), top2: column(4) };
  }

  statisticsGradient(
    logits: Tensor2D,
    targets: Int32Array,
    temperature: number,
    stats: FlatStats,
    dLogprob: Float32Array,
    dEntropy: Float32Array,
  ): Tensor2D {
    const { tf } = this;
    return tf.tidy(() => {
      const { z, logSumExp, p } = this.#softmax(logits, temperature);
      const column = (values: Float32Array) => tf.tensor2d(values, [values.length, 1]);
      const byLogprob = this.#oneHot(targets, logits.shape[1]).sub(p).mul(column(dLogprob));
      const byEntropy = p.mul(z.sub(logSumExp).add(column(stats.entropy))).mul(column(dEntropy));
      return byLogprob.sub(byEntropy).div<Tensor2D>(temperature);
    });
  }

  cache(prompts: Packing, layers: number): KvCache {
    return new DeviceKvCache(this.tf, this.#shape, prompts, layers);
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    return tensor.data<'float32'>();
  }

  async squaredNorm(tensors: readonly Tensor[]): Promise<number> {
    if (tensors.length === 0) return 0;
    const sums = this.tf.tidy(() => this.tf.stack(tensors.map((tensor) => tensor.square().sum())));
    const values = await this.read(sums);
    sums.dispose();
    return values.reduce((total, value) => total + value, 0);
  }

  adamw(weight: Tensor, gradient: Tensor, m: Tensor, v: Tensor, s: AdamScalars) {
    const g = gradient.mul(s.gradientScale);
    const mean = m.mul(s.beta1).add(g.mul(1 - s.beta1));
    const square = v.mul(s.beta2).add(g.square().mul(1 - s.beta2));
    const denominator = square.sqrt().div(Math.sqrt(s.correction2)).add(s.epsilon);
    const step = mean.mul(s.learningRate / s.correction1).div(denominator);
    return { weight: weight.mul(1 - s.learningRate * s.weightDecay).sub(step), m: mean, v: square };
  }

  /** [N, 1] */
  #inverseRms(x: Tensor2D, epsilon: number): Tensor {
    return x.square().mean(1, true).add(epsilon).rsqrt();
  }

  #oneHot(targets: Int32Array, vocabSize: number): Tensor {
    return this.tf.oneHot(this.tf.tensor1d(targets, 'int32'), vocabSize, 1, 0, 'float32');
  }

  /** z is shifted so that its largest value is 0: differences of large logits would lose digits. */
  #softmax(logits: Tensor2D, temperature: number) {
    const scaled = logits.div(temperature);
    const z = scaled.sub(scaled.max(1, true));
    const logSumExp = z.exp().sum(1, true).log();
    return { z, logSumExp, p: z.sub(logSumExp).exp() };
  }
}

/** The rows of x cut into rows of the weight's length, which are mostly whole ones. */
function inStretches(x: Tensor2D, { size }: Tensor1D): Tensor2D {
  return x.shape[1] === size ? x : x.reshape<Tensor2D>([-1, size]);
}
