/** The contract of a language that programs in the sandbox may be written in. A member says which tools it needs, how
 * they are found, and how a program is built and run; resources/sandbox does it, knowing no language but Python. */
import type { Language as LanguageId, Test } from '../../../src-shared/verdict.ts';

/** Where a program's files and what is built from them lie inside the sandbox; read-only once the build is over. */
export const BOX = '/box';

/** How one program is built and run. Plain data: it is sent to the sandbox server with the program. Commands are
 * absolute paths and arguments; /usr and the toolchain's mounts are all that they see of the machine. */
export interface Recipe {
  /** Name in /box and text of each file, the program among them. */
  readonly files: Readonly<Record<string, string>>;
  /** Run in /box, where it leaves what `run` needs; its standard error explains a failure. Null: nothing to build. */
  readonly build: { readonly command: readonly string[]; readonly wallMs: number; readonly memoryMb: number } | null;
  /** Runs one stdin test in a process of its own, in a working folder that is empty. */
  readonly run: readonly string[] | null;
  /** Serves all tests of a program, one after another: reads one JSON string a line (a test's input) and answers each
   * with one line of JSON, {"value": typed encoding} or {"stdout": text} or {"error": one line, "verdict": verdict}.
   * It is sent a test only once it has answered the one before. */
  readonly serve: {
    readonly command: readonly string[];
    /** The kinds of tests that it serves. */
    readonly kinds: readonly Test['kind'][];
    /** extra: calls come on descriptor 4, answers go to descriptor 3. standard: on standard input and output. */
    readonly channel: 'extra' | 'standard';
  } | null;
  /** What the memory limit is put on, beside the watchdog over resident memory: virtual machines reserve far more
   * addresses than they use, so that only their data can be limited. */
  readonly memory: 'address-space' | 'data';
  /** Threads of the language's own machinery, on top of those that the limits grant the program. */
  readonly threads: number;
}

/** A language's tools as they were found on this machine. */
export interface Toolchain {
  /** For example `g++ 12.2.0`. */
  readonly version: string;
  /** Files and folders outside /usr that must be visible inside, at the same path. */
  readonly mounts: readonly string[];
  /** @param functionName the function that functional tests call; null where there are none. */
  recipe(code: string, functionName: string | null): Recipe;
}

export interface LanguageEntry {
  readonly id: LanguageId;
  readonly title: string;
  /** The kinds of tests that its programs can be run on. */
  readonly kinds: readonly Test['kind'][];
  /** Rejects with a ToolchainMissing that says in one line what is missing and how to install it. */
  find(): Promise<Toolchain>;
}

export class ToolchainMissing extends Error {
  override readonly name = 'ToolchainMissing';
}
