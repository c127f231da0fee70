/** `PolicyEngine` on the fused CPU core: owns model and optimizer, and lets one call in at a time. */
import { writeCheckpointFiles } from '../../model/checkpoint-files.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { PolicyFiles } from '../../model/policy.ts';
import type { Weights } from '../../model/weights.ts';
import { checkPrompts, checkScored, checkTemperature, checkTraining } from '../checks.ts';
import {
  type DeviceInfo,
  EngineError,
  fullTraining,
  type Generated,
  type MemoryReport,
  type Objective,
  type ObjectiveReport,
  type OnGenerated,
  type OptimizerStep,
  type PolicyEngine,
  type ReferencePolicy,
  type Sampling,
  type Scored,
  type TokenIds,
  type TokenStats,
  type TrainBatch,
  type Training,
} from '../engine.ts';
import { readRestorable } from '../restore.ts';
import type { CoreKind } from './core.ts';
import { generate } from './generation.ts';
import { Machine } from './machine.ts';
import { Model } from './model.ts';
import { Optimizer } from './optimizer.ts';
import { accumulate, score } from './scoring.ts';

/** How the core is run; the results depend on the build, not on the threads. */
export interface CoreOptions {
  readonly kind: CoreKind;
  /** At least 1; default as many as there are cores, 8 at the most. */
  readonly threads?: number;
  /** Relaxed SIMD in WebAssembly; default where V8 has it. */
  readonly relaxed?: boolean;
}

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
      if (this.#disposed) throw new EngineError('this policy is disposed; it takes no more calls');
      return work();
    });
  }
}

export class KernelsEngine extends KernelsReference implements PolicyEngine {
  readonly device: DeviceInfo;
  readonly config: ModelConfig;
  readonly #optimizer: Optimizer;

  /**
   * An engine with fresh moments. @param weights Null leaves all zero, to be `fill`ed.
   * @throws EngineError when it cannot train so, or does not fit into memory.
   */
  static create(
    config: ModelConfig,
    weights: Weights | null,
    { kind, threads, relaxed }: CoreOptions,
    training: Training = fullTraining,
  ): KernelsEngine {
    checkTraining(training);
    const machine = new Machine(kind, threads, relaxed);
    try {
      const engine = new KernelsEngine(machine, Model.create(machine, config, training), `kernels-${kind}`);
      if (weights) engine.fill(weights);
      return engine;
    } catch (error) {
      machine.release();
      throw error;
    }
  }

  /** The same with the weights of a policy, which pass through memory a few rows at a time. */
  static async load(policy: PolicyFiles, options: CoreOptions, training?: Training): Promise<KernelsEngine> {
    const engine = KernelsEngine.create(policy.config, null, options, training);
    try {
      await engine.model.base.fill(policy.tensors);
      return engine;
    } catch (error) {
      engine.dispose();
      throw error;
    }
  }

  /** Replace the policy's weights, or some of them; before any other call. */
  fill(weights: Weights): void {
    for (const [name, { data }] of weights) this.model.base.put(name, data);
  }

  private constructor(machine: Machine, model: Model, engine: string) {
    super(machine, model);
    this.config = model.config;
    this.#optimizer = new Optimizer(model);
    const { threads, core } = machine;
    this.device = {
      engine,
      device: `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${core.name}`,
      precision: 'float32',
      build: core.build,
    };
  }

  generate(prompts: readonly TokenIds[], sampling: Sampling, onGenerated?: OnGenerated): Promise<Generated[]> {
    return this.exclusively(async () => {
      checkPrompts(prompts, sampling, this.config);
      return generate(this.model, prompts, sampling, onGenerated);
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
      const frozen = this.model.freeze();
      this.machine.retain();
      return new KernelsReference(this.machine, frozen);
    });
  }

  async save(dir: string): Promise<void> {
    const { adapter, base, trained } = this.model;
    // Nothing changes until all is written: no copy of it is made but of the rows that are on their way.
    await this.exclusively(async () => {
      const state = adapter && { adapter, weights: trained.get() };
      await writeCheckpointFiles(dir, this.config, base.streamed(), this.#optimizer.state(), state);
    });
  }

  async restore(dir: string): Promise<void> {
    const { trained, optimizer } = await readRestorable(dir, this.config, this.model.adapter);
    await this.exclusively(async () => {
      this.model.clearGradient();
      await this.model.trained.fill(trained);
      await this.#optimizer.restore(optimizer);
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
