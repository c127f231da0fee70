/** The contract of a language that programs in the sandbox may be written in. A member says which tools it needs, how
 * they are found, and how a program is built and run; resources/sandbox does it, knowing no language but Python. */
import type { Language as LanguageId, Test } from '../../../src-shared/verdict.ts';

/** Where a program's files and what is built from them lie inside the sandbox; read-only once the build is over. */
export const BOX = '/box';

/** How one program is built and run. Plain data: it is sent to the sandbox server with the program. Commands are
 * absolute paths and arguments, `{memoryMb}` in an argument being the memory limit in MiB; /usr and the toolchain's
 * mounts are all that they see of the machine. Each may say why the program failed in one line of JSON on descriptor 3:
 * {"error": one line, "verdict": runtime-error, memory-limit or output-limit}. */
export interface Recipe {
  /** Name in /box and text of each file, the program among them. */
  readonly files: Readonly<Record<string, string>>;
  /** Run in /box, where it leaves what `run` needs; its standard error explains a failure. Null: nothing to build. */
  readonly build: {
    readonly command: readonly string[];
    /** Of each process, in seconds; the wall-clock time is longer, as the machine may be busy. */
    readonly cpuSeconds: number;
    readonly wallMs: number;
    readonly memoryMb: number;
  } | null;
  /** Runs one stdin test in a process of its own, in a working folder that is empty. */
  readonly run: readonly string[] | null;
  /** Serves all tests of a program, one after another: reads one JSON string a line (a test's input) from descriptor 4
   * and answers each with one line of JSON on descriptor 3: {"value": typed encoding}, {"done":true} once a stdin test
   * has printed all to standard output, or {"error", "verdict"}. Where `"last":true` ends the answer it is not asked
   * again; else it is sent the next test. A test that ends the process is judged by what it printed and its status. */
  readonly serve: {
    readonly command: readonly string[];
    /** The kinds of tests that it serves. */
    readonly kinds: readonly Test['kind'][];
  } | null;
  /** What its standard error has where it failed because memory was refused to it. */
  readonly memoryErrors: readonly string[];
  /** What the memory limit is put on, beside the watchdog over resident memory: virtual machines reserve far more
   * addresses than they use, so that only their data can be limited. */
  readonly memory: 'address-space' | 'data';
  /** What the language's own machinery maps and hardly uses (stacks, tables), in MiB: on top of that limit, so that
   * programs are refused memory near it; resident memory is watched without it. */
  readonly reservedMb: number;
  /** Threads of the language's own machinery, on top of those that the limits grant the program. */
  readonly threads: number;
}

/** A language's tools as they were found on this machine. */
export interface Toolchain {
  /** For example `g++ 12.2.0`. */
  readonly version: string;
  /** Where inside each of these files and folders must be visible that lie outside /usr: path inside, path outside. */
  readonly mounts: Readonly<Record<string, string>>;
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
