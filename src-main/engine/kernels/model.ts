/** A decoder in a machine's memory: its weights, their packed copies and the core's description of them. */
import type { ModelConfig } from '../../model/config.ts';
import type { Weights } from '../../model/weights.ts';
import { gather, type Layout, layoutOf, type Matrix, matricesOf, scatter } from './layout.ts';
import { floatWord, type Machine, type Task } from './machine.ts';
import { packBackward, packForward } from './tasks.ts';

const structWords = 29;
/** Weights of one packing task. */
const packElements = 1 << 17;

export class Model {
  readonly machine: Machine;
  readonly config: ModelConfig;
  readonly layout: Layout;
  /** Address of the core's `Model`. */
  readonly struct: number;
  readonly weights: number;
  readonly #forwardPack: number;
  /** Null until a backward pass is made. */
  #training: { readonly backwardPack: number; readonly gradient: number } | null = null;
  #rotary = { start: 0, positions: 0 };
  #packed = { forward: false, backward: false };

  constructor(machine: Machine, config: ModelConfig, fill: (weights: Float32Array) => void, layout = layoutOf(config)) {
    this.machine = machine;
    this.config = config;
    this.layout = layout;
    this.struct = machine.allocate(structWords * 4);
    this.weights = machine.allocate(layout.size * 4);
    this.#forwardPack = machine.allocate(layout.size * 4);
    fill(machine.floats(this.weights, layout.size));
    this.#describe();
  }

  static upload(machine: Machine, config: ModelConfig, weights: Weights): Model {
    const layout = layoutOf(config);
    return new Model(machine, config, (buffer) => scatter(layout, weights, buffer), layout);
  }

  /** A copy in the same machine, without what only training needs. */
  clone(): Model {
    const { machine, config, layout } = this;
    return new Model(machine, config, (buffer) => buffer.set(machine.floats(this.weights, layout.size)), layout);
  }

  /** Replace the weights. */
  upload(weights: Weights): void {
    scatter(this.layout, weights, this.machine.floats(this.weights, this.layout.size));
    this.changed();
  }

  download(): Weights {
    return gather(this.layout, this.machine.floats(this.weights, this.layout.size));
  }

  /** Address of the gradient, `layout.size` floats, zero at first. */
  get gradient(): number {
    return this.#allocateTraining().gradient;
  }

  clearGradient(): void {
    if (this.#training) this.machine.floats(this.#training.gradient, this.layout.size).fill(0);
  }

  /** The weights are no longer those that were packed. */
  changed(): void {
    this.#packed = { forward: false, backward: false };
  }

  /** Make ready for forward passes over at most `positions` positions, and for backward passes too. */
  async prepare(positions: number, backward: boolean): Promise<void> {
    this.#reachPosition(positions);
    if (backward) this.#allocateTraining();
    this.#describe();
    const tasks: Task[] = [];
    const { head, layers } = matricesOf(this.config, this.layout);
    const matrices = [head, ...layers.flatMap((layer) => Object.values(layer))];
    if (!this.#packed.forward) for (const matrix of matrices) tasks.push(...this.#forwardTasks(matrix));
    if (backward && !this.#packed.backward) for (const matrix of matrices) tasks.push(...this.#backwardTasks(matrix));
    this.#packed = { forward: true, backward: backward || this.#packed.backward };
    await this.machine.run(tasks);
  }

  dispose(): void {
    const { machine } = this;
    const training = this.#training ? [this.#training.backwardPack, this.#training.gradient] : [];
    for (const start of [this.struct, this.weights, this.#forwardPack, ...training]) machine.free(start);
    if (this.#rotary.positions > 0) machine.free(this.#rotary.start);
  }

  #allocateTraining(): { readonly backwardPack: number; readonly gradient: number } {
    if (!this.#training) {
      const bytes = this.layout.size * 4;
      this.#training = { backwardPack: this.machine.allocate(bytes), gradient: this.machine.allocate(bytes) };
      this.clearGradient();
    }
    return this.#training;
  }

  #forwardTasks({ offset, out, in: width }: Matrix): Task[] {
    return blocks(out, width).map(([first, end]) =>
      packForward(this.#forwardPack + offset * 4, this.weights + offset * 4, width, first, end),
    );
  }

  #backwardTasks({ offset, out, in: width }: Matrix): Task[] {
    const pack = this.#allocateTraining().backwardPack;
    return blocks(width, out).map(([first, end]) =>
      packBackward(pack + offset * 4, this.weights + offset * 4, out, width, first, end),
    );
  }

  /** Tables of the rotary angles: cosines, then sines, [positions, headDim / 2] each. Padding is not rotated. */
  #reachPosition(positions: number): void {
    if (positions <= this.#rotary.positions) return;
    const { machine, config, layout } = this;
    const reach = Math.min(config.maxPositions, Math.max(positions, 2 * this.#rotary.positions, 64));
    if (this.#rotary.positions > 0) machine.free(this.#rotary.start);
    const half = layout.headDim / 2;
    const start = machine.allocate(2 * reach * half * 4);
    const cosines = machine.floats(start, reach * half);
    const sines = machine.floats(start + reach * half * 4, reach * half);
    for (let position = 0; position < reach; position++)
      for (let i = 0; i < half; i++) {
        const rotates = i < config.headDim / 2;
        const angle = rotates ? position / config.ropeTheta ** ((2 * i) / config.headDim) : 0;
        cosines[position * half + i] = Math.cos(angle);
        sines[position * half + i] = Math.sin(angle);
      }
    this.#rotary = { start, positions: reach };
  }

  /** Write the core's `Model`, word for word as in model.h. */
  #describe(): void {
    const { config, layout } = this;
    const { inLayer } = layout;
    const cosines = this.#rotary.start;
    const sines = cosines + this.#rotary.positions * (layout.headDim / 2) * 4;
    this.machine
      .ints(this.struct, structWords)
      .set([
        ...[layout.hidden, config.heads, config.kvHeads, layout.headDim, layout.inter, layout.vocab, config.layers],
        ...[config.vocabSize, floatWord(1 / config.hiddenSize), floatWord(config.normEpsilon)],
        ...[floatWord(1 / Math.sqrt(config.headDim)), cosines, sines],
        ...[this.weights, this.#training?.gradient ?? 0, this.#forwardPack, this.#training?.backwardPack ?? 0],
        ...[layout.embedding, layout.head, layout.finalNorm, layout.firstLayer, layout.layerSize],
        ...[inLayer.norm1, inLayer.qkv, inLayer.qkvBias, inLayer.out, inLayer.norm2, inLayer.gateUp, inLayer.down],
      ]);
  }
}

/** Ranges of `count` panels' columns, each of about `packElements` elements of `depth` a column. */
function blocks(count: number, depth: number): [number, number][] {
  const columns = Math.max(8, Math.floor(packElements / depth / 8) * 8);
  return Array.from({ length: Math.ceil(count / columns) }, (_, i) => [
    i * columns,
    Math.min(count, (i + 1) * columns),
  ]);
}
