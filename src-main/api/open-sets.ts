/** The problem set that is looked at: opened once for all calls about it, kept while they come, dropped some time after. */
import { AssayError } from '../../src-shared/errors.ts';
import { type OptionValues, parseOptions } from '../../src-shared/options.ts';
import type { Split } from '../../src-shared/problem.ts';
import type { Dataset, Published } from '../datasets/dataset.ts';
import { datasets } from '../datasets/index.ts';

/** A large set takes a minute to read, and gigabytes to keep. */
const KEEP_MS = 300_000;

export class OpenSets {
  #last: { readonly key: string; readonly set: OpenSet } | null = null;
  #forgetting: NodeJS.Timeout | undefined;

  /**
   * @param anew Reads the files again even where the set is open.
   * @throws AssayError `usage` with the path of the option at fault.
   */
  open(id: string, given: OptionValues, anew = false): OpenSet {
    const kind = datasets.find((each) => each.id === id);
    if (kind === undefined)
      throw new AssayError(
        'usage',
        `problems.kind: ${id} is unknown; allowed is ${datasets.map((each) => each.id).join(', ')}`,
        { path: 'problems.kind' },
      );
    const options = parseOptions(kind.options, given, 'problems.options');
    const key = JSON.stringify([id, options]);
    const set = this.#last?.key === key && !anew ? this.#last.set : new OpenSet(kind.open(options));
    this.#last = { key, set };
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => {
      this.#last = null;
    }, KEEP_MS);
    this.#forgetting.unref();
    return set;
  }
}

type Publications = readonly Published[] | null;

export class OpenSet {
  readonly dataset: Dataset;
  readonly #published = new Map<string, Promise<Publications>>();

  constructor(dataset: Dataset) {
    this.dataset = dataset;
  }

  /** What the set publishes beside the problems of a split; null where it publishes nothing. */
  published(split: Split, solutions: number): Promise<Publications> {
    const key = `${split} ${solutions}`;
    const known = this.#published.get(key);
    if (known !== undefined) return known;
    const reading = this.#read(split, solutions);
    this.#published.set(key, reading);
    // Whoever asks next tries again.
    reading.catch(() => this.#published.delete(key));
    return reading;
  }

  async #read(split: Split, solutions: number): Promise<Publications> {
    return (await this.dataset.published?.(split, solutions)) ?? null;
  }
}
