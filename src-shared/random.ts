/**
 * Seeded random streams. Every random choice of a run is drawn from a stream named by what it is for, so that adding
 * a draw in one place never shifts another. The generator is xoroshiro128+ (pure-rand); only the naming is ours.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform whole number in [low, high], both included. */
  int(low: number, high: number): number;
  /** Standard normal. */
  normal(): number;
  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
}

/** The stream named by `keys`, for example `stream(run.seed, 'rollouts', step)`. Equal keys give equal streams. */
export function stream(...keys: readonly (number | string)[]): Random {
  const generator = xoroshiro128plus(hash(keys.join('\u0000')));
  const next = () => uniformFloat64(generator);
  const int = (low: number, high: number) => uniformInt(generator, low, high);
  return {
    next,
    int,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => {
      if (items.length === 0) throw new RangeError('pick: the list is empty; at least one element is needed');
      return items[int(0, items.length - 1)] as (typeof items)[number];
    },
    shuffle: (items) => {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(0, i);
        [out[i], out[j]] = [out[j] as (typeof out)[number], out[i] as (typeof out)[number]];
      }
      return out;
    },
  };
}

/** A 32-bit seed for code that takes a number, derived like `stream`. */
export function seedFrom(...keys: readonly (number | string)[]): number {
  return hash(keys.join('\u0000')) >>> 0;
}

/** FNV-1a over UTF-16 units, then a murmur3 finaliser so that neighbouring seeds share no bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
