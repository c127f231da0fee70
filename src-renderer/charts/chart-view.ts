/** What all charts of a page share: their x axis, the part of it that is shown, and how they are drawn. Changes past React. */
import type { XAxis } from '../../src-shared/charts/places.ts';
import type { LiveRun } from '../data/live.ts';
import { Signal } from '../data/watched-run.ts';
import type { StepRange } from '../lib/run-metrics.ts';

/** Steps at least that are shown. */
const LEAST_STEPS = 2;

export class ChartViewState {
  readonly #run: LiveRun;
  readonly #signal = new Signal();
  #range: StepRange | null = null;
  #x: XAxis = 'step';
  #logX = false;

  constructor(run: LiveRun) {
    this.#run = run;
  }

  readonly subscribe = this.#signal.subscribe;

  /** Null: all steps, those to come among them. */
  get range(): StepRange | null {
    return this.#range;
  }
  /** Steps until they are known to stand elsewhere. */
  get x(): XAxis {
    return this.#run.metrics.hasPlaces(this.#x) ? this.#x : 'step';
  }
  get logX(): boolean {
    return this.#logX;
  }
  get shown(): StepRange {
    return this.#range ?? this.#run.metrics.range;
  }

  readonly place = (step: number): number => this.#run.metrics.place(this.x, step);

  setAxis(x: XAxis, log: boolean): void {
    this.#x = x;
    this.#logX = log;
    this.#run.placeOn(x);
    this.#signal.emit();
  }

  /** Show from one place of the x axis to another, in either order. */
  select(a: number, b: number): void {
    const [from, to] = [this.#stepAt(Math.min(a, b)), this.#stepAt(Math.max(a, b))];
    this.#set([Math.floor(from), Math.ceil(to)]);
  }

  /** @param factor below 1 shows less. @param at place that stays where it is; without one, the middle */
  zoom(factor: number, at?: number): void {
    const [from, to] = this.shown;
    const step = at === undefined ? (from + to) / 2 : this.#stepAt(at);
    this.#set([step - (step - from) * factor, step + (to - step) * factor]);
  }

  /** @param share of what is shown, to the right */
  pan(share: number): void {
    const [from, to] = this.shown;
    const [first, last] = this.#run.metrics.range;
    const by = Math.min(last - to, Math.max(first - from, share * (to - from)));
    this.#set([from + by, to + by]);
  }

  reset(): void {
    if (this.#range === null) return;
    this.#range = null;
    this.#run.look(null);
    this.#signal.emit();
  }

  #stepAt(place: number): number {
    return this.#run.metrics.stepAt(this.x, place);
  }

  #set([from, to]: StepRange): void {
    const [first, last] = this.#run.metrics.range;
    let [a, b] = [Math.max(first, Math.round(from)), Math.min(last, Math.round(to))];
    if (b - a < LEAST_STEPS) {
      a = Math.max(first, Math.round((from + to) / 2) - LEAST_STEPS / 2);
      b = Math.min(last, a + LEAST_STEPS);
    }
    if (a <= first && b >= last) {
      this.reset();
      return;
    }
    this.#range = [a, b];
    this.#run.look(this.#range);
    this.#signal.emit();
  }
}
