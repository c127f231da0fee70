/** All metrics of one run as they arrive: in any order, some twice, some missing. Owns no transport and no drawing. */
import type { MetricName, StepMetrics } from '../../src-shared/metrics.ts';
import type { Point } from './series.ts';

export class RunMetrics {
  readonly #byStep = new Map<number, StepMetrics>();
  #steps: number[] = [];
  readonly #cache = new Map<MetricName, readonly Point[]>();
  #version = 0;

  /** Rises with every change. */
  get version(): number {
    return this.#version;
  }

  /** The last step that is known; -1 before the first. */
  get lastStep(): number {
    return this.#steps.at(-1) ?? -1;
  }

  get size(): number {
    return this.#steps.length;
  }

  /** A step that is already known is replaced: a resumed run does it again from its checkpoint. */
  add(step: number, metrics: StepMetrics): void {
    if (!this.#byStep.has(step)) {
      if (step > this.lastStep) this.#steps.push(step);
      else this.#steps = [...this.#steps, step].sort((a, b) => a - b);
    }
    this.#byStep.set(step, metrics);
    this.#cache.clear();
    this.#version++;
  }

  /** A run that goes on from an earlier checkpoint takes back what came after it. */
  dropAfter(step: number): void {
    const kept = this.#steps.filter((s) => s <= step);
    if (kept.length === this.#steps.length) return;
    for (const s of this.#steps) if (s > step) this.#byStep.delete(s);
    this.#steps = kept;
    this.#cache.clear();
    this.#version++;
  }

  /** Steps with a finite value of this metric, in order. */
  points(name: MetricName): readonly Point[] {
    const cached = this.#cache.get(name);
    if (cached !== undefined) return cached;
    const points: Point[] = [];
    for (const step of this.#steps) {
      const value = this.#byStep.get(step)?.[name];
      if (value !== undefined && Number.isFinite(value)) points.push({ step, value });
    }
    this.#cache.set(name, points);
    return points;
  }

  latest(name: MetricName): Point | undefined {
    return this.points(name).at(-1);
  }

  at(step: number): StepMetrics | undefined {
    return this.#byStep.get(step);
  }
}
