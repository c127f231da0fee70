/** Comparisons and statistics that the engine tests assert with. */
import { expect } from 'vitest';
import type { Sampling, TokenStats } from '../../src-main/engine/engine.ts';
import type { Weights } from '../../src-main/model/weights.ts';

const statNames = ['logprob', 'entropy', 'klUniform', 'top1', 'top2'] as const;

export function expectStats(
  actual: TokenStats | undefined,
  expected: { readonly [name in (typeof statNames)[number]]: ArrayLike<number> },
  tolerance: number,
): void {
  for (const name of statNames) expectClose(actual?.[name], expected[name], tolerance, name);
}

export function expectClose(
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual?.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual?.[i] as number) - (expected[i] as number));
    // Not toBeLessThan alone: a NaN must fail.
    if (!(difference <= tolerance))
      expect.fail(`${what}[${i}] is ${actual?.[i]}, expected ${expected[i]} +- ${tolerance}`);
  }
}

export function moments(weights: Weights | undefined, tensor: string): number[] {
  return [...(weights?.get(tensor)?.data ?? [])];
}

export function squares(data: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i] as number) ** 2;
  return sum;
}

export function largestOf(data: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i] as number));
  return largest;
}

/** Top-k, then top-p on what is left, renormalised. */
export function cutReference(p: number[], { topK, topP }: Sampling): number[] {
  const order = [...p.keys()].sort((a, b) => (p[b] as number) - (p[a] as number));
  const ranked = topK > 0 ? order.slice(0, topK) : order;
  const total = ranked.reduce((sum, id) => sum + (p[id] as number), 0);
  const kept: number[] = [];
  let mass = 0;
  for (const id of ranked) {
    if (mass >= topP * total) break;
    kept.push(id);
    mass += p[id] as number;
  }
  return p.map((value, id) => (kept.includes(id) ? value / mass : 0));
}

/** Pearson's statistic, cells of fewer than 5 expected draws merged into one. */
export function chiSquare(counts: number[], expected: number[], draws: number): { statistic: number; degrees: number } {
  let statistic = 0;
  let cells = 0;
  let rareCount = 0;
  let rareExpected = 0;
  for (const [i, p] of expected.entries()) {
    const mean = p * draws;
    if (mean < 5) {
      rareCount += counts[i] as number;
      rareExpected += mean;
    } else {
      statistic += ((counts[i] as number) - mean) ** 2 / mean;
      cells++;
    }
  }
  if (rareExpected > 0) {
    statistic += (rareCount - rareExpected) ** 2 / rareExpected;
    cells++;
  }
  return { statistic, degrees: Math.max(1, cells - 1) };
}

/** Upper critical value of chi-square at p = 0.001 (Wilson & Hilferty 1931). */
export function chiSquareLimit(degrees: number): number {
  const c = 2 / (9 * degrees);
  return degrees * (1 - c + 3.0902 * Math.sqrt(c)) ** 3;
}
