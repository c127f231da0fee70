/**
 * A policy in a GGUF file: architecture and names of tensors as in Hugging Face's files. What llama.cpp's converter
 * changes is undone: in Llama files the rows of q and k are interleaved for its kind of rotation.
 */
import { type ModelConfig, modelLimits } from '../config.ts';
import type { PolicyFiles } from '../policy.ts';
import { rotaryDivisors } from '../rotary.ts';
import { type StoredTensor, streamTensors } from '../stored-tensor.ts';
import { selectWeights, weightShapes } from '../weights.ts';
import { type GgufHeader, readGgufHeader } from './header.ts';
import { Metadata } from './metadata.ts';
import { endIds, ggufCompanions } from './tokenizer.ts';

/** Whether q, k and v have biases, whether q and k have norms, and whether their rows are interleaved. */
interface Architecture extends Pick<ModelConfig, 'qkvBias' | 'qkNorm'> {
  readonly interleaved: boolean;
}
const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map([
  ['llama', { qkvBias: false, qkNorm: false, interleaved: true }],
  ['qwen2', { qkvBias: true, qkNorm: false, interleaved: false }],
  ['qwen3', { qkvBias: false, qkNorm: true, interleaved: false }],
]);

/** Hugging Face's names of a layer's tensors, by llama.cpp's. */
const LAYER_NAMES: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
const NAMES: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};
const ROPE_FACTORS = 'rope_freqs.weight';
/** `rope_scaling.factor` of Llama 3.1 and 3.2. */
const PUBLISHED_FACTORS = [8, 32];

/** @throws Error naming the file, the key or tensor, its value and what is allowed. */
export async function openGguf(path: string): Promise<Pick<PolicyFiles, 'config' | 'tensors' | 'companions'>> {
  const header = await readGgufHeader(path);
  const metadata = new Metadata(header.metadata, path);
  const { config, interleaved } = await configOf(header, metadata);
  const stored = new Map<string, StoredTensor>();
  for (const tensor of header.tensors.values()) {
    if (tensor.name === ROPE_FACTORS) continue;
    const name = nameOf(tensor.name);
    const isTurned = interleaved && /\.(q|k)_proj\.weight$/.test(name);
    stored.set(name, { ...tensor, name, ...(isTurned && { groups: straightened(config.headDim) }) });
  }
  const tensors = [...selectWeights(stored, weightShapes(config), path).values()];
  return { config, tensors, companions: ggufCompanions(metadata) };
}

/** The companions alone. */
export async function readGgufCompanions(path: string): Promise<PolicyFiles['companions']> {
  return ggufCompanions(new Metadata((await readGgufHeader(path)).metadata, path));
}

function nameOf(name: string): string {
  const [, layer, part = '', kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const known = LAYER_NAMES[part];
  if (layer !== undefined && known !== undefined) return `model.layers.${layer}.${known}.${kind}`;
  return NAMES[name] ?? name;
}

/** The file has rows 0, d/2, 1, d/2 + 1, ... of each head of d rows. */
function straightened(headDim: number): NonNullable<StoredTensor['groups']> {
  const order = Array.from({ length: headDim }, (_, place) => (place >> 1) + (place & 1 ? headDim / 2 : 0));
  return { size: headDim, order };
}

async function configOf(
  header: GgufHeader,
  metadata: Metadata,
): Promise<{ config: ModelConfig; interleaved: boolean }> {
  const { path } = metadata;
  const known = metadata.oneOf('general.architecture', ARCHITECTURES);
  const architecture = metadata.text('general.architecture');
  if (metadata.count('split.count', 1) > 1)
    throw new Error(
      `${path}: split.count: the policy lies in several files; allowed is one (llama-gguf-split --merge)`,
    );
  const of = (key: string) => `${architecture}.${key}`;
  const limits = modelLimits;
  const heads = metadata.size(of('attention.head_count'), limits.heads);
  const hiddenSize = metadata.size(of('embedding_length'), limits.hiddenSize);
  const headDim = metadata.size(of('attention.key_length'), limits.headDim, hiddenSize / heads);
  const rotated = metadata.count(of('rope.dimension_count'), headDim);
  if (rotated !== headDim || metadata.count(of('attention.value_length'), headDim) !== headDim)
    throw new Error(
      `${path}: heads of ${headDim}: rope.dimension_count ${rotated} and attention.value_length must be the same`,
    );
  if (headDim % 2 !== 0) throw new Error(`${path}: head size ${headDim} must be even`);
  const kvHeads = metadata.count(of('attention.head_count_kv'), heads);
  if (heads % kvHeads !== 0)
    throw new Error(`${path}: attention.head_count_kv ${kvHeads} must divide attention.head_count ${heads}`);
  if (metadata.count(of('expert_count'), 0) > 0)
    throw new Error(`${path}: expert_count: mixtures of experts are not supported; allowed is 0`);
  metadata.oneOf(of('rope.scaling.type'), new Map([['none', true]]), 'none');
  const ropeTheta = metadata.number(of('rope.freq_base'), 10_000);
  const embedding = header.tensors.get('token_embd.weight');
  const vocabSize = embedding?.shape[0] ?? metadata.count(of('vocab_size'));
  if (vocabSize > limits.vocabSize)
    throw new Error(`${path}: token_embd.weight has ${vocabSize} rows; at most ${limits.vocabSize} are allowed`);
  const positions = metadata.size(of('context_length'), limits.maxPositions);
  const window = metadata.count(of('attention.sliding_window'), 0);
  const [eosTokenId, ...others] = endIds(metadata);
  const ropeScaling = await scalingOf(header, { headDim, ropeTheta }, path);
  const config: ModelConfig = {
    vocabSize,
    hiddenSize,
    intermediateSize: metadata.size(of('feed_forward_length'), limits.intermediateSize),
    layers: metadata.size(of('block_count'), limits.layers),
    heads,
    kvHeads,
    headDim,
    ropeTheta,
    normEpsilon: metadata.number(of('attention.layer_norm_rms_epsilon'), 1e-6),
    maxPositions: window > 0 ? Math.min(positions, window) : positions,
    qkvBias: known.qkvBias,
    qkNorm: known.qkNorm,
    tiedEmbeddings: !header.tensors.has('output.weight'),
    bosTokenId: metadata.optionalCount('tokenizer.ggml.bos_token_id'),
    eosTokenId,
    ...(others.length > 0 && { otherEosTokenIds: others }),
    ...(ropeScaling && { ropeScaling }),
  };
  return { config, interleaved: known.interleaved };
}

/** Llama 3's scaling stands in a file as the factors that it comes to; the settings are those of its published models. */
async function scalingOf(
  { tensors }: GgufHeader,
  rope: Pick<ModelConfig, 'headDim' | 'ropeTheta'>,
  path: string,
): Promise<ModelConfig['ropeScaling'] | null> {
  const stored = tensors.get(ROPE_FACTORS);
  if (stored === undefined) return null;
  const plain = rotaryDivisors(rope);
  if (stored.shape.join() !== String(plain.length))
    throw new Error(`${path}: ${ROPE_FACTORS} has shape [${stored.shape.join(', ')}]; it must be [${plain.length}]`);
  let factors = new Float32Array(0);
  for await (const [, { data }] of streamTensors([stored])) factors = Float32Array.from(data);
  for (const factor of PUBLISHED_FACTORS) {
    const scaling = { factor, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositions: 8192 };
    const scaled = rotaryDivisors({ ...rope, ropeScaling: scaling });
    if (
      factors.every(
        (value, i) => Math.abs((plain[i] as number) * value - (scaled[i] as number)) <= 1e-4 * (scaled[i] as number),
      )
    )
      return scaling;
  }
  throw new Error(
    `${path}: ${ROPE_FACTORS} are not Llama 3's; allowed are those of factor ${PUBLISHED_FACTORS.join(' or ')}`,
  );
}
