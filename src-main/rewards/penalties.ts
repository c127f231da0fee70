/** The penalties that shaping adds to a score: 0 where there is nothing to blame, down to -1. Pure. */
import type { Outcome } from '../../src-shared/rollout.ts';

/** -1 where the response has no code block, else 0 (Aletheia: -1 for a format violation). */
export const formatPenalty = (outcome: Outcome): number => (outcome === 'no-code' ? -1 : 0);

/**
 * Soft overlong punishment (DAPO, arXiv 2503.14476, equation 13): 0 up to `longest - window` tokens, then a line that
 * reaches -1 at `longest`, and -1 beyond. @param window From 1 to `longest`.
 */
export function softOverlong(tokens: number, longest: number, window: number): number {
  const over = tokens - (longest - window);
  return over <= 0 ? 0 : -Math.min(1, over / window);
}

/**
 * Penalty for short responses: -(1 - tokens / least), 0 from `least` tokens on. ArcherCodeR prints no formula; this one
 * is inferred from the example in its documents, where 5000 tokens are the least and 1000 tokens cost 0.8. Departure:
 * that code multiplies the sum of score and penalty by the length, which its authors call a bug.
 */
export const shortLength = (tokens: number, least: number): number => (tokens < least ? tokens / least - 1 : 0);
