/** Asks a core how much a model needs. It has the core's own memory for the question, and none of the model's. */
import type { ModelConfig } from '../../model/config.ts';
import { type CoreKind, type OpenCore, openCore } from './core.ts';
import type { Layout } from './layout.ts';
import { type Measures, measuresOf, modelBytes, modelWords, tableWords } from './model.ts';

export class Ruler {
  static readonly #known = new Map<CoreKind, Ruler>();
  readonly core: OpenCore;
  /** Addresses of the core's words about a model, and of its answer. */
  readonly #words: number;
  readonly #answer: number;

  /** One a process. */
  static of(kind: CoreKind): Ruler {
    const ruler = Ruler.#known.get(kind) ?? new Ruler(openCore(kind));
    Ruler.#known.set(kind, ruler);
    return ruler;
  }

  private constructor(core: OpenCore) {
    this.core = core;
    this.#words = Math.ceil(core.start / 64) * 64;
    this.#answer = this.#words + modelBytes;
    const missing = this.#answer + tableWords.measures * 8 - core.buffer().byteLength;
    if (missing > 0) core.grow(missing);
  }

  measure(config: ModelConfig, layout: Layout, adapterWidth: number): Measures {
    this.#describe(config, layout, adapterWidth);
    this.core.measure(this.#words, this.#answer);
    return measuresOf(new Float64Array(this.core.buffer(), this.#answer, tableWords.measures));
  }

  /** Floats of a thread's scratch, as for `Core.scratchFloats`. */
  scratchFloats(
    config: ModelConfig,
    layout: Layout,
    adapterWidth: number,
    needs: { readonly rows: number; readonly positions: number; readonly slots: number },
  ): number {
    this.#describe(config, layout, adapterWidth);
    return this.core.scratchFloats(this.#words, needs.rows, needs.positions, needs.slots);
  }

  #describe(config: ModelConfig, layout: Layout, adapterWidth: number): void {
    const words = modelWords(config, layout, adapterWidth, [0, 0, 0, 0]);
    new Float64Array(this.core.buffer(), this.#words, words.length).set(words);
  }
}
