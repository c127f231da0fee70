/** `PolicyEngine` on any tfjs backend: owns weights, gradient and optimizer, and serialises the calls. */
import { type OptimizerState, readCheckpointFiles, writeCheckpointFiles } from '../../model/checkpoint-files.ts';
import { formatModelConfig, type ModelConfig } from '../../model/config.ts';
import type { Weights } from '../../model/weights.ts';
import { checkPrompts, checkScored, checkTemperature } from '../checks.ts';
import {
  type DeviceInfo,
  EngineError,
  type Generated,
  type MemoryReport,
  type Objective,
  type ObjectiveReport,
  type OptimizerStep,
  type PolicyEngine,
  type ReferencePolicy,
  type Sampling,
  type Scored,
  type TokenIds,
  type TokenStats,
  type TrainBatch,
} from '../engine.ts';
import { generate } from './generation.ts';
import { Gradients } from './gradients.ts';
import { exclusively, type Tf } from './library.ts';
import type { Ops } from './ops.ts';
import { Optimizer } from './optimizer.ts';
import { accumulate, score } from './scoring.ts';
import { Transformer } from './transformer.ts';
import { WeightSet } from './weight.ts';

/** A started backend. */
export interface Runtime {
  readonly tf: Tf;
  /** tfjs's own name of the backend. */
  readonly backend: string;
  readonly device: DeviceInfo;
  /** Rows of one forward and backward pass; more fills wide devices, fewer stays in a CPU's cache. */
  readonly sliceTokens: number;
  ops(config: ModelConfig): Ops;
}

class TfjsReference implements ReferencePolicy {
  protected readonly runtime: Runtime;
  protected readonly transformer: Transformer;
  protected weights: WeightSet;

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
    return exclusively(this.runtime.tf, this.runtime.backend, work);
  }
}

export class TfjsEngine extends TfjsReference implements PolicyEngine {
  readonly device: DeviceInfo;
  readonly config: ModelConfig;
  readonly #gradients: Gradients;
  #optimizer: Optimizer;

  /** @param optimizer Null starts with fresh moments. */
  static async create(
    runtime: Runtime,
    config: ModelConfig,
    weights: Weights,
    optimizer: OptimizerState | null,
  ): Promise<TfjsEngine> {
    return exclusively(runtime.tf, runtime.backend, async () => {
      const transformer = new Transformer(config, runtime.ops(config));
      return new TfjsEngine(runtime, transformer, WeightSet.upload(runtime.tf, weights), optimizer);
    });
  }

  private constructor(
    runtime: Runtime,
    transformer: Transformer,
    weights: WeightSet,
    optimizer: OptimizerState | null,
  ) {
    super(runtime, transformer, weights);
    this.device = runtime.device;
    this.config = transformer.config;
    this.#gradients = new Gradients(runtime.tf);
    this.#optimizer = new Optimizer(transformer.ops, weights, optimizer);
  }

  generate(prompts: readonly TokenIds[], sampling: Sampling): Promise<Generated[]> {
    return this.exclusively(async () => {
      checkPrompts(prompts, sampling, this.config);
      return generate(this.transformer, this.weights, prompts, sampling);
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
    const { weights, optimizer } = await this.exclusively(async () => {
      const copies: Weights = new Map();
      for (const [name, { value }] of this.weights.entries())
        copies.set(name, { shape: value.shape, data: (await this.transformer.ops.read(value)).slice() });
      return { weights: copies, optimizer: await this.#optimizer.state() };
    });
    await writeCheckpointFiles(dir, this.config, weights, optimizer);
  }

  async restore(dir: string): Promise<void> {
    const { config, weights, optimizer } = await readCheckpointFiles(dir);
    if (formatModelConfig(config) !== formatModelConfig(this.config))
      throw new EngineError(
        `${dir}: config.json differs from this engine's; only the same architecture can be restored`,
      );
    await this.exclusively(async () => {
      this.#optimizer.dispose();
      this.#gradients.clear();
      this.weights.dispose();
      this.weights = WeightSet.upload(this.runtime.tf, weights);
      this.#optimizer = new Optimizer(this.transformer.ops, this.weights, optimizer);
    });
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
