/** `PolicyEngine` on the fused CPU core: owns model and optimizer, and lets one call in at a time. */
import { readCheckpointFiles, writeCheckpointFiles } from '../../model/checkpoint-files.ts';
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
import { defaultThreads, Machine } from './machine.ts';
import { Model } from './model.ts';
import { Optimizer } from './optimizer.ts';
import { accumulate, score } from './scoring.ts';

export const engineId = 'kernels';

class KernelsReference implements ReferencePolicy {
  protected readonly machine: Machine;
  protected readonly model: Model;
  #disposed = false;

  /** @param machine Retained for this holder already. */
  constructor(machine: Machine, model: Model) {
    this.machine = machine;
    this.model = model;
  }

  score(sequences: readonly Scored[], temperature: number): Promise<TokenStats[]> {
    return this.exclusively(async () => {
      checkScored(sequences, this.model.config);
      checkTemperature(temperature);
      return score(this.model, sequences, temperature);
    });
  }

  /** Calls that are under way finish first. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.machine.exclusively(async () => this.free());
  }

  protected free(): void {
    this.model.dispose();
    this.machine.release();
  }

  protected exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.machine.exclusively(() => {
      if (this.#disposed) throw new EngineError(`${engineId}: this policy is disposed`);
      return work();
    });
  }
}

export class KernelsEngine extends KernelsReference implements PolicyEngine {
  readonly device: DeviceInfo;
  readonly config: ModelConfig;
  readonly #optimizer: Optimizer;

  /** An engine with fresh moments. @param threads At least 1; the results do not depend on it. */
  static create(config: ModelConfig, weights: Weights, threads = defaultThreads()): KernelsEngine {
    const machine = new Machine(threads);
    return new KernelsEngine(machine, Model.upload(machine, config, weights));
  }

  private constructor(machine: Machine, model: Model) {
    super(machine, model);
    this.config = model.config;
    this.#optimizer = new Optimizer(model);
    this.device = {
      engine: engineId,
      device: `CPU, ${machine.threads} ${machine.threads === 1 ? 'thread' : 'threads'}, WebAssembly SIMD`,
      precision: 'float32',
      build: `fused kernels, V8 ${process.versions.v8}`,
    };
  }

  generate(prompts: readonly TokenIds[], sampling: Sampling): Promise<Generated[]> {
    return this.exclusively(async () => {
      checkPrompts(prompts, sampling, this.config);
      return generate(this.model, prompts, sampling);
    });
  }

  accumulate(batch: TrainBatch, objective: Objective): Promise<ObjectiveReport> {
    return this.exclusively(async () => {
      checkScored(batch.sequences, this.config);
      checkTemperature(batch.temperature);
      try {
        return await accumulate(this.model, batch, objective);
      } catch (error) {
        // Part of the batch may have been added: an incomplete gradient must not reach an update.
        this.model.clearGradient();
        throw error;
      }
    });
  }

  update(step: OptimizerStep): Promise<{ gradNorm: number }> {
    return this.exclusively(async () => ({ gradNorm: await this.#optimizer.update(step) }));
  }

  freeze(): Promise<ReferencePolicy> {
    return this.exclusively(async () => {
      this.machine.retain();
      return new KernelsReference(this.machine, this.model.clone());
    });
  }

  async save(dir: string): Promise<void> {
    const { weights, optimizer } = await this.exclusively(async () => ({
      weights: this.model.download(),
      optimizer: this.#optimizer.state(),
    }));
    await writeCheckpointFiles(dir, this.config, weights, optimizer);
  }

  async restore(dir: string): Promise<void> {
    const { config, weights, optimizer } = await readCheckpointFiles(dir);
    if (formatModelConfig(config) !== formatModelConfig(this.config))
      throw new EngineError(
        `${dir}: config.json differs from this engine's; only the same architecture can be restored`,
      );
    await this.exclusively(async () => {
      this.model.upload(weights);
      this.model.clearGradient();
      this.#optimizer.reset(optimizer);
    });
  }

  /** Everything in this engine's memory, its frozen copies included. */
  memory(): MemoryReport {
    return { bytes: this.machine.bytes };
  }

  protected override free(): void {
    this.#optimizer.dispose();
    super.free();
  }
}
