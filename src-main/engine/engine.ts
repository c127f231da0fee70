/**
 * The contract between algorithms and transformers. An engine owns weights, optimizer state and a device;
 * it knows nothing of rewards or objectives, which reach it only as an `Objective`: a plain function from
 * per-token statistics to a loss and its derivative. No tensor library is named outside `engine/`.
 */
import type { Adapter } from '../model/adapter.ts';
import type { ModelConfig } from '../model/config.ts';
import type { MemoryPlan, Work } from './memory.ts';

export { type Adapter, type AdapterTarget, adapterTargets } from '../model/adapter.ts';

/** Token ids of one sequence. [T] */
export type TokenIds = Int32Array;

/** What an engine runs on; recorded with every run. */
export interface DeviceInfo {
  /** Engine id as in the engine list, for example `kernels` or `tfjs-wasm`. */
  readonly engine: string;
  /** Human-readable device, for example `CPU, 2 threads, WebAssembly SIMD`. */
  readonly device: string;
  readonly precision: 'float32' | 'float16' | 'bfloat16';
  /** Library or build that does the arithmetic, with its version. */
  readonly build: string;
}

/** How tokens are drawn. The distribution is softmax(logits / temperature), cut by top-k and then by top-p. */
export interface Sampling {
  /** > 0. */
  readonly temperature: number;
  /** Nucleus mass in (0, 1]; 1 keeps everything. */
  readonly topP: number;
  /** Number of most likely tokens kept; 0 keeps everything. */
  readonly topK: number;
  readonly maxNewTokens: number;
  /** Sequence i of the call draws from its own stream, derived from (seed, i): the result does not depend on batching. */
  readonly seed: number;
}

/**
 * Per response token, of softmax(logits / temperature) over the whole vocabulary (before top-k or top-p).
 * All arrays are [T], T = number of response tokens, the end-of-sequence token included.
 */
export interface TokenStats {
  /** ln p(token). <= 0 */
  readonly logprob: Float32Array;
  /** -sum_v p ln p, in nats. 0..ln V */
  readonly entropy: Float32Array;
  /** KL(U || p) = logsumexp(z) - mean_v z - ln V, in nats. >= 0 */
  readonly klUniform: Float32Array;
  /** Largest probability. */
  readonly top1: Float32Array;
  /** Second largest probability. */
  readonly top2: Float32Array;
}

export interface Generated {
  /** Response tokens, the end-of-sequence token included where one was drawn. [T] */
  readonly tokens: TokenIds;
  /** False where the response ran into `maxNewTokens`. */
  readonly finished: boolean;
  readonly stats: TokenStats;
}

/** A prompt with its response, for teacher forcing. */
export interface Scored {
  readonly prompt: TokenIds;
  readonly response: TokenIds;
}

/** The sequences of one accumulate call, and the temperature their statistics are taken at. */
export interface TrainBatch {
  readonly sequences: readonly Scored[];
  readonly temperature: number;
}

/** Derivative of the loss with respect to each response token's log-prob and entropy. [T] each; entropy may be absent (zero). */
export interface TokenDerivative {
  readonly logprob: Float32Array;
  readonly entropy?: Float32Array;
}

/**
 * An objective as the engine sees it. Called with the statistics of a slice of the batch (`sequences[offset ..]`);
 * it must return one derivative a sequence, already scaled so that contributions of slices and of accumulate
 * calls simply add up. `loss` is likewise this slice's additive part.
 */
export type Objective = (
  stats: readonly TokenStats[],
  offset: number,
) => { loss: number; derivatives: readonly TokenDerivative[] };

export interface ObjectiveReport {
  /** Sum of the slices' losses. */
  readonly loss: number;
  /** Response tokens seen. */
  readonly tokens: number;
}

/** One AdamW update (decoupled weight decay; norms and biases are not decayed). */
export interface OptimizerStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest allowed global gradient norm; 0 = no clipping. */
  readonly maxGradNorm: number;
}

export interface MemoryReport {
  /** Bytes held by weights, optimizer moments and work space. */
  readonly bytes: number;
}

/** What of a policy is trained, and what is traded for memory. */
export interface Training {
  /** Null: all weights are trained. Else its A and B alone. */
  readonly adapter: Adapter | null;
  /** Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): keep only each layer's input, and make the rest again in the backward pass. */
  readonly recompute: boolean;
  /** How frozen weights are stored (rounded to the nearest, ties to even); arithmetic is float32. `bfloat16` needs an adapter. */
  readonly frozenPrecision: 'float32' | 'bfloat16';
  /** Tokens of one forward (and backward) pass at most, but at least one sequence; absent: as many as the engine likes. */
  readonly microBatchTokens?: number;
}

/** All weights, in float32, with every activation kept. */
export const fullTraining: Training = { adapter: null, recompute: false, frozenPrecision: 'float32' };

/** A frozen, score-only copy of a policy, for KL terms and cross-run certainty. */
export interface ReferencePolicy {
  score(sequences: readonly Scored[], temperature: number): Promise<TokenStats[]>;
  dispose(): void;
}

export type OnGenerated = (index: number, generated: Generated) => void;

/** A decoder-only transformer with its optimizer, living on one device. */
export interface PolicyEngine extends ReferencePolicy {
  readonly device: DeviceInfo;
  readonly config: ModelConfig;
  /** Sample one response a prompt, stopping at `config.eosTokenId` or `maxNewTokens`. Prompts may differ in length.
   * `onGenerated` is told of each once, by its place among the prompts, while others are still being sampled. */
  generate(prompts: readonly TokenIds[], sampling: Sampling, onGenerated?: OnGenerated): Promise<Generated[]>;
  /** Forward, objective, backward; adds to the gradient. @throws EngineError when the loss or a derivative is not finite. */
  accumulate(batch: TrainBatch, objective: Objective): Promise<ObjectiveReport>;
  /** Apply the accumulated gradient to what is trained and clear it. @throws EngineError when the gradient norm is not finite; weights are then unchanged. */
  update(step: OptimizerStep): Promise<{ gradNorm: number }>;
  /** With an adapter, the copy shares the frozen weights and has only A and B of its own. */
  freeze(): Promise<ReferencePolicy>;
  /**
   * Write weights (`model.safetensors`, `config.json`) and optimizer state (`optimizer.safetensors`) into an existing
   * folder. With an adapter the weights are the merged ones, so that any engine opens the folder as an ordinary policy,
   * A and B stand beside them (`adapter.safetensors`), and the optimizer state is theirs. Calls made meanwhile wait: no
   * copy of the weights is made but of the part that is on its way.
   */
  save(dir: string): Promise<void>;
  /**
   * Read what `save` wrote, part by part; training continues with identical numbers. A folder without optimizer state starts with
   * fresh moments. With an adapter, A and B are read and the frozen weights stay those of `load` or `create`.
   * @throws EngineError when the folder's architecture or adapter (rank, alpha, targets, or none) is not this engine's.
   */
  restore(dir: string): Promise<void>;
  memory(): MemoryReport;
}

/** Numerical or device failure inside an engine. The message is one line and names the thing, its value and what is allowed. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

/** The device, or the engine's heap, has too little memory: a run can go on after it. The policy is whole, unless it comes from `update`. */
export class OutOfMemoryError extends EngineError {}

/** One member of the engine family. Heavy libraries are loaded inside `load`, by dynamic import. */
export interface EngineFactory {
  readonly id: string;
  readonly title: string;
  /** Null when this engine can run here, else the reason why not, in one line. Cheap: no model is loaded. */
  unavailable(): Promise<string | null>;
  /** Null when this engine can train so, else the reason why not, in one line. Absent: it can train in every way. */
  unsupported?(training: Training): string | null;
  /** What an engine would hold at some work, and holds as good as nothing itself. @throws EngineError as `load`; or where this engine cannot run. */
  plan(config: ModelConfig, training: Training, work: Work): Promise<MemoryPlan>;
  /**
   * Build an engine with the weights of a policy folder (`config.json`, `model.safetensors`) and fresh optimizer
   * moments, whatever else the folder holds: bootstrapping from a checkpoint is a new start. `restore` continues one.
   * @param training Default `fullTraining`; an adapter starts fresh. @throws EngineError when that is no possible training, or is `unsupported`.
   */
  load(dir: string, training?: Training): Promise<PolicyEngine>;
  /** Build an engine with freshly initialised weights (normal, std 0.02; residual projections scaled by 1/sqrt(2 layers)). */
  create(config: ModelConfig, seed: number, training?: Training): Promise<PolicyEngine>;
}
