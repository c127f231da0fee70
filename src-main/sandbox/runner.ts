/** The contract between the pool and what runs tests: a fork server, or one process a test. One program at a time. */
import type { Limits, Test } from '../../src-shared/verdict.ts';
import type { Observation } from './protocol.ts';

export interface Program {
  readonly code: string;
  /** The function that functional tests call. */
  readonly functionName: string | null;
  readonly limits: Limits;
}

export interface TestRunner {
  /** Which Python runs the programs and what the runner enforces, in a few words. */
  readonly description: string;
  /** Whether programs are kept from the network by the runner itself. */
  readonly blocksNetwork: boolean;
  /** Makes this the program that the next tests are of. */
  begin(program: Program): void;
  /** Runs one test in a process of its own. Rejects with a RunnerFault where the runner itself fails; it is then of no
   * further use. */
  run(test: Test): Promise<Observation>;
  /** The program has no more tests. */
  end(): void;
  /** Ends every process that the runner started and removes its files. Idempotent. */
  stop(): Promise<void>;
}

/** A runner broke, stalled or was stopped: nothing was learnt about the program. */
export class RunnerFault extends Error {
  override readonly name = 'RunnerFault';
}
