/** What compilers made of programs, kept so that a program is compiled once, whichever server it runs on. */
import { createHash } from 'node:crypto';
import type { Recipe } from './languages/language.ts';

const MOST_BYTES = 128 << 20;

/** Files as a sandbox server packs them: path, bytes and mode of each, and their content one after another. */
export interface Artefact {
  readonly files: readonly (readonly [string, number, number])[];
  readonly content: Buffer;
}

/** Least recently used first out. */
export class Artefacts {
  readonly #kept = new Map<string, Artefact>();
  #bytes = 0;

  static key(recipe: Recipe): string {
    return createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
  }

  get(key: string): Artefact | undefined {
    const found = this.#kept.get(key);
    if (found !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, found);
    }
    return found;
  }

  set(key: string, artefact: Artefact): void {
    if (this.#kept.has(key)) return;
    this.#kept.set(key, artefact);
    this.#bytes += artefact.content.length;
    for (const [oldest, { content }] of this.#kept) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= content.length;
    }
  }
}
