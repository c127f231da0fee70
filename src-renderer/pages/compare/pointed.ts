/** Where the pointer stands on the overlays of the page, and what a group has there. Changes past React. */

import { Signal } from '../../data/watched-run.ts';
import type { MetricComparison } from '../../lib/comparison/overlay.ts';
import { nearestPoint } from '../../lib/comparison/overlay.ts';

export class Pointed {
  readonly #signal = new Signal();
  #at: { readonly metric: string; readonly x: number } | null = null;

  readonly subscribe = this.#signal.subscribe;

  get at(): { readonly metric: string; readonly x: number } | null {
    return this.#at;
  }

  point(metric: string, x: number | null): void {
    if (x === null && this.#at === null) return;
    this.#at = x === null ? null : { metric, x };
    this.#signal.emit();
  }

  /** The mean of a group at the crosshair, the last without one; null where it has none. */
  valueOf({ byGroup }: MetricComparison, key: string): number | null {
    const own = byGroup[key];
    if (own === undefined) return null;
    if (this.#at === null) return own.final.mean;
    const { x, mean } = own.curve;
    return (
      nearestPoint(
        x.map((place, i) => ({ x: place, value: mean[i] ?? Number.NaN })),
        this.#at.x,
      )?.value ?? null
    );
  }
}
