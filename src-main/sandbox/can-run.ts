/** Whether programs, and the checkers that judge them, can be run in a sandbox: by the languages that it has. */
import type { Language, Test } from '../../src-shared/verdict.ts';

/** Whether programs of a language can be run here, and with which tools. */
export interface LanguageReport {
  readonly language: Language;
  readonly title: string;
  /** The kinds of tests that its programs can be run on. */
  readonly kinds: readonly Test['kind'][];
  /** For example `g++ 12.2.0`; null where it cannot be run. */
  readonly version: string | null;
  /** What is missing and how to install it, in one line; null where nothing is. */
  readonly missing: string | null;
}

type Languages = readonly LanguageReport[];

/** Why programs of a language cannot be run on these tests here, in one line; null where they can. */
export function whyNotRun(languages: Languages, language: Language, tests: readonly Test[]): string | null {
  const own = languages.find((each) => each.language === language);
  if (own === undefined || own.version === null) return `${own?.title ?? language}: ${own?.missing ?? 'is not known'}`;
  const kind = tests.find((test) => !own.kinds.includes(test.kind))?.kind;
  if (kind !== undefined) return `${own.title}: programs have no ${kind} tests here, only ${own.kinds.join(', ')}`;
  return whyNoChecker(languages, tests);
}

/** Why a checker of these tests cannot be run here, in one line; null where all can. */
export function whyNoChecker(languages: Languages, tests: readonly Test[]): string | null {
  for (const { comparison } of tests) {
    if (comparison?.kind !== 'checker') continue;
    const checker = languages.find((each) => each.language === comparison.language);
    if (checker === undefined || checker.version === null)
      return `the checker, ${checker?.title ?? comparison.language}: ${checker?.missing ?? 'is not known'}`;
  }
  return null;
}

/** @throws RangeError where the language, a kind of test or a checker cannot be run here; TypeError without a name to call. */
export function refuseWhatCannotRun(
  languages: Languages,
  language: Language,
  functionName: string | null,
  tests: readonly Test[],
): void {
  const why = whyNotRun(languages, language, tests);
  if (why !== null) throw new RangeError(`This program cannot be judged here: ${why}`);
  const called = tests.find(({ kind }) => kind !== 'stdin')?.kind;
  if (called !== undefined && functionName === null)
    throw new TypeError(`functionName: none given, but a test of kind ${called} calls a function`);
}
