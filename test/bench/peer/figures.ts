/** What a contender says of each figure: the lines of torch_peer.py and ours.ts. */
import { z } from 'zod';

const positive = z.number().positive();

/** A measurement: tokens predicted or drawn, and the seconds that they took. */
export const rateLine = z.object({ tokens: positive, seconds: positive, entropy: z.number().optional() });
export type RateLine = z.infer<typeof rateLine>;

/** The first training step, made before any measurement: its loss and its gradient norm before clipping. */
export const firstStepLine = z.object({ loss: z.number(), gradNorm: positive });
export type FirstStepLine = z.infer<typeof firstStepLine>;

export const readyLine = z.object({ ready: z.literal(true) });

/** Peak resident memory of a process that made two training steps: as the system counts it, and without what it held before the model. */
export const memoryLine = z.object({ rawBytes: positive, netBytes: positive });
export type MemoryLine = z.infer<typeof memoryLine>;

export const peakLine = z.object({ gflops: positive });

export const torchLine = z.object({
  version: z.string(),
  /** Library of its matrix products, with version and, for OpenBLAS, the kind of core it takes this one for. */
  blas: z.string(),
  /** Instructions of PyTorch's own loops. */
  simd: z.string(),
  openblasCore: z.string().nullable(),
  attention: z.string(),
});
export type TorchLine = z.infer<typeof torchLine>;
