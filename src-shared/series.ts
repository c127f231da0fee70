/** Calls that read the series of a run as a chart shows them, and the text that its worker wrote. */
import { z } from 'zod';
import { X_AXES } from './charts/places.ts';

const id = z.string().min(1).max(64);
const step = z.number().int().nonnegative();
const name = z.string().min(1).max(200);
const numbers = z.array(z.number());
const point = z.object({ step, value: z.number() });

/** Buckets that a chart as wide as a large screen can show. */
export const CHART_BUCKETS = 1024;
/** Characters of a log that one answer holds. */
export const LOG_CHUNK = 256 << 10;

export const seriesCalls = {
  /** Every series that the run has, by name, with its first and its last value. */
  seriesNames: {
    input: z.object({ runId: id }),
    output: z.array(z.object({ name, first: point, last: point })),
  },
  /**
   * Series over the steps `from` to `to`, both included: every measurement where there are at most `points`, otherwise
   * that many buckets at most with lowest, highest and mean (src-shared/charts/buckets.ts). A name that the run does
   * not have gives no bucket. With `x`, also where steps stand on that axis.
   */
  series: {
    input: z.object({
      runId: id,
      names: z.array(name).max(400),
      from: step.optional(),
      to: step.optional(),
      points: z.number().int().min(2).max(1_000_000),
      x: z.enum(X_AXES).optional(),
    }),
    output: z.object({
      series: z.array(
        z.object({ name, first: numbers, last: numbers, low: numbers, high: numbers, mean: numbers, n: numbers }),
      ),
      /** `origin`: what 0 seconds are, in milliseconds since 1970; null for the other axes. */
      x: z.object({ steps: numbers, places: numbers, origin: z.number().nullable() }).nullable(),
    }),
  },
  /**
   * What the worker wrote, from byte `from` on; negative: that many bytes before the end. `next` is where to go on, and
   * `size` all there is so far.
   */
  runLog: {
    input: z.object({ runId: id, from: z.number().int() }),
    output: z.object({ text: z.string(), start: z.number(), next: z.number(), size: z.number() }),
  },
} as const;
