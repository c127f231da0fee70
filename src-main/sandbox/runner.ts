/** The contract between the pool and what runs tests: a fork server, or one process a test. One program at a time. */
import type { Language, Limits } from '../../src-shared/verdict.ts';
import type { Observation } from './protocol.ts';

export interface Program {
  readonly language: Language;
  readonly code: string;
  /** The function that functional tests call. */
  readonly functionName: string | null;
  readonly limits: Limits;
}

/** What a runner can be asked to run of a program. */
export type Request =
  /** A run on this standard input, in a working folder with these files. */
  | {
      readonly kind: 'stdin';
      readonly input: string;
      readonly files?: Readonly<Record<string, string>>;
      readonly arguments?: readonly string[];
    }
  /** A call of the program's function; one JSON value a line. Calls share a process, but not a module. */
  | { readonly kind: 'functional'; readonly input: string }
  /** A call that a checker makes (resources/sandbox/remote.py): all from one that is `fresh` to the next share a module. */
  | { readonly kind: 'call'; readonly input: string; readonly fresh: boolean; readonly wallMs: number }
  /** Runs the program as a checker until it passes, fails or asks for a call, which a reply answers. */
  | { readonly kind: 'check' }
  | { readonly kind: 'reply'; readonly input: string };

export interface TestRunner {
  /** Which Python runs the programs and what the runner enforces, in a few words. */
  readonly description: string;
  /** Whether programs are kept from the network by the runner itself. */
  readonly blocksNetwork: boolean;
  /** Makes this the program that the next tests are of. */
  begin(program: Program): void;
  /** Runs one request under the program's limits, in processes that share nothing with those of other programs. Rejects with a RunnerFault where the runner itself fails; it is then of no
   * further use. */
  run(request: Request): Promise<Observation>;
  /** The program has no more requests. */
  end(): void;
  /** Ends every process that the runner started and removes its files. Idempotent. */
  stop(): Promise<void>;
}

/** A runner broke, stalled or was stopped: nothing was learnt about the program. */
export class RunnerFault extends Error {
  override readonly name = 'RunnerFault';
}
