/**
 * Forward and backward pass of a Llama/Qwen-style decoder over packed rows, on any backend. The derivative is written
 * out, so that the objective may be asked, asynchronously, between forward and backward. Owns no weights.
 */
import type { ModelConfig } from '../../model/config.ts';
import { embed, embedGradient } from './embedding.ts';
import type { Gradients } from './gradients.ts';
import type { Tensor1D, Tensor2D } from './library.ts';
import { linear, linearGradient } from './linear.ts';
import type { Attention, KvCache, Ops, Rotation } from './ops.ts';
import type { PackedBatch } from './packing.ts';
import type { WeightSet } from './weight.ts';

/** What the backward pass of one layer needs. Rows: N keys, Nq queries (fewer than N in the last layer only). */
interface LayerState {
  readonly [name: string]: Tensor2D | undefined;
  readonly input: Tensor2D;
  readonly normed: Tensor2D;
  /** Rows of `normed` that are queries. [Nq, H] */
  readonly normedQueries: Tensor2D;
  /** Queries and keys before their norm, where they have one. */
  readonly plainQuery?: Tensor2D;
  readonly plainKey?: Tensor2D;
  readonly query: Tensor2D;
  readonly key: Tensor2D;
  readonly value: Tensor2D;
  readonly attended: Tensor2D;
  readonly middle: Tensor2D;
  readonly middleNormed: Tensor2D;
  readonly gate: Tensor2D;
  readonly up: Tensor2D;
  readonly gated: Tensor2D;
}

interface LayerInput {
  readonly input: Tensor2D;
}

export interface ForwardState {
  readonly batch: PackedBatch;
  /** The whole of each layer, or its input alone where the rest is made again. */
  readonly layers: readonly (LayerState | LayerInput)[];
  /** Output of the last layer before the final norm. [R, H] */
  readonly last: Tensor2D;
  readonly attentions: readonly Attention[];
  readonly rotations: readonly RotationPair[];
}

interface RotationPair {
  readonly queries: Rotation;
  readonly keys: Rotation;
}

export class Transformer {
  readonly config: ModelConfig;
  readonly ops: Ops;
  readonly #recompute: boolean;

  /** @param recompute Keep of each layer only its input for the backward pass, and make the rest again there. */
  constructor(config: ModelConfig, ops: Ops, recompute: boolean) {
    this.config = config;
    this.ops = ops;
    this.#recompute = recompute;
  }

  /** Name of the tensor that holds the output head. */
  get headName(): string {
    return this.config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
  }

  /** Logits of normed hidden rows. [R, H] -> [R, V] */
  logits(weights: WeightSet, hidden: Tensor2D): Tensor2D {
    return linear(this.ops, weights, this.headName, hidden);
  }

  /** Normed hidden rows of the queries, [R, H], keeping nothing else. With a cache, it takes over keys and values. */
  hidden(weights: WeightSet, batch: PackedBatch, cache?: KvCache): Tensor2D {
    return this.ops.tf.tidy(() => {
      const { attentions, rotations } = this.#plan(batch);
      let x = this.#embed(weights, batch.tokens);
      for (let layer = 0; layer < this.config.layers; layer++) {
        const before = x;
        x = this.ops.tf.tidy(() => {
          const attend = (q: Tensor2D, k: Tensor2D, v: Tensor2D) => {
            cache?.fill(layer, k, v);
            return (attentions[layer] as Attention).forward(q, k, v);
          };
          const rows = this.#queryRows(layer, batch);
          return this.#layer(weights, layer, before, rows, rotations[layer] as RotationPair, attend).output;
        });
        before.dispose();
      }
      return this.#finalNorm(weights, x);
    });
  }

  /** One new token for every sequence of a cache, at its position. -> normed hidden rows [B, H] */
  step(weights: WeightSet, tokens: Int32Array, positions: Int32Array, cache: KvCache): Tensor2D {
    return this.ops.tf.tidy(() => {
      const rotation = this.ops.rotation(positions);
      const pair = { queries: rotation, keys: rotation };
      let x = this.#embed(weights, tokens);
      for (let layer = 0; layer < this.config.layers; layer++)
        x = this.#layer(weights, layer, x, null, pair, (q, k, v) => cache.attend(layer, q, k, v)).output;
      return this.#finalNorm(weights, x);
    });
  }

  /** Like `hidden`, keeping what `backward` needs until the caller's memory scope ends. */
  forward(weights: WeightSet, batch: PackedBatch): { hidden: Tensor2D; state: ForwardState } {
    const plan = { batch, ...this.#plan(batch) };
    const layers: (LayerState | LayerInput)[] = [];
    let x = this.#embed(weights, batch.tokens);
    for (let layer = 0; layer < this.config.layers; layer++) {
      const input = x;
      const { output, state } = this.ops.tf.tidy(() => {
        const made = this.#plannedLayer(weights, layer, input, plan);
        return this.#recompute ? { output: made.output, state: { input } } : made;
      });
      layers.push(state);
      x = output;
    }
    return { hidden: this.#finalNorm(weights, x), state: { ...plan, layers, last: x } };
  }

  /** Add the derivatives of what is trained below the head, given that by the normed hidden rows. [R, H] */
  backward(weights: WeightSet, state: ForwardState, dHidden: Tensor2D, gradients: Gradients): void {
    const { ops, config } = this;
    let dx = ops.tf.tidy(() => this.#normGradient(weights, 'model.norm.weight', state.last, dHidden, gradients));
    for (let layer = config.layers - 1; layer >= 0; layer--) {
      const upstream = dx;
      dx = ops.tf.tidy(() => this.#layerBackward(weights, layer, state, upstream, gradients));
      upstream.dispose();
      for (const tensor of Object.values(state.layers[layer] as LayerState | LayerInput)) tensor?.dispose();
    }
    ops.tf.tidy(() => embedGradient(ops, weights, 'model.embed_tokens.weight', dx, state.batch.tokens, gradients));
    dx.dispose();
  }

  #embed(weights: WeightSet, tokens: Int32Array): Tensor2D {
    return embed(this.ops, weights, 'model.embed_tokens.weight', tokens);
  }

  #finalNorm(weights: WeightSet, x: Tensor2D): Tensor2D {
    return this.ops.rmsNorm(x, weights.get('model.norm.weight').value as Tensor1D, this.config.normEpsilon);
  }

  /** Attention and rotary angles of each layer: the last one has fewer queries. */
  #plan(batch: PackedBatch): { attentions: Attention[]; rotations: RotationPair[] } {
    const { ops, config } = this;
    const all = ops.rotation(batch.positions);
    const full = { attention: ops.attention(batch.keys, batch.keys), rotation: { queries: all, keys: all } };
    const queryPositions = batch.queryRows.map((row) => batch.positions[row] as number);
    const last = {
      attention: ops.attention(batch.queries, batch.keys),
      rotation: { queries: ops.rotation(queryPositions), keys: all },
    };
    const plans = Array.from({ length: config.layers }, (_, layer) => (layer === config.layers - 1 ? last : full));
    return { attentions: plans.map((plan) => plan.attention), rotations: plans.map((plan) => plan.rotation) };
  }

  /** Rows that the layer has to compute, or null for all. */
  #queryRows(layer: number, batch: PackedBatch): Int32Array | null {
    return layer === this.config.layers - 1 ? batch.queryRows : null;
  }

  /** One layer as it was planned, and all that its backward pass needs. */
  #plannedLayer(
    weights: WeightSet,
    layer: number,
    input: Tensor2D,
    { batch, attentions, rotations }: Pick<ForwardState, 'batch' | 'attentions' | 'rotations'>,
  ): { output: Tensor2D; state: LayerState } {
    const attention = attentions[layer] as Attention;
    const attend = (q: Tensor2D, k: Tensor2D, v: Tensor2D) => attention.forward(q, k, v);
    const rows = this.#queryRows(layer, batch);
    return this.#layer(weights, layer, input, rows, rotations[layer] as RotationPair, attend);
  }

  #layer(
    weights: WeightSet,
    layer: number,
    input: Tensor2D,
    queryRows: Int32Array | null,
    rotation: RotationPair,
    attend: (q: Tensor2D, k: Tensor2D, v: Tensor2D) => Tensor2D,
  ): { output: Tensor2D; state: LayerState } {
    const { ops, config } = this;
    const name = layerNames(layer);
    const norm = (x: Tensor2D, which: string) =>
      ops.rmsNorm(x, weights.get(which).value as Tensor1D, config.normEpsilon);
    const project = (x: Tensor2D, which: string) => {
      const y = linear(ops, weights, `${which}.weight`, x);
      return config.qkvBias ? (ops.tf.add(y, weights.get(`${which}.bias`).value) as Tensor2D) : y;
    };
    const normed = norm(input, name.inputNorm);
    const normedQueries = queryRows ? ops.embed(normed, queryRows) : normed;
    const residual = queryRows ? ops.embed(input, queryRows) : input;
    const heads = (x: Tensor2D, which: string) => (config.qkNorm ? norm(x, which) : x);
    const plainQuery = project(normedQueries, name.q);
    const plainKey = project(normed, name.k);
    const query = ops.rotate(heads(plainQuery, name.queryNorm), rotation.queries, 1);
    const key = ops.rotate(heads(plainKey, name.keyNorm), rotation.keys, 1);
    const value = project(normed, name.v);
    const attended = attend(query, key, value);
    const middle = ops.tf.add(residual, linear(ops, weights, name.o, attended)) as Tensor2D;
    const middleNormed = norm(middle, name.middleNorm);
    const gate = linear(ops, weights, name.gate, middleNormed);
    const up = linear(ops, weights, name.up, middleNormed);
    const gated = ops.swiglu(gate, up);
    const output = ops.tf.add(middle, linear(ops, weights, name.down, gated)) as Tensor2D;
    const plain = config.qkNorm ? { plainQuery, plainKey } : {};
    const attention = { normed, normedQueries, ...plain, query, key, value, attended };
    return { output, state: { input, ...attention, middle, middleNormed, gate, up, gated } };
  }

  #layerBackward(
    weights: WeightSet,
    layer: number,
    forward: ForwardState,
    dOutput: Tensor2D,
    gradients: Gradients,
  ): Tensor2D {
    const { ops, config } = this;
    const { tf } = ops;
    const name = layerNames(layer);
    const { batch } = forward;
    const kept = forward.layers[layer] as LayerState | LayerInput;
    const state = isWhole(kept) ? kept : this.#plannedLayer(weights, layer, kept.input, forward).state;
    const rotation = forward.rotations[layer] as RotationPair;
    const queryRows = this.#queryRows(layer, batch);
    /** Adds the gradient of what is trained of the map, and returns the derivative by its input. */
    const back = (which: string, dy: Tensor2D, x: Tensor2D) => linearGradient(ops, weights, which, dy, x, gradients);
    const project = (which: string, dy: Tensor2D, x: Tensor2D): Tensor2D => {
      const bias = `${which}.bias`;
      if (config.qkvBias && weights.isTrained(bias)) gradients.add(bias, tf.sum(dy, 0));
      return back(`${which}.weight`, dy, x);
    };
    const norm = (which: string, x: Tensor2D, dy: Tensor2D) => this.#normGradient(weights, which, x, dy, gradients);
    const spread = (x: Tensor2D) => (queryRows ? this.#spreadRows(x, queryRows, batch.keys.rows) : x);

    const dGated = back(name.down, dOutput, state.gated);
    const { dGate, dUp } = ops.swigluGradient(state.gate, state.up, dGated);
    const dMiddleNormed = tf.add(
      back(name.gate, dGate, state.middleNormed),
      back(name.up, dUp, state.middleNormed),
    ) as Tensor2D;
    const dMiddle = tf.add(dOutput, norm(name.middleNorm, state.middle, dMiddleNormed)) as Tensor2D;
    const dAttended = back(name.o, dMiddle, state.attended);
    const attention = forward.attentions[layer] as Attention;
    const { dq, dk, dv } = attention.backward(state.query, state.key, state.value, dAttended);
    const heads = (which: string, x: Tensor2D | undefined, dy: Tensor2D) => (x ? norm(which, x, dy) : dy);
    const dQuery = heads(name.queryNorm, state.plainQuery, ops.rotate(dq, rotation.queries, -1));
    const dKey = heads(name.keyNorm, state.plainKey, ops.rotate(dk, rotation.keys, -1));
    const dNormedQueries = project(name.q, dQuery, state.normedQueries);
    const dNormed = tf.addN([
      spread(dNormedQueries),
      project(name.k, dKey, state.normed),
      project(name.v, dv, state.normed),
    ]) as Tensor2D;
    return tf.add(spread(dMiddle), norm(name.inputNorm, state.input, dNormed)) as Tensor2D;
  }

  /** Adds the gradient of a norm's weight where it is trained, and returns the derivative by its input. */
  #normGradient(weights: WeightSet, name: string, x: Tensor2D, dy: Tensor2D, gradients: Gradients): Tensor2D {
    const weight = weights.get(name).value as Tensor1D;
    const { dx, dWeight } = this.ops.rmsNormGradient(x, weight, this.config.normEpsilon, dy);
    if (weights.isTrained(name)) gradients.add(name, dWeight);
    return dx;
  }

  /** Rows of x at `rows` of an otherwise zero matrix: the derivative of picking them. */
  #spreadRows(x: Tensor2D, rows: Int32Array, count: number): Tensor2D {
    const { tf } = this.ops;
    const source = new Int32Array(count).fill(rows.length);
    for (let i = 0; i < rows.length; i++) source[rows[i] as number] = i;
    return this.ops.embed(tf.concat([x, tf.zeros([1, x.shape[1]])]) as Tensor2D, source);
  }
}

function isWhole(kept: LayerState | LayerInput): kept is LayerState {
  return 'normed' in kept;
}

function layerNames(layer: number) {
  const prefix = `model.layers.${layer}`;
  return {
    inputNorm: `${prefix}.input_layernorm.weight`,
    q: `${prefix}.self_attn.q_proj`,
    k: `${prefix}.self_attn.k_proj`,
    v: `${prefix}.self_attn.v_proj`,
    queryNorm: `${prefix}.self_attn.q_norm.weight`,
    keyNorm: `${prefix}.self_attn.k_norm.weight`,
    o: `${prefix}.self_attn.o_proj.weight`,
    middleNorm: `${prefix}.post_attention_layernorm.weight`,
    gate: `${prefix}.mlp.gate_proj.weight`,
    up: `${prefix}.mlp.up_proj.weight`,
    down: `${prefix}.mlp.down_proj.weight`,
  };
}
