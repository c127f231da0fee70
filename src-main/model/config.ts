/** Shape of a Llama/Qwen2-style decoder, read from and written to a Hugging Face `config.json`. */
import { z } from 'zod';

export interface ModelConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Key/value heads; divides `heads`. */
  readonly kvHeads: number;
  /** Size of one head; `hiddenSize / heads` unless the file says otherwise. Even. */
  readonly headDim: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  /** Longest sequence (prompt + response) in tokens. */
  readonly maxPositions: number;
  /** Bias on the q, k and v projections (Qwen2: yes, Llama: no). */
  readonly qkvBias: boolean;
  /** The output head is the transposed embedding. */
  readonly tiedEmbeddings: boolean;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number;
}

const count = z.number().int().positive();
const hfConfig = z.object({
  model_type: z.enum(['llama', 'qwen2']),
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.optional(),
  head_dim: count.optional(),
  rope_theta: z.number().positive().default(10_000),
  rms_norm_eps: z.number().positive().default(1e-6),
  max_position_embeddings: count,
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().optional(),
  bos_token_id: z.number().int().nonnegative().nullish(),
  eos_token_id: z.union([z.number().int().nonnegative(), z.array(z.number().int().nonnegative()).nonempty()]),
});

/**
 * Parse the text of a `config.json`.
 * @param source Where the text came from; named in errors.
 * @throws Error naming the field, its value and what is allowed.
 */
export function parseModelConfig(text: string, source: string): ModelConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${source}: not JSON (${(error as Error).message})`);
  }
  const parsed = hfConfig.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${source}: ${issue?.path.join('.') || 'file'}: ${issue?.message ?? 'malformed'}`);
  }
  const c = parsed.data;
  const kvHeads = c.num_key_value_heads ?? c.num_attention_heads;
  const headDim = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  if (!Number.isInteger(headDim) || headDim % 2 !== 0)
    throw new Error(`${source}: head size ${headDim} must be an even whole number (hidden_size / num_attention_heads)`);
  if (c.num_attention_heads % kvHeads !== 0)
    throw new Error(
      `${source}: num_key_value_heads ${kvHeads} must divide num_attention_heads ${c.num_attention_heads}`,
    );
  const eos = Array.isArray(c.eos_token_id) ? c.eos_token_id[0] : c.eos_token_id;
  return {
    vocabSize: c.vocab_size,
    hiddenSize: c.hidden_size,
    intermediateSize: c.intermediate_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    kvHeads,
    headDim,
    ropeTheta: c.rope_theta,
    normEpsilon: c.rms_norm_eps,
    maxPositions: c.max_position_embeddings,
    qkvBias: c.attention_bias ?? c.model_type === 'qwen2',
    tiedEmbeddings: c.tie_word_embeddings,
    bosTokenId: c.bos_token_id ?? null,
    eosTokenId: eos as number,
  };
}

/** The inverse of `parseModelConfig`: text of a `config.json`. */
export function formatModelConfig(c: ModelConfig): string {
  return `${JSON.stringify(
    {
      architectures: [c.qkvBias ? 'Qwen2ForCausalLM' : 'LlamaForCausalLM'],
      model_type: c.qkvBias ? 'qwen2' : 'llama',
      vocab_size: c.vocabSize,
      hidden_size: c.hiddenSize,
      intermediate_size: c.intermediateSize,
      num_hidden_layers: c.layers,
      num_attention_heads: c.heads,
      num_key_value_heads: c.kvHeads,
      head_dim: c.headDim,
      rope_theta: c.ropeTheta,
      rms_norm_eps: c.normEpsilon,
      max_position_embeddings: c.maxPositions,
      tie_word_embeddings: c.tiedEmbeddings,
      attention_bias: c.qkvBias,
      hidden_act: 'silu',
      torch_dtype: 'float32',
      bos_token_id: c.bosTokenId,
      eos_token_id: c.eosTokenId,
    },
    null,
    2,
  )}\n`;
}
