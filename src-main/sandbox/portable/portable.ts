/** The sandbox that needs nothing of the operating system: programs run in interpreters compiled to WebAssembly (Pyodide
 * for Python, QuickJS for JavaScript), each program in a process of its own that this one ends at its limits.
 *
 * A program cannot be told from one that broke out of its interpreter, so no process sees two of them, and a spare
 * starts ahead: a start takes 0.3 s of processor time for Python and 0.1 s for JavaScript (without the image of image.ts
 * Python's takes 2 s), a further test in the same process, whose memory is put back, 3 ms and 2 ms. */
import type { Test } from '../../../src-shared/verdict.ts';
import type { Observation } from '../protocol.ts';
import { type Program, type Request, RunnerFault, type TestRunner } from '../runner.ts';
import { acquireImage, type Image } from './image.ts';
import { Interpreter, PORTABLE_LANGUAGES, type PortableLanguage } from './interpreter.ts';

export { PORTABLE_LANGUAGES } from './interpreter.ts';

/** Of @jitl/quickjs-wasmfile-release-sync 0.32.0. */
const QUICKJS_VERSION = 'QuickJS 2025-09-13';

/** The kinds of tests that programs can be run on. */
export const PORTABLE_KINDS: Readonly<Record<PortableLanguage, readonly Test['kind'][]>> = {
  python: ['functional', 'stdin', 'asserts'],
  javascript: ['functional', 'stdin'],
};

/** What holds programs in and what does not, in one line. */
export const portableDescription =
  'WebAssembly interpreters in processes of their own, which may read the interpreter and nothing else, have an empty ' +
  'environment, and can neither write files nor start processes nor load native code nor find a network interface; ' +
  "the memory limit is on the interpreter's heap and, looked at from outside, on the process, processor time is bounded " +
  'by the wall clock; no kernel isolation: who breaks both the interpreter and V8 has the rights of this user';

export class PortableRunner implements TestRunner {
  readonly description: string;
  /** Which interpreter runs each language. */
  readonly versions: Readonly<Record<PortableLanguage, string>>;
  readonly blocksNetwork = true;
  readonly #image: Image;
  /** Started and not used yet. */
  readonly #spares = new Map<PortableLanguage, Interpreter>();
  #program: Program | null = null;
  #current: { language: PortableLanguage; interpreter: Interpreter; trusted: boolean } | null = null;
  #ended: Promise<void>[] = [];
  #stopped: Promise<void> | null = null;

  /** Resolves when a Python interpreter is ready. Rejects with a RunnerFault that says why none is. */
  static async start(): Promise<PortableRunner> {
    const image = await acquireImage();
    try {
      const first = new Interpreter('python', image);
      try {
        return new PortableRunner(image, first, await first.ready);
      } catch (error) {
        await first.stop();
        throw error;
      }
    } catch (error) {
      await image.release();
      throw error;
    }
  }

  private constructor(image: Image, first: Interpreter, version: string) {
    this.#image = image;
    this.#spares.set('python', first);
    this.versions = { python: version, javascript: QUICKJS_VERSION };
    this.description = `${version}, ${QUICKJS_VERSION}, in WebAssembly`;
  }

  begin(program: Program): void {
    this.end();
    this.#program = program;
  }

  async run(request: Request): Promise<Observation> {
    const program = this.#program;
    if (this.#stopped !== null) throw new RunnerFault('The portable sandbox was stopped');
    if (program === null) throw new RunnerFault('The portable sandbox was asked for a test before a program');
    const { language } = program;
    if (!isPortable(language)) throw new RunnerFault(`The portable sandbox does not run ${language}`);
    const trusted = isCheckers(request);
    if (this.#current?.language !== language || !this.#current.interpreter.alive) {
      this.#discard();
      this.#current = { language, interpreter: this.#take(language, trusted), trusted };
    }
    this.#current.trusted &&= trusted;
    return this.#current.interpreter.run(program, request);
  }

  end(): void {
    this.#program = null;
    if (this.#current?.trusted === false) this.#discard();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#discard();
    await Promise.all([...this.#ended, ...[...this.#spares.values()].map((spare) => spare.stop())]);
    await this.#image.release();
  }

  /** An interpreter that no program has touched. One for programs is soon needed again: the next starts now. */
  #take(language: PortableLanguage, trusted: boolean): Interpreter {
    const spare = this.#spares.get(language);
    const taken = spare?.alive === true ? spare : new Interpreter(language, this.#image);
    if (trusted) this.#spares.delete(language);
    else this.#spares.set(language, new Interpreter(language, this.#image));
    return taken;
  }

  #discard(): void {
    const ended = this.#current?.interpreter.stop();
    this.#current = null;
    if (ended === undefined) return;
    this.#ended.push(ended);
    void ended.then(() => {
      this.#ended = this.#ended.filter((other) => other !== ended);
    });
  }
}

const isPortable = (language: string): language is PortableLanguage =>
  (PORTABLE_LANGUAGES as readonly string[]).includes(language);

/** Whether it runs a data set's checker, which can be trusted with the interpreter of the next. */
const isCheckers = ({ kind, ...request }: Request): boolean =>
  kind === 'check' || kind === 'reply' || (kind === 'stdin' && 'arguments' in request);
