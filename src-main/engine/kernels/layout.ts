/**
 * Where each weight lies in the core's buffers, and the copies between there and Hugging Face tensors. The core pads
 * every dimension to a multiple of 8 with zeros, which training keeps zero, and joins q/k/v and gate/up.
 */
import type { ModelConfig } from '../../model/config.ts';
import type { Tensor } from '../../model/safetensors.ts';
import { isDecayed, type Weights, weightShapes } from '../../model/weights.ts';

const pad = (n: number) => Math.ceil(n / 8) * 8;

/** Padded sizes and offsets; offsets are in floats. */
export interface Layout {
  readonly hidden: number;
  readonly headDim: number;
  readonly inter: number;
  readonly vocab: number;
  readonly queryDim: number;
  readonly keyDim: number;
  readonly qkvDim: number;
  readonly embedding: number;
  /** The embedding's where they are tied. */
  readonly head: number;
  readonly finalNorm: number;
  readonly firstLayer: number;
  readonly layerSize: number;
  /** From the start of a layer. `qkvBias` is -1 where there is none. */
  readonly inLayer: {
    readonly norm1: number;
    readonly qkv: number;
    readonly qkvBias: number;
    readonly out: number;
    readonly norm2: number;
    readonly gateUp: number;
    readonly down: number;
  };
  /** Floats in all. */
  readonly size: number;
  readonly tensors: ReadonlyMap<string, Place>;
}

/** A tensor's element (row, column) lies at `offset + rows[row] * stride + columns[column]`. */
interface Place {
  readonly shape: readonly number[];
  readonly offset: number;
  readonly stride: number;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/** A matrix that the core multiplies by. [out, in], padded */
export interface Matrix {
  readonly offset: number;
  readonly out: number;
  readonly in: number;
}

export function layoutOf(config: ModelConfig): Layout {
  const hidden = pad(config.hiddenSize);
  // Halves are rotated against each other, so each half is padded for itself.
  const headDim = 2 * Math.ceil(config.headDim / 8) * 4;
  const inter = pad(config.intermediateSize);
  const vocab = pad(config.vocabSize);
  const queryDim = config.heads * headDim;
  const keyDim = config.kvHeads * headDim;
  const qkvDim = queryDim + 2 * keyDim;
  let size = 0;
  const take = (floats: number) => {
    size += floats;
    return size - floats;
  };
  const inLayer = {
    norm1: take(hidden),
    qkv: take(qkvDim * hidden),
    qkvBias: config.qkvBias ? take(qkvDim) : -1,
    out: take(hidden * queryDim),
    norm2: take(hidden),
    gateUp: take(2 * inter * hidden),
    down: take(hidden * inter),
  };
  const layerSize = size;
  size = 0;
  const embedding = take(vocab * hidden);
  const firstLayer = take(config.layers * layerSize);
  const finalNorm = take(hidden);
  const head = config.tiedEmbeddings ? embedding : take(vocab * hidden);
  const sizes = { hidden, headDim, inter, vocab, queryDim, keyDim, qkvDim };
  const layout = { ...sizes, embedding, head, finalNorm, firstLayer, layerSize, inLayer, size };
  return { ...layout, tensors: places(config, layout) };
}

function places(config: ModelConfig, layout: Omit<Layout, 'tensors'>): Map<string, Place> {
  const { hidden, headDim, inter, queryDim, keyDim, inLayer } = layout;
  const half = config.headDim / 2;
  const headed = (heads: number) =>
    Int32Array.from({ length: heads * config.headDim }, (_, i) => {
      const within = i % config.headDim;
      return Math.floor(i / config.headDim) * headDim + within + (within < half ? 0 : headDim / 2 - half);
    });
  const straight = (length: number) => Int32Array.from({ length }, (_, i) => i);
  const across = straight(config.hiddenSize);
  const one = straight(1);
  const queries = headed(config.heads);
  const keys = headed(config.kvHeads);
  const wide = straight(config.intermediateSize);

  const place = (name: string): Omit<Place, 'shape'> => {
    if (name === 'model.embed_tokens.weight' || name === 'lm_head.weight') {
      const offset = name === 'lm_head.weight' ? layout.head : layout.embedding;
      return { offset, stride: hidden, rows: straight(config.vocabSize), columns: across };
    }
    if (name === 'model.norm.weight') return { offset: layout.finalNorm, stride: 0, rows: one, columns: across };
    const [, layer, part] = /^model\.layers\.(\d+)\.(.+)$/.exec(name) ?? [];
    const start = layout.firstLayer + Number(layer) * layout.layerSize;
    const qkv = (from: number, rows: Int32Array) => ({
      offset: start + inLayer.qkv + from * hidden,
      stride: hidden,
      rows,
      columns: across,
    });
    const bias = (from: number, columns: Int32Array) => ({
      offset: start + inLayer.qkvBias + from,
      stride: 0,
      rows: one,
      columns,
    });
    switch (part) {
      case 'input_layernorm.weight':
        return { offset: start + inLayer.norm1, stride: 0, rows: one, columns: across };
      case 'post_attention_layernorm.weight':
        return { offset: start + inLayer.norm2, stride: 0, rows: one, columns: across };
      case 'self_attn.q_proj.weight':
        return qkv(0, queries);
      case 'self_attn.k_proj.weight':
        return qkv(queryDim, keys);
      case 'self_attn.v_proj.weight':
        return qkv(queryDim + keyDim, keys);
      case 'self_attn.q_proj.bias':
        return bias(0, queries);
      case 'self_attn.k_proj.bias':
        return bias(queryDim, keys);
      case 'self_attn.v_proj.bias':
        return bias(queryDim + keyDim, keys);
      case 'self_attn.o_proj.weight':
        return { offset: start + inLayer.out, stride: queryDim, rows: across, columns: queries };
      case 'mlp.gate_proj.weight':
        return { offset: start + inLayer.gateUp, stride: hidden, rows: wide, columns: across };
      case 'mlp.up_proj.weight':
        return { offset: start + inLayer.gateUp + inter * hidden, stride: hidden, rows: wide, columns: across };
      case 'mlp.down_proj.weight':
        return { offset: start + inLayer.down, stride: inter, rows: across, columns: wide };
      default:
        throw new Error(`weight ${name} has no place in the kernels' layout`);
    }
  };
  return new Map([...weightShapes(config)].map(([name, shape]) => [name, { shape, ...place(name) }]));
}

/** Copy tensors into a buffer of `layout.size` floats; the padding, or all of it where there are none, becomes zero. */
export function scatter(layout: Layout, tensors: ReadonlyMap<string, Tensor> | null, buffer: Float32Array): void {
  buffer.fill(0);
  if (tensors === null) return;
  for (const [name, { offset, stride, rows, columns }] of layout.tensors) {
    const { data } = tensors.get(name) as Tensor;
    let i = 0;
    for (const row of rows) for (const column of columns) buffer[offset + row * stride + column] = data[i++] as number;
  }
}

/** The inverse of `scatter`. */
export function gather(layout: Layout, buffer: Float32Array): Weights {
  const tensors: Weights = new Map();
  for (const [name, { shape, offset, stride, rows, columns }] of layout.tensors) {
    const data = new Float32Array(rows.length * columns.length);
    let i = 0;
    for (const row of rows) for (const column of columns) data[i++] = buffer[offset + row * stride + column] as number;
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** All matrices: the embedding (or the head), then each layer's. */
export function matricesOf(
  config: ModelConfig,
  layout: Layout,
): { head: Matrix; layers: Record<MatrixName, Matrix>[] } {
  const { hidden, inter, queryDim, qkvDim, inLayer, firstLayer, layerSize } = layout;
  return {
    head: { offset: layout.head, out: layout.vocab, in: hidden },
    layers: Array.from({ length: config.layers }, (_, layer) => {
      const start = firstLayer + layer * layerSize;
      return {
        qkv: { offset: start + inLayer.qkv, out: qkvDim, in: hidden },
        out: { offset: start + inLayer.out, out: hidden, in: queryDim },
        gateUp: { offset: start + inLayer.gateUp, out: 2 * inter, in: hidden },
        down: { offset: start + inLayer.down, out: hidden, in: inter },
      };
    }),
  };
}

export type MatrixName = 'qkv' | 'out' | 'gateUp' | 'down';

/** Stretches of the buffer with and without weight decay, in order, covering all of it. */
export function decayRanges(layout: Layout): { start: number; end: number; decays: boolean }[] {
  const starts = [...layout.tensors.values()]
    .map(({ shape, offset }) => ({ start: offset, decays: isDecayed(shape) }))
    .sort((a, b) => a.start - b.start);
  return starts.map(({ start, decays }, i) => ({ start, end: starts[i + 1]?.start ?? layout.size, decays }));
}
