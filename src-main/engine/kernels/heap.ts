/** Addresses in a growing memory: hands them out first-fit and takes them back. Knows nothing of what lies there. */

/** Blocks start at multiples of a cache line. */
const alignment = 64;

interface Gap {
  start: number;
  size: number;
}

export class Heap {
  /** Gaps below the end, by address; neighbours are merged. */
  readonly #gaps: Gap[] = [];
  readonly #sizes = new Map<number, number>();
  #end: number;
  #most: number;
  #used = 0;

  constructor(start: number) {
    this.#end = align(start);
    this.#most = this.#end;
  }

  /** Bytes of all blocks. */
  get used(): number {
    return this.#used;
  }

  /** Where the last block ends. */
  get end(): number {
    return this.#end;
  }

  /** The farthest that `end` has been. */
  get most(): number {
    return this.#most;
  }

  /** @returns Address of a block of at least `bytes` bytes; its contents are undefined. */
  allocate(bytes: number): number {
    const size = align(Math.max(bytes, 1));
    const index = this.#gaps.findIndex((gap) => gap.size >= size);
    let start = this.#end;
    if (index >= 0) {
      const gap = this.#gaps[index] as Gap;
      start = gap.start;
      gap.start += size;
      gap.size -= size;
      if (gap.size === 0) this.#gaps.splice(index, 1);
    } else {
      this.#end += size;
      this.#most = Math.max(this.#most, this.#end);
    }
    this.#sizes.set(start, size);
    this.#used += size;
    return start;
  }

  free(start: number): void {
    const size = this.#sizes.get(start);
    if (size === undefined) throw new RangeError(`address ${start} is not the start of an allocated block`);
    this.#sizes.delete(start);
    this.#used -= size;
    let index = this.#gaps.findIndex((gap) => gap.start > start);
    if (index < 0) index = this.#gaps.length;
    this.#gaps.splice(index, 0, { start, size });
    this.#merge(index);
    if (index > 0) this.#merge(index - 1);
    const last = this.#gaps.at(-1);
    if (last && last.start + last.size === this.#end) {
      this.#end = last.start;
      this.#gaps.pop();
    }
  }

  /** Join a gap with the next one where they touch. */
  #merge(index: number): void {
    const gap = this.#gaps[index] as Gap;
    const next = this.#gaps[index + 1];
    if (!next || gap.start + gap.size !== next.start) return;
    gap.size += next.size;
    this.#gaps.splice(index + 1, 1);
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
