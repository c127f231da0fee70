/**
 * Where each tensor lies in the core's buffers, and the copies between there and Hugging Face tensors. The core pads
 * every dimension to whole panels with zeros, which training keeps zero, joins q/k/v and gate/up, and keeps a matrix
 * [out, in] in panels of `panel` outputs, [in, panel] each. Matrices come first, then the vectors.
 */
import { type Adapter, adapterScale } from '../../model/adapter.ts';
import type { ModelConfig } from '../../model/config.ts';
import { rowsAtATime } from '../../model/stored-tensor.ts';
import { weightShapes } from '../../model/weights.ts';
import type { layerMatrices } from './tasks.ts';

/** Padded sizes. */
export interface Sizes {
  readonly panel: number;
  readonly hidden: number;
  readonly headDim: number;
  readonly inter: number;
  readonly vocab: number;
  readonly queryDim: number;
  readonly keyDim: number;
  readonly qkvDim: number;
}

/** A matrix in panels. */
export interface Matrix {
  /** In elements from the start of the buffer. */
  readonly offset: number;
  readonly out: number;
  readonly in: number;
}

/** A tensor's element (row, column) is that of a matrix at `rows[row]`, `columns[column]`; of a vector where there is no matrix. */
interface Place {
  readonly shape: readonly number[];
  readonly matrix: Matrix | null;
  /** Of a vector. */
  readonly offset: number;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/** A buffer's tensors. */
export interface Space {
  readonly panel: number;
  /** Elements of all matrices, which come first. */
  readonly matrixSize: number;
  /** Elements in all. */
  readonly size: number;
  readonly tensors: ReadonlyMap<string, Place>;
}

export type LayerMatrix = (typeof layerMatrices)[number];

export interface Layout extends Space {
  readonly sizes: Sizes;
  readonly embedding: Matrix;
  /** The embedding where they are tied. */
  readonly head: Matrix;
  readonly finalNorm: number;
  readonly layers: readonly {
    readonly matrices: Readonly<Record<LayerMatrix, Matrix>>;
    readonly norm1: number;
    readonly norm2: number;
    /** Each null where there is none. */
    readonly qkvBias: number | null;
    readonly queryNorm: number | null;
    readonly keyNorm: number | null;
  }[];
}

/** An adapter of one of the core's matrices, whose outputs `first .. first + b.out - 1` it adds to. */
export interface LowRank {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly first: number;
  readonly scale: number;
}

export interface AdapterLayout extends Space {
  /** Padded ranks of a layer's adapters together. */
  readonly width: number;
  readonly layers: readonly Readonly<Record<LayerMatrix, readonly LowRank[]>>[];
}

const straight = (length: number) => Int32Array.from({ length }, (_, i) => i);

function sizesOf(config: ModelConfig, panel: number): Sizes {
  const pad = (n: number) => Math.ceil(n / panel) * panel;
  const headDim = pad(config.headDim);
  const queryDim = config.heads * headDim;
  const keyDim = config.kvHeads * headDim;
  return {
    panel,
    hidden: pad(config.hiddenSize),
    headDim,
    inter: pad(config.intermediateSize),
    vocab: pad(config.vocabSize),
    queryDim,
    keyDim,
    qkvDim: queryDim + 2 * keyDim,
  };
}

/** Where real positions lie among padded ones: of heads, and of the plain dimensions. */
function indices(config: ModelConfig, { headDim }: Sizes) {
  const half = config.headDim / 2;
  // Halves of a head are rotated against each other, so each half is padded for itself.
  const headed = (heads: number) =>
    Int32Array.from({ length: heads * config.headDim }, (_, i) => {
      const within = i % config.headDim;
      return Math.floor(i / config.headDim) * headDim + within + (within < half ? 0 : headDim / 2 - half);
    });
  return {
    head: headed(1),
    queries: headed(config.heads),
    keys: headed(config.kvHeads),
    hidden: straight(config.hiddenSize),
    inter: straight(config.intermediateSize),
    vocab: straight(config.vocabSize),
  };
}

/** Each projection of a layer: the core's matrix, the first of its outputs there, and where its real rows (`placed`: in the matrix) and columns lie. */
function projections(config: ModelConfig, sizes: Sizes) {
  const { queries, keys, hidden, inter } = indices(config, sizes);
  const { queryDim, keyDim } = sizes;
  // Made once for all layers: a policy may have many.
  const of = (matrix: LayerMatrix, first: number, rows: Int32Array, columns: Int32Array) => ({
    ...{ matrix, first, rows, columns, placed: first === 0 ? rows : rows.map((row) => row + first) },
  });
  return new Map([
    ['self_attn.q_proj', of('qkv', 0, queries, hidden)],
    ['self_attn.k_proj', of('qkv', queryDim, keys, hidden)],
    ['self_attn.v_proj', of('qkv', queryDim + keyDim, keys, hidden)],
    ['self_attn.o_proj', of('out', 0, hidden, queries)],
    ['mlp.gate_proj', of('gateUp', 0, inter, hidden)],
    ['mlp.up_proj', of('gateUp', sizes.inter, inter, hidden)],
    ['mlp.down_proj', of('down', 0, hidden, inter)],
  ]);
}

export function layoutOf(config: ModelConfig, panel: number): Layout {
  const sizes = sizesOf(config, panel);
  const { hidden, inter, vocab, queryDim, qkvDim } = sizes;
  let size = 0;
  const matrix = (out: number, width: number): Matrix => {
    size += out * width;
    return { offset: size - out * width, out, in: width };
  };
  const vector = (length: number) => {
    size += length;
    return size - length;
  };
  const embedding = matrix(vocab, hidden);
  const head = config.tiedEmbeddings ? embedding : matrix(vocab, hidden);
  const layerIds = Array.from({ length: config.layers }, (_, l) => l);
  const matrices = layerIds.map(() => ({
    qkv: matrix(qkvDim, hidden),
    out: matrix(hidden, queryDim),
    gateUp: matrix(2 * inter, hidden),
    down: matrix(hidden, inter),
  }));
  const matrixSize = size;
  const finalNorm = vector(hidden);
  const layers = layerIds.map((l) => ({
    matrices: matrices[l] as Record<LayerMatrix, Matrix>,
    norm1: vector(hidden),
    norm2: vector(hidden),
    qkvBias: config.qkvBias ? vector(qkvDim) : null,
    queryNorm: config.qkNorm ? vector(sizes.headDim) : null,
    keyNorm: config.qkNorm ? vector(sizes.headDim) : null,
  }));

  const at = indices(config, sizes);
  const parts = projections(config, sizes);
  const only = straight(1);
  const onVector = (offset: number, columns: Int32Array) => ({ matrix: null, offset, rows: only, columns });
  const place = (name: string): Omit<Place, 'shape'> => {
    if (name === 'model.embed_tokens.weight' || name === 'lm_head.weight') {
      const table = name === 'lm_head.weight' ? head : embedding;
      return { matrix: table, offset: 0, rows: at.vocab, columns: at.hidden };
    }
    if (name === 'model.norm.weight') return onVector(finalNorm, at.hidden);
    const [, l, part = '', kind] = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name) ?? [];
    const layer = layers[Number(l)];
    const projection = parts.get(part);
    if (layer && projection && kind === 'weight') {
      const { matrix, placed, columns } = projection;
      return { matrix: layer.matrices[matrix], offset: 0, rows: placed, columns };
    }
    if (layer && projection && layer.qkvBias !== null) return onVector(layer.qkvBias, projection.placed);
    if (layer?.queryNorm != null && part === 'self_attn.q_norm') return onVector(layer.queryNorm, at.head);
    if (layer?.keyNorm != null && part === 'self_attn.k_norm') return onVector(layer.keyNorm, at.head);
    if (layer && part === 'input_layernorm') return onVector(layer.norm1, at.hidden);
    if (layer && part === 'post_attention_layernorm') return onVector(layer.norm2, at.hidden);
    throw new Error(`weight ${name} has no place in the kernels' layout`);
  };
  const tensors = new Map([...weightShapes(config)].map(([name, shape]) => [name, { shape, ...place(name) }]));
  return { panel, sizes, embedding, head, finalNorm, layers, matrixSize, size, tensors };
}

export function adapterLayoutOf(config: ModelConfig, adapter: Adapter, panel: number): AdapterLayout {
  const sizes = sizesOf(config, panel);
  const parts = projections(config, sizes);
  const rank = Math.ceil(adapter.rank / panel) * panel;
  const tensors = new Map<string, Place>();
  let size = 0;
  const matrix = (out: number, width: number): Matrix => {
    size += out * width;
    return { offset: size - out * width, out, in: width };
  };
  const wide = { qkv: sizes.hidden, out: sizes.queryDim, gateUp: sizes.hidden, down: sizes.inter };
  const outs: Record<string, number> = {
    q_proj: sizes.queryDim,
    k_proj: sizes.keyDim,
    v_proj: sizes.keyDim,
    o_proj: sizes.hidden,
    gate_proj: sizes.inter,
    up_proj: sizes.inter,
    down_proj: sizes.hidden,
  };
  let width = 0;
  const layers = Array.from({ length: config.layers }, (_, l) => {
    const found: Record<LayerMatrix, LowRank[]> = { qkv: [], out: [], gateUp: [], down: [] };
    width = 0;
    for (const [part, { matrix: joined, first, rows, columns }] of parts) {
      const target = part.slice(part.indexOf('.') + 1);
      if (!adapter.targets.some((wanted) => wanted === target)) continue;
      const a = matrix(rank, wide[joined]);
      const b = matrix(outs[target] as number, rank);
      const ranks = straight(adapter.rank);
      const name = `model.layers.${l}.${part}`;
      tensors.set(`${name}.lora_A.weight`, {
        shape: [adapter.rank, columns.length],
        matrix: a,
        offset: 0,
        rows: ranks,
        columns,
      });
      tensors.set(`${name}.lora_B.weight`, {
        shape: [rows.length, adapter.rank],
        matrix: b,
        offset: 0,
        rows,
        columns: ranks,
      });
      found[joined].push({ a, b, first, scale: adapterScale(adapter) });
      width += rank;
    }
    return found;
  });
  return { panel, matrixSize: size, size, tensors, width, layers };
}

/** Calls `visit(index in the tensor, index in the buffer)` for every element of rows `first .. end - 1`. */
export function walk(
  panel: number,
  place: Place,
  visit: (i: number, at: number) => void,
  first = 0,
  end = place.rows.length,
): void {
  const { matrix, offset, rows, columns } = place;
  let i = first * columns.length;
  for (const row of rows.subarray(first, end)) {
    // In a panel, an output's elements lie `panel` apart.
    const start = matrix ? matrix.offset + Math.floor(row / panel) * matrix.in * panel + (row % panel) : offset;
    const stride = matrix ? panel : 1;
    for (const column of columns) visit(i++, start + column * stride);
  }
}

/** Hand over the elements of whole rows of a tensor with their places in the buffer. @param first Index of the first row. */
export function scatter(
  space: Space,
  name: string,
  data: Float32Array,
  first: number,
  write: (at: number, value: number) => void,
): void {
  const place = placeOf(space, name);
  const width = place.columns.length;
  const from = first * width;
  walk(space.panel, place, (i, at) => write(at, data[i - from] as number), first, first + data.length / width);
}

/**
 * The elements of a tensor, at most so many rows at a time; the inverse of `scatter`.
 * @param room Where a part of so many elements goes; the next one goes there, too.
 */
export function* gather(
  space: Space,
  name: string,
  read: (at: number) => number,
  room: (length: number) => Float32Array,
  mostRows?: number,
): Generator<Float32Array, void, void> {
  const place = placeOf(space, name);
  const [count, width] = [place.rows.length, place.columns.length];
  const most = mostRows ?? rowsAtATime(width);
  const data = room(Math.min(count, most) * width);
  for (let first = 0; first < count; first += most) {
    const end = Math.min(count, first + most);
    const visit = (i: number, at: number) => {
      data[i - first * width] = read(at);
    };
    walk(space.panel, place, visit, first, end);
    yield data.subarray(0, (end - first) * width);
  }
}

function placeOf(space: Space, name: string): Place {
  const place = space.tensors.get(name);
  if (!place) throw new Error(`tensor ${name} has no place in the kernels' layout`);
  return place;
}
