/** Verdicts that are known: the same program on the same tests, under the same limits in the same sandbox, is judged
 * once. What the load of the machine can change, and what says nothing about the program, is not kept. */
import { createHash } from 'node:crypto';
import type { ProgramResult, Test, Verdict } from '../../src-shared/verdict.ts';

const MOST_CHARACTERS = 64 << 20;
const NOT_KEPT: ReadonlySet<Verdict> = new Set(['time-limit', 'sandbox-error']);

interface Entry {
  readonly result: ProgramResult;
  readonly characters: number;
}

/** Least recently used first out. */
export class VerdictCache {
  readonly #kept = new Map<string, Entry>();
  readonly #version: string;
  #characters = 0;

  /** `version` names the sandbox: its sources, its isolation, its interpreters. */
  constructor(version: string) {
    this.#version = version;
  }

  /** Test by test: all of them together may be many megabytes. */
  key(program: object, tests: readonly Test[]): string {
    const hash = createHash('sha256').update(this.#version).update('\0').update(JSON.stringify(program));
    for (const test of tests) hash.update('\0').update(JSON.stringify(test));
    return hash.digest('base64');
  }

  get(key: string): ProgramResult | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found.result;
  }

  set(key: string, result: ProgramResult): void {
    if (this.#kept.has(key) || result.tests.some((test) => NOT_KEPT.has(test.verdict))) return;
    const characters = key.length + JSON.stringify(result).length;
    this.#kept.set(key, { result, characters });
    this.#characters += characters;
    for (const [oldest, entry] of this.#kept) {
      if (this.#characters <= MOST_CHARACTERS) break;
      this.#kept.delete(oldest);
      this.#characters -= entry.characters;
    }
  }
}
