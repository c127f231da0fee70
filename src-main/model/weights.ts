/**
 * Which tensors a policy consists of: names and shapes in Hugging Face's naming, their initial values, and the check of
 * a file against a configuration. Linear weights are [out, in], as in the files.
 */
import { stream } from '../../src-shared/random.ts';
import type { ModelConfig } from './config.ts';
import { elementCount, type Tensor } from './stored-tensor.ts';

export type Weights = Map<string, Tensor>;

/** File of a checkpoint folder that holds the weights. */
export const weightsFile = 'model.safetensors';

/** Name and shape of every trained tensor, in the order of the forward pass. A tied head has no tensor of its own. */
export function weightShapes(config: ModelConfig): Map<string, readonly number[]> {
  const { vocabSize, hiddenSize, intermediateSize, layers } = config;
  const queryDim = config.heads * config.headDim;
  const keyDim = config.kvHeads * config.headDim;
  const shapes = new Map<string, readonly number[]>();
  shapes.set('model.embed_tokens.weight', [vocabSize, hiddenSize]);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    shapes.set(`${prefix}.input_layernorm.weight`, [hiddenSize]);
    for (const [projection, out] of [
      ['q', queryDim],
      ['k', keyDim],
      ['v', keyDim],
    ] as const) {
      shapes.set(`${prefix}.self_attn.${projection}_proj.weight`, [out, hiddenSize]);
      if (config.qkvBias) shapes.set(`${prefix}.self_attn.${projection}_proj.bias`, [out]);
    }
    if (config.qkNorm)
      for (const projection of ['q', 'k'])
        shapes.set(`${prefix}.self_attn.${projection}_norm.weight`, [config.headDim]);
    shapes.set(`${prefix}.self_attn.o_proj.weight`, [hiddenSize, queryDim]);
    shapes.set(`${prefix}.post_attention_layernorm.weight`, [hiddenSize]);
    shapes.set(`${prefix}.mlp.gate_proj.weight`, [intermediateSize, hiddenSize]);
    shapes.set(`${prefix}.mlp.up_proj.weight`, [intermediateSize, hiddenSize]);
    shapes.set(`${prefix}.mlp.down_proj.weight`, [hiddenSize, intermediateSize]);
  }
  shapes.set('model.norm.weight', [hiddenSize]);
  if (!config.tiedEmbeddings) shapes.set('lm_head.weight', [vocabSize, hiddenSize]);
  return shapes;
}

/** Whether weight decay applies: matrices (embeddings included) yes, norms and biases no. */
export function isDecayed(shape: readonly number[]): boolean {
  return shape.length > 1;
}

/**
 * Fresh weights: matrices normal with std 0.02, those that write to the residual stream scaled by 1/sqrt(2 layers)
 * (GPT-2), norms 1, biases 0. Each tensor has its own random stream, so adding one does not change the others.
 */
export function initialWeights(config: ModelConfig, seed: number): Weights {
  const weights: Weights = new Map();
  for (const [name, shape] of weightShapes(config)) {
    const data = new Float32Array(elementCount(shape));
    if (isDecayed(shape)) {
      const random = stream(seed, 'weights', name);
      const isResidual = name.endsWith('.o_proj.weight') || name.endsWith('.down_proj.weight');
      const std = isResidual ? 0.02 / Math.sqrt(2 * config.layers) : 0.02;
      for (let i = 0; i < data.length; i++) data[i] = std * random.normal();
    } else if (!name.endsWith('.bias')) data.fill(1);
    weights.set(name, { shape, data });
  }
  return weights;
}

/**
 * The tensors named in `shapes`, in that order. Tensors that carry no information of their own (a copy of a tied head,
 * rotary frequencies) are dropped; any other extra one means a different architecture and is refused.
 * @param source Where the tensors came from; named in errors.
 */
export function selectWeights<T extends { readonly shape: readonly number[] }>(
  tensors: ReadonlyMap<string, T>,
  shapes: ReadonlyMap<string, readonly number[]>,
  source: string,
): Map<string, T> {
  const weights = new Map<string, T>();
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`${source}: tensor ${name} is missing; config.json needs it as [${shape.join(', ')}]`);
    if (tensor.shape.join() !== shape.join())
      throw new Error(
        `${source}: ${name} has shape [${tensor.shape.join(', ')}]; config.json needs [${shape.join(', ')}]`,
      );
    weights.set(name, tensor);
  }
  for (const name of tensors.keys())
    if (!shapes.has(name) && name !== 'lm_head.weight' && !name.endsWith('.rotary_emb.inv_freq'))
      throw new Error(`${source}: unexpected tensor ${name}; the architecture of config.json has no such weight`);
  return weights;
}
