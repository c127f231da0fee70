/** What an engine will hold while it trains a policy, worked out without holding it: the words for it, no numbers. */
import type { Scored } from './engine.ts';

/** What memory is taken for. The last four are what an engine needs besides: to compute, to keep, to copy. */
export const PARTS = [
  'weights',
  'adapter',
  'reference',
  'gradient',
  'moments',
  'activations',
  'head',
  'cache',
  'work',
  'reserve',
  'copies',
] as const;
export type Part = (typeof PARTS)[number];

export const PHASES = ['loading', 'sampling', 'scoring', 'updating', 'saving'] as const;
export type Phase = (typeof PHASES)[number];

/** So many sequences in one call, so many of them answering one prompt. */
export interface Sequences {
  readonly count: number;
  readonly groupSize: number;
}

/** What an engine is asked to do, at its largest. */
export interface Work {
  /** Of the longest prompt, and of the longest response. */
  readonly promptTokens: number;
  readonly responseTokens: number;
  readonly generated: readonly Sequences[];
  /** Null where nothing is scored. */
  readonly scored: Sequences | null;
  /** Null where nothing is trained. */
  readonly trained: Sequences | null;
  /** A frozen copy of the policy stands beside it. */
  readonly reference: boolean;
}

/** Bytes by part at one moment. */
export type Holding = Readonly<Partial<Record<Part, number>>>;

export interface MemoryPlan {
  /** What is held when most is, in each phase that there is. */
  readonly phases: ReadonlyMap<Phase, Holding>;
  /** The most that each part gets to, whatever else is held then. */
  readonly largest: Holding;
  /** Memory of the engine's own kind that it needs and can have, where that is less than the machine's. */
  readonly limit: { readonly bytes: number; readonly mostBytes: number; readonly of: string } | null;
}

export function bytesOf(holding: Holding): number {
  return Object.values(holding).reduce((sum, bytes) => sum + bytes, 0);
}

/** Sequences as long as they get; those of a group share their prompt. */
export function longest({ count, groupSize }: Sequences, work: Work): Scored[] {
  const response = new Int32Array(work.responseTokens);
  let prompt = new Int32Array(work.promptTokens);
  return Array.from({ length: count }, (_, i) => {
    if (i > 0 && i % groupSize === 0) {
      prompt = prompt.slice();
      prompt[0] = i;
    }
    return { prompt, response };
  });
}

/** Sums by part, and what they were when most was held. */
export class Ledger {
  readonly #held = new Map<Part, number>();
  readonly #largest = new Map<Part, number>();
  readonly #peaks = new Map<Phase, { total: number; holding: Holding }>();
  #phase: Phase = 'loading';
  #total = 0;

  get total(): number {
    return this.#total;
  }

  get peaks(): ReadonlyMap<Phase, Holding> {
    return new Map([...this.#peaks].map(([phase, { holding }]) => [phase, holding]));
  }

  get largest(): Holding {
    return Object.fromEntries(this.#largest);
  }

  enter(phase: Phase): void {
    this.#phase = phase;
    this.#look();
  }

  /** @param bytes Less than 0 gives back. */
  add(part: Part, bytes: number): void {
    const held = (this.#held.get(part) ?? 0) + bytes;
    this.#held.set(part, held);
    this.#largest.set(part, Math.max(held, this.#largest.get(part) ?? 0));
    this.#total += bytes;
    this.#look();
  }

  #look(): void {
    if (this.#total <= (this.#peaks.get(this.#phase)?.total ?? -1)) return;
    this.#peaks.set(this.#phase, { total: this.#total, holding: Object.fromEntries(this.#held) });
  }
}
