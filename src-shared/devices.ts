/** What engines compute on here: devices with their memory, and how fast matrix products are on them. */
import { z } from 'zod';

export const deviceSchema = z.object({
  /** Engine that drives it, as in the catalogue. */
  engine: z.string(),
  title: z.string(),
  /** Why it cannot run here; null where it can. */
  unavailable: z.string().nullable(),
  /** Its name, and the library and driver that compute; null until it was measured. */
  device: z.string().nullable(),
  build: z.string().nullable(),
  /** Memory that it has, MiB; null where nobody says, as under WebGPU. */
  memoryMb: z.number().nullable(),
  /** GFLOP/s of matrix products: a forward pass through one wide layer, best of some. Null until it was measured. */
  gflops: z.number().nullable(),
});
export type Device = z.infer<typeof deviceSchema>;

export const deviceCalls = {
  /** Engines and their devices, as measured before. With `measure`, all that can run here, or the one named, are measured
   * anew, one after the other, each in a process of its own: some seconds each. */
  devices: {
    input: z.object({ measure: z.union([z.boolean(), z.string().max(64)]).default(false) }),
    output: z.array(deviceSchema),
  },
} as const;

/** A measured rate for people. */
export function gigaflops(rate: number | null): string {
  if (rate === null) return 'not measured';
  return `${rate >= 100 ? Math.round(rate) : Number(rate.toPrecision(2))} GFLOP/s`;
}

export function memorySize(mebibytes: number | null): string {
  return mebibytes === null ? 'unknown' : `${(mebibytes / 1024).toFixed(1)} GiB`;
}
