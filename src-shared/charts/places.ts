/** Where a step stands on an x axis that does not count steps: tokens trained, seconds since the start, seconds of work. */
import type { Bucket } from './buckets.ts';
import type { Point } from './series.ts';

/** `work` is time in steps and validations: it stands still while a run is paused or stopped. */
export const X_AXES = ['step', 'tokens', 'seconds', 'work'] as const;
export type XAxis = (typeof X_AXES)[number];

/** Rising in both; between two of them places lie on a straight line. */
export interface Places {
  steps: number[];
  places: number[];
}

/** Of measurements that never fall, as the tokens trained. */
export const placesOfRising = (points: readonly Point[]): Places => ({
  steps: points.map(({ step }) => step),
  places: points.map(({ value }) => value),
});

/** Of a total that is 0 before the first step. */
export function placesOfTotal(points: readonly Point[]): Places {
  const [first] = points;
  return placesOfRising(first !== undefined && first.step > 0 ? [{ step: 0, value: 0 }, ...points] : points);
}

/** Of what has been spent up to the end of each step. @param spent series of the cost of each step, on one grid or raw */
export function placesOfSpending(spent: readonly (readonly Bucket[])[]): Places {
  const ends = spent.flat().sort((a, b) => a.last - b.last);
  const steps: number[] = [];
  const places: number[] = [];
  let sum = 0;
  for (const { last, mean, n } of ends) {
    sum += mean * n;
    if (steps.at(-1) === last) places[places.length - 1] = sum;
    else {
      steps.push(last);
      places.push(sum);
    }
  }
  return { steps, places };
}

function interpolate(from: readonly number[], to: readonly number[], at: number): number {
  const last = from.length - 1;
  if (last < 0) return at;
  if (last === 0) return to[0] as number;
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((from[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  const right = Math.max(1, low);
  const [a, b] = [from[right - 1] as number, from[right] as number];
  const [c, d] = [to[right - 1] as number, to[right] as number];
  // Beyond the ends the last slope goes on.
  return b === a ? d : c + ((at - a) / (b - a)) * (d - c);
}

/** The place of a step; the step itself without places. */
export const placeOf = ({ steps, places }: Places, step: number): number => interpolate(steps, places, step);
/** The step at a place, not rounded. */
export const stepAt = ({ steps, places }: Places, place: number): number => interpolate(places, steps, place);
