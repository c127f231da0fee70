/** What the hash of a data set depends on. */
import { expect, test } from 'vitest';
import { hashOf } from '../../../src-main/datasets/dataset.ts';
import type { Problem } from '../../../src-shared/problem.ts';
import type { Test } from '../../../src-shared/verdict.ts';

const hashWith = (extra: Partial<Test>): Promise<string> => {
  const problem: Problem = {
    id: 'a',
    statement: 'Double x.',
    functionName: 'f',
    starterCode: '',
    difficulty: '',
    visibleTests: [],
    hiddenTests: [{ kind: 'functional', input: '1', expected: '2', ...extra }],
    meaning: 'double x.',
  };
  return hashOf((split) => Promise.resolve(split === 'train' ? [problem] : []));
};

test('each way to judge a test has a hash of its own', async () => {
  const ways: Partial<Test>[] = [
    {},
    { kind: 'stdin' },
    { expected: '3' },
    { accepted: ['3'] },
    { accepted: ['3', '4'] },
    { comparison: { kind: 'unordered' } },
    { accepted: ['3'], comparison: { kind: 'unordered' } },
    { comparison: { kind: 'tolerance', absolute: 0, relative: 1e-9 } },
    { comparison: { kind: 'tolerance', absolute: 1e-9, relative: 0 } },
    { comparison: { kind: 'checker', language: 'cpp', code: 'int main() {}' } },
    { comparison: { kind: 'checker', language: 'python', code: 'int main() {}' } },
  ];
  const hashes = await Promise.all(ways.map(hashWith));
  expect(new Set(hashes).size).toBe(ways.length);
});

test('the order of the fields of a comparison does not count', async () => {
  const one = await hashWith({ comparison: { kind: 'tolerance', absolute: 1, relative: 2 } });
  expect(await hashWith({ comparison: { relative: 2, absolute: 1, kind: 'tolerance' } })).toBe(one);
});
