/** A decoder in a machine's memory: its weights, its adapter, and the core's description of them. */
import { type Adapter, initialAdapter } from '../../model/adapter.ts';
import type { ModelConfig } from '../../model/config.ts';
import { rotaryDivisors } from '../../model/rotary.ts';
import { OutOfMemoryError, type Training } from '../engine.ts';
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

/** What the size of everything that a model needs follows from. */
export interface Shape {
  readonly config: ModelConfig;
  readonly layout: Layout;
  /** Null where all weights are trained. */
  readonly adapterLayout: AdapterLayout | null;
  readonly recompute: boolean;
  /** As for `Training`. */
  readonly microBatchTokens?: number | undefined;
  readonly measures: Measures;
}

/** Bytes of the core's words about a model. */
export const modelBytes = 18 * 8;
/** Words of a record in the core's tables, and of what `measure` answers. */
export const tableWords = { matrix: 7, adapter: 9, vector: 2, measures: 4 };
/** The vectors of a layer, in the core's order. */
export const layerVectors = ['norm1', 'norm2', 'qkvBias', 'queryNorm', 'keyNorm'] as const;

/** The core's words about a model, in the order of `Model` in model.h. @param tables Addresses of cosines, sines, matrices and vectors. */
export function modelWords(
  config: ModelConfig,
  { sizes }: Layout,
  adapterWidth: number,
  tables: readonly [number, number, number, number],
): number[] {
  return [
    ...[sizes.hidden, config.heads, config.kvHeads, sizes.headDim, sizes.inter, sizes.vocab, config.layers],
    ...[config.vocabSize, 1 / config.hiddenSize, config.normEpsilon, 1 / Math.sqrt(config.headDim)],
    ...[adapterWidth, ...tables, 1 / config.headDim, config.qkNorm ? 1 : 0],
  ];
}

/** What `measure` has written, by name. */
export function measuresOf(words: Float64Array): Measures {
  const [activations = 0, operands = 0, vectors = 0, cache = 0] = words;
  return { activations, operands, vectors, cache };
}

/** Positions that tables of angles reach when `positions` are needed, and what they take. */
export function rotaryTables({ config, layout }: Pick<Shape, 'config' | 'layout'>, positions: number, known: number) {
  const reach = Math.min(config.maxPositions, Math.max(positions, 2 * known, 64));
  return { reach, bytes: reach * layout.sizes.headDim * 4 };
}

export class Model implements Shape {
  readonly machine: Machine;
  readonly config: ModelConfig;
  readonly layout: Layout;
  readonly recompute: boolean;
  readonly microBatchTokens: number | undefined;
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
    { recompute, microBatchTokens }: Pick<Training, 'recompute' | 'microBatchTokens'>,
  ) {
    this.machine = machine;
    this.config = config;
    this.layout = layout;
    this.recompute = recompute;
    this.microBatchTokens = microBatchTokens;
    this.base = base;
    this.#adapter = adapter;
    this.words = machine.allocate(modelBytes);
    this.#describe();
    this.measures = this.#measure();
  }

  /** All weights are zero, an adapter's are initial. @throws EngineError, before anything is allocated, when it would not fit. */
  static create(machine: Machine, config: ModelConfig, training: Training): Model {
    checkFits(machine.core, config, training);
    const { panel } = machine.core;
    const layout = layoutOf(config, panel);
    const { adapter, frozenPrecision } = training;
    const adapterLayout = adapter && adapterLayoutOf(config, adapter, panel);
    const base = new WeightBuffer(machine, layout, frozenPrecision);
    base.set(null);
    if (!adapter || !adapterLayout) return new Model(machine, config, layout, base, null, training);
    const low = new WeightBuffer(machine, adapterLayout);
    low.set(initialAdapter(config, adapter));
    return new Model(machine, config, layout, base, { adapter, layout: adapterLayout, weights: low }, training);
  }

  /** A copy in the same machine of what may still change: all weights, or the adapter's alone. */
  freeze(): Model {
    const { machine, config, layout } = this;
    const adapter = this.#adapter && { ...this.#adapter, weights: this.#adapter.weights.copy() };
    const base = adapter ? this.base.retain() : this.base.copy();
    const { recompute, microBatchTokens } = this;
    const held = { recompute, ...(microBatchTokens === undefined ? {} : { microBatchTokens }) };
    return new Model(machine, config, layout, base, adapter, held);
  }

  /** What training changes. */
  get trained(): WeightBuffer {
    return this.#adapter?.weights ?? this.base;
  }

  get adapterLayout(): AdapterLayout | null {
    return this.#adapter?.layout ?? null;
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
    const { reach, bytes } = rotaryTables(this, positions, this.#rotary.positions);
    const half = layout.sizes.headDim / 2;
    const start = machine.allocate(bytes);
    if (this.#rotary.positions > 0) machine.free(this.#rotary.start);
    const cosines = machine.floats(start, reach * half);
    const sines = machine.floats(start + reach * half * 4, reach * half);
    const divisors = rotaryDivisors(config);
    for (let position = 0; position < reach; position++)
      for (let i = 0; i < half; i++) {
        const angle = position / (divisors[i] ?? Number.POSITIVE_INFINITY);
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

  /** Write the core's words about this model. */
  #describe(): void {
    const { config, layout, machine } = this;
    this.#tables?.free();
    this.#tables = machine.scope();
    const weights = this.#matrixTable(this.#tables);
    const vectors = this.#tables.words(this.#vectorTable());
    const { start: cosines, positions } = this.#rotary;
    const sines = cosines + positions * (layout.sizes.headDim / 2) * 4;
    machine
      .doubles(this.words, modelBytes / 8)
      .set(modelWords(config, layout, this.#adapter?.layout.width ?? 0, [cosines, sines, weights, vectors]));
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
    return [words(finalNorm), ...layers.flatMap((layer) => layerVectors.map((name) => words(layer[name])))].flat();
  }

  #gradientAt(offset: number): number {
    return this.#gradient === 0 ? 0 : this.#gradient + offset * 4;
  }

  #measure(): Measures {
    const scope = this.machine.scope();
    try {
      const out = scope.take(tableWords.measures * 8);
      this.machine.core.measure(this.words, out);
      return measuresOf(this.machine.doubles(out, tableWords.measures));
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
  const { halves, floats } = WeightBuffer.bytes(layout, frozenPrecision);
  const needed = (adapterLayout ? halves + floats : 0) + 16 * (adapterLayout ?? layout).size;
  if (needed > maxBytes)
    throw new OutOfMemoryError(
      `training this policy needs ${gigabytes(needed)} and room for activations; ${name} can have ` +
        `${gigabytes(maxBytes)}: use an adapter, a smaller policy, or native kernels on a machine with more memory`,
    );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
