/** A decoder in a machine's memory: its weights, its adapter, and the core's description of them. */
import { type Adapter, initialAdapter } from '../../model/adapter.ts';
import type { ModelConfig } from '../../model/config.ts';
import { EngineError, type Training } from '../engine.ts';
import type { OpenCore } from './core.ts';
import { type AdapterLayout, adapterLayoutOf, type Layout, type LowRank, layoutOf, type Matrix } from './layout.ts';
import type { Machine, Scope } from './machine.ts';
import { layerMatrices } from './tasks.ts';
import { WeightBuffer } from './weights.ts';

/** The weights of an adapter, and how they stand on the policy's. */
interface ModelAdapter {
  readonly adapter: Adapter;
  readonly layout: AdapterLayout;
  readonly weights: WeightBuffer;
}

/** Counts that the core knows about a model. */
export interface Measures {
  /** Floats of a row's activations in one layer, its input aside. */
  readonly activations: number;
  /** Floats of a row's factors of one layer's weight gradients. */
  readonly operands: number;
  /** Floats of one task's gradients of norms and biases. */
  readonly vectors: number;
  /** Floats of a position in a cache. */
  readonly cache: number;
}

export class Model {
  readonly machine: Machine;
  readonly config: ModelConfig;
  readonly layout: Layout;
  readonly recompute: boolean;
  /** Address of the core's words about this model. */
  readonly words: number;
  readonly measures: Measures;
  /** The policy's own weights; frozen under an adapter. */
  readonly base: WeightBuffer;
  readonly #adapter: ModelAdapter | null;
  #gradient = 0;
  #rotary = { start: 0, positions: 0 };
  #tables: Scope | null = null;

  private constructor(
    machine: Machine,
    config: ModelConfig,
    layout: Layout,
    base: WeightBuffer,
    adapter: ModelAdapter | null,
    recompute: boolean,
  ) {
    this.machine = machine;
    this.config = config;
    this.layout = layout;
    this.recompute = recompute;
    this.base = base;
    this.#adapter = adapter;
    this.words = machine.allocate(16 * 8);
    this.#describe();
    this.measures = this.#measure();
  }

  /** All weights are zero, an adapter's are initial. @throws EngineError, before anything is allocated, when it would not fit. */
  static create(machine: Machine, config: ModelConfig, training: Training): Model {
    checkFits(machine.core, config, training);
    const { panel } = machine.core;
    const layout = layoutOf(config, panel);
    const { adapter, frozenPrecision, recompute } = training;
    const adapterLayout = adapter && adapterLayoutOf(config, adapter, panel);
    const base = new WeightBuffer(machine, layout, frozenPrecision);
    base.set(null);
    if (!adapter || !adapterLayout) return new Model(machine, config, layout, base, null, recompute);
    const low = new WeightBuffer(machine, adapterLayout);
    low.set(initialAdapter(config, adapter));
    return new Model(machine, config, layout, base, { adapter, layout: adapterLayout, weights: low }, recompute);
  }

  /** A copy in the same machine of what may still change: all weights, or the adapter's alone. */
  freeze(): Model {
    const { machine, config, layout } = this;
    const adapter = this.#adapter && { ...this.#adapter, weights: this.#adapter.weights.copy() };
    const base = adapter ? this.base.retain() : this.base.copy();
    return new Model(machine, config, layout, base, adapter, this.recompute);
  }

  /** What training changes. */
  get trained(): WeightBuffer {
    return this.#adapter?.weights ?? this.base;
  }

  get adapter(): Adapter | null {
    return this.#adapter?.adapter ?? null;
  }

  /** The adapters that stand on the core's matrices of a layer; empty lists where all weights are trained. */
  adaptersOf(layer: number): Readonly<Record<(typeof layerMatrices)[number], readonly LowRank[]>> {
    return this.#adapter?.layout.layers[layer] ?? { qkv: [], out: [], gateUp: [], down: [] };
  }

  /** Address of the gradient of what is trained, zero at first. */
  get gradient(): number {
    if (this.#gradient === 0) {
      this.#gradient = this.machine.allocate(this.trained.space.size * 4);
      this.clearGradient();
      this.#describe();
    }
    return this.#gradient;
  }

  clearGradient(): void {
    if (this.#gradient > 0) this.machine.floats(this.#gradient, this.trained.space.size).fill(0);
  }

  /** The first weight that is not finite, for people; null where all are. */
  nonFinite(): string | null {
    return this.base.nonFinite() ?? this.#adapter?.weights.nonFinite() ?? null;
  }

  /** Tables of the rotary angles: cosines, then sines, [positions, headDim / 2] each. Padding is not rotated. */
  reachPosition(positions: number): void {
    if (positions <= this.#rotary.positions) return;
    const { machine, config, layout } = this;
    const reach = Math.min(config.maxPositions, Math.max(positions, 2 * this.#rotary.positions, 64));
    const half = layout.sizes.headDim / 2;
    const start = machine.allocate(2 * reach * half * 4);
    if (this.#rotary.positions > 0) machine.free(this.#rotary.start);
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
    this.#describe();
  }

  dispose(): void {
    const { machine } = this;
    this.base.release();
    this.#adapter?.weights.release();
    this.#tables?.free();
    machine.free(this.words);
    if (this.#gradient > 0) machine.free(this.#gradient);
    if (this.#rotary.positions > 0) machine.free(this.#rotary.start);
  }

  /** Write the core's words about this model, in the order of `Model` in model.h. */
  #describe(): void {
    const { config, layout, machine } = this;
    const { sizes } = layout;
    this.#tables?.free();
    this.#tables = machine.scope();
    const weights = this.#matrixTable(this.#tables);
    const vectors = this.#tables.words(this.#vectorTable());
    const { start: cosines, positions } = this.#rotary;
    machine
      .doubles(this.words, 16)
      .set([
        ...[sizes.hidden, config.heads, config.kvHeads, sizes.headDim, sizes.inter, sizes.vocab, config.layers],
        ...[config.vocabSize, 1 / config.hiddenSize, config.normEpsilon, 1 / Math.sqrt(config.headDim)],
        ...[this.#adapter?.layout.width ?? 0, cosines, cosines + positions * (sizes.headDim / 2) * 4, weights, vectors],
      ]);
  }

  /** 7 words a matrix: embedding, head, then layer by layer. */
  #matrixTable(tables: Scope): number {
    const { layout } = this;
    const words = (matrix: Matrix, adapters: number, count: number) => [
      ...this.base.matrixAt(matrix),
      this.#adapter ? 0 : this.#gradientAt(matrix.offset),
      ...[matrix.out, matrix.in, adapters, count],
    ];
    const all = [words(layout.embedding, 0, 0), words(layout.head, 0, 0)];
    for (const [l, { matrices }] of layout.layers.entries()) {
      let column = 0;
      for (const name of layerMatrices) {
        const adapters = this.adaptersOf(l)[name];
        const records = adapters.flatMap((adapter) => {
          const record = this.#adapterWords(adapter, column);
          column += adapter.a.out;
          return record;
        });
        all.push(words(matrices[name], records.length > 0 ? tables.words(records) : 0, adapters.length));
      }
    }
    return tables.words(all.flat());
  }

  #adapterWords({ a, b, first, scale }: LowRank, column: number): number[] {
    const weights = this.trained;
    return [
      ...[weights.matrixAt(a)[0], this.#gradientAt(a.offset), weights.matrixAt(b)[0], this.#gradientAt(b.offset)],
      ...[a.out, first, b.out, scale, column],
    ];
  }

  /** 2 words a vector: final norm, then layer by layer. */
  #vectorTable(): number[] {
    const words = (offset: number | null) =>
      offset === null ? [0, 0] : [this.base.vectorAt(offset), this.#adapter ? 0 : this.#gradientAt(offset)];
    const { finalNorm, layers } = this.layout;
    return [
      words(finalNorm),
      ...layers.flatMap((layer) => [words(layer.norm1), words(layer.norm2), words(layer.qkvBias)]),
    ].flat();
  }

  #gradientAt(offset: number): number {
    return this.#gradient === 0 ? 0 : this.#gradient + offset * 4;
  }

  #measure(): Measures {
    const scope = this.machine.scope();
    try {
      const out = scope.take(4 * 8);
      this.machine.core.measure(this.words, out);
      const [activations, operands, vectors, cache] = [...this.machine.doubles(out, 4)];
      return {
        activations: activations as number,
        operands: operands as number,
        vectors: vectors as number,
        cache: cache as number,
      };
    } finally {
      scope.free();
    }
  }
}

/** @throws EngineError when weights and optimizer do not fit a core's memory. Allocates nothing. */
function checkFits(
  { panel, maxBytes, name }: OpenCore,
  config: ModelConfig,
  { adapter, frozenPrecision }: Training,
): void {
  const layout = layoutOf(config, panel);
  const adapterLayout = adapter && adapterLayoutOf(config, adapter, panel);
  // Trained weights come with a gradient and two moments.
  const needed =
    (adapterLayout ? WeightBuffer.bytes(layout, frozenPrecision) : 0) + 16 * (adapterLayout ?? layout).size;
  if (needed > maxBytes)
    throw new EngineError(
      `training this policy needs ${gigabytes(needed)} and room for activations; ${name} can have ` +
        `${gigabytes(maxBytes)}: use an adapter, a smaller policy, or native kernels on a machine with more memory`,
    );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
