/** The part of the x axis that the overlays of a page show together. Changes past React. */
import { Signal } from '../data/watched-run.ts';

export type Range = readonly [from: number, to: number];

/** A part smaller than this share of the whole is no longer worth looking at. */
const LEAST = 1e-3;

export class OverlayZoom {
  readonly #signal = new Signal();
  #extent: Range = [0, 1];
  #range: Range | null = null;

  readonly subscribe = this.#signal.subscribe;

  /** Null: all of it, what is to come among it. */
  get range(): Range | null {
    return this.#range;
  }

  /** From the first to the last point of all charts; another axis or other runs show all of it again. */
  setExtent(extent: Range, isAnother: boolean): void {
    this.#extent = extent;
    if (isAnother) this.reset();
  }

  readonly select = (a: number, b: number): void => this.#set(Math.min(a, b), Math.max(a, b));

  /** @param factor below 1 shows less. @param at place that stays where it is; without one, the middle */
  readonly zoom = (factor: number, at?: number): void => {
    const [from, to] = this.#range ?? this.#extent;
    const place = at ?? (from + to) / 2;
    this.#set(place - (place - from) * factor, place + (to - place) * factor);
  };

  /** @param share of what is shown, to the right */
  readonly pan = (share: number): void => {
    const [from, to] = this.#range ?? this.#extent;
    const [first, last] = this.#extent;
    const by = Math.min(last - to, Math.max(first - from, share * (to - from)));
    this.#set(from + by, to + by);
  };

  readonly reset = (): void => {
    if (this.#range === null) return;
    this.#range = null;
    this.#signal.emit();
  };

  readonly isZoomed = (): boolean => this.#range !== null;

  #set(from: number, to: number): void {
    const [first, last] = this.#extent;
    const [a, b] = [Math.max(first, from), Math.min(last, to)];
    if (a <= first && b >= last) {
      this.reset();
      return;
    }
    if (!(b - a >= (last - first) * LEAST)) return;
    this.#range = [a, b];
    this.#signal.emit();
  }
}
