/** Which split a problem of a published set falls into: the one that the set publishes, or a share. */
import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import type { Split } from '../../../src-shared/problem.ts';
import { fault } from '../parsing.ts';

/** Where a problem falls in [0, 1): by what it asks, so that equal problems share a split and new lines move no old ones. */
export function placeOf(meaning: string): number {
  return createHash('sha256').update(meaning).digest().readUInt32BE(0) / 2 ** 32;
}

/** Deals problems out by what they ask. Shares are fractions of all, together at most 1. */
export function splitByShare(meaning: string, shares: { readonly validation: number; readonly test: number }): Split {
  const place = placeOf(meaning);
  if (place < shares.validation) return 'validation';
  return place < shares.validation + shares.test ? 'test' : 'train';
}

const NAMES: Readonly<Record<string, Split>> = {
  train: 'train',
  valid: 'validation',
  validation: 'validation',
  val: 'validation',
  dev: 'validation',
  test: 'test',
};

/**
 * The split that the name of a file says, or else the name of its folder: train-00000-of-00039.parquet is of train.
 * @throws AssayError `usage` where neither says one.
 */
export function splitOfFile(file: string): Split {
  for (const name of [basename(file), basename(dirname(file))]) {
    for (const word of name.toLowerCase().split(/[^a-z]+/)) {
      const split = Object.hasOwn(NAMES, word) ? NAMES[word] : undefined;
      if (split !== undefined) return split;
    }
  }
  throw fault(file, `its name says no split; allowed are names with ${Object.keys(NAMES).join(', ')}`);
}
