/**
 * ggml's element formats that policies are published in, as blocks of 32 or 256 elements with common float16 scales.
 * Layouts: ggml-common.h and ggml-quants.c of ggml-org/llama.cpp, and gguf-py/gguf/quants.py there.
 */
import { type ElementFormat, halves, plainFormats } from '../stored-tensor.ts';

const half = (bytes: Uint8Array, at: number) =>
  halves[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;

/** A format of which one block is read at a time. @param read From `bytes[at ..]` to `into[to ..]`. */
function blocks(
  name: string,
  elements: number,
  bytes: number,
  read: (bytes: Uint8Array, at: number, into: Float32Array, to: number) => void,
): ElementFormat {
  const decode = (all: Uint8Array, into: Float32Array) => {
    for (let at = 0, to = 0; to < into.length; at += bytes, to += elements) read(all, at, into, to);
  };
  return { name, elements, bytes, decode };
}

/** The i-th of 32 values whose lower 4 bits lie in 16 bytes: first all low halves, then all high ones. */
const nibble = (bytes: Uint8Array, at: number, i: number) =>
  ((bytes[at + (i & 15)] as number) >> (i & 16 ? 4 : 0)) & 15;
const bit = (bytes: Uint8Array, at: number, i: number) => ((bytes[at + (i >> 3)] as number) >> (i & 7)) & 1;

/** The j-th of 8 scales and minima of 6 bits each, which lie in 12 bytes. */
function scaleAndMinimum(bytes: Uint8Array, at: number, j: number): [number, number] {
  const q = (i: number) => bytes[at + i] as number;
  if (j < 4) return [q(j) & 63, q(j + 4) & 63];
  return [(q(j + 4) & 15) | ((q(j - 4) >> 6) << 4), (q(j + 4) >> 4) | ((q(j) >> 6) << 4)];
}

/** Q4_K and Q5_K: 8 runs of 32 values, each with a scale and a minimum. @param fifth Where the fifth bits begin; null: there are none. */
function readRuns(bytes: Uint8Array, at: number, into: Float32Array, to: number, fifth: number | null, low: number) {
  const [d, dMin] = [half(bytes, at), half(bytes, at + 2)];
  for (let run = 0; run < 8; run++) {
    const [scale, minimum] = scaleAndMinimum(bytes, at + 4, run);
    const [s, m] = [Math.fround(d * scale), Math.fround(dMin * minimum)];
    const from = at + low + (run >> 1) * 32;
    for (let i = 0; i < 32; i++) {
      const high = fifth === null ? 0 : (((bytes[at + fifth + i] as number) >> run) & 1) << 4;
      const q = (((bytes[from + i] as number) >> (run & 1 ? 4 : 0)) & 15) | high;
      into[to + run * 32 + i] = Math.fround(s * q) - m;
    }
  }
}

/** By ggml's number of the type. */
export const ggmlFormats: ReadonlyMap<number, ElementFormat> = new Map<number, ElementFormat>([
  [0, plainFormats.F32],
  [1, plainFormats.F16],
  [30, plainFormats.BF16],
  [
    2,
    blocks('Q4_0', 32, 18, (bytes, at, into, to) => {
      const d = half(bytes, at);
      for (let i = 0; i < 32; i++) into[to + i] = d * (nibble(bytes, at + 2, i) - 8);
    }),
  ],
  [
    3,
    blocks('Q4_1', 32, 20, (bytes, at, into, to) => {
      const [d, m] = [half(bytes, at), half(bytes, at + 2)];
      for (let i = 0; i < 32; i++) into[to + i] = Math.fround(d * nibble(bytes, at + 4, i)) + m;
    }),
  ],
  [
    6,
    blocks('Q5_0', 32, 22, (bytes, at, into, to) => {
      const d = half(bytes, at);
      for (let i = 0; i < 32; i++) into[to + i] = d * ((nibble(bytes, at + 6, i) | (bit(bytes, at + 2, i) << 4)) - 16);
    }),
  ],
  [
    7,
    blocks('Q5_1', 32, 24, (bytes, at, into, to) => {
      const [d, m] = [half(bytes, at), half(bytes, at + 2)];
      for (let i = 0; i < 32; i++)
        into[to + i] = Math.fround(d * (nibble(bytes, at + 8, i) | (bit(bytes, at + 4, i) << 4))) + m;
    }),
  ],
  [
    8,
    blocks('Q8_0', 32, 34, (bytes, at, into, to) => {
      const d = half(bytes, at);
      for (let i = 0; i < 32; i++) into[to + i] = d * (((bytes[at + 2 + i] as number) << 24) >> 24);
    }),
  ],
  [12, blocks('Q4_K', 256, 144, (bytes, at, into, to) => readRuns(bytes, at, into, to, null, 16))],
  [13, blocks('Q5_K', 256, 176, (bytes, at, into, to) => readRuns(bytes, at, into, to, 16, 48))],
  [
    14,
    blocks('Q6_K', 256, 210, (bytes, at, into, to) => {
      const d = half(bytes, at + 208);
      for (let i = 0; i < 256; i++) {
        // Each half of 128 has 64 bytes of lower bits and 32 of upper ones, which 4 runs of 32 share.
        const [part, run, k] = [i >> 7, (i >> 5) & 3, i & 31];
        const low = ((bytes[at + part * 64 + (run & 1) * 32 + k] as number) >> (run & 2 ? 4 : 0)) & 15;
        const high = ((bytes[at + 128 + part * 32 + k] as number) >> (2 * run)) & 3;
        const scale = ((bytes[at + 192 + (i >> 4)] as number) << 24) >> 24;
        into[to + i] = Math.fround(d * scale) * ((low | (high << 4)) - 32);
      }
    }),
  ],
]);
