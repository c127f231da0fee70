/**
 * What a training loop yields. The stream of these, with the configuration, is the run: everything stored and shown
 * comes from them. They travel from the worker to the main process by structured clone, so typed arrays are fine.
 */
import type { Fingerprints } from './fingerprints.ts';
import type { StepMetrics } from './metrics.ts';
import type { Outcome, RolloutFault, RolloutTest } from './rollout.ts';

/** A rollout on its way into the store; statistics at the sampling temperature, arrays [T]. */
export interface RolloutRecord {
  readonly split: 'train' | 'eval';
  readonly problemId: string;
  readonly sample: number;
  readonly prompt: string;
  readonly completion: string;
  readonly tokenIds: Int32Array;
  readonly tokenTexts: readonly string[];
  readonly finished: boolean;
  readonly temperature: number;
  readonly stats: {
    readonly logprob: Float32Array;
    readonly entropy: Float32Array;
    readonly klUniform: Float32Array;
    readonly top1: Float32Array;
    readonly top2: Float32Array;
  };
  /** [T] Log-probabilities of the tokens under the policy that the step's updates made; null where they were not taken. */
  readonly logprobAfter?: Float32Array | null | undefined;
  readonly code: string | null;
  readonly outcome: Outcome;
  readonly tests: readonly RolloutTest[];
  readonly fault: RolloutFault | null;
  readonly reward: number | null;
  readonly advantage: number | null;
  /** What the reward was made of, by name; absent or null where there is none, as for validation samples. */
  readonly parts?: Readonly<Record<string, number>> | null | undefined;
}

export interface StartedEvent {
  readonly kind: 'started';
  readonly engine: {
    readonly engine: string;
    readonly device: string;
    readonly precision: string;
    readonly build: string;
  };
  readonly parameters: number;
  readonly datasetHash: string;
  /** Null where it is not known what the run is measured with. */
  readonly fingerprints: Fingerprints | null;
  readonly problems: { readonly train: number; readonly validation: number };
}

/** One finished step, or step 0: the validation before training. Stored in one transaction, then published. */
export interface StepEvent {
  readonly kind: 'step';
  readonly step: number;
  readonly metrics: StepMetrics;
  readonly rollouts: readonly RolloutRecord[];
}

/** A checkpoint folder that is complete on disk. */
export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly step: number;
  readonly folder: string;
  readonly bytes: number;
  /** Step of an earlier checkpoint that was kept as the best so far and for nothing else: this one takes its place. */
  readonly replaces?: number | undefined;
}

/** Where the current step stands; shown, never stored, and so sent beside the stream rather than in it. */
export interface ProgressEvent {
  readonly kind: 'progress';
  readonly step: number;
  readonly phase: 'sampling' | 'scoring' | 'updating' | 'validating' | 'saving';
  /** 0..1 of the phase. */
  readonly fraction: number;
}

/** Something that a reader of the run should know. */
export interface NoteEvent {
  readonly kind: 'note';
  readonly step: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly message: string;
}

export type RunEvent = StartedEvent | StepEvent | CheckpointEvent | NoteEvent;
