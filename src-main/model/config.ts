/**
 * Shape of a Llama, Mistral, Qwen2 or Qwen3 decoder, read from and written to a Hugging Face `config.json`. What such a file may
 * ask for and the engines do not compute is refused by name: a policy is never silently another one.
 */
import { z } from 'zod';
import { firstIssue, parseJson } from './json.ts';

export interface ModelConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Key/value heads; divides `heads`. */
  readonly kvHeads: number;
  /** Size of one head; heads together may be wider or narrower than `hiddenSize`. Even. */
  readonly headDim: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  /** Longest sequence (prompt + response) in tokens. */
  readonly maxPositions: number;
  /** Bias on the q, k and v projections (Qwen2: yes, Llama: no). */
  readonly qkvBias: boolean;
  /** An RMS norm with weights of its own on each head of q and of k, before the rotation (Qwen3: yes). */
  readonly qkNorm: boolean;
  /** The output head is the transposed embedding. */
  readonly tiedEmbeddings: boolean;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number;
  /** Further tokens that end a response. */
  readonly otherEosTokenIds?: readonly number[];
  /** Absent: positions are rotated by `ropeTheta` alone. */
  readonly ropeScaling?: Llama3Scaling;
}

/** How Llama 3.1 stretches the slow rotations to contexts longer than it was trained on; fields as in `rope_scaling`. */
export interface Llama3Scaling {
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalPositions: number;
}

/** The tokens that end a response. */
export function endTokens({ eosTokenId, otherEosTokenIds = [] }: ModelConfig): ReadonlySet<number> {
  return new Set([eosTokenId, ...otherEosTokenIds]);
}

/**
 * The most that a configuration may ask for, well above every published policy: what follows from it (names of tensors,
 * tables of places, an estimate) is made before a single weight was seen.
 */
export const modelLimits = {
  ...{ vocabSize: 2 ** 21, hiddenSize: 2 ** 16, intermediateSize: 2 ** 18, layers: 1000, heads: 1024, headDim: 4096 },
  maxPositions: 2 ** 27,
} as const;

const count = z.number().int().positive();
const token = z.number().int().nonnegative();
const tokens = z.union([token, z.array(token).nonempty()]);
const positive = z.number().positive();
const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  /** The name of `rope_type` in older files. */
  type: z.string().optional(),
  /** In files of transformers 5. */
  rope_theta: positive.optional(),
});
const llama3Schema = z.object({
  factor: positive,
  low_freq_factor: positive,
  high_freq_factor: positive,
  original_max_position_embeddings: count,
});
const hfConfig = z.object({
  model_type: z.enum(['llama', 'mistral', 'qwen2', 'qwen3']),
  vocab_size: count.max(modelLimits.vocabSize),
  hidden_size: count.max(modelLimits.hiddenSize),
  intermediate_size: count.max(modelLimits.intermediateSize),
  num_hidden_layers: count.max(modelLimits.layers),
  num_attention_heads: count.max(modelLimits.heads),
  num_key_value_heads: count.nullish(),
  head_dim: count.max(modelLimits.headDim).nullish(),
  rope_theta: positive.optional(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  rms_norm_eps: positive.default(1e-6),
  max_position_embeddings: count.max(modelLimits.maxPositions),
  sliding_window: count.nullish(),
  use_sliding_window: z.boolean().optional(),
  layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish(),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().optional(),
  mlp_bias: z
    .literal(false, 'true puts biases into the MLP, which the engines do not have; allowed is false')
    .optional(),
  hidden_act: z.enum(['silu', 'swish']).optional(),
  partial_rotary_factor: z.literal(1).optional(),
  quantization_config: z
    .null('weights quantised within transformers cannot be read; allowed are F32, F16, BF16 and GGUF files')
    .optional(),
  bos_token_id: token.nullish(),
  eos_token_id: tokens.nullish(),
});
const generationSchema = z.object({ eos_token_id: tokens.nullish() });

/**
 * Parse the text of a `config.json`. A sliding window bounds `maxPositions`: within it, attention is the ordinary one.
 * @param source Where the text came from; named in errors.
 * @param generation Text of the `generation_config.json` beside it, which may name further tokens that end a response.
 * @throws Error naming the field, its value and what is allowed.
 */
export function parseModelConfig(text: string, source: string, generation: string | null = null): ModelConfig {
  const c = parseJson(hfConfig, text, source);
  const kvHeads = c.num_key_value_heads ?? c.num_attention_heads;
  const headDim = c.head_dim ?? (c.model_type === 'qwen3' ? 128 : c.hidden_size / c.num_attention_heads);
  if (!Number.isInteger(headDim) || headDim % 2 !== 0)
    throw new Error(`${source}: head size ${headDim} must be an even whole number (hidden_size / num_attention_heads)`);
  if (headDim > modelLimits.headDim)
    throw new Error(
      `${source}: head size ${headDim} (hidden_size / num_attention_heads) must be at most ${modelLimits.headDim}`,
    );
  if (c.num_attention_heads % kvHeads !== 0)
    throw new Error(
      `${source}: num_key_value_heads ${kvHeads} must divide num_attention_heads ${c.num_attention_heads}`,
    );
  if (c.model_type !== 'qwen2' && c.attention_bias === true)
    throw new Error(
      `${source}: attention_bias: true puts a bias on o_proj too, which the engines do not have; allowed is false`,
    );
  const slides = c.model_type === 'mistral' || c.use_sliding_window === true;
  // Where the file is silent: what transformers' configurations of the two have.
  const window = c.sliding_window === undefined ? 4096 : c.sliding_window;
  const ends = [
    ...listed(c.eos_token_id),
    ...(generation === null
      ? []
      : listed(parseJson(generationSchema, generation, `${source}: generation_config.json`).eos_token_id)),
  ];
  const [eosTokenId, ...others] = new Set(ends);
  if (eosTokenId === undefined)
    throw new Error(`${source}: eos_token_id: none is given; a response has to end with a token`);
  const ropeScaling = scalingOf(c.rope_parameters ?? c.rope_scaling ?? null, source);
  return {
    vocabSize: c.vocab_size,
    hiddenSize: c.hidden_size,
    intermediateSize: c.intermediate_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    kvHeads,
    headDim,
    ropeTheta: c.rope_theta ?? c.rope_parameters?.rope_theta ?? 10_000,
    normEpsilon: c.rms_norm_eps,
    maxPositions: Math.min(c.max_position_embeddings, (slides && window) || Number.POSITIVE_INFINITY),
    qkvBias: c.model_type === 'qwen2',
    qkNorm: c.model_type === 'qwen3',
    tiedEmbeddings: c.tie_word_embeddings,
    bosTokenId: c.bos_token_id ?? null,
    eosTokenId,
    ...(others.length > 0 && { otherEosTokenIds: others }),
    ...(ropeScaling && { ropeScaling }),
  };
}

const listed = (ids: number | readonly number[] | null | undefined): readonly number[] =>
  ids === null || ids === undefined ? [] : typeof ids === 'number' ? [ids] : ids;

function scalingOf(rope: z.infer<typeof ropeSchema> | null, source: string): Llama3Scaling | null {
  const kind = rope?.rope_type ?? rope?.type ?? 'default';
  if (kind === 'default') return null;
  if (kind !== 'llama3')
    throw new Error(`${source}: rope_scaling: ${kind} is not supported; allowed is default, llama3`);
  const parsed = llama3Schema.safeParse(rope);
  if (!parsed.success) throw new Error(`${source}: rope_scaling: ${firstIssue(parsed.error, rope)}`);
  const { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings } = parsed.data;
  if (high_freq_factor <= low_freq_factor)
    throw new Error(
      `${source}: rope_scaling: high_freq_factor ${high_freq_factor} must be above low_freq_factor ${low_freq_factor}`,
    );
  return {
    factor,
    lowFrequencyFactor: low_freq_factor,
    highFrequencyFactor: high_freq_factor,
    originalPositions: original_max_position_embeddings,
  };
}

/**
 * The inverse of `parseModelConfig`: text of a `config.json`. A Mistral policy is written as the Llama that it computes.
 * @throws Error where biases and norms of q and k come together: no published architecture has both.
 */
export function formatModelConfig(c: ModelConfig): string {
  if (c.qkvBias && c.qkNorm)
    throw new Error('a policy with both qkvBias and qkNorm has no config.json; allowed is one');
  const [architecture, modelType] = c.qkNorm
    ? ['Qwen3ForCausalLM', 'qwen3']
    : c.qkvBias
      ? ['Qwen2ForCausalLM', 'qwen2']
      : ['LlamaForCausalLM', 'llama'];
  return `${JSON.stringify(
    {
      architectures: [architecture],
      model_type: modelType,
      vocab_size: c.vocabSize,
      hidden_size: c.hiddenSize,
      intermediate_size: c.intermediateSize,
      num_hidden_layers: c.layers,
      num_attention_heads: c.heads,
      num_key_value_heads: c.kvHeads,
      head_dim: c.headDim,
      rope_theta: c.ropeTheta,
      ...(c.ropeScaling && {
        rope_scaling: {
          rope_type: 'llama3',
          factor: c.ropeScaling.factor,
          low_freq_factor: c.ropeScaling.lowFrequencyFactor,
          high_freq_factor: c.ropeScaling.highFrequencyFactor,
          original_max_position_embeddings: c.ropeScaling.originalPositions,
        },
      }),
      rms_norm_eps: c.normEpsilon,
      max_position_embeddings: c.maxPositions,
      tie_word_embeddings: c.tiedEmbeddings,
      attention_bias: c.qkvBias,
      hidden_act: 'silu',
      torch_dtype: 'float32',
      bos_token_id: c.bosTokenId,
      eos_token_id: c.otherEosTokenIds ? [c.eosTokenId, ...c.otherEosTokenIds] : c.eosTokenId,
    },
    null,
    2,
  )}\n`;
}
