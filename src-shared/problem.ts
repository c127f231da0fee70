/** A problem: what is asked and how an answer is tested. */
import type { Test } from './verdict.ts';

export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export interface Problem {
  /** Unique in its data set. */
  readonly id: string;
  /** Plain English. */
  readonly statement: string;
  /** The function to write; empty where the program reads standard input, or an answer is asked for. */
  readonly functionName: string;
  /** Code that an answer starts from; may be empty. */
  readonly starterCode: string;
  /** For example `easy`; empty where the data set does not say. */
  readonly difficulty: string;
  /** Tests that a prompt may show. */
  readonly visibleTests: readonly Test[];
  readonly hiddenTests: readonly Test[];
  /** Canonical form of what is asked: problems that differ only in wording share it. */
  readonly meaning: string;
}

/** The test of a problem that asks for an answer; null where it asks for a program. */
export function answerTest({ visibleTests, hiddenTests }: Problem): Test | null {
  return [...visibleTests, ...hiddenTests].find(({ kind }) => kind === 'answer') ?? null;
}
