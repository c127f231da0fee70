/** `PolicyEngine` on any tfjs backend: owns weights, gradient and optimizer, and serialises the calls. */
import { initialAdapter } from '../../model/adapter.ts';
import { writeCheckpointFiles } from '../../model/checkpoint-files.ts';
import type { ModelConfig } from '../../model/config.ts';
import { streamTensors } from '../../model/stored-tensor.ts';
import type { Weights } from '../../model/weights.ts';
import { checkPrompts, checkScored, checkTemperature } from '../checks.ts';
import type {
  DeviceInfo,
  Generated,
  MemoryReport,
  Objective,
  ObjectiveReport,
  OnGenerated,
  OptimizerStep,
  PolicyEngine,
  ReferencePolicy,
  Sampling,
  Scored,
  TokenIds,
  TokenStats,
  TrainBatch,
  Training,
} from '../engine.ts';
import { watchMemory } from '../out-of-memory.ts';
import { readRestorable } from '../restore.ts';
import { generate } from './generation.ts';
import { Gradients } from './gradients.ts';
import { exclusively, type Tensor, type Tf } from './library.ts';
import type { Ops } from './ops.ts';
import { Optimizer } from './optimizer.ts';
import { splitTensor, streamed } from './pieces.ts';
import { accumulate, score } from './scoring.ts';
import { Transformer } from './transformer.ts';
import { type TensorStream, type Weight, WeightSet } from './weight.ts';

/** A started backend. */
export interface Runtime {
  readonly tf: Tf;
  /** tfjs's own name of the backend. */
  readonly backend: string;
  readonly device: DeviceInfo;
  /** As the backend says. */
  readonly sliceTokens: number;
  ops(config: ModelConfig): Ops;
  /** Run one call's work and ask the device how it went. Default: by what the work throws. @throws OutOfMemoryError */
  guard?<T>(work: () => Promise<T>): Promise<T>;
}

/** One call of an engine: alone on its backend, and told from others where memory is what it lacked. */
function oneCall<T>(runtime: Runtime, work: () => Promise<T>): Promise<T> {
  const guard = runtime.guard ?? watchMemory;
  return exclusively(runtime.tf, runtime.backend, () => guard(work));
}

class TfjsReference implements ReferencePolicy {
  protected readonly runtime: Runtime;
  protected readonly transformer: Transformer;
  protected readonly weights: WeightSet;

  constructor(runtime: Runtime, transformer: Transformer, weights: WeightSet) {
    this.runtime = runtime;
    this.transformer = transformer;
    this.weights = weights;
  }

  score(sequences: readonly Scored[], temperature: number): Promise<TokenStats[]> {
    return this.exclusively(async () => {
      checkScored(sequences, this.transformer.config);
      checkTemperature(temperature);
      return score(this.transformer, this.weights, sequences, temperature, this.runtime.sliceTokens);
    });
  }

  dispose(): void {
    this.weights.dispose();
  }

  protected exclusively<T>(work: () => Promise<T>): Promise<T> {
    return oneCall(this.runtime, work);
  }
}

export class TfjsEngine extends TfjsReference implements PolicyEngine {
  readonly device: DeviceInfo;
  readonly config: ModelConfig;
  readonly #gradients: Gradients;
  #optimizer: Optimizer;

  /** With fresh moments and, where one is wanted, a fresh adapter. @param training In float32. */
  static async create(
    runtime: Runtime,
    config: ModelConfig,
    weights: TensorStream,
    { adapter, recompute, microBatchTokens = Number.POSITIVE_INFINITY }: Training,
  ): Promise<TfjsEngine> {
    return oneCall(runtime, async () => {
      const ops = runtime.ops(config);
      const { mostFloats } = ops;
      const transformer = new Transformer(config, ops, recompute);
      const state = adapter && { adapter, weights: initialAdapter(config, adapter) };
      const sliceTokens = Math.min(runtime.sliceTokens, microBatchTokens);
      return new TfjsEngine(
        { ...runtime, sliceTokens },
        transformer,
        await WeightSet.upload(runtime.tf, config, weights, state, mostFloats),
      );
    });
  }

  private constructor(runtime: Runtime, transformer: Transformer, weights: WeightSet) {
    super(runtime, transformer, weights);
    this.device = runtime.device;
    this.config = transformer.config;
    this.#gradients = new Gradients(runtime.tf);
    this.#optimizer = new Optimizer(transformer.ops, weights);
  }

  generate(prompts: readonly TokenIds[], sampling: Sampling, onGenerated?: OnGenerated): Promise<Generated[]> {
    return this.exclusively(async () => {
      checkPrompts(prompts, sampling, this.config);
      return generate(this.transformer, this.weights, prompts, sampling, onGenerated);
    });
  }

  accumulate(batch: TrainBatch, objective: Objective): Promise<ObjectiveReport> {
    return this.exclusively(async () => {
      checkScored(batch.sequences, this.config);
      checkTemperature(batch.temperature);
      const { sliceTokens } = this.runtime;
      try {
        return await accumulate(this.transformer, this.weights, batch, objective, this.#gradients, sliceTokens);
      } catch (error) {
        // Part of the batch may have been added: an incomplete gradient must not reach an update.
        this.#gradients.clear();
        throw error;
      }
    });
  }

  update(step: OptimizerStep): Promise<{ gradNorm: number }> {
    return this.exclusively(async () => {
      try {
        return { gradNorm: await this.#optimizer.update(this.#gradients, step) };
      } finally {
        this.#gradients.clear();
      }
    });
  }

  freeze(): Promise<ReferencePolicy> {
    return this.exclusively(async () => new TfjsReference(this.runtime, this.transformer, this.weights.clone()));
  }

  async save(dir: string): Promise<void> {
    const { adapter } = this.weights;
    const { ops } = this.transformer;
    // Nothing changes until all is written: no copy of it is made but of the tensor that is on its way.
    await this.exclusively(async () => {
      const state = adapter && { adapter, weights: await this.#read(this.weights.trained()) };
      const weights = [...this.weights.policy()].map(([name, { value }]): [string, Tensor] => [name, value]);
      await writeCheckpointFiles(dir, this.config, streamed(ops, weights), this.#optimizer.state(), state);
    });
  }

  async restore(dir: string): Promise<void> {
    const { trained, optimizer } = await readRestorable(dir, this.config, this.weights.adapter);
    await this.exclusively(async () => {
      const { tf } = this.runtime;
      const { ops } = this.transformer;
      this.#gradients.clear();
      for await (const [whole, tensor] of streamTensors(trained))
        for (const [name, { data, shape }] of splitTensor(whole, tensor, ops.mostFloats))
          this.weights.get(name).replace(tf.tensor(data, [...shape]));
      this.#optimizer.dispose();
      this.#optimizer = new Optimizer(ops, this.weights);
      if (optimizer) await this.#optimizer.restore(optimizer);
    });
  }

  async #read(weights: Iterable<[string, Weight]>): Promise<Weights> {
    const copies: Weights = new Map();
    for (const [name, { value }] of weights)
      copies.set(name, { shape: value.shape, data: (await this.transformer.ops.read(value)).slice() });
    return copies;
  }

  /** Everything on this backend, other engines and frozen copies in this process included. */
  memory(): MemoryReport {
    return { bytes: this.runtime.tf.memory().numBytes };
  }

  override dispose(): void {
    super.dispose();
    this.#gradients.clear();
    this.#optimizer.dispose();
  }
}
