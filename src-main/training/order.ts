/** What the supervisor hands to a worker, and what the worker may ask back. Plain data, but for the two functions of `Services`. */
import type { ProgressEvent, RunEvent } from '../../src-shared/events.ts';
import type { MemorySettings } from '../../src-shared/memory.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { ProgramResult, Test } from '../../src-shared/verdict.ts';

/** One run to train, everything resolved to paths. */
export interface TrainingOrder {
  readonly runId: string;
  readonly config: RunConfig;
  /** How it is held in memory, where that is not as configured. */
  readonly memory?: MemorySettings | undefined;
  /** The policy to start from, a folder or a GGUF file (model/policy-files.ts). Its optimizer state, if any, is ignored. */
  readonly policyFolder: string;
  /** Go on from this checkpoint of the same run, optimizer state included; null for a fresh start. */
  readonly resume: { readonly step: number; readonly folder: string } | null;
  /** Existing folder in which checkpoint folders are made. */
  readonly checkpointsFolder: string;
}

/** A program with the tests to run it on. */
export interface Program {
  readonly code: string;
  readonly functionName: string;
  readonly tests: readonly Test[];
  readonly limits: { readonly wallMs: number; readonly memoryMb: number };
  /** Judged even where its verdict is known. */
  readonly anew: boolean;
  readonly stopAtFirstFailure: boolean;
}

/** What the training loop needs from the process around it. */
export interface Services {
  /** Run programs in the sandbox; results in the order of the programs. @throws AssayError `sandbox` when it cannot run at all. */
  execute(programs: readonly Program[]): Promise<readonly ProgramResult[]>;
  /** Asked between steps. Resolves at once, or when a paused run may go on; `stop`: end now, with a checkpoint. */
  gate(): Promise<{ readonly stop: boolean }>;
  /** Where the current step stands: shown, never stored, and so not part of the stream of events. */
  progress(event: ProgressEvent): void;
}

export type Training = AsyncGenerator<RunEvent, 'finished' | 'stopped', void>;
