/** The data-set family: where problems come from. */
import { createHash } from 'node:crypto';
import type { Options, OptionValues } from '../../src-shared/options.ts';
import { type Problem, SPLITS, type Split } from '../../src-shared/problem.ts';
import type { RunConfig } from '../../src-shared/run.ts';
import type { Language, Test } from '../../src-shared/verdict.ts';

export interface Dataset {
  readonly id: string;
  readonly title: string;
  /** In a fixed order. @throws AssayError naming the file and line at fault. */
  load(split: Split): Promise<readonly Problem[]>;
  /** SHA-256, in hex, of the canonical JSON of all splits: equal hashes mean equal problems. */
  hash(): Promise<string>;
  /** What its files say beside the problems, one a problem in the order of `load`; a set that publishes nothing more has
   * none. Read anew each time, as no run needs it. @param mostSolutions Solutions of each problem, at most. */
  published?(split: Split, mostSolutions: number): Promise<readonly Published[]>;
  /** Records that make no problem here, by the reason, with their number. */
  leftOut?(): Promise<ReadonlyMap<string, number>>;
}

/** A program that solves a problem: what a sandbox that judges the problem must let pass. */
export interface Solution {
  readonly language: Language;
  readonly code: string;
}

export interface Published {
  readonly problemId: string;
  /** YYYY-MM-DD; null where it is not known. */
  readonly date: string | null;
  readonly solutions: readonly Solution[];
}

/** A way to get problems; options are checked before `open`. */
export interface DatasetKind<O extends Options = Options> {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly options: O;
  /** What these options cannot be combined with. */
  conflicts?(config: RunConfig): readonly { readonly path: string; readonly message: string }[];
  /** Reads nothing yet. */
  open(options: OptionValues): Dataset;
}

/** `Dataset.hash` for any data set. Only the fields of `Problem` count, in the order below. */
export async function hashOf(load: Dataset['load']): Promise<string> {
  const hash = createHash('sha256');
  for (const split of SPLITS) {
    // Problem by problem: all of them may be more than a string can hold.
    hash.update(`["${split}",[`);
    for (const [i, problem] of (await load(split)).entries())
      hash.update(`${i === 0 ? '' : ','}${JSON.stringify(canonical(problem))}`);
    hash.update(']]');
  }
  return hash.digest('hex');
}

function canonical(p: Problem): unknown[] {
  return [
    p.id,
    p.statement,
    p.functionName,
    p.starterCode,
    p.difficulty,
    p.visibleTests.map(canonicalTest),
    p.hiddenTests.map(canonicalTest),
    p.meaning,
  ];
}

/** Without the last two where a test has neither. */
function canonicalTest({ kind, input, expected, accepted, comparison }: Test): unknown[] {
  if (accepted === undefined && comparison === undefined) return [kind, input, expected];
  return [kind, input, expected, accepted ?? [], Object.entries(comparison ?? {}).sort()];
}
