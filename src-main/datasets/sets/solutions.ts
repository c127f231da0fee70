/** Solutions as contest sets publish them: programs with the language of each. */
import { z } from 'zod';
import type { Language } from '../../../src-shared/verdict.ts';
import type { Solution } from '../dataset.ts';

const languageSchema = z.union([z.int(), z.string()], 'must be a number or text');
/** Code and language as lists side by side, or one object a solution. */
export const solutionsSchema = z.union(
  [
    z.looseObject({ language: z.array(languageSchema), solution: z.array(z.string()) }),
    z.array(z.looseObject({ language: languageSchema, code: z.string() })),
  ],
  'must be {"language": [...], "solution": [...]}, or a list of {"language", "code"}',
);

/** CodeContests numbers them: 1 is Python 2, which nothing here runs. */
const NUMBERED: Readonly<Record<number, Language>> = { 2: 'cpp', 3: 'python', 4: 'java' };
const NAMED: Readonly<Record<string, Language>> = {
  ...{ python: 'python', python3: 'python', py3: 'python', pypy3: 'python' },
  ...{ cpp: 'cpp', 'c++': 'cpp', cpp17: 'cpp', cpp20: 'cpp', java: 'java', javascript: 'javascript', js: 'javascript' },
};
/** Python first: it is there on every machine. */
const ORDER: readonly Language[] = ['python', 'cpp', 'javascript', 'java'];

/** Those in a language that Assay knows. */
export function solutionsOf(given: z.output<typeof solutionsSchema> | null | undefined): Solution[] {
  if (given === null || given === undefined) return [];
  const pairs = Array.isArray(given)
    ? given
    : given.solution.map((code, i) => ({ code, language: given.language[i] ?? 0 }));
  return pairs
    .flatMap(({ language: name, code }) => {
      const language = typeof name === 'number' ? NUMBERED[name] : NAMED[name.toLowerCase()];
      return language === undefined ? [] : [{ language, code }];
    })
    .sort((a, b) => ORDER.indexOf(a.language) - ORDER.indexOf(b.language));
}
