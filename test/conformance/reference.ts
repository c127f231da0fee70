/**
 * An independent float64 decoder: one token, one head, one number at a time. Slow and plain on purpose; engines are
 * measured against it and share no code with it but the names of the tensors.
 */
import type { Scored } from '../../src-main/engine/engine.ts';
import type { ModelConfig } from '../../src-main/model/config.ts';

/** Weights in float64, by name, row-major [out, in]. */
export type ReferenceWeights = Map<string, Float64Array>;

export interface ReferenceStats {
  readonly logprob: number[];
  readonly entropy: number[];
  readonly klUniform: number[];
  readonly top1: number[];
  readonly top2: number[];
}

/**
 * Weights of a policy with an adapter: W + (alpha / rank) B A for every matrix that has an A and a B.
 * @param adapter By PEFT's names without their prefix: `<matrix>.lora_A.weight` [rank, in], `<matrix>.lora_B.weight` [out, rank].
 */
export function effectiveWeights(
  weights: ReferenceWeights,
  adapter: ReferenceWeights,
  { rank, alpha }: { readonly rank: number; readonly alpha: number },
): ReferenceWeights {
  return new Map(
    [...weights].map(([name, matrix]) => {
      const a = adapter.get(name.replace(/weight$/, 'lora_A.weight'));
      const b = adapter.get(name.replace(/weight$/, 'lora_B.weight'));
      if (!a || !b) return [name, matrix];
      const width = a.length / rank;
      const added = (out: number, i: number) => {
        let total = 0;
        for (let r = 0; r < rank; r++) total += (b[out * rank + r] as number) * (a[r * width + i] as number);
        return (alpha / rank) * total;
      };
      return [name, matrix.map((value, index) => value + added(Math.floor(index / width), index % width))];
    }),
  );
}

/** Statistics of each response token of one sequence. */
export function referenceStats(
  config: ModelConfig,
  weights: ReferenceWeights,
  { prompt, response }: Scored,
  temperature: number,
): ReferenceStats {
  const logits = referenceLogits(config, weights, [...prompt, ...response]);
  const stats: ReferenceStats = { logprob: [], entropy: [], klUniform: [], top1: [], top2: [] };
  for (const [i, token] of response.entries()) {
    const z = (logits[prompt.length - 1 + i] as number[]).map((value) => value / temperature);
    const p = softmax(z);
    const ranked = [...p].sort((a, b) => b - a);
    stats.logprob.push(Math.log(p[token] as number));
    stats.entropy.push(-sum(p.map((value) => (value > 0 ? value * Math.log(value) : 0))));
    // KL(U || p) by its definition, not by the engines' logsumexp form.
    stats.klUniform.push(sum(p.map((value) => Math.log(1 / p.length / value) / p.length)));
    stats.top1.push(ranked[0] as number);
    stats.top2.push(ranked[1] as number);
  }
  return stats;
}

/** softmax(logits / temperature) of the token after `tokens`. [V] */
export function referenceNext(
  config: ModelConfig,
  weights: ReferenceWeights,
  tokens: readonly number[],
  temperature: number,
): number[] {
  const logits = referenceLogits(config, weights, tokens).at(-1) as number[];
  return softmax(logits.map((value) => value / temperature));
}

/** Logits after each token. [T][V] */
export function referenceLogits(config: ModelConfig, weights: ReferenceWeights, tokens: readonly number[]): number[][] {
  const { hiddenSize, heads, kvHeads, headDim, layers, vocabSize } = config;
  const get = (name: string): Float64Array => {
    const values = weights.get(name);
    if (!values) throw new Error(`reference has no weight ${name}`);
    return values;
  };
  const embedding = get('model.embed_tokens.weight');
  let x = tokens.map((token) => [...embedding.subarray(token * hiddenSize, (token + 1) * hiddenSize)]);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    const normed = x.map((row) => norm(row, get(`${prefix}.input_layernorm.weight`), config.normEpsilon));
    const project = (row: number[], which: string) => {
      const y = multiply(get(`${prefix}.self_attn.${which}_proj.weight`), row);
      if (!config.qkvBias) return y;
      const bias = get(`${prefix}.self_attn.${which}_proj.bias`);
      return y.map((value, i) => value + (bias[i] as number));
    };
    const place = (row: number[], which: string, position: number) =>
      rotateHeads(
        config.qkNorm ? normHeads(row, get(`${prefix}.self_attn.${which}_norm.weight`), config) : row,
        position,
        config,
      );
    const q = normed.map((row, t) => place(project(row, 'q'), 'q', t));
    const k = normed.map((row, t) => place(project(row, 'k'), 'k', t));
    const v = normed.map((row) => project(row, 'v'));
    x = x.map((row, t) => {
      const attended: number[] = [];
      for (let head = 0; head < heads; head++) {
        const kv = Math.floor(head / (heads / kvHeads));
        const query = slice(q[t] as number[], head, headDim);
        const scores = k.slice(0, t + 1).map((key) => dot(query, slice(key, kv, headDim)) / Math.sqrt(headDim));
        const p = softmax(scores);
        for (let i = 0; i < headDim; i++)
          attended.push(sum(p.map((value, s) => value * ((v[s] as number[])[kv * headDim + i] as number))));
      }
      const middle = add(row, multiply(get(`${prefix}.self_attn.o_proj.weight`), attended));
      const input = norm(middle, get(`${prefix}.post_attention_layernorm.weight`), config.normEpsilon);
      const up = multiply(get(`${prefix}.mlp.up_proj.weight`), input);
      const gated = multiply(get(`${prefix}.mlp.gate_proj.weight`), input).map(
        (gate, i) => (gate / (1 + Math.exp(-gate))) * (up[i] as number),
      );
      return add(middle, multiply(get(`${prefix}.mlp.down_proj.weight`), gated));
    });
  }
  const head = get(config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight');
  const logits = x.map((row) => multiply(head, norm(row, get('model.norm.weight'), config.normEpsilon)));
  if (logits[0]?.length !== vocabSize) throw new Error(`reference head gives ${logits[0]?.length} logits`);
  return logits;
}

/** Rotary positions: dimension i is paired with i + headDim / 2 (the Hugging Face convention). */
function rotateHeads(row: number[], position: number, config: ModelConfig): number[] {
  const { headDim } = config;
  return row.map((value, index) => {
    const i = index % headDim;
    const half = headDim / 2;
    const angle = position * frequencyOf(i % half, config);
    const partner = row[i < half ? index + half : index - half] as number;
    return value * Math.cos(angle) + (i < half ? -partner : partner) * Math.sin(angle);
  });
}

/** Radians per position of a pair; Llama 3's scaling by its three ranges of wavelengths. */
function frequencyOf(pair: number, { headDim, ropeTheta, ropeScaling }: ModelConfig): number {
  const plain = 1 / ropeTheta ** ((2 * pair) / headDim);
  if (!ropeScaling) return plain;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = ropeScaling;
  const wavelength = (2 * Math.PI) / plain;
  if (wavelength < originalPositions / high) return plain;
  if (wavelength > originalPositions / low) return plain / factor;
  const smooth = (originalPositions / wavelength - low) / (high - low);
  return (1 - smooth) * (plain / factor) + smooth * plain;
}

function norm(row: number[], weight: Float64Array, epsilon: number): number[] {
  const rms = Math.sqrt(dot(row, row) / row.length + epsilon);
  return row.map((value, i) => (value / rms) * (weight[i] as number));
}

/** Each head by its own root mean square, and all of them by one weight. */
function normHeads(row: number[], weight: Float64Array, { headDim, normEpsilon }: ModelConfig): number[] {
  return Array.from({ length: row.length / headDim }, (_, head) =>
    norm(slice(row, head, headDim), weight, normEpsilon),
  ).flat();
}

function multiply(matrix: Float64Array, row: number[]): number[] {
  const out = new Array<number>(matrix.length / row.length);
  for (let o = 0; o < out.length; o++) {
    let total = 0;
    for (let i = 0; i < row.length; i++) total += (matrix[o * row.length + i] as number) * (row[i] as number);
    out[o] = total;
  }
  return out;
}

function softmax(z: number[]): number[] {
  const max = Math.max(...z);
  const e = z.map((value) => Math.exp(value - max));
  const total = sum(e);
  return e.map((value) => value / total);
}

const slice = (row: number[], head: number, headDim: number) => row.slice(head * headDim, (head + 1) * headDim);
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const dot = (a: number[], b: number[]) => sum(a.map((value, i) => value * (b[i] as number)));
const add = (a: number[], b: number[]) => a.map((value, i) => value + (b[i] as number));
