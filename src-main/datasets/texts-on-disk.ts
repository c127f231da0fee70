/** Long texts of tests wait on disk until they are asked for: a window of LiveCodeBench unpacks to several gigabytes. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '../../src-shared/errors.ts';
import type { Problem } from '../../src-shared/problem.ts';
import type { Test } from '../../src-shared/verdict.ts';

/** In UTF-16 units. Shorter texts are not worth a place in a file. */
const LONG_CHARS = 1 << 14;

/** Ends with the texts that are read from it. */
const files = new FinalizationRegistry<number>(closeSync);

/** A file in the system's folder for temporary files, made with the first long text and without a name where the system
 * allows that: nothing is left of it once no text of it is held, or the process is gone. */
export class TextsOnDisk {
  #file: number | undefined;
  #bytes = 0;

  /** Reads like the problem that it is given, for as long as it is held. @throws AssayError `disk-full` */
  problem(problem: Problem): Problem {
    const kept = (tests: readonly Test[]) => tests.map((test) => this.#test(test));
    return { ...problem, visibleTests: kept(problem.visibleTests), hiddenTests: kept(problem.hiddenTests) };
  }

  #test(test: Test): Test {
    const kept = { ...test };
    for (const name of ['input', 'expected'] as const) {
      const text = test[name];
      // What is no Unicode has no bytes in UTF-8 that would give it back.
      if (text.length < LONG_CHARS || !text.isWellFormed()) continue;
      Object.defineProperty(kept, name, { enumerable: true, configurable: true, get: this.#keep(text) });
    }
    return kept;
  }

  #keep(text: string): () => string {
    const bytes = Buffer.from(text, 'utf8');
    const at = this.#bytes;
    try {
      this.#file ??= this.#open();
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, at + done);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      throw new AssayError('disk-full', `The tests of the problems do not fit in ${tmpdir()}: ${message}`, {
        hint: 'Free some space there, let TMPDIR name another folder, or take fewer problems or tests.',
        cause: error,
      });
    }
    const { length } = bytes;
    this.#bytes += length;
    return () => this.#read(at, length);
  }

  #open(): number {
    const folder = mkdtempSync(join(tmpdir(), 'assay-tests-'));
    const file = openSync(join(folder, 'texts'), 'wx+', 0o600);
    files.register(this, file);
    const remove = () => rmSync(folder, { recursive: true, force: true });
    try {
      remove();
    } catch {
      // A system that keeps the names of open files.
      process.once('exit', remove);
    }
    return file;
  }

  #read(at: number, length: number): string {
    const file = this.#file as number;
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const read = readSync(file, bytes, done, length - done, at + done);
      if (read === 0)
        throw new Error(`the texts of tests end at ${at + done} of ${this.#bytes} bytes that were written`);
      done += read;
    }
    return bytes.toString('utf8');
  }
}

/** UTF-16 units of a test that take memory. */
export function charactersHeld(test: Test): number {
  return (['input', 'expected'] as const).reduce((sum, name) => {
    const text: unknown = Object.getOwnPropertyDescriptor(test, name)?.value;
    return sum + (typeof text === 'string' ? text.length : 0);
  }, 0);
}
