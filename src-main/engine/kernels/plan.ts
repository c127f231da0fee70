/**
 * What the kernels will hold: the blocks of an engine's life, taken from and given back to a heap without memory, in
 * the engine's own order and of the engine's own sizes. So its arena gets exactly as large as is said here.
 */
import { adapterShapes } from '../../model/adapter.ts';
import type { ModelConfig } from '../../model/config.ts';
import { largestPart } from '../../model/stored-tensor.ts';
import { weightShapes } from '../../model/weights.ts';
import type { Training } from '../engine.ts';
import { type Holding, Ledger, longest, type MemoryPlan, type Part, type Sequences, type Work } from '../memory.ts';
import {
  type BatchBlock,
  batchBytes,
  headShards,
  planPrompts,
  planScored,
  type Range,
  ranges,
  rowsOfTasks,
} from './batch.ts';
import type { CoreKind } from './core.ts';
import { decodingPlan, padded, prefixBytes, roundFloats } from './generation.ts';
import { Heap } from './heap.ts';
import { adapterLayoutOf, layoutOf, type Space } from './layout.ts';
import { defaultThreads, queue, stackBytes, taskCapacity } from './machine.ts';
import { layerVectors, modelBytes, rotaryTables, type Shape, tableWords } from './model.ts';
import { taskFloats } from './optimizer.ts';
import { Ruler } from './ruler.ts';
import { embeddingColumns, gradientOuts } from './scoring.ts';
import { rowsOfSlice, slicesOf } from './slices.ts';
import { layerMatrices, taskWords } from './tasks.ts';
import { WeightBuffer } from './weights.ts';

/** Blocks of a batch that have to do with queries and logits; the others are activations and their derivatives. */
const ofHead: ReadonlySet<string> = new Set<BatchBlock>([
  ...(['targets', 'queryRows', 'normed', 'scale', 'statistics', 'logSumExp'] as const),
  ...(['dLogprob', 'dEntropy', 'dNormed', 'activeQueries'] as const),
]);

export function planMemory(
  kind: CoreKind,
  config: ModelConfig,
  training: Training,
  work: Work,
  threads: number = defaultThreads(),
): MemoryPlan {
  const plan = new Plan(kind, config, training, threads);
  if (work.reference) plan.freeze();
  // Twice: what the first step leaves behind is in the way of the second.
  for (let step = 0; step < 2; step++) {
    for (const sequences of work.generated) plan.generate(sequences, work);
    if (work.scored) plan.score(work.scored, work);
    if (work.trained) plan.train(work.trained, work);
  }
  return plan.end();
}

/** Of the last policy that was planned for: its layout has as many entries as its matrices have rows. */
let last: { readonly key: string; readonly config: ModelConfig; readonly shape: Shape } | null = null;

function shapeOf(ruler: Ruler, config: ModelConfig, { adapter, recompute, microBatchTokens }: Training): Shape {
  const { core } = ruler;
  const key = JSON.stringify([core.name, adapter]);
  if (last?.config !== config || last.key !== key) {
    const layout = layoutOf(config, core.panel);
    const adapterLayout = adapter && adapterLayoutOf(config, adapter, core.panel);
    const measures = ruler.measure(config, layout, adapterLayout?.width ?? 0);
    last = { key, config, shape: { config, layout, adapterLayout, recompute, measures } };
  }
  return { ...last.shape, recompute, microBatchTokens };
}

/** The trained model, or a frozen copy of it. */
interface Tables {
  readonly isTrained: boolean;
  blocks: readonly number[];
  rotary: { start: number; positions: number };
}

class Plan {
  readonly #ruler: Ruler;
  readonly #threads: number;
  readonly #training: Training;
  readonly #shape: Shape;
  readonly #heap: Heap;
  readonly #ledger = new Ledger();
  readonly #blocks = new Map<number, { part: Part; bytes: number }>();
  readonly #model: Tables;
  #reference: Tables | null = null;
  #tasks = { start: 0, capacity: 0 };
  #scratch = { start: 0, floats: 0 };
  #hasGradient = false;

  /** A machine, a model and its optimizer, as they are when an engine is created. */
  constructor(kind: CoreKind, config: ModelConfig, training: Training, threads: number) {
    this.#ruler = Ruler.of(kind);
    this.#shape = shapeOf(this.#ruler, config, training);
    const { layout, adapterLayout } = this.#shape;
    this.#training = training;
    this.#threads = threads;
    this.#heap = new Heap(this.#ruler.core.start);
    this.#take('work', queue.bytes);
    for (let thread = 1; thread < threads; thread++) this.#take('work', stackBytes);
    this.#weights('weights', layout, training.frozenPrecision);
    if (adapterLayout) this.#weights('adapter', adapterLayout);
    this.#model = this.#describeNew(true);
    for (let moment = 0; moment < 2; moment++) this.#weights('moments', this.#trained);
  }

  freeze(): void {
    const { layout, adapterLayout } = this.#shape;
    if (adapterLayout) this.#weights('reference', adapterLayout);
    else this.#weights('reference', layout, this.#training.frozenPrecision);
    this.#reference = this.#describeNew(false);
  }

  generate(sequences: Sequences, work: Work): void {
    this.#ledger.enter('sampling');
    const prompts = longest(sequences, work).map(({ prompt }) => prompt);
    const sizes = prompts.map((prompt) => padded(prompt.length) * this.#shape.measures.cache);
    for (const [first, end] of ranges(sizes, roundFloats)) this.#round(prompts.slice(first, end), work);
  }

  /** By the reference where there is one; scoring by the policy takes the same. */
  score(sequences: Sequences, work: Work): void {
    this.#ledger.enter('scoring');
    const all = longest(sequences, work);
    const tables = this.#reference ?? this.#model;
    for (const [first, end] of slicesOf(this.#shape, all, false))
      this.#inScope((take) => void this.#batch(take, tables, planScored(all.slice(first, end)), false));
  }

  train(sequences: Sequences, work: Work): void {
    const { layout, measures, adapterLayout } = this.#shape;
    this.#ledger.enter('updating');
    if (!this.#hasGradient) {
      this.#hasGradient = true;
      this.#take('gradient', this.#trained.size * 4);
      this.#describe(this.#model);
    }
    const all = longest(sequences, work);
    for (const [first, end] of slicesOf(this.#shape, all, true))
      this.#inScope((take) => {
        const chunks = this.#batch(take, this.#model, planScored(all.slice(first, end)), true);
        if (!adapterLayout) take('activations', chunks * measures.vectors * 4);
        this.#post(headShards(this.#shape));
        const gradients = this.#gradientTasks();
        this.#post(chunks);
        this.#post(chunks + gradients);
        this.#post(gradients + (adapterLayout ? 0 : Math.ceil(layout.sizes.hidden / embeddingColumns) + 1));
      });
    const { matrixSize, size } = this.#trained;
    const blocks = Math.ceil(matrixSize / taskFloats) + Math.ceil((size - matrixSize) / taskFloats);
    this.#inScope((take) => {
      take('work', blocks * 8);
      this.#post(blocks);
    });
    this.#inScope((take) => void take('work', 6 * 8));
  }

  /** What was taken once stays with the process, so every phase holds the most that any has. */
  end(): MemoryPlan {
    const { config } = this.#shape;
    const { core } = this.#ruler;
    const { adapter } = this.#training;
    const most = this.#heap.most;
    const elements = (shapes: ReadonlyMap<string, readonly number[]>) =>
      [...shapes.values()].map((shape) => shape.reduce((a, b) => a * b, 1));
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const low = adapter ? sum(elements(adapterShapes(config, adapter))) : 0;
    const part = largestPart(weightShapes(config));
    const copies: Partial<Record<string, number>> = {
      // The rows that are on their way, as they are in the file and as numbers.
      loading: 8 * part,
      // Those of weights and of both moments; with an adapter, a copy of it, and the rows with it merged in.
      saving: adapter ? 8 * part + 4 * low : 12 * part,
    };
    this.#ledger.enter('saving');
    const phases = new Map(
      [...this.#ledger.peaks].map(([phase, holding]): [typeof phase, Holding] => {
        const used = Object.values(holding).reduce((a, b) => a + b, 0);
        // When a policy is loaded, nothing was used yet.
        const reserve = phase === 'loading' ? 0 : most - used;
        return [phase, { ...holding, reserve, ...(copies[phase] === undefined ? {} : { copies: copies[phase] }) }];
      }),
    );
    return { phases, largest: this.#ledger.largest, limit: { bytes: most, mostBytes: core.maxBytes, of: core.name } };
  }

  #round(prompts: readonly Int32Array[], { promptTokens, responseTokens }: Work): void {
    const shape = this.#shape;
    const positions = promptTokens + responseTokens;
    this.#inScope((take) => {
      this.#reach(this.#model, positions);
      const distinct = [...new Set(prompts)];
      for (const prompt of distinct) {
        const { cache, hidden } = prefixBytes(shape, prompt.length);
        take('cache', cache);
        take('work', hidden);
      }
      const lengths = distinct.map((prompt) => prompt.length);
      for (const [first, end] of ranges(lengths, rowsOfSlice(shape, false).most)) {
        const some = distinct.slice(first, end);
        const plan = planPrompts(
          some,
          some.map(() => 0),
        );
        this.#inScope((inner) => void this.#batch(inner, this.#model, plan, false));
      }
      const decoding = decodingPlan(shape, this.#threads, prompts.length, positions, responseTokens);
      for (const [block, bytes] of Object.entries(decoding.bytes)) take(block === 'cache' ? 'cache' : 'work', bytes);
      this.#reserveScratch(1, decoding.positions, decoding.slots);
      this.#post(decoding.batches);
    });
  }

  /** @returns How many tasks it is cut into. */
  #batch(
    take: (part: Part, bytes: number) => void,
    tables: Tables,
    { segments, units }: ReturnType<typeof planScored>,
    keep: boolean,
  ): number {
    const rowsOf = ([first, end]: Range) =>
      segments.slice(first, end).reduce((sum, { tokens }) => sum + tokens.length, 0);
    const sizes = units.map(rowsOf);
    const rows = sizes.reduce((a, b) => a + b, 0);
    const queries = segments.reduce((sum, { targets }) => sum + targets.length, 0);
    const counts = { segments: segments.length, units: units.length, rows, queries };
    const bytes = batchBytes(this.#shape, counts, keep);
    for (const [block, size] of Object.entries(bytes))
      if (size !== null) take(ofHead.has(block) ? 'head' : 'activations', size);
    const tasks = ranges(sizes, rowsOfTasks(rows));
    const rowsOfTask = Math.max(1, ...tasks.map(([a, b]) => sizes.slice(a, b).reduce((x, y) => x + y, 0)));
    const positions = segments.map(
      ({ tokens, prefix }) => tokens.length + (prefix === null ? 0 : (segments[prefix]?.tokens.length ?? 0)),
    );
    const reach = Math.max(1, ...positions);
    this.#reach(tables, reach);
    this.#reserveScratch(rowsOfTask, reach, 1);
    this.#post(tasks.length);
    return tasks.length;
  }

  get #trained(): Space {
    return this.#shape.adapterLayout ?? this.#shape.layout;
  }

  #weights(part: Part, space: Space, precision: Training['frozenPrecision'] = 'float32'): void {
    const { halves, floats } = WeightBuffer.bytes(space, precision);
    if (halves > 0) this.#take(part, halves);
    this.#take(part, floats);
  }

  #describeNew(isTrained: boolean): Tables {
    this.#take('work', modelBytes);
    const tables: Tables = { isTrained, blocks: [], rotary: { start: 0, positions: 0 } };
    this.#describe(tables);
    this.#free(this.#take('work', tableWords.measures * 8));
    return tables;
  }

  /** The core's tables about a model, in place of those that there were. */
  #describe(tables: Tables): void {
    const { layout, adapterLayout } = this.#shape;
    for (const block of tables.blocks) this.#free(block);
    const blocks: number[] = [];
    for (const layer of adapterLayout?.layers ?? [])
      for (const matrix of layerMatrices)
        if (layer[matrix].length > 0) blocks.push(this.#take('work', layer[matrix].length * tableWords.adapter * 8));
    blocks.push(this.#take('work', (2 + layerMatrices.length * layout.layers.length) * tableWords.matrix * 8));
    blocks.push(this.#take('work', (1 + layerVectors.length * layout.layers.length) * tableWords.vector * 8));
    tables.blocks = blocks;
  }

  #reach(tables: Tables, positions: number): void {
    const before = tables.rotary;
    if (positions <= before.positions) return;
    const { reach, bytes } = rotaryTables(this.#shape, positions, before.positions);
    tables.rotary = { start: this.#take('work', bytes), positions: reach };
    if (before.positions > 0) this.#free(before.start);
    this.#describe(tables);
  }

  #reserveScratch(rows: number, positions: number, slots: number): void {
    const { config, layout, adapterLayout } = this.#shape;
    const floats = this.#ruler.scratchFloats(config, layout, adapterLayout?.width ?? 0, { rows, positions, slots });
    if (floats <= this.#scratch.floats) return;
    if (this.#scratch.start > 0) this.#free(this.#scratch.start);
    this.#scratch = { start: this.#take('work', floats * 4 * this.#threads), floats };
  }

  #post(tasks: number): void {
    if (tasks <= this.#tasks.capacity) return;
    if (this.#tasks.start > 0) this.#free(this.#tasks.start);
    const capacity = taskCapacity(tasks);
    this.#tasks = { start: this.#take('work', capacity * taskWords * 8), capacity };
  }

  #gradientTasks(): number {
    const { layout, adapterLayout } = this.#shape;
    const adapters = adapterLayout?.layers[0];
    const matrices = layout.layers[0]?.matrices;
    return layerMatrices.reduce(
      (sum, name) => sum + (adapters ? adapters[name].length : Math.ceil((matrices?.[name].out ?? 0) / gradientOuts)),
      0,
    );
  }

  #inScope(body: (take: (part: Part, bytes: number) => void) => void): void {
    const blocks: number[] = [];
    body((part, bytes) => blocks.push(this.#take(part, bytes)));
    for (const block of blocks) this.#free(block);
  }

  #take(part: Part, bytes: number): number {
    const before = this.#heap.used;
    const start = this.#heap.allocate(bytes);
    const taken = this.#heap.used - before;
    this.#blocks.set(start, { part, bytes: taken });
    this.#ledger.add(part, taken);
    return start;
  }

  #free(start: number): void {
    const block = this.#blocks.get(start);
    if (block === undefined) return;
    this.#blocks.delete(start);
    this.#heap.free(start);
    this.#ledger.add(block.part, -block.bytes);
  }
}
