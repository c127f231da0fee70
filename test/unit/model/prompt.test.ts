import { expect, it } from 'vitest';
import { promptText } from '../../../src-main/model/prompt.ts';
import type { Problem } from '../../../src-shared/problem.ts';

const problem: Problem = {
  id: '1',
  statement: 'Return x.',
  functionName: 'f',
  starterCode: 'def f(x):\n',
  difficulty: '',
  visibleTests: [],
  hiddenTests: [{ kind: 'functional', input: '4711', expected: '4711' }],
  meaning: 'x',
};

it('asks the embedded policy with the statement alone', () => {
  expect(promptText(problem, 'tinypy')).toBe('Return x.\n');
});

it('asks others with the statement, the starter code and a cue, and never shows hidden tests', () => {
  const prompt = promptText(problem, 'plain');
  expect(prompt).toMatch(/### Question:\nReturn x\.\n\n### Format: Use the following starter code\./);
  expect(prompt).toContain('```python\ndef f(x):\n```');
  expect(prompt).toMatch(/### Answer:\n$/);
  expect(prompt).not.toContain('4711');
});

it('says what to do where there is no starter code', () => {
  expect(promptText({ ...problem, starterCode: '' }, 'plain')).toContain('Write the function f.');
  expect(promptText({ ...problem, starterCode: '', functionName: '' }, 'plain')).toContain('from standard input');
});
